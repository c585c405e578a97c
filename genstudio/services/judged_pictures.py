"""Pictures that are judged: a run's own or a folder's, at the size that measures want."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genstudio.data.cache import build_cache
from genstudio.data.decode import UnreadablePictureError, opened, upright_size
from genstudio.data.formats import may_be_picture
from genstudio.data.scan import picture_names
from genstudio.data.split import held_out_index
from genstudio.data.squares import decode_picture
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, trn
from genstudio.domain.progress import Progress, Working
from genstudio.domain.training import SIZES
from genstudio.engine.checkpoint import Checkpoint
from genstudio.metrics.features import random_features
from genstudio.metrics.pictures import batches
from genstudio.models.sampling import to_uint8
from genstudio.services.judgements import Basis
from genstudio.services.runs import Run

_TELL_EVERY_S = 0.1
# No measure looks at more, and thousands of larger ones would not fit into memory.
_LARGEST_SIDE = 256


@dataclass(frozen=True, slots=True)
class JudgedPictures:
    """Pictures at the size at which they are judged; of a run's own, also as they were decoded."""

    images_NHWC: np.ndarray
    names: tuple[str, ...]
    unreadable: tuple[str, ...] = ()
    key: str = ""
    whole_NHWC: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8))


def own_pictures(run: Run) -> Working[JudgedPictures]:
    """All pictures of a run's dataset, held-out ones included.

    Raises:
        ProjectError: They are not there any more.
    """
    project = run.project()
    manifest = project.load_manifest(run.file.dataset)
    run.held_out_of(manifest)
    dataset = project.dataset_folder(run.file.dataset)
    # Beside pictures there may be what belongs to them.
    pictures = tuple(row for row in manifest.pictures if may_be_picture(row[0]))
    cache = yield from build_cache(
        manifest.model_copy(update={"pictures": pictures or manifest.pictures}),
        size=run.settings.size,
        cache_dir=dataset,
        channels=run.settings.channels,
    )
    return JudgedPictures(
        # Beside an opacity, colours lie over white already.
        brought_down(cache.images_NHWC[..., :3]),
        cache.names,
        cache.skipped,
        cache.key,
        whole_NHWC=cache.images_NHWC,
    )


def basis_of(run: Run, checkpoint: Checkpoint, own: JudgedPictures, count: int) -> Basis:
    """What a judgement of a run's checkpoint rests on.

    Args:
        run: The run.
        checkpoint: Of it.
        own: As :func:`own_pictures` gives them.
        count: Of what is looked at.
    """
    return Basis(
        run=run.path,
        step=checkpoint.state.step,
        weights_sha256=checkpoint.checksums["ema.safetensors"],
        pictures=own.key,
        held_out=run.held_out,
        features=random_features().digest,
        count=count,
        num_training=len(own.names) - len(held_out_index(own.names, run.held_out)),
    )


def brought_down(images_NHWC: np.ndarray) -> np.ndarray:
    """Pictures, uint8, at the size at which they are judged and shown."""
    if images_NHWC.shape[1] <= _LARGEST_SIDE:
        return images_NHWC
    parts = batches(images_NHWC, _LARGEST_SIDE)
    return np.concatenate([to_uint8(part) for part in parts])


def common_size(folder: Path) -> int:
    """The largest size that three quarters of the pictures have, as for training."""
    sides: list[int] = []
    for name in picture_names(folder):
        try:
            with opened(folder / name) as image:
                sides.append(min(upright_size(image)))
        except UnreadablePictureError:
            continue
    typical = float(np.percentile(sides, 25)) if sides else 0.0
    return max((size for size in SIZES if size <= typical), default=SIZES[0])


def folder_pictures(folder: Path, size: int) -> Working[JudgedPictures]:
    """The pictures of a folder, cut and resized as those of a dataset are.

    Args:
        folder: With pictures.
        size: Side that they are brought to, and down to 256 where it is larger.

    Raises:
        DatasetError: None of them can be read.
    """
    names = picture_names(folder)
    pictures: dict[str, np.ndarray] = {}
    next_s = 0.0
    for done, name in enumerate(names, start=1):
        with suppress(UnreadablePictureError):
            (pictures[name],) = brought_down(decode_picture(folder / name, size=size)[None])
        if time.monotonic() >= next_s or done == len(names):
            next_s = time.monotonic() + _TELL_EVERY_S
            yield Progress(tr("Reading {name}", name=folder.name), done, len(names))
    if not pictures:
        raise DatasetError(
            tr("None of the pictures in {folder} can be read", folder=folder),
            trn(
                "{number} file looks like a picture by its name.",
                "{number} files look like pictures by their names.",
                len(names),
            ),
            tr("Choose another folder."),
        )
    unreadable = tuple(name for name in names if name not in pictures)
    return JudgedPictures(np.stack(list(pictures.values())), tuple(pictures), unreadable)
