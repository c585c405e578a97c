"""Whether a molecule is new, and which of those that a run learned from is most like it."""

from collections.abc import Mapping
from typing import Final

from genstudio.data import chemistry
from genstudio.domain.artifacts import Artifact
from genstudio.services.runs import Run

# Of more, every so many are compared: fingerprints of all would take minutes.
_MOST_COMPARED = 100_000
NEW: Final = "new"
KNOWN: Final = "known: it was learned from"
HELD_OUT: Final = "known: it was held out"


class KnownMolecules:
    """Compares molecules with those of a run; its fingerprints are reckoned at the first call.

    Args:
        run: What the molecules are made by.

    Raises:
        ProjectError: The record of what it learned from cannot be read.
    """

    def __init__(self, run: Run) -> None:
        manifest = run.project().load_manifest(run.file.dataset)
        held_out = frozenset(run.held_out_of(manifest))
        self._learned = {smiles for name, smiles in manifest.captions if name not in held_out}
        self._held_out = {smiles for name, smiles in manifest.captions if name in held_out}
        every = 1 + len(self._learned) // _MOST_COMPARED
        self._compared = sorted(self._learned)[::every]
        self._fingerprints = chemistry.fingerprints(self._compared)

    @property
    def smiles(self) -> list[str]:
        """What was learned from, in a fixed order."""
        return sorted(self._learned)

    def __call__(self, artifact: Artifact) -> Mapping[str, float | str]:
        """Values of a molecule: ``novelty``, ``nearest`` (SMILES) and ``similarity`` (Tanimoto).

        None of what is no molecule.
        """
        smiles = chemistry.canonical(str(artifact.data))
        if not smiles:
            return {}
        found = chemistry.similarities(chemistry.fingerprints([smiles])[0], self._fingerprints)
        nearest = int(found.argmax())
        novelty = NEW
        if smiles in self._learned:
            novelty, known = KNOWN, smiles
        else:
            known = self._compared[nearest]
            if smiles in self._held_out:
                novelty = HELD_OUT
        similarity = 1.0 if novelty == KNOWN else round(float(found[nearest]), 3)
        return {"novelty": novelty, "nearest": known, "similarity": similarity}
