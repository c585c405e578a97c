"""Where commands write to: nothing that is there is overwritten, and no folder of originals."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from genstudio.artifacts.image import read_recipe
from genstudio.cli import app
from genstudio.services.runs import Run


def genstudio(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def told(*arguments: object) -> list[dict[str, Any]]:
    result = genstudio(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with a person's pictures, called as the commands call theirs."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("0.png", "1.png", "0000.png", "0001.png"):
        Image.new("RGB", (8, 8), (200, 10, 10)).save(folder / name)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["generate", "RUN", "--count", 2, "--out", "OUT"],
        ["blend", "RUN", "PICTURE", "--out", "OUT"],
        ["compare", "RUN", "--out", "OUT"],
    ],
)
@pytest.mark.parametrize("below", ["", "new"])
def test_the_pictures_that_a_run_learned_from_are_left_alone(
    trained_run: Path, flowers: Path, command: list[object], below: str
) -> None:
    before = contents(flowers)
    places = {"RUN": trained_run, "PICTURE": flowers / "00.png", "OUT": flowers / below}
    result = genstudio(*(places.get(str(word), word) for word in command), "--json")

    assert result.exit_code == 1
    (error,) = (json.loads(line) for line in result.stdout.splitlines())
    assert "learned from" in error["error"]
    assert error["hint"]
    assert contents(flowers) == before


def test_generated_pictures_overwrite_nothing_and_are_not_doubled(
    trained_run: Path, mine: Path
) -> None:
    before = contents(mine)
    for _ in range(2):
        *made, _ = told("generate", trained_run, "--count", 2, "--out", mine)
        assert [record["image"] for record in made] == [
            str(mine / name) for name in ("0-2.png", "1-2.png")
        ]
    assert before.items() <= contents(mine).items()
    assert len(contents(mine)) == len(before) + 2


def test_pictures_of_another_run_stay_beside_new_ones(trained_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told("generate", trained_run, "--count", 2, "--out", out)
    before = contents(out)
    other = Path(shutil.copytree(trained_run.parent.parent, tmp_path / "Meadow")) / "runs" / "other"
    (other.parent / trained_run.name).rename(other)
    *made, _ = told("generate", other, "--count", 2, "--out", out)

    assert [Path(record["image"]).name for record in made] == ["0-2.png", "1-2.png"]
    assert before.items() <= contents(out).items()
    recipe = read_recipe(out / "0-2.png")
    assert recipe is not None
    assert recipe.run == Run(other).path.name


def test_a_blend_overwrites_neither_its_own_pictures_nor_others(
    trained_run: Path, mine: Path
) -> None:
    before = contents(mine)
    for _ in range(2):
        drawn = told(
            "blend", trained_run, mine / "0000.png", mine / "0001.png", "--count", 2, "--out", mine
        )
        names = [Path(record["path"]).name for record in drawn]
        assert names == ["0000-2.png", "0001-2.png"]
    assert before.items() <= contents(mine).items()
    with Image.open(mine / "0000-2.png") as image:
        assert np.asarray(image).shape == (32, 32, 3)


def test_the_doctors_bundle_overwrites_nothing(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("tulips")
    result = genstudio("doctor", "--bundle", note)

    assert note.read_text() == "tulips"
    assert "findings" in json.loads((tmp_path / "note-2.txt").read_text("utf-8"))
    assert "note-2.txt" in result.stderr
