"""Clips that say how they were made: MP4 and WebM, with the recipe among what players show."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import ValidationError

from genstudio.artifacts.animation import SUFFIX as ANIMATION
from genstudio.artifacts.animation import damaged_clip, unreadable_clip
from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, SOURCE_TYPE
from genstudio.artifacts.protocol import ArtifactCard, ArtifactKind, Metadata
from genstudio.data.films import SUFFIXES, look_at_film, poster, pyav
from genstudio.domain.artifacts import CLIP, Artifact
from genstudio.domain.files import explained, is_file, replacing, write_bytes
from genstudio.domain.recipes import Recipe

# What WebM begins with.
_EBML: Final = b"\x1a\x45\xdf\xa3"
# MP4 drops names that it does not know; WebM writes all in capitals.
_RECIPE, _MARK = "comment", "description"
_WORDS: Final = f"Made with a trained model: {SOURCE_TYPE}"


class Clips:
    """Kind "clip": an artifact's data is the path of a film without a recipe, of either format."""

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=CLIP,
        title="Clip",
        noun=("clip", "clips"),
        suffix=".mp4",
        other_suffixes=(".webm",),
        media_type="video/mp4",
        also_taken=tuple(sorted(SUFFIXES)),
        pack="video",
    )

    def suffix_of(self, artifact: Artifact) -> str:
        """That of the film, which stays as it is encoded."""
        suffix = Path(artifact.data).suffix.lower()
        return suffix if suffix in (*self.card.suffixes, ANIMATION) else self.card.suffix

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Copy the film, not encoded anew, with its recipe; an animation has its own inside."""
        if Path(artifact.data).suffix.lower() == ANIMATION:
            write_bytes(path, Path(artifact.data).read_bytes())
            return
        av = pyav()
        told = said_of_clip(recipe)
        with explained(path), replacing(path) as temporary:
            try:
                _copied(av, str(artifact.data), str(temporary), told, _container(path.suffix))
            except av.FFmpegError as error:
                if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                    raise  # Of the disk: it is full, or may not be written to.
                raise unreadable_clip(Path(artifact.data)) from error

    def read(self, path: Path) -> Artifact:
        """Find out that it can be read; the frames stay in the file."""
        recipe = self.read_recipe(path)
        look_at_film(path)
        return Artifact(kind=CLIP, data=path, seed=None if recipe is None else recipe.seed)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made."""
        av = pyav()
        if not is_file(path):
            raise unreadable_clip(path)
        try:
            with av.open(str(path), options={"protocol_whitelist": "file"}) as film:
                text = film.metadata.get(_RECIPE) or film.metadata.get(_RECIPE.upper(), "")
        except av.FFmpegError as error:
            raise unreadable_clip(path) from error
        # Other programs write comments, too.
        if not text.startswith("{"):
            return None
        if len(text.encode()) > LARGEST_RECIPE_BYTES:
            raise damaged_clip(path)
        try:
            return Recipe.model_validate_json(text)
        except ValidationError as error:
            raise damaged_clip(path) from error

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same film, not encoded anew, that says less of itself."""
        if metadata == "everything":
            return content
        av = pyav()
        made = BytesIO()
        try:
            told = {_MARK: _WORDS} if metadata == "mark" else {}
            _copied(av, BytesIO(content), made, told, _container_of(content))
        except av.FFmpegError as error:
            raise unreadable_clip(Path("The clip")) from error
        return made.getvalue()

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw its first frame."""
        return poster(path, side)

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare what is encoded, picture and sound."""
        return _digests(Path(one.data)) == _digests(Path(other.data))

    def words(self, artifact: Artifact) -> str:
        """Say how large and how long it is."""
        info = look_at_film(Path(artifact.data))
        return f"{info.width} × {info.height} px, {info.seconds:.1f} s"


def said_of_clip(recipe: Recipe) -> dict[str, str]:
    """What a film says of itself: how it was made, and that a model made it."""
    return {_RECIPE: recipe.model_dump_json(), _MARK: _WORDS}


def _container(suffix: str) -> str:
    return "webm" if suffix.lower() == ".webm" else "mp4"


def _container_of(content: bytes) -> str:
    return "webm" if content.startswith(_EBML) else "mp4"


def _copied(av: Any, source: Any, target: Any, told: dict[str, str], container: str) -> None:
    with av.open(source) as given, av.open(target, "w", format=container) as made:
        # Whole, so that a cut file is noticed; the bytes that are written follow from the packets.
        made.metadata.update(told)
        streams = {
            # Of AV1, FFmpeg has a reader and a writer of other names: the one cannot be asked for
            # as the other, nor need it be, since nothing is encoded here.
            stream.index: made.add_stream_from_template(stream, opaque=True)
            for stream in given.streams
            if stream.type in ("video", "audio")
        }
        for packet in _packets(given, streams):
            packet.stream = streams[packet.stream.index]
            made.mux(packet)


def _packets(given: Any, streams: Any) -> Iterator[Any]:
    for packet in given.demux([given.streams[index] for index in streams]):
        if packet.dts is not None:  # The last one of each stream is empty.
            yield packet


def _digests(path: Path) -> dict[int, str]:
    av = pyav()
    # Of each stream by itself: how their packets lie between each other is up to who wrote the
    # file, and is another thing in a copy.
    digests: dict[int, Any] = {}
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as film:
            for packet in film.demux():
                if packet.dts is not None:
                    index = packet.stream.index
                    digest = digests.setdefault(index, hashlib.blake2b(digest_size=16))
                    digest.update(f"{index} {packet.pts} {packet.time_base}".encode())
                    digest.update(bytes(packet))
    except (av.FFmpegError, OSError) as error:
        raise unreadable_clip(path) from error
    return {index: digest.hexdigest() for index, digest in digests.items()}


KIND: Final[ArtifactKind] = Clips()
