"""A run's own settings: when it is done, and how it is named."""

from datetime import datetime

import pytest
from pydantic import ValidationError

from genstudio.domain.settings import setting_fields
from genstudio.domain.training import (
    Budget,
    ComputeOptions,
    DataOptions,
    LoopOptions,
    TrainingSettings,
    new_run_id,
)


@pytest.mark.parametrize(
    ("unit", "amount", "share"),
    [("steps", 40, 0.25), ("images", 160, 0.5), ("minutes", 4, 0.75), ("steps", 5, 1.0)],
)
def test_progress_is_the_share_of_the_budget_that_is_spent(
    unit: str, amount: float, share: float
) -> None:
    budget = Budget(unit=unit, amount=amount)  # type: ignore[arg-type]

    assert budget.progress(step=10, images_seen=80, seconds=180) == share


def test_a_run_that_has_not_begun_has_spent_nothing() -> None:
    for unit in ("steps", "images", "minutes"):
        assert Budget(unit=unit, amount=1e-9).progress(step=0, images_seen=0, seconds=0) == 0


@pytest.mark.parametrize("amount", [0, -1, float("nan"), float("inf"), 1e13])
def test_a_budget_that_never_ends_or_is_nothing_is_refused(amount: float) -> None:
    with pytest.raises(ValidationError):
        Budget(unit="steps", amount=amount)


def test_a_budget_reads_as_a_person_would_say_it() -> None:
    assert str(Budget(unit="minutes", amount=30)) == "30 minutes"
    assert str(Budget(unit="steps", amount=2500)) == "2500 steps"


def test_each_run_draws_a_seed_of_its_own() -> None:
    seeds = {TrainingSettings(model_key="any").seed for _ in range(20)}

    assert len(seeds) > 1
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize(
    "values",
    [{"batch": 1}, {"batch": 1025}, {"size": 48}, {"seed": -1}, {"seed": 2**63}, {"colour": 1}],
)
def test_what_cannot_be_trained_with_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate({"model_key": "any", **values})


def test_settings_that_a_form_shows_have_words_for_people() -> None:
    shown = [field for field in setting_fields(TrainingSettings) if field.help]

    assert {field.name for field in shown} == {
        "batch", "accumulate", "mirror", "transparency", "colours", "kinds", "ema_half_life_kimg",
        "gradient_clip", "groups", "held_out", "stop_when", "devices", "reverse",
        "bars", "notation",
    }  # fmt: skip
    assert all(" — " in field.title for field in shown)


def test_runs_sort_by_the_time_they_were_begun_and_never_share_a_name() -> None:
    earlier = new_run_id("vae", datetime(2026, 1, 31, 15, 45, 0))  # noqa: DTZ001  # as on a clock
    later = new_run_id("gan", datetime(2026, 1, 31, 15, 45, 1))  # noqa: DTZ001  # as on a clock

    assert earlier.startswith("20260131-154500-vae-")
    assert earlier < later
    assert new_run_id("vae") != new_run_id("vae")


def test_every_setting_of_a_run_belongs_to_one_part_or_names_the_model() -> None:
    parts = [set(part.model_fields) for part in (DataOptions, ComputeOptions, LoopOptions)]

    assert sum(len(part) for part in parts) == len(set().union(*parts))
    assert set(TrainingSettings.model_fields) == set().union(*parts) | {
        "model_key", "model", "preset",
    }  # fmt: skip


def test_a_form_shows_each_setting_in_the_group_of_its_part() -> None:
    parts = {"data": DataOptions, "compute": ComputeOptions, "loop": LoopOptions}
    for group, part in parts.items():
        shown = [field for field in setting_fields(part) if field.hints.group]
        assert shown
        assert {field.hints.group for field in shown} == {group}
        assert all(field.help for field in shown)


def test_files_have_one_flat_list() -> None:
    """As run files of all versions have it."""
    record = {
        "model_key": "gan", "model": {}, "preset": "balanced", "modality": "images", "size": 64,
        "layout": "", "bars": 2, "notation": "SMILES",
        "batch": 32, "accumulate": 1, "budget": {"unit": "minutes", "amount": 30.0}, "seed": 1,
        "device": "auto", "precision": "auto", "devices": 1, "mirror": True,
        "transparency": False, "colours": "colour", "reverse": False, "kinds": False,
        "ema_half_life_kimg": 10.0,
        "gradient_clip": 0.0, "groups": "picture", "held_out": 0.1,
        "stop_when": "budget only", "lesson": "",
        "preview_every_s": 20.0, "save_every_s": 60.0,
    }  # fmt: skip

    settings = TrainingSettings.model_validate(record)
    assert settings.model_dump(mode="json") == record
    assert settings == TrainingSettings(model_key="gan", seed=1)
