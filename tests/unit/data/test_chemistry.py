"""Molecules: what is read as one, how it is described, and what is no molecule."""

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")

from genstudio.data import chemistry
from genstudio.data.chemistry import UnreadableMoleculeError, read_smiles

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


def test_spellings_of_one_molecule_are_read_as_one() -> None:
    assert read_smiles("C(O)C").smiles == read_smiles("OCC").smiles == "CCO"
    others = chemistry.written_otherwise(ASPIRIN, 5, seed=3)
    assert len(set(others)) > 1
    assert {read_smiles(text).smiles for text in others} == {read_smiles(ASPIRIN).smiles}
    assert chemistry.written_otherwise(ASPIRIN, 5, seed=3) == others


def test_of_a_salt_the_largest_part_is_kept_and_that_is_said() -> None:
    found = read_smiles("[Na+].CC(=O)[O-]")
    assert (found.smiles, found.was_salt, found.num_atoms) == ("CC(=O)[O-]", True, 4)
    assert not read_smiles("CC(=O)O").was_salt


def test_how_a_molecule_lies_in_space_is_kept() -> None:
    left, right = read_smiles("C[C@H](N)C(=O)O"), read_smiles("C[C@@H](N)C(=O)O")
    assert left.smiles != right.smiles
    assert left.num_stereo == 1
    assert read_smiles("F/C=C/F").num_stereo == 2
    assert read_smiles(ASPIRIN).num_stereo == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("C(C)(C)(C)(C)C", "more bonds"),
        ("c1cccc1", "aromatic"),
        ("hello", "not written as SMILES"),
        ("C1CC", "not written as SMILES"),
        ("", "empty"),
        ("C" * 5000, "longer"),
        ("C" * 2000, "2,000 atoms"),
    ],
)
def test_what_is_no_molecule_is_told_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UnreadableMoleculeError, match=why):
        read_smiles(text)
    assert chemistry.canonical(text) == "" or len(text) > 1000


def test_properties_are_those_of_the_literature() -> None:
    found = chemistry.properties(ASPIRIN)
    assert found["weight"] == pytest.approx(180.16, abs=0.01)
    assert found["logp"] == pytest.approx(1.31, abs=0.01)
    assert found["qed"] == pytest.approx(0.55, abs=0.01)
    # As the authors' own program gives it.
    assert found["sa"] == pytest.approx(1.58, abs=0.01)
    assert (found["atoms"], found["rings"]) == (13, 1)


def test_hard_molecules_are_harder_to_make() -> None:
    strychnine = "O=C1CC2OCC=C3CN4CCC56C4CC3C2C6N1c1ccccc15"
    assert chemistry.properties(strychnine)["sa"] > chemistry.properties(ASPIRIN)["sa"] + 2


def test_a_molecule_is_most_like_itself() -> None:
    rows = chemistry.fingerprints([ASPIRIN, "CCO", "CC(=O)Oc1ccccc1"])
    found = chemistry.similarities(rows[0], rows)
    assert found[0] == 1
    assert found[0] > found[2] > found[1]


def test_it_is_drawn_and_of_what_is_none_the_page_says_so() -> None:
    drawn = chemistry.draw(ASPIRIN, 64)
    assert (drawn.shape, drawn.dtype) == ((64, 64, 3), np.uint8)
    assert (drawn < 128).any()
    for text in ("", "nonsense", "C" * 400):
        assert 90 < chemistry.draw(text, 64).min() < 200
        assert "svg" in chemistry.draw_svg(text, 64)
    assert chemistry.draw_svg(ASPIRIN, 64).count("<path") > 5


def test_scaffolds_are_rings_and_what_joins_them() -> None:
    assert chemistry.scaffold(ASPIRIN) == "c1ccccc1"
    assert chemistry.scaffold("CCO") == ""
