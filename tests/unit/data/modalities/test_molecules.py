"""Folders of molecules: what is said of them, and what is learned."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")

from genstudio.data import chemistry
from genstudio.data.modalities.catalog import recognise
from genstudio.data.modalities.molecules import MODALITY, SPELLINGS
from genstudio.data.modalities.scanning import scan_material
from genstudio.data.molecule_files import UnreadableFileError, read_entries
from genstudio.data.selfies_notation import smiles_of
from genstudio.domain.cards import ModelCard
from genstudio.domain.datasets import Manifest, Remark, ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import drain
from genstudio.domain.smiles import is_in_selfies, text_of
from genstudio.domain.training import DataOptions
from genstudio.models.molecules.smiles_vae import SmilesVAE
from genstudio.services.materials import advice_on_left_out, choose_modality, freeze, laid_out

LIST = """\
CCO ethanol
OCC ethanol again
[Na+].CC(=O)[O-] a salt

# a comment
c1ccccc1C(=O)O
nonsense
C(C)(C)(C)(C)C too many bonds
C[C@H](N)C(=O)O
"""
CARD: ModelCard = SmilesVAE.card


def scanned(folder: Path) -> ScanReport:
    return drain(scan_material(folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "some.smi").write_text(LIST, encoding="utf-8")
    return tmp_path


def test_a_list_is_read_line_by_line(folder: Path) -> None:
    report = scanned(folder)
    assert report.material == "molecules"
    assert list(recognise(report)) == ["molecules"]
    said = {it.name: it.words for it in report.pictures}
    assert said == {
        "some.smi#1": "CCO",
        "some.smi#2": "CCO",
        "some.smi#3": "CC(=O)[O-]",
        "some.smi#6": "O=C(O)c1ccccc1",
        "some.smi#9": "C[C@H](N)C(=O)O",
    }
    assert {it.name for it in report.unreadable} == {"some.smi#7", "some.smi#8"}


def test_what_is_invalid_doubled_salted_or_too_long_is_said(folder: Path) -> None:
    (folder / "long.smi").write_text("C" * 130 + "\n" + "C" * 3000 + "\n", encoding="utf-8")
    report = scanned(folder)
    remarks = {it.name: it.remarks for it in report.pictures if it.remarks}
    assert remarks == {
        "some.smi#2": {Remark.DUPLICATE},
        "some.smi#3": {Remark.SALT},
        "long.smi#1": {Remark.TOO_LONG},
    }
    titles = " ".join(it.title for it in report.advice)
    for words in ("3 cannot be read", "more than once", "too long", "salt", "in space"):
        assert words in titles
    _, arrangement = freeze(report, (), "molecules")
    assert set(arrangement.captions.values()) == {
        "CCO", "CC(=O)[O-]", "O=C(O)c1ccccc1", "C[C@H](N)C(=O)O",
    }  # fmt: skip


def test_a_table_is_read_at_the_column_that_holds_smiles(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text(
        "id;label;structure;value\n1;C;CCCCO;0.5\n2;N;c1ccccc1;1\n3;C;not one;2\n", "utf-8"
    )
    report = scanned(tmp_path)
    assert [it.words for it in report.pictures] == ["CCCCO", "c1ccccc1"]
    told = next(it for it in report.advice if "structure" in it.title)
    assert "label" in told.reason
    other = list(read_entries(tmp_path / "set.csv", column="LABEL"))
    assert [it.molecule.smiles for it in other if it.molecule] == ["C", "N", "C"]
    with pytest.raises(UnreadableFileError, match="no column “nothing”"):
        list(read_entries(tmp_path / "set.csv", column="nothing"))


def test_an_sdf_is_read_record_by_record(tmp_path: Path) -> None:
    records = [chemistry.mol_block("CCO"), "no molecule\n", chemistry.mol_block("c1ccccc1O")]
    (tmp_path / "some.sdf").write_text("$$$$\n".join(records), encoding="utf-8")
    report = scanned(tmp_path)
    assert [it.words for it in report.pictures] == ["CCO", "Oc1ccccc1"]
    assert [it.name for it in report.unreadable] == ["some.sdf#2"]


@pytest.mark.parametrize("content", ["name,value\na,1\nb,2\n", "", "\x00\xff\x00,\n"])
def test_a_table_without_molecules_is_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "table.csv").write_text(content, encoding="latin-1")
    with pytest.raises(DatasetError) as caught:
        choose_modality(scanned(tmp_path), CARD)
    assert "table.csv" in caught.value.message
    assert "--column" in caught.value.hint


def test_rows_hold_several_spellings_of_each_molecule(folder: Path, tmp_path: Path) -> None:
    manifest, _ = freeze(scanned(folder), (), "molecules")
    cache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    data = MODALITY.examples(manifest, cache, [], {})
    rows = data.fields["tokens"].take(np.arange(4))
    for (_, smiles), spellings in zip(manifest.captions, rows, strict=True):
        texts = [text_of(ids, list(data.words)) for ids in spellings]
        assert texts[0] == smiles
        assert len(texts) == SPELLINGS
        assert {chemistry.canonical(text) for text in texts} == {smiles}
    # The files may be gone by now.
    (folder / "some.smi").unlink()
    again = drain(MODALITY.decode(manifest, tmp_path / "other"))
    assert np.array_equal(again.fields["tokens"], cache.fields["tokens"])


def in_selfies(folder: Path) -> Manifest:
    pytest.importorskip("selfies", reason="molecules need the extra “molecules”")
    manifest, _ = freeze(scanned(folder), (), "molecules")
    return laid_out(manifest, DataOptions.model_validate({"notation": "SELFIES"}))


def test_selfies_are_learned_where_they_are_chosen(folder: Path, tmp_path: Path) -> None:
    manifest = in_selfies(folder)
    cache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    data = MODALITY.examples(manifest, cache, [], {})
    assert all(word.startswith("[") for word in data.words)
    assert is_in_selfies(data.spec.layout)
    rows = data.fields["tokens"].take(np.arange(4))
    for (_, smiles), spellings in zip(manifest.captions, rows, strict=True):
        texts = [text_of(ids, list(data.words)) for ids in spellings]
        assert {chemistry.canonical(smiles_of(it)) for it in texts} == {smiles}


def test_what_selfies_cannot_write_is_left_out_and_said(folder: Path) -> None:
    (folder / "more.smi").write_text("FI(F)(F)(F)F\n", encoding="utf-8")
    manifest, _ = freeze(scanned(folder), (), "molecules")
    chosen = DataOptions.model_validate({"notation": "SELFIES"})
    laid = in_selfies(folder)
    assert len(manifest.captions) - len(laid.captions) == 1
    assert {name for name, _ in laid.pictures} == {name for name, _ in laid.captions}
    assert "more.smi#1" not in dict(laid.captions)
    (advice,) = advice_on_left_out(manifest, chosen)
    assert "SELFIES" in advice.reason
    assert advice_on_left_out(manifest, DataOptions.model_validate({})) == []


def test_a_layout_keeps_the_column_in_either_notation() -> None:
    chosen = DataOptions.model_validate({"notation": "SELFIES"})
    layout = MODALITY.laid_out("structure", chosen)
    assert MODALITY.laid_out(layout, chosen) == layout
    assert MODALITY.laid_out(layout, DataOptions.model_validate({})) == "structure"
    # What a model is built from is the same for all columns.
    assert MODALITY.spec(0, 3, {}, layout=layout) == MODALITY.spec(0, 3, {}, layout="SELFIES:")
    assert MODALITY.spec(0, 3, {}, layout="structure").layout == ""
