"""Single pictures are compared with what their run learned from."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from planted_pictures import drawn_NHWC, noisy
from tiny_studio import save_pictures, small_settings
from typer.testing import CliRunner

from genstudio.artifacts.image import save_picture
from genstudio.cli import app
from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.engine.trainer import NoCommands
from genstudio.services.copy_checks import check_copies, words_about
from genstudio.services.copy_marks import FILE, CopyMark, add_marks, read_marks
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_pictures(tmp_path_factory.mktemp("set") / "real", drawn_NHWC(120, seed=0))
    project = tmp_path_factory.mktemp("trained") / "Meadow"
    request = NewRun(folder=folder, project=project, settings=small_settings())
    *_, finished = start_run(request, NoCommands())
    return finished.run


def hang(run: Path, name: str, pixels: np.ndarray, *, of_run: bool = True) -> Path:
    path = run.parents[1] / "gallery" / name
    recipe = Recipe(
        software="GenStudio", run=run.name if of_run else "", project="Meadow", seed=1,
        created=datetime(2026, 1, 31, tzinfo=UTC),
    )  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    save_picture(pixels, path, recipe)
    return path


@pytest.fixture(scope="module")
def copy(run: Path) -> Path:
    learned = next(at for at in range(120) if f"{at:02}.png" not in Run(run).held_out)
    return hang(run, "copy.png", noisy(drawn_NHWC(120, seed=0)[learned : learned + 1], 0.01)[0])


@pytest.fixture(scope="module")
def new(run: Path) -> Path:
    return hang(run, "new.png", drawn_NHWC(1, seed=77)[0])


def test_a_copy_is_told_from_what_is_new(run: Path, copy: Path, new: Path) -> None:
    first, second = drain(check_copies([copy, new]))
    assert first.mark.is_copy
    assert first.pairs[0].training_name == first.mark.nearest
    assert not second.mark.is_copy
    far = [pair.distance for pair in second.pairs]
    assert far == sorted(far)
    assert len(far) == 6
    assert np.isclose(far[0], second.mark.distance, atol=1e-5)
    assert "1 of 2" in words_about([first, second])
    assert "nearly the same" in first.mark.words()
    assert "no copy" in words_about([second])


def test_an_enlarged_and_mirrored_copy_is_one_too(run: Path, copy: Path) -> None:
    from genstudio.artifacts.image import KIND

    pixels = KIND.read(copy).data[:, ::-1].repeat(2, axis=0).repeat(2, axis=1)
    (found,) = drain(check_copies([hang(run, "large.png", pixels)]))
    assert found.mark.is_copy


def test_what_no_run_made_has_nothing_to_be_a_copy_of(run: Path, new: Path) -> None:
    path = hang(run, "styled.png", drawn_NHWC(1, seed=5)[0], of_run=False)
    with pytest.raises(DatasetError, match="No run made"):
        drain(check_copies([path]))
    (named,) = drain(check_copies([path], run))
    assert named.mark.nearest


def test_the_command_says_it_in_json(copy: Path) -> None:
    done = CliRunner().invoke(app, ["copies", str(copy), "--json"])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["copy"] is True
    assert len(record["nearest"]) == 6


def test_marks_are_kept_in_the_project(tmp_path: Path) -> None:
    mark = CopyMark(nearest="a.png", distance=0.001, alarm=0.01)
    add_marks(tmp_path, {"x.png": mark})
    assert add_marks(tmp_path, {"y.png": mark}).keys() == {"x.png", "y.png"}
    assert read_marks(tmp_path)["x.png"] == mark
    (tmp_path / FILE).write_text("[1, 2]", "utf-8")
    assert read_marks(tmp_path) == {}
