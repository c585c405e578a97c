"""Sounds that say how they were made: FLAC files, with the recipe in their comment."""

from io import BytesIO
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from pydantic import ValidationError

from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, SOURCE_TYPE
from genstudio.artifacts.protocol import ArtifactCard, ArtifactKind, Metadata
from genstudio.data import sounds
from genstudio.data.sound_pictures import draw_sound
from genstudio.domain.artifacts import SOUND, Artifact
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import explained, replacing
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe

_SHAPE = 0.6  # Height by width of a drawing.
_TITLE: Final = f"Made with a trained model: {SOURCE_TYPE}"


class Sounds:
    """Kind "sound": FLAC files of 16 bits. An artifact's data is a ``Sound``."""

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=SOUND,
        title="Sound",
        noun=("sound", "sounds"),
        suffix=".flac",
        media_type="audio/flac",
        also_taken=tuple(suffix for suffix in sounds.SUFFIXES if suffix != ".flac"),
    )

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Write a FLAC with its recipe."""
        content = BytesIO()
        sounds.write_sound(artifact.data, content, "FLAC", tags_of(recipe))
        with explained(path), replacing(path) as temporary:
            temporary.write_bytes(content.getvalue())

    def read(self, path: Path) -> Artifact:
        """Read the samples as they were written."""
        recipe = self.read_recipe(path)
        return Artifact(kind=SOUND, data=_read(path), seed=None if recipe is None else recipe.seed)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made."""
        library = sounds.soundfile()
        try:
            sounds.look_at_sound(path)
            with library.SoundFile(str(path)) as file:
                text = file.comment
        except (sounds.UnreadableSoundError, library.LibsndfileError, OSError) as error:
            raise sounds.unreadable(path, str(error)) from error
        return recipe_in(text, path)

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same samples with less of what is said of them."""
        if metadata == "everything":
            return content
        library = sounds.soundfile()
        made = BytesIO()
        try:
            samples, rate_hz = library.read(BytesIO(content), dtype="int16")
            sound = sounds.Sound(sounds.from_int16(samples), rate_hz)
            tags = {"title": _TITLE} if metadata == "mark" else {}
            sounds.write_sound(sound, made, "FLAC", tags)
        except (library.LibsndfileError, OSError, RuntimeError) as error:
            raise sounds.unreadable(Path("The sound"), tr("It is damaged.")) from error
        return made.getvalue()

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw the wave and the spectrogram."""
        return draw_sound(_read(path), side, max(1, round(side * _SHAPE)))

    def draw(self, artifact: Artifact, side: int) -> np.ndarray:
        """The same, square."""
        return draw_sound(artifact.data, side, side)

    def as_sound(self, artifact: Artifact) -> sounds.Sound:
        """Itself."""
        return artifact.data

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare the samples as files hold them."""
        first, second = one.data, other.data
        return first.rate_hz == second.rate_hz and np.array_equal(
            sounds.to_int16(first.samples), sounds.to_int16(second.samples)
        )

    def words(self, artifact: Artifact) -> str:
        """Say how long and how loud it is."""
        sound: sounds.Sound = artifact.data
        peak, mean = (20 * np.log10(max(level, 1e-5)) for level in sound.levels())
        return tr(
            "{seconds:.2f} s, {rate_hz:g} kHz, peak {peak:.0f} dB, mean {mean:.0f} dB",
            seconds=sound.seconds,
            rate_hz=sound.rate_hz / 1000,
            peak=peak,
            mean=mean,
        )


def tags_of(recipe: Recipe) -> dict[str, str]:
    """What a sound says of itself: how it was made, and that a model made it.

    Raises:
        ProjectError: The recipe is longer than :func:`recipe_in` accepts.
    """
    text = recipe.model_dump_json()
    if len(text.encode()) > LARGEST_RECIPE_BYTES:
        raise ProjectError(
            tr("The recipe of a sound is too long"),
            tr(
                "Recipes have up to {largest_recipe_bytes} KiB.",
                largest_recipe_bytes=LARGEST_RECIPE_BYTES // 1024,
            ),
            tr("Give it fewer inputs."),
        )
    return {"comment": text} | ({"title": _TITLE} if recipe.synthetic else {})


def recipe_in(text: str, path: Path) -> Recipe | None:
    """The recipe in what a sound or a score says of itself; None if there is none.

    Raises:
        ProjectError: It is damaged.
    """
    # Other programs write comments, too.
    if not text.startswith("{"):
        return None
    if len(text.encode()) > LARGEST_RECIPE_BYTES:
        raise _damaged(path)
    try:
        return Recipe.model_validate_json(text)
    except ValidationError as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ProjectError:
    return ProjectError(
        tr("The recipe in {name} is damaged", name=path.name),
        tr("Its entries cannot be read."),
        tr("Use the original file, as GenStudio saved it."),
    )


def _read(path: Path) -> sounds.Sound:
    try:
        return sounds.read_sound(path)
    except sounds.UnreadableSoundError as error:
        raise sounds.unreadable(path, str(error)) from error


KIND: Final[ArtifactKind] = Sounds()
