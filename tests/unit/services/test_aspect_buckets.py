"""A LoRA learns pictures in their shapes and goes on exactly; runs of before go on as they were."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tiny_diffusion import shared_folder
from tiny_studio import flowers_NHWC, steps

from genstudio.domain.events import Finished
from genstudio.engine.trainer import NoCommands
from genstudio.models.text_to_image.lora import LoraModel
from genstudio.services import base_models
from genstudio.services.presets import resolve_settings
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run

SIDES = [(90, 90), (160, 80), (200, 100), (130, 64), (100, 60), (60, 100), (64, 64)]


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_models, "_place", lambda: tmp_path / "known" / "places.json")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, pixels in enumerate(flowers_NHWC(len(SIDES), 64)):
        Image.fromarray(pixels).resize(SIDES[number]).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text("a flower")
    return folder


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Heights and widths of the batches that models learn from."""
    found: list[tuple[int, ...]] = []
    losses = LoraModel._losses

    def watched(self: LoraModel, loaded: Any, batch: Any) -> Any:
        found.append(tuple(batch.images_NCHW.shape[-2:]))
        return losses(self, loaded, batch)

    monkeypatch.setattr(LoraModel, "_losses", watched)
    return found


def started(pictures: Path, project: Path, count: int, **model: Any) -> Run:
    settings = resolve_settings(
        preset="quick",
        model_key="stable-diffusion-lora",
        model={"base": str(shared_folder()), "rank": 1, **model},
        training={"size": 64, "batch": 2, "device": "cpu", "budget": steps(count), "seed": 7},
    )
    *_, last = start_run(NewRun(folder=pictures, project=project, settings=settings), NoCommands())
    assert isinstance(last, Finished), last
    assert last.run is not None
    return Run(last.run)


def gone_on(run: Run, count: int) -> Run:
    *_, last = resume_run(run.path, NoCommands(), budget=steps(count))
    assert isinstance(last, Finished), last
    return Run(run.path)


def learned(run: Run) -> dict[str, torch.Tensor]:
    checkpoint = run.checkpoint("last")
    return {
        f"{group} {name}": tensor
        for group in ("weights", "ema", "optimizer")
        for name, tensor in checkpoint.tensors(group).items()
    }


def same(one: Run, other: Run) -> bool:
    first, second = learned(one), learned(other)
    assert first.keys() == second.keys()
    assert first
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_goes_on_exactly_across_the_bounds_of_buckets(
    pictures: Path, tmp_path: Path, seen: list[tuple[int, ...]]
) -> None:
    # Seven pictures in four shapes: squares and wide ones in full steps, single ones in others.
    whole = started(pictures, tmp_path / "Whole", 7)
    own = [it for number, it in enumerate(seen) if number == 0 or it != seen[number - 1]]
    assert set(own) == {(64, 64), (32, 64), (48, 80), (80, 48)}
    count = whole.checkpoint("last").state.images_seen
    assert 7 < count < 14

    halted = started(pictures, tmp_path / "Halted", 3)
    shutil.rmtree(pictures)
    assert same(whole, gone_on(halted, 7))
    assert halted.checkpoint("last").state.images_seen == count


def test_a_run_of_before_goes_on_with_squares(
    pictures: Path, tmp_path: Path, seen: list[tuple[int, ...]]
) -> None:
    squares = started(pictures, tmp_path / "Squares", 4, keep_shapes=False)
    old = started(pictures, tmp_path / "Old", 2, keep_shapes=False)
    file = old.path / "run.toml"
    text = file.read_text("utf-8")
    assert "keep_shapes = false\n" in text
    file.write_text(text.replace("keep_shapes = false\n", ""), "utf-8")

    assert same(squares, gone_on(Run(old.path), 4))
    assert set(seen) == {(64, 64)}
    assert squares.checkpoint("last").state.images_seen == 8
    assert not list((tmp_path / "Old").rglob("sizes.jsonl"))


def test_new_runs_keep_shapes_unless_told_otherwise(pictures: Path, tmp_path: Path) -> None:
    run = started(pictures, tmp_path / "Meadow", 1)

    assert run.settings.model["keep_shapes"] is True
    manifest = run.project().load_manifest(run.file.dataset)
    assert manifest.sizes == tuple(SIDES)
