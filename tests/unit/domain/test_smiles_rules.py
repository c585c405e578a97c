"""Which tokens may follow in a SMILES."""

import random

import pytest

from genstudio.domain.smiles import MOST_TOKENS, tokens_in
from genstudio.domain.smiles_rules import END, SmilesRules, breaks_at

MOLECULES = (
    "CC(=O)Nc1ccc(O)cc1",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "O=c1cc[nH]c(=O)[nH]1",
    "c1ccc2[nH]ccc2c1",
    "c1ccc2ccccc2c1",
    "c1cc2cccc3ccc4cccc1c4c32",
    "C[n+]1ccccc1",
    "[O-][n+]1ccccc1",
    "CC[N+](=O)[O-]",
    "[C-]#[N+]c1ccccc1",
    "C[S@](=O)c1ccccc1",
    "CS(=O)(=O)N[C@@H](C)C(=O)O",
    "F/C=C\\F",
    "OB(O)c1ccsc1",
    "FS(F)(F)(F)(F)F",
    "C12C3C4C1C5C2C3C45",
    "O=C1CCC2(CC1)OCCO2",
    "C%10CCCCC%10",
    "[2H]C([2H])([2H])O",
    "CC(C)(C)OP(=O)(O)O",
    "c1ccc(-c2ccccn2)cc1",
)
_LONG_ENOUGH = 12
BROKEN = (
    # Text, number of the token that may not stand there.
    ("C(C)(C)(C)(C)C", 13),
    ("CC(C", 4),
    ("CC)C", 2),
    ("C1CCC", 5),
    ("C1C1", 3),
    ("C11", 2),
    ("C=", 2),
    ("=CC", 0),
    ("O=O=O", 3),
    ("C()C", 2),
    ("FC(F)(F)(F)F", 11),
    ("CN(=O)=O", 6),
    ("Cc", 2),
    ("c1cccc1", 7),
    ("c1ccccc1=O", 8),
    ("O=c1ccc[nH]1", 8),
    ("Cc1co", 5),
    ("C[nH]", 1),
    ("C[N+]C", 2),
    ("CC.C", 2),
    ("CCS(C)=O", -1),
    ("CCS(C)C", 6),
)


@pytest.mark.parametrize("smiles", MOLECULES)
def test_molecules_break_no_rule(smiles: str) -> None:
    assert breaks_at(tokens_in(smiles)) == -1


@pytest.mark.parametrize(("text", "where"), BROKEN)
def test_what_breaks_a_rule_is_refused_where_it_does(text: str, where: int) -> None:
    assert breaks_at(tokens_in(text)) == where


def test_a_state_is_left_as_it_is_by_what_may_follow() -> None:
    state = SmilesRules()
    for token in tokens_in("c1cccc"):
        following = state.after(token)
        assert following is not None
        state = following
    assert state.after(END) is None
    assert state.after("c") is not None
    # Closed already, if asking had changed it.
    assert state.after("1") is not None
    assert state.after("1") is not None


def test_what_is_not_understood_is_let_pass() -> None:
    assert breaks_at(["C", "[NH3:5->]", ")", "="]) == -1


def test_a_text_can_be_closed_before_it_is_too_long() -> None:
    state = SmilesRules()
    for _ in range(MOST_TOKENS):
        tokens = ("(", "1", "2", "3", "C")
        state = next(found for it in tokens if (found := state.after(it)) is not None)
    assert state.after("(") is None
    assert state.after("4") is None


def test_whatever_is_drawn_among_what_may_follow_is_a_molecule() -> None:
    chem = pytest.importorskip("rdkit.Chem", reason="needs the extra “molecules”")
    tokens = [*"CCCcccccnNOo()()11==-", "[nH]", "[N+]", "[O-]", "[C@H]", "S"]
    drawing = random.Random(0)
    ended = 0
    for _ in range(60):
        state, written = SmilesRules(), ""
        for number in range(MOST_TOKENS):
            drawing.shuffle(tokens)
            if number > _LONG_ENOUGH and state.after(END) is not None:
                break
            found = next(((it, new) for it in tokens if (new := state.after(it))), None)
            if found is None:
                break
            written, state = written + found[0], found[1]
        if state.after(END) is not None:
            ended += 1
            assert chem.MolFromSmiles(written) is not None, written
    assert ended >= 5
