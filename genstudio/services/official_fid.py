"""Measures the official FID with weights that a person supplies; without them, there is none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genstudio.data.squares import decode_picture
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.domain.reports import OfficialFID
from genstudio.metrics import fid
from genstudio.metrics.fid import Moments, Resizing, frechet_distance, seen_by
from genstudio.metrics.inception import Inception, load_inception
from genstudio.models.sampling import over_white
from genstudio.services.generation import generate
from genstudio.services.runs import Run


@dataclass(frozen=True, slots=True)
class SuppliedWeights:
    """The network, and which file it was made from."""

    network: Inception
    name: str
    sha256: str

    @classmethod
    def read(cls, path: Path) -> "SuppliedWeights":
        """Read a safetensors file.

        Raises:
            SettingsError: It cannot be read, or holds other weights.
        """
        network, digest = load_inception(path)
        return cls(network, path.name, digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """So many pictures, uint8 of shape (size, size, 3), that are handed out one after the other."""

    images: Iterable[np.ndarray]
    count: int
    size: int
    where: str

    @classmethod
    def of_cache(cls, images_NHWC: np.ndarray, index: Sequence[int], where: str) -> "Pictures":
        """Some of the decoded pictures of a run; what comes after the colours is left out."""
        images = (over_white(images_NHWC[at, ..., :3]) for at in index)
        return cls(images=images, count=len(index), size=images_NHWC.shape[1], where=where)

    @classmethod
    def of_folder(cls, folder: Path, names: Sequence[str], size: int) -> "Pictures":
        """Readable pictures of a folder, cut and resized as those of a dataset are."""
        images = (decode_picture(folder / name, size=size) for name in names)
        return cls(images=images, count=len(names), size=size, where=str(folder))

    @classmethod
    def drawn(cls, run: Run, step: int, first_seed: int, count: int) -> "Pictures":
        """New pictures of a run, over white."""
        made = generate(run, range(first_seed, first_seed + count), checkpoint=str(step))
        images = (over_white(picture.image_HWC) for picture in made)
        return cls(images=images, count=count, size=run.settings.size, where=run.path.name)


def number_to_make(count: int | None) -> int:
    """How many pictures a run has to make: as many as papers take, unless a number is asked for.

    Raises:
        SettingsError: Too few are asked for.
    """
    if count is not None and count < fid.FEWEST:
        raise SettingsError(
            tr("FID needs {fewest:,} made pictures or more", fewest=fid.FEWEST),
            tr(
                "{count:,} were asked for. With fewer, the figure says more about their number "
                "than about the pictures.",
                count=count,
            ),
            tr(
                "Raise --count, or leave --inception out: the other figures are "
                "made for few pictures."
            ),
        )
    return count or fid.OFFICIAL_COUNT


def refuse_too_few(count: int, where: str) -> None:
    """Refuse a set that is too small for the figure to mean anything.

    Raises:
        DatasetError: It is.
    """
    if count < fid.FEWEST:
        raise DatasetError(
            tr("FID needs {fewest:,} pictures or more on each side", fewest=fid.FEWEST),
            tr(
                "{where} has {count:,}. With fewer, the figure says more about their number than "
                "about the pictures.",
                where=where,
                count=count,
            ),
            tr("Leave --inception out: the other figures are made for few pictures."),
        )


def official_fid(weights: SuppliedWeights, made: Pictures, real: Pictures) -> Working[OfficialFID]:
    """Compare made pictures with all real ones; gives the figure at the end.

    Raises:
        DatasetError: There are too few on a side.
    """
    for pictures in (made, real):
        refuse_too_few(pictures.count, pictures.where)
    of_real = yield from _moments(weights.network, real, tr("FID: looking at real pictures"))
    of_made = yield from _moments(weights.network, made, tr("FID: looking at made pictures"))
    yield Progress(tr("FID: comparing"), 0, 1)
    return OfficialFID(
        clean=frechet_distance(of_made["clean"], of_real["clean"]),
        legacy=frechet_distance(of_made["legacy"], of_real["legacy"]),
        num_made=made.count,
        num_real=real.count,
        size=made.size,
        weights=weights.name,
        weights_sha256=weights.sha256,
    )


def _moments(
    network: Inception, pictures: Pictures, what: str
) -> Working[Mapping[Resizing, Moments]]:
    found: Mapping[Resizing, Moments] = {}
    for found in seen_by(network, pictures.images):
        yield Progress(what, found["clean"].count, pictures.count)
    return found
