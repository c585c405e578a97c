"""Large pictures through a network, tile by tile, so that they fit into memory and show no seam.

Each tile is seen with what lies around it. Where a network looks further than that, neighbouring
tiles are faded into each other.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from genstudio.models.upscaling.network import UpscalingNetwork

_TILE_PX: Final = 192
# Of networks that look further, what they see beyond decides little.
_MOST_AROUND_PX: Final = 40
_FADED_PX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of one side, in pixels of the given picture.

    Attributes:
        start: First pixel that comes out.
        stop: Behind the last.
        seen_start: First pixel that goes in.
        seen_stop: Behind the last.
        fades_in: Over so many pixels it takes over from the piece before.
        fades_out: Over so many it gives way to the next one.
    """

    start: int
    stop: int
    seen_start: int
    seen_stop: int
    fades_in: int = 0
    fades_out: int = 0

    def weights(self, factor: int) -> np.ndarray:
        """How much each pixel that comes out counts, float32; pieces add up to one everywhere."""
        weights = np.ones((self.stop - self.start) * factor, np.float32)
        if self.fades_in:
            weights[: self.fades_in * factor] = _ramp(self.fades_in * factor)
        if self.fades_out:
            weights[-self.fades_out * factor :] = _ramp(self.fades_out * factor)[::-1]
        return weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A piece of a picture."""

    down: Span
    across: Span


class Tiling:
    """How a picture goes through a network, and how what comes out is put together.

    Args:
        network: That enlarges it.
        image_HWC: uint8 with three channels.
        factor: How much larger it is to become: at most as much as the network does, which is then
            averaged down.

    Attributes:
        tiles: All pieces, row by row.
    """

    def __init__(self, network: UpscalingNetwork, image_HWC: np.ndarray, factor: int) -> None:
        assert factor <= network.factor
        self._network, self._image_HWC, self._factor = network, image_HWC, factor
        height, width = image_HWC.shape[:2]
        around = min(network.reach_px, _MOST_AROUND_PX)
        fading = 0 if around == network.reach_px else _FADED_PX
        self._columns = spans(width, around, fading)
        self._rows = spans(height, around, fading)
        self.tiles = [
            Tile(down=down, across=across) for down in self._rows for across in self._columns
        ]

    def compute(self, tile: Tile) -> np.ndarray:
        """Enlarge a piece: float32 (height, width, 3) from 0 to 255, where it comes out."""
        down, across, factor = tile.down, tile.across, self._factor
        seen_HWC = self._image_HWC[
            down.seen_start : down.seen_stop, across.seen_start : across.seen_stop
        ]
        weight = next(self._network.buffers())
        with torch.inference_mode():
            given = torch.tensor(seen_HWC).permute(2, 0, 1)[None].to(weight.device)
            given = (given / 255).contiguous(memory_format=torch.channels_last)
            made = _averaged(self._network(given)[0].clamp(0, 1), self._network.factor, factor)
            top, left = down.start - down.seen_start, across.start - across.seen_start
            height, width = down.stop - down.start, across.stop - across.start
            kept = made[
                :,
                top * factor : (top + height) * factor,
                left * factor : (left + width) * factor,
            ]
            return (kept * 255).permute(1, 2, 0).cpu().numpy()

    def assemble(self, made: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Put pieces together as they come, in the order of :attr:`tiles`.

        Yields:
            After each piece, the rows that are finished now: uint8, often of no height.
        """
        factor, width = self._factor, self._image_HWC.shape[1] * self._factor
        # Rows of the tiles above that have not been faded into the next ones yet.
        open_rows = np.zeros((0, width, 3), np.float32)
        for down in self._rows:
            strip = np.zeros(((down.stop - down.start) * factor, width, 3), np.float32)
            strip[: len(open_rows)] = open_rows
            weights_down = down.weights(factor)[:, None, None]
            for across in self._columns:
                begin, end = across.start * factor, across.stop * factor
                weights = weights_down * across.weights(factor)[None, :, None]
                strip[:, begin:end] += next(made) * weights
                if across is not self._columns[-1]:
                    yield np.zeros((0, width, 3), np.uint8)
            finished = len(strip) - down.fades_out * factor
            open_rows = strip[finished:]
            yield np.rint(strip[:finished]).clip(0, 255).astype(np.uint8)


def spans(length: int, around: int, fading: int) -> list[Span]:
    """Cut a side into equal pieces.

    Args:
        length: In pixels.
        around: So many more go in on each side, where there are any.
        fading: Over so many pixels neighbours are faded into each other; an even number.
    """
    count = max(1, math.ceil(length / _TILE_PX))
    bounds = [round(number * length / count) for number in range(count + 1)]
    found: list[Span] = []
    for number in range(count):
        fades_in = fading if number > 0 else 0
        fades_out = fading if number < count - 1 else 0
        start, stop = bounds[number] - fades_in // 2, bounds[number + 1] + fades_out // 2
        found.append(
            Span(
                start=start,
                stop=stop,
                seen_start=max(0, start - around),
                seen_stop=min(length, stop + around),
                fades_in=fades_in,
                fades_out=fades_out,
            )
        )
    return found


def _ramp(count: int) -> np.ndarray:
    return (np.arange(count, dtype=np.float32) + 0.5) / count


def _averaged(image_CHW: Tensor, given: int, wanted: int) -> Tensor:
    """From so many pixels for each of the picture's to fewer, by the area that each covers."""
    if given == wanted:
        return image_CHW
    shares = _shares(given, wanted).to(image_CHW)
    channels, height, width = image_CHW.shape
    blocks = image_CHW.reshape(channels, height // given, given, width // given, given)
    made = torch.einsum("chiwj,ik,jl->chkwl", blocks, shares, shares)
    return made.reshape(channels, height // given * wanted, width // given * wanted)


def _shares(given: int, wanted: int) -> Tensor:
    """How much of each of the given pixels is in each of the wanted: (given, wanted)."""
    edges_given = torch.arange(given + 1) / given
    edges_wanted = torch.arange(wanted + 1) / wanted
    low = torch.maximum(edges_given[:-1, None], edges_wanted[None, :-1])
    high = torch.minimum(edges_given[1:, None], edges_wanted[None, 1:])
    return (high - low).clamp(min=0) * wanted
