"""What one service hands to the next: the right split, checkpoint, count and manifest."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from planted_pictures import drawn_NHWC
from tiny_studio import flowers_NHWC, save_pictures, small_settings
from training_helpers import Start, ending

from genstudio.data.scan import duplicates, scan_folder
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.progress import drain
from genstudio.services import evaluation, first_pictures, materials, studio
from genstudio.services.generation import Generated
from genstudio.services.judgements import Basis
from genstudio.services.launcher import Launcher
from genstudio.services.projects import open_or_create
from genstudio.services.runs import Run

PAIRS = 30


class _EnoughError(Exception):
    """What was to be seen has been seen."""


def scanned(folder: Path) -> ScanReport:
    report = drain(scan_folder(folder))
    assert isinstance(report, ScanReport)
    return report


# Training => split


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """Pictures of which each is there twice, in files of different content."""
    folder = tmp_path / "twins"
    folder.mkdir()
    for number, picture_HWC in enumerate(flowers_NHWC(PAIRS, 48)):
        for twin, level in (("a", 1), ("b", 9)):
            path = folder / f"{number:02}{twin}.png"
            Image.fromarray(picture_HWC).save(path, compress_level=level)
    return folder


@pytest.mark.usefixtures("toy", "small_sheets", "few_first_pictures")
def test_pictures_that_look_the_same_are_held_out_together(
    start: Start, twins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[Mapping[str, str]] = []
    real = materials.choose_held_out

    def record(
        manifest: Manifest,
        share: float,
        duplicate_of: Mapping[str, str] | None = None,
        **options: Any,
    ) -> tuple[str, ...]:
        handed.append(duplicate_of or {})
        return real(manifest, share, duplicate_of, **options)

    monkeypatch.setattr(materials, "choose_held_out", record)
    run = Run(ending(start(folder=twins)).run)

    assert handed == [duplicates(scanned(twins))]
    assert len(handed[0]) == PAIRS
    held_out = {name.removesuffix(".png") for name in run.held_out}
    assert len(held_out) == 12
    assert {f"{name[:2]}a" for name in held_out} | {f"{name[:2]}b" for name in held_out} == held_out


# Training => generation


@pytest.mark.usefixtures("toy", "small_sheets", "few_first_pictures")
def test_the_first_pictures_are_those_of_the_last_checkpoint(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = first_pictures.generate

    def record(run: Run, seeds: range, **options: Any) -> Iterator[Generated]:
        asked.append(options["checkpoint"])
        return real(run, seeds, **options)

    monkeypatch.setattr(first_pictures, "generate", record)
    drain(first_pictures.hang_first_pictures(ending(start()).run))

    assert asked == ["last"]


# Evaluation => kept report, generation


def test_a_kept_report_rests_on_the_decoded_pictures_that_were_learned_from(
    trained_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases: list[Basis] = []

    def record(basis: Basis) -> None:
        bases.append(basis)
        raise _EnoughError

    monkeypatch.setattr(evaluation, "kept_report", record)
    monkeypatch.setattr(evaluation, "_refuse_too_few", lambda *_: None)
    with pytest.raises(_EnoughError):
        list(evaluation.evaluate(trained_run))

    run = Run(trained_run)
    dataset = run.project().dataset_folder(run.file.dataset)
    assert (dataset / bases[0].pictures / "pixels.npy").is_file()
    assert bases[0].pictures


def test_reports_on_other_decoded_pictures_are_other_reports(trained_run: Path) -> None:
    run = Run(trained_run)
    checkpoint = run.checkpoint("last")
    own = {
        key: evaluation.JudgedPictures(np.zeros((16, 8, 8, 3), np.uint8), ("a.png",) * 16, key=key)
        for key in ("one", "other")
    }
    digests = {
        key: evaluation.basis_of(run, checkpoint, pictures, 8).digest()
        for key, pictures in own.items()
    }

    assert digests["one"] != digests["other"]


@pytest.mark.parametrize(("count", "expected"), [(None, 20), (18, 18), (40, 20)])
def test_against_other_pictures_half_as_many_are_made_as_those_are(
    trained_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int | None,
    expected: int,
) -> None:
    others = save_pictures(tmp_path / "others", drawn_NHWC(40, seed=3))
    made: list[int] = []

    def record(_run: Run, _step: int, seeds: range, _wanted: object) -> Iterator[object]:
        made.append(len(seeds))
        raise _EnoughError
        yield

    monkeypatch.setattr(evaluation, "_made", record)
    with pytest.raises(_EnoughError):
        list(evaluation.evaluate(trained_run, against=others, count=count))

    assert made == [expected]


# Launcher => torch


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.usefixtures("toy")
def test_torch_has_its_threads_back_after_a_run(tmp_path: Path, is_done: bool) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        launcher = Launcher(small_settings("toy"), tmp_path)
        torch.set_num_threads(before)
        launcher.shutdown(is_done=is_done)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


# Studio => projects


@pytest.mark.parametrize("newest", ["a.png", "b.png"])
def test_an_opened_project_shows_the_set_that_was_learned_from_last(
    tmp_path: Path, newest: str
) -> None:
    project = open_or_create(tmp_path / "Meadow")
    for name in ("a.png", "b.png"):
        manifest = Manifest(folder=tmp_path, pictures=((name, "0"),))
        header = project.save_manifest(manifest) / "manifest.toml"
        time_s = 2000 if name == newest else 1000
        os.utime(header, (time_s, time_s))

    opened = studio.load_manifest(project)
    assert opened is not None
    assert opened.pictures == ((newest, "0"),)


# Scan => window


@pytest.mark.parametrize(
    ("sides", "expected"),
    [([32] * 4 + [64] * 6, 32), ([32] * 2 + [64] * 8, 64), ([64] * 3 + [256] * 7, 64)],
)
def test_the_suggested_size_is_one_that_three_quarters_of_the_pictures_have(
    tmp_path: Path, sides: list[int], expected: int
) -> None:
    for number, side in enumerate(sides):
        Image.effect_noise((side, side), 90).save(tmp_path / f"{number}.png")

    assert scanned(tmp_path).suggested_size == expected
