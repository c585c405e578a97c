"""Molecules of a gallery as lists that other programs read."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data.molecule_files import read_entries
from genstudio.domain.artifacts import Artifact
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.services.export import export_gallery
from genstudio.services.gallery_items import GalleryItem

RECIPE = Recipe(
    software="GenStudio", model_key="toy", run="r", project="p", step=2, weights_sha256="ab" * 32,
    seed=7, size=0, sampling={}, created=datetime(2026, 1, 31, tzinfo=UTC),
)  # fmt: skip
MADE = {"one": "CCO", "other": "c1ccccc1O", "broken": "C(C"}


@pytest.fixture
def items(tmp_path: Path) -> list[GalleryItem]:
    gallery = tmp_path / "gallery"
    found: list[GalleryItem] = []
    for name, smiles in MADE.items():
        artifact = Artifact(kind="molecule", data=smiles, values={"qed": 0.5})
        ARTIFACTS.get("molecule").write(artifact, gallery / f"{name}.sdf", RECIPE)
        found.append(GalleryItem(f"{name}.sdf", gallery, RECIPE.model_dump_json(), 0, ()))
    return found


def molecules_in(path: Path) -> list[str]:
    return [it.molecule.smiles for it in read_entries(path) if it.molecule]


def test_all_lists_hold_the_same_molecules_and_no_broken_one(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = drain(export_gallery(items, to=out, kind="folder", title="Some"))
    assert done.count == 3
    for suffix in ("smi", "csv", "sdf"):
        assert molecules_in(out / f"molecules.{suffix}") == ["CCO", "Oc1ccccc1"]
    with (out / "molecules.csv").open(encoding="utf-8") as file:
        (row, _) = csv.DictReader(file)
    assert row == {"name": "one", "smiles": "CCO", "qed": "0.5"}
    assert {it.name for it in (out / "drawings").iterdir()} == {"one.svg", "other.svg"}


def test_once_more_adds_nothing_and_the_mark_is_left_out_on_wish(
    items: list[GalleryItem], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        drain(
            export_gallery(
                items, to=out, kind="folder", title="Some", options={"metadata": "nothing"}
            )
        )
    assert len([it for it in out.rglob("*") if it.is_file()]) == 8
    assert b"trainedAlgorithmicMedia" not in (out / "molecules.smi").read_bytes()
