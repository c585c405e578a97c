"""What makes a run fit: the gentlest change first, and none that does not help."""

from typing import Any

import pytest

from genstudio.domain.forecasts import Forecast, remedy
from genstudio.domain.training import TrainingSettings

GIB = 2**30


def forecast(memory: float, *, fixed: float = 1, room: float = 10, **more: Any) -> Forecast:
    return Forecast(
        device="CPU", precision="fp32", steps=9, seconds_per_step=1, processor_s_per_step=1,
        seconds=9, memory_bytes=round(memory * GIB), fixed_bytes=round(fixed * GIB),
        room_bytes=round(room * GIB), disk_bytes=1, disk_room_bytes=10,
        **{"parts": 1, **more},
    )  # fmt: skip


def settings(**values: Any) -> TrainingSettings:
    return TrainingSettings(model_key="vae", size=256, **{"batch": 16, **values})


@pytest.mark.parametrize(
    ("memory", "chosen", "changes"),
    [
        (8.9, {}, None),
        (13, {}, {"accumulate": 2}),
        (33, {}, {"accumulate": 4}),
        (60, {}, {"accumulate": 8}),
        (100, {}, {"accumulate": 8, "size": 128}),
        (100, {"precision": "fp32"}, {"accumulate": 8, "precision": "bf16"}),
        (13, {"batch": 2}, {"size": 128}),
        (13, {"accumulate": 2, "batch": 4}, {"size": 128}),
    ],
)
def test_the_gentlest_change_that_is_enough(
    memory: float, chosen: dict[str, Any], changes: dict[str, Any] | None
) -> None:
    found = remedy(settings(**chosen), forecast(memory))
    assert (dict(found.changes) if found else None) == changes
    if found:
        assert found.why.endswith(".")


def test_a_model_that_is_too_large_by_itself_is_mended_by_nothing() -> None:
    assert remedy(settings(), forecast(40, fixed=20)) is None


def test_parts_that_a_step_was_taken_in_already_count() -> None:
    found = remedy(settings(), forecast(13, parts=2))
    assert found is not None
    assert found.changes == {"accumulate": 4}


def test_a_run_fits_where_memory_and_disk_suffice() -> None:
    assert forecast(5).fits
    assert not forecast(9.5).fits
    full = forecast(5).model_copy(update={"disk_bytes": 10})
    assert full.fits_memory
    assert not full.fits
