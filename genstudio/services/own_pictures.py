"""A person's own picture as a place in a model: encoded, or found by optimisation."""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from genstudio.data.decode import UnreadablePictureError, content_hash_of
from genstudio.data.squares import decode_picture
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.files import read_file, write_bytes
from genstudio.domain.language import tr
from genstudio.domain.places import ZONES
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.capabilities import Encodes, Inverts, Zoned
from genstudio.models.inversion import invert
from genstudio.services.runs import Run

_LARGEST_CACHE_BYTES = 2**24
# Raised when latents are found otherwise.
_REVISION = 1


def find_latent(
    run: Run, checkpoint: Checkpoint, model: object, settings: Settings, path: Path
) -> Working[tuple[str, Tensor]]:
    """The latent that a picture is drawn by, or what was found before by the same weights.

    Args:
        run: Of the model.
        checkpoint: Its weights.
        model: One that encodes, or that draws with gradients.
        settings: How the seeds are drawn that a search begins from; the same for all searches.
        path: A picture; only read. Its middle square is looked at.

    Returns:
        Its content hash, and a latent (Z,), or one for each zone (zones, Z).

    Raises:
        SettingsError: The architecture can do neither.
        DatasetError: The file cannot be read as a picture.
    """
    if not isinstance(model, Encodes | Inverts):
        raise SettingsError(
            tr("This model finds no places of pictures"),
            tr("It neither encodes pictures, nor can it be followed back."),
            tr("Choose a run of a GAN or a VAE."),
        )
    content_hash = _hash(path)
    cache = _cache(run, checkpoint, content_hash)
    found = _read(cache)
    if found is None:
        image_CHW = _pixels(run, path)
        if isinstance(model, Encodes):
            found = model.encode(image_CHW[None])[0].float().cpu()
            yield Progress(tr("Finding your picture"), 1, 1)
        else:
            found = yield from invert(
                model,
                image_CHW,
                settings,
                zones=len(ZONES) if isinstance(model, Zoned) else 1,
                num_classes=len(run.data.classes),
            )
        write_bytes(cache, save({"latent": found.contiguous().clone()}))
    return content_hash, found


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return content_hash_of(file)
    except OSError as error:
        raise DatasetError(
            tr("{name} cannot be read", name=path.name),
            f"{path}: {error.strerror}.",
            tr("Choose another picture."),
        ) from error


def _pixels(run: Run, path: Path) -> Tensor:
    data = run.data
    try:
        image_HWC = decode_picture(path, size=data.size, channels=data.channels)
    except UnreadablePictureError as error:
        raise DatasetError(
            tr("{name} cannot be used", name=path.name), str(error), tr("Choose another picture.")
        ) from error
    return torch.as_tensor(image_HWC).permute(2, 0, 1).float().div(127.5).sub(1)


def _cache(run: Run, checkpoint: Checkpoint, content_hash: str) -> Path:
    weights = checkpoint.checksums["ema.safetensors"]
    key = hashlib.sha256(f"{weights} {content_hash} {_REVISION}".encode()).hexdigest()[:32]
    return run.project().path / "places" / f"{key}.safetensors"


def _read(path: Path) -> Tensor | None:
    try:
        found = load(read_file(path, largest_bytes=_LARGEST_CACHE_BYTES))["latent"]
    except (OSError, SafetensorError, KeyError):
        return None  # It is found anew.
    return found if found.dtype == torch.float32 and found.ndim in (1, 2) else None
