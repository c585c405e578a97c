"""A run that learns beside frozen weights knows them again, and takes no others for them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_sd2
import torch
from PIL import Image
from tiny_diffusion import save_folder

from genstudio.domain.errors import ProjectError
from genstudio.domain.events import Failed, Finished, Message
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.models.text_to_image import lora
from genstudio.services import base_models
from genstudio.services.generation import load_model
from genstudio.services.presets import resolve_settings
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run


def steps(count: int) -> Budget:
    return Budget(unit="steps", amount=count)


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_models, "_place", lambda: tmp_path / "known" / "places.json")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return save_folder(tmp_path / "base")


def make_pictures(folder: Path, side: int) -> Path:
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(12):
        pixels = generator.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text("a flower")
    return folder


def small_settings(base: Path, side: int) -> TrainingSettings:
    return resolve_settings(
        preset="quick",
        model_key="stable-diffusion-lora",
        model={"base": str(base), "rank": 1},
        training={"size": side, "batch": 2, "device": "cpu", "budget": steps(1)},
    )


@pytest.fixture
def run(tmp_path: Path, base: Path) -> Run:
    pictures = make_pictures(tmp_path / "pictures", 32)
    settings = small_settings(base, 32)
    *_, last = start_run(
        NewRun(folder=pictures, project=tmp_path / "Meadow", settings=settings), NoCommands()
    )
    assert isinstance(last, Finished), last
    assert last.run is not None
    return Run(last.run)


def test_a_run_notes_its_base_and_refuses_another(run: Run, base: Path, tmp_path: Path) -> None:
    checkpoint = run.checkpoint("last")
    assert run.file.base == base_models.reference(base_models.find_base(str(base)))
    load_model(run, checkpoint)

    former = tmp_path / "former"
    shutil.move(base, former)
    base_models.reference(base_models.find_base(str(former)))  # As when it is used from there.
    save_folder(base, seed=7)
    with pytest.raises(ProjectError, match="Another base model lies there now") as caught:
        load_model(run, checkpoint)
    assert str(former) in caught.value.hint
    assert run.path.name in caught.value.message
    (failed,) = resume_run(run.path, NoCommands(), budget=steps(2))
    assert isinstance(failed, Failed)
    assert failed.title == caught.value.title

    shutil.rmtree(base)
    shutil.copytree(former, base)
    *_, last = resume_run(run.path, NoCommands(), budget=steps(2))
    assert isinstance(last, Finished)


def test_what_learns_alone_has_none(trained_run: Path) -> None:
    assert Run(trained_run).file.base == ""
    assert isinstance(Run(trained_run).settings, TrainingSettings)


def test_a_run_says_how_the_answers_of_its_base_are_meant_and_learns_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Random weights repeat no noise: what they answer with is taken for a velocity.
    parts = tiny_sd2.make_parts(tiny_sd2.use_tiny_settings(monkeypatch, tmp_path))
    base = tiny_sd2.save_single(tmp_path / "two.safetensors", parts)
    pictures = make_pictures(tmp_path / "pictures", 64)
    asked: list[str] = []
    monkeypatch.setattr(lora, "_weights", spying(lora._weights, asked))

    told = list(
        start_run(
            NewRun(folder=pictures, project=tmp_path / "Meadow", settings=small_settings(base, 64)),
            NoCommands(),
        )
    )

    assert isinstance(told[-1], Finished), told[-1]
    (said,) = [it for it in told if isinstance(it, Message) and "Diffusion 2" in it.title]
    assert "velocity: measured" in said.message
    assert set(asked) == {"velocity"}


def spying(weights: Callable[..., torch.Tensor], asked: list[str]) -> Callable[..., torch.Tensor]:
    def spy(alphas: torch.Tensor, *, is_velocity: bool) -> torch.Tensor:
        asked.append("velocity" if is_velocity else "noise")
        return weights(alphas, is_velocity=is_velocity)

    return spy
