"""What single files leave out: the settings of each part, and the words of the tokenizer."""

import gzip
import json
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.resources import resource
from genstudio.models.stable_diffusion.folders import SD, SD2, SDXL, BaseModel, read_json

_FILES: Final = {SD: "sd1.json", SD2: "sd2.json", SDXL: "sdxl.json"}
# Sides of pictures that all of Stable Diffusion learned from are multiples of it.
_SHAPE_STEP: Final = 64
_FIRST_PRINTABLE = ((33, 127), (161, 173), (174, 256))


@contextmanager
def layout_of(kind: str) -> Generator[Path]:
    """A folder in diffusers' layout without weights, as long as it is needed.

    Args:
        kind: "Stable Diffusion 1 or 2", which is taken for 1, or 2, or XL.
    """
    files: Mapping[str, Any] = json.loads(resource(f"diffusion/{_FILES[kind]}").read_text("utf-8"))
    vocabulary, merges = clip_vocabulary()
    with tempfile.TemporaryDirectory(prefix="genstudio-") as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content), "utf-8")
            if path.name == "tokenizer_config.json":
                (path.parent / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
                (path.parent / "merges.txt").write_text(
                    "#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8"
                )
        yield Path(folder)


def clip_vocabulary() -> tuple[dict[str, int], list[str]]:
    """The 49,408 tokens of CLIP by name, and the merges that they come from, in order.

    Radford et al. 2021, arXiv:2103.00020, section 2.4: byte pairs, with letters for all bytes.
    """
    packed = resource("diffusion/clip_merges.txt.gz").read_bytes()
    merges = gzip.decompress(packed).decode("utf-8").splitlines()
    letters = [chr(code) for first, end in _FIRST_PRINTABLE for code in range(first, end)]
    # Bytes that cannot be printed have letters from 256 on.
    letters += [chr(256 + number) for number in range(256 - len(letters))]
    tokens = [*letters, *(it + "</w>" for it in letters)]
    tokens += [pair.replace(" ", "") for pair in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(tokens)}, merges


def layout_parts(kind: str) -> Mapping[str, Any]:
    """The settings of each part of such a folder, by the name of its file."""
    text = resource(f"diffusion/{_FILES[kind]}").read_text("utf-8")
    return cast("Mapping[str, Any]", json.loads(text))


def shape_step_of(base: BaseModel) -> int:
    """What both sides of pictures that a base learns from are multiples of, in pixels.

    64, or for a smaller one what its networks can halve to the end.

    Raises:
        SettingsError: Its folder does not say how its networks are built.
    """
    if not base.path.is_dir():
        return _SHAPE_STEP
    unet, vae = (read_json(base.path / part / "config.json") for part in ("unet", "vae"))
    try:
        levels = len(unet["block_out_channels"]) + len(vae["block_out_channels"]) - 2
        latent_scale = 2 ** (len(vae["block_out_channels"]) - 1)
        side = int(unet["sample_size"]) * latent_scale
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            tr("{name} cannot be loaded", name=base.path.name),
            tr("Its config.json does not say {what}.", what=str(error)[:100]),
            tr("Was the model copied or unpacked to the end?"),
        ) from error
    return min(_SHAPE_STEP, max(2**levels, side // 8))
