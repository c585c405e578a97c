"""Molecules as files."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")

from genstudio.artifacts.molecule import KIND
from genstudio.data.molecule_files import read_entries
from genstudio.domain.artifacts import Artifact
from genstudio.domain.errors import ProjectError
from genstudio.domain.recipes import Recipe

RECIPE = Recipe(
    software="GenStudio", model_key="toy", run="r", project="two words", step=2,
    weights_sha256="ab" * 32, seed=7, size=0, sampling={"b": "größer → kleiner " * 40},
    created=datetime(2026, 1, 31, tzinfo=UTC),
)  # fmt: skip


def test_numbers_and_words_come_back_and_lines_stay_short(tmp_path: Path) -> None:
    values = {"qed": 0.5, "novelty": "new", "nearest": "CCO"}
    path = tmp_path / "one.sdf"
    KIND.write(Artifact(kind="molecule", data="CCCO", values=values), path, RECIPE)
    back = KIND.read(path)
    assert dict(back.values) == {"smiles": "CCCO", **values}
    assert path.read_text("utf-8").count("CCCO\n") == 1
    assert KIND.read_recipe(path) == RECIPE
    assert max(map(len, path.read_text("utf-8").splitlines())) <= 200
    assert "QED 0.5" in KIND.words(back)
    assert "most like" not in KIND.words(back)


def test_other_programs_read_the_molecule(tmp_path: Path) -> None:
    path = tmp_path / "one.sdf"
    KIND.write(Artifact(kind="molecule", data="C[C@H](N)C(=O)O"), path, RECIPE)
    (entry,) = read_entries(path)
    assert entry.molecule is not None
    assert entry.molecule.smiles == "C[C@H](N)C(=O)O"


def test_what_is_no_molecule_is_kept_as_the_text_that_it_is(tmp_path: Path) -> None:
    path = tmp_path / "one.sdf"
    KIND.write(Artifact(kind="molecule", data="C(C"), path, RECIPE)
    back = KIND.read(path)
    assert back.data == "C(C"
    assert "no molecule" in KIND.words(back)
    assert KIND.thumbnail(path, 32).min() > 90


def test_a_recipe_that_is_too_long_or_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "one.sdf"
    long = RECIPE.model_copy(update={"sampling": {"b": "x" * 70_000}})
    with pytest.raises(ProjectError, match="too long"):
        KIND.write(Artifact(kind="molecule", data="CCO"), path, long)
    assert not path.exists()
    KIND.write(Artifact(kind="molecule", data="CCO"), path, RECIPE)
    path.write_text(path.read_text("utf-8").replace('{"', "{", 1), encoding="utf-8")
    with pytest.raises(ProjectError, match="damaged"):
        KIND.read_recipe(path)


def test_of_a_persons_own_list_the_first_molecule_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "own.smi"
    path.write_text("OCC\nCCCC\n", encoding="utf-8")
    assert KIND.read(path).data == "CCO"
