"""Molecules as SMILES: checked, brought to one form, described by numbers, and drawn.

RDKit does the chemistry. It is a pack: where it is missing, everything else works without it.
"""

import gzip
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.pack_hints import how_to_get

# Longer texts are no drug-like molecules, and a stranger's could take minutes to read.
LONGEST_SMILES: Final = 4000
_MOST_DRAWN_ATOMS = 150
_MOST_ATOMS = 1000
_PADDING = 0.08
# Lines of a large drawing grow with it, or they vanish where it is shown smaller.
_PX_PER_LINE_WIDTH = 150
_NOT_DRAWN = "no drawing"
_FINGERPRINT_BITS = 1024
_FINGERPRINT_RADIUS = 2
_MOST_SCORE_BYTES = 64 * 2**20
_MACROCYCLE_ATOMS = 8


class UnreadableMoleculeError(Exception):
    """A text is no molecule; its message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMolecule:
    """A molecule in one form.

    Attributes:
        smiles: Canonical, with its stereochemistry, of the largest part only.
        num_atoms: Atoms without hydrogen.
        was_salt: Whether there were smaller parts, which were left out.
        num_stereo: Marks of stereochemistry that it has.
    """

    smiles: str
    num_atoms: int
    was_salt: bool
    num_stereo: int


@lru_cache(maxsize=1)
def rdkit() -> Any:
    """RDKit's module for molecules, told to be quiet.

    Raises:
        SettingsError: The pack is not installed.
    """
    try:
        import_module("rdkit.RDLogger").DisableLog("rdApp.*")
        return import_module("rdkit.Chem")
    except ImportError as error:
        raise SettingsError(
            tr("Molecules need RDKit"),
            tr("It is not installed; everything else works without it."),
            how_to_get("molecules"),
        ) from error


def read_smiles(text: str) -> ReadMolecule:
    """Read a SMILES.

    Raises:
        UnreadableMoleculeError: It is none; the message says why.
        SettingsError: RDKit is not installed.
    """
    if len(text) > LONGEST_SMILES:
        raise UnreadableMoleculeError(
            tr("It is longer than {longest_smiles:,} characters.", longest_smiles=LONGEST_SMILES)
        )
    chem = rdkit()
    molecule = chem.MolFromSmiles(text) if text else None
    if molecule is None:
        raise UnreadableMoleculeError(_what_is_wrong(chem, text))
    return _in_one_form(chem, molecule)


def read_block(text: str) -> ReadMolecule:
    """Read one record of an SDF.

    Raises:
        UnreadableMoleculeError: It holds no molecule.
        SettingsError: RDKit is not installed.
    """
    chem = rdkit()
    molecule = chem.MolFromMolBlock(text)
    if molecule is None:
        raise UnreadableMoleculeError(tr("It cannot be read as a molecule."))
    return _in_one_form(chem, molecule)


def _in_one_form(chem: Any, molecule: Any) -> ReadMolecule:
    parts = chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False)
    if not parts or not molecule.GetNumAtoms():
        raise UnreadableMoleculeError(tr("It has no atoms."))
    if molecule.GetNumAtoms() > _MOST_ATOMS:
        raise UnreadableMoleculeError(
            tr(
                "It has {num_atoms:,} atoms; more than {most_atoms:,} are not read.",
                num_atoms=molecule.GetNumAtoms(),
                most_atoms=_MOST_ATOMS,
            )
        )
    largest = max(parts, key=lambda part: part.GetNumHeavyAtoms())
    smiles: str = chem.MolToSmiles(largest)
    # What a name of an isotope or a number of an atom would be is not learned from.
    again = chem.MolFromSmiles(smiles)
    if again is None:
        raise UnreadableMoleculeError(tr("It cannot be written as SMILES."))
    return ReadMolecule(
        smiles=chem.MolToSmiles(again),
        num_atoms=again.GetNumHeavyAtoms(),
        was_salt=len(parts) > 1,
        num_stereo=smiles.count("/") + smiles.count("\\") + smiles.replace("@@", "@").count("@"),
    )


def _what_is_wrong(chem: Any, text: str) -> str:
    if not text:
        return tr("It is empty.")
    molecule = chem.MolFromSmiles(text, sanitize=False)
    if molecule is None:
        return tr("It is not written as SMILES are.")
    problems = chem.DetectChemistryProblems(molecule)
    kind = problems[0].GetType() if problems else ""
    if kind == "AtomValenceException":
        return tr("An atom has more bonds than it can have.")
    if kind in ("KekulizeException", "AtomKekulizeException"):
        return tr("Its rings cannot be aromatic as they are written.")
    return tr("There is no such molecule.")


def is_valid(text: str) -> bool:
    """Whether a text is the SMILES of one molecule."""
    return bool(text) and len(text) <= LONGEST_SMILES and rdkit().MolFromSmiles(text) is not None


def canonical(text: str) -> str:
    """A SMILES in one form; empty if it is none."""
    molecule = rdkit().MolFromSmiles(text) if text and len(text) <= LONGEST_SMILES else None
    return "" if molecule is None else rdkit().MolToSmiles(molecule)


def written_otherwise(smiles: str, count: int, seed: int) -> list[str]:
    """Other SMILES of the same molecule, each begun at an atom of its own (enumeration)."""
    chem = rdkit()
    molecule = chem.MolFromSmiles(smiles)
    return list(chem.MolToRandomSmilesVect(molecule, count, randomSeed=seed))


def scaffold(smiles: str) -> str:
    """The rings of a molecule and what joins them (Bemis & Murcko 1996); empty without rings."""
    scaffolds = import_module("rdkit.Chem.Scaffolds.MurckoScaffold")
    return scaffolds.MurckoScaffoldSmiles(smiles=smiles)


def properties(smiles: str) -> dict[str, float]:
    """What chemists ask of a molecule first.

    Returns:
        ``qed`` (how like a drug, 0 to 1: Bickerton et al. 2012), ``logp`` (oil against water:
        Wildman & Crippen 1999), ``weight`` (g/mol), ``sa`` (how hard to make, 1 to 10: Ertl &
        Schuffenhauer 2009), ``atoms`` (without hydrogen), ``rings``.
    """
    molecule = rdkit().MolFromSmiles(smiles)
    drug_likeness = import_module("rdkit.Chem.QED")
    # What that is reckoned from has two of the others.
    found = drug_likeness.properties(molecule)
    return {
        "qed": round(float(drug_likeness.qed(molecule, qedProperties=found)), 3),
        "logp": round(float(found.ALOGP), 2),
        "weight": round(float(found.MW), 2),
        "sa": round(synthetic_accessibility(molecule), 2),
        "atoms": float(molecule.GetNumHeavyAtoms()),
        "rings": float(molecule.GetRingInfo().NumRings()),
    }


def fingerprints(smiles: Sequence[str]) -> np.ndarray:
    """Morgan fingerprints of radius 2, packed: uint8 of shape (N, 128)."""
    generators = import_module("rdkit.Chem.rdFingerprintGenerator")
    generator = generators.GetMorganGenerator(radius=_FINGERPRINT_RADIUS, fpSize=_FINGERPRINT_BITS)
    rows = np.zeros((len(smiles), _FINGERPRINT_BITS // 8), np.uint8)
    chem = rdkit()
    for row, text in enumerate(smiles):
        molecule = chem.MolFromSmiles(text)
        if molecule is not None:
            rows[row] = np.packbits(generator.GetFingerprintAsNumPy(molecule))
    return rows


def similarities(fingerprint: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Tanimoto similarity of one packed fingerprint to each of some others: float64, 0 to 1."""
    common = np.bitwise_count(fingerprint & others).sum(1, dtype=np.int64)
    either = np.bitwise_count(fingerprint | others).sum(1, dtype=np.int64)
    return common / np.maximum(either, 1)


def mol_block(smiles: str) -> str:
    """A molecule as an SDF has it, with places on paper for its atoms; empty for none."""
    chem = rdkit()
    molecule = chem.MolFromSmiles(smiles) if smiles else None
    if molecule is None:
        return str(chem.MolToMolBlock(chem.MolFromSmiles("")))
    import_module("rdkit.Chem.AllChem").Compute2DCoords(molecule)
    return str(chem.MolToMolBlock(molecule))


def draw(smiles: str, side: int) -> np.ndarray:
    """Draw a molecule on white paper: uint8 (side, side, 3); words where there is none."""
    if (molecule := _drawable(smiles)) is None:
        return _page_without(side)
    drawing = import_module("rdkit.Chem.Draw.rdMolDraw2D")
    canvas = drawing.MolDraw2DCairo(side, side)
    _paint(drawing, canvas, molecule, side)
    with Image.open(BytesIO(canvas.GetDrawingText()), formats=("PNG",)) as picture:
        return np.asarray(picture.convert("RGB"))


def _page_without(side: int) -> np.ndarray:
    page = Image.new("RGB", (side, side), "white")
    place = (side // 2, side // 2)
    size = max(8, side // 10)
    ImageDraw.Draw(page).text(place, _NOT_DRAWN, fill=(150, 150, 150), anchor="mm", font_size=size)
    return np.asarray(page)


def draw_svg(smiles: str, side: int) -> str:
    """The same as lines, which can be enlarged."""
    drawing = import_module("rdkit.Chem.Draw.rdMolDraw2D")
    canvas = drawing.MolDraw2DSVG(side, side)
    molecule = _drawable(smiles)
    if molecule is None:
        canvas.FinishDrawing()
    else:
        _paint(drawing, canvas, molecule, side)
    return str(canvas.GetDrawingText())


def _drawable(smiles: str) -> Any:
    rdkit()
    molecule = rdkit().MolFromSmiles(smiles) if len(smiles) <= LONGEST_SMILES else None
    if molecule is None or not 0 < molecule.GetNumAtoms() <= _MOST_DRAWN_ATOMS:
        return None
    return molecule


def _paint(drawing: Any, canvas: Any, molecule: Any, side: int) -> None:
    options = canvas.drawOptions()
    options.padding = _PADDING
    options.bondLineWidth = max(1, round(side / _PX_PER_LINE_WIDTH))
    options.minFontSize = max(6, side // 40)
    options.maxFontSize = max(6, side // 12)
    options.clearBackground = True
    drawing.PrepareAndDrawMolecule(canvas, molecule)
    canvas.FinishDrawing()


def synthetic_accessibility(molecule: Any) -> float:
    """How hard a molecule is to make, from 1 (easy) to 10 (Ertl & Schuffenhauer 2009).

    Common pieces make it easy (their table comes with RDKit); size, stereochemistry, spiro and
    bridgehead atoms, and large rings make it hard (their eqs. 1 to 5, as corrected for symmetry).
    """
    scores = _piece_scores()
    counts = _piece_counts(molecule)
    total = sum(counts.values())
    commonness = sum(scores.get(bit, -4.0) * count for bit, count in counts.items())
    commonness /= max(total, 1)
    descriptors = import_module("rdkit.Chem.rdMolDescriptors")
    num_atoms = molecule.GetNumAtoms()
    centres = descriptors.CalcNumAtomStereoCenters(molecule)
    has_large_ring = any(
        len(ring) > _MACROCYCLE_ATOMS for ring in molecule.GetRingInfo().AtomRings()
    )
    complexity = (
        num_atoms**1.005
        - num_atoms
        + math.log10(centres + 1)
        + math.log10(descriptors.CalcNumSpiroAtoms(molecule) + 1)
        + math.log10(descriptors.CalcNumBridgeheadAtoms(molecule) + 1)
        + (math.log10(2) if has_large_ring else 0.0)
    )
    symmetry = 0.5 * math.log(num_atoms / len(counts)) if num_atoms > len(counts) > 0 else 0.0
    lowest, highest = -4.0, 2.5
    score = 11 - (commonness - complexity + symmetry - lowest + 1) / (highest - lowest) * 9
    if score > 8:
        score = 8 + math.log(score - 8)
    return min(max(score, 1.0), 10.0)


def _piece_counts(molecule: Any) -> dict[int, int]:
    generators = import_module("rdkit.Chem.rdFingerprintGenerator")
    generator = generators.GetMorganGenerator(radius=_FINGERPRINT_RADIUS)
    return dict(generator.GetSparseCountFingerprint(molecule).GetNonzeroElements())


@lru_cache(maxsize=1)
def _piece_scores() -> dict[int, float]:
    """Piece of a molecule => how common it is.

    The table that RDKit ships is a list of lists, each a score and the pieces that have it, written
    as text. Its lines are read as what they say; nothing of it is run, as unpickling would do.
    """
    folder = Path(str(import_module("rdkit.RDConfig").RDContribDir))
    with gzip.open(folder / "SA_Score" / "fpscores.pkl.gz") as file:
        content = file.read(_MOST_SCORE_BYTES)
    scores: dict[int, float] = {}
    score = 0.0
    for line in content.decode("ascii", "ignore").splitlines():
        number = line.lstrip("(a")
        if number.startswith("F"):
            score = float(number[1:])
        elif number.startswith("I"):
            scores[int(number[1:])] = score
    return scores
