"""Molecules as SELFIES."""

from typing import Any

import pytest

from genstudio.data import chemistry, selfies_notation
from genstudio.domain.errors import SettingsError


def test_what_is_not_installed_is_said_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    selfies_notation.selfies.cache_clear()
    monkeypatch.setattr(selfies_notation, "import_module", missing)
    with pytest.raises(SettingsError) as caught:
        selfies_notation.selfies()
    assert "molecules" in caught.value.hint
    assert "SMILES" in caught.value.message


def test_molecules_come_back_from_selfies() -> None:
    pytest.importorskip("selfies", reason="molecules need the extra “molecules”")
    pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")
    for smiles in ("CCO", "C[C@H](N)C(=O)O", "F/C=C/F", "O=C(O)c1ccccc1"):
        again = selfies_notation.smiles_of(selfies_notation.selfies_of(smiles))
        assert chemistry.canonical(again) == smiles


@pytest.mark.parametrize("smiles", ["FI(F)(F)(F)F", "C" * 200])
def test_what_breaks_their_rules_or_is_too_long_is_not_written(smiles: str) -> None:
    pytest.importorskip("selfies", reason="molecules need the extra “molecules”")
    assert selfies_notation.selfies_of(smiles) == ""


def test_what_is_no_selfies_stands_for_nothing() -> None:
    pytest.importorskip("selfies", reason="molecules need the extra “molecules”")
    assert selfies_notation.smiles_of("[nonsense]") == ""
    assert selfies_notation.smiles_of("") == ""
