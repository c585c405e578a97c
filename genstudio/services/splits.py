"""The split of a run on disk: the places of its held-out pictures in the manifest."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import read_file, write_bytes
from genstudio.domain.language import tr, tr_noop

FILE = "held-out.json"
_LARGEST_BYTES = 64 * 2**20
_HINT = tr_noop("Put the original back; without it the run would learn from other pictures.")


class SplitReference(BaseModel):
    """What ``run.toml`` says of the split: how many are held out, and the hash of the file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    count: int = Field(ge=0)
    digest: str = Field(max_length=64)


class _Split(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    num_pictures: int = Field(ge=0)
    held_out: tuple[int, ...]


def save_split(run: Path, manifest: Manifest, held_out: Sequence[str]) -> SplitReference:
    """Write down which pictures of a manifest a run does not learn from.

    Args:
        run: The run's folder.
        manifest: Its pictures.
        held_out: Names of the held-out ones.

    Raises:
        ProjectError: The folder cannot be written to, or a name is not in the manifest.
    """
    names = frozenset(held_out)
    places = tuple(at for at, (name, *_) in enumerate(manifest.pictures) if name in names)
    if len(places) != len(names):
        raise ProjectError(tr("The split names pictures that are not in the set"))
    split = _Split(num_pictures=len(manifest.pictures), held_out=places)
    content = split.model_dump_json().encode()
    write_bytes(run / FILE, content)
    return SplitReference(count=len(places), digest=_digest(content))


def load_split(run: Path, manifest: Manifest, reference: SplitReference) -> tuple[str, ...]:
    """Names of the pictures that a run does not learn from, in the order of the manifest.

    Raises:
        ProjectError: The file is missing, damaged, or of another manifest.
    """
    path = run / FILE
    try:
        content = read_file(path, largest_bytes=_LARGEST_BYTES)
    except OSError as error:
        raise ProjectError(
            tr("{path} cannot be read", path=path),
            tr("It says which pictures are not learned from: {strerror}.", strerror=error.strerror),
            tr(_HINT),
        ) from error
    if _digest(content) != reference.digest:
        raise ProjectError(
            tr("{path} is damaged", path=path),
            tr("It is not what run.toml was written with."),
            tr(_HINT),
        )
    try:
        split = _Split.model_validate_json(content)
    except ValidationError as error:
        raise ProjectError(tr("{path} is damaged", path=path), str(error), tr(_HINT)) from error
    count = len(manifest.pictures)
    if split.num_pictures != count or not all(0 <= at < count for at in split.held_out):
        raise ProjectError(
            tr("{path} is damaged", path=path),
            tr("It belongs to another set of pictures."),
            tr(_HINT),
        )
    return tuple(manifest.pictures[at][0] for at in split.held_out)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
