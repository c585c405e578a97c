"""Some real steps in another process tell what a run needs."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from genstudio.data.modalities.scanning import scan_material
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import TrainingError
from genstudio.domain.modalities import IMAGES
from genstudio.domain.progress import drain
from genstudio.domain.training import TrainingSettings
from genstudio.services import fit_check, materials
from genstudio.services.fit_check import check_fit, words_about
from genstudio.services.fit_probe import run_fit_probe
from genstudio.services.training import complete_settings


@pytest.fixture
def manifest(flowers: Path) -> Manifest:
    return materials.freeze(drain(scan_material(flowers)), (), IMAGES)[0]


def settings(**values: Any) -> TrainingSettings:
    return complete_settings(
        TrainingSettings.model_validate(
            {
                "model_key": "vae",
                "size": 32,
                "batch": 2,
                "device": "cpu",
                "model": {"width": 32, "latent_size": 8},
                "budget": {"unit": "steps", "amount": 1000},
                **values,
            }
        )
    )


def test_a_try_tells_time_memory_and_disk_and_leaves_nothing(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    work = check_fit(settings(), manifest, tmp_path / "not there yet", seconds=0.1)
    found = drain(work)
    assert found.steps >= 6
    assert 0 < found.seconds_per_step < found.seconds
    assert found.seconds > 1000 * found.seconds_per_step
    assert 2**26 < found.fixed_bytes <= found.memory_bytes < found.room_bytes
    assert found.disk_bytes > len(manifest.pictures) * 32 * 32 * 3
    assert found.fits
    assert list(tmp_path.iterdir()) == []
    assert any("Memory" in sentence for sentence in words_about(found))


def test_what_cannot_begin_is_told(manifest: Manifest, tmp_path: Path) -> None:
    gone = manifest.model_copy(update={"folder": tmp_path / "gone"})
    with pytest.raises(TrainingError, match="not those that were looked through"):
        drain(check_fit(settings(), gone, tmp_path, seconds=0.1))


def test_a_try_that_is_given_up_leaves_no_process(manifest: Manifest, tmp_path: Path) -> None:
    work = check_fit(settings(), manifest, tmp_path, seconds=600)
    next(work)
    work.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_of_many_pictures_some_are_tried(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_check, "_FEW", 4)
    some = fit_check._some_of(manifest)
    assert 2 <= len(some.pictures) <= 4
    assert set(some.pictures) < set(manifest.pictures)
    pairs = manifest.model_copy(update={"modality": "pairs"})
    assert fit_check._some_of(pairs) is pairs


ANSWER = {
    "device": "CPU", "precision": "fp32", "steps": 9, "seconds_per_step": 0.5,
    "processor_s_per_step": 0.5, "start_s": 2.0, "decode_s": 1.0, "end_s": 1.0, "parts": 1,
    "memory_bytes": 2**30, "checkpoint_bytes": 10 * 2**20, "cache_bytes": 2**20, "card_bytes": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [(("steps", 100), 50), (("images", 100), 25), (("minutes", 2), 120)],
)
def test_the_budget_decides_how_long_it_takes(budget: tuple[str, float], seconds: float) -> None:
    unit, amount = budget
    chosen = settings(budget={"unit": unit, "amount": amount})
    found = fit_check._forecast(chosen, ANSWER, 3.0, 2**34, 2**34)
    assert found.seconds == pytest.approx(2 + 3 * 1 + seconds + 1)
    assert found.disk_bytes == 3 * 2**20 + 4 * 10 * 2**20
    assert found.memory_bytes == 2**30 + 2 * 2 * 2**20 + 10 * 2**20


def test_a_cards_own_memory_is_what_counts_there() -> None:
    found = fit_check._forecast(settings(), {**ANSWER, "card_bytes": 2**33}, 3.0, 1, 2**34)
    assert (found.memory_bytes, found.room_bytes) == (2**30, 2**33)


@pytest.mark.parametrize(
    ("code", "log", "title"),
    [(-9, "", "not enough memory"), (1, "Traceback", "could not be tried"), (0, "", "could not")],
)
def test_a_process_that_dies_is_told(code: int, log: str, title: str) -> None:
    with pytest.raises(TrainingError, match=title):
        fit_check._answer_of(code, "", log)


def test_the_process_answers_in_one_line(manifest: Manifest) -> None:
    request = {
        "settings": settings().model_dump(mode="json"),
        "manifest": manifest.model_dump(mode="json"),
        "seconds": 0.1,
    }
    told = io.StringIO()
    run_fit_probe(io.StringIO(json.dumps(request)), told)
    (line,) = told.getvalue().splitlines()
    answer = json.loads(line)
    assert answer["card_bytes"] == 0
    assert answer["parts"] == 1
    assert answer["cache_bytes"] >= len(manifest.pictures) * 32 * 32 * 3
