"""Notes that say how they were made: MIDI files, with the recipe in a text event."""

from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.artifacts.image import SOURCE_TYPE
from genstudio.artifacts.protocol import ArtifactCard, ArtifactKind, Metadata
from genstudio.artifacts.sound import recipe_in, tags_of
from genstudio.data import scores
from genstudio.data.note_pictures import draw_score
from genstudio.data.sounds import Sound
from genstudio.data.synth import render
from genstudio.domain.artifacts import NOTES, Artifact
from genstudio.domain.files import write_bytes
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe

_SHAPE = 0.6  # Height by width of a drawing.
_MARK: Final = f"Made with a trained model: {SOURCE_TYPE}"


class Notes:
    """Kind "notes": MIDI files. An artifact's data is a ``Score``."""

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=NOTES,
        title="Notes",
        noun=("notes", "notes"),
        suffix=".mid",
        media_type="audio/midi",
        also_taken=tuple(suffix for suffix in scores.SUFFIXES if suffix != ".mid"),
    )

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Write a MIDI file with its recipe."""
        texts = [tags_of(recipe)["comment"], *([_MARK] if recipe.synthetic else [])]
        write_bytes(path, scores.score_bytes(artifact.data, texts))

    def read(self, path: Path) -> Artifact:
        """Read the notes as they were written."""
        score = _read(path)
        recipe = recipe_in(score.text, path)
        return Artifact(kind=NOTES, data=score, seed=None if recipe is None else recipe.seed)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how they were made."""
        return recipe_in(_read(path).text, path)

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same notes with less of what is said of them."""
        if metadata == "everything":
            return content
        try:
            score = scores.parse_score(content)
        except scores.UnreadableScoreError as error:
            raise scores.unreadable_score(Path("The file"), str(error)) from error
        return scores.score_bytes(score, [_MARK] if metadata == "mark" else [])

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw the piano roll."""
        return draw_score(_read(path), side, max(1, round(side * _SHAPE)))

    def draw(self, artifact: Artifact, side: int) -> np.ndarray:
        """The same, square."""
        return draw_score(artifact.data, side, side)

    def as_sound(self, artifact: Artifact) -> Sound:
        """As the program's own synthesiser plays it."""
        return render(artifact.data)

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare what is played, and how fast."""
        first, second = one.data, other.data
        return (
            len(first.parts) == len(second.parts)
            and all(map(_plays_same, first.parts, second.parts))
            and [(tick, round(bpm, 1)) for tick, bpm in first.tempi]
            == [(tick, round(bpm, 1)) for tick, bpm in second.tempi]
        )

    def words(self, artifact: Artifact) -> str:
        """Say how long it is and how many notes it has."""
        score: scores.Score = artifact.data
        bars = -(-score.end // (4 * scores.TICKS_PER_BEAT))
        counted = (
            tr("1 part")
            if len(score.parts) == 1
            else tr("{num_parts} parts", num_parts=len(score.parts))
        )
        notes = (
            tr("1 note")
            if score.num_notes == 1
            else tr("{num_notes:,} notes", num_notes=score.num_notes)
        )
        return tr(
            "{bars} bars, {notes}, {counted}, {tempi:.0f} bpm",
            bars=bars,
            notes=notes,
            counted=counted,
            tempi=score.tempi[0][1],
        )


def _plays_same(one: scores.Part, other: scores.Part) -> bool:
    return (
        one.program == other.program
        and one.is_drums == other.is_drums
        and np.array_equal(one.notes, other.notes)
    )


def _read(path: Path) -> scores.Score:
    try:
        return scores.read_score(path)
    except scores.UnreadableScoreError as error:
        raise scores.unreadable_score(path, str(error)) from error


KIND: Final[ArtifactKind] = Notes()
