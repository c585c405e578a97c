"""A network learns from a few painted frames of a clip to paint the others.

Source: interactive video stylization from few-shot patches, Texler et al. 2020 (arXiv:2004.14489):
a small network learns from random patches of the key frames, and paints each frame by itself.

Apart from the paper: instead of a discriminator and a downloaded network, what is blurred is held
against the distribution of the painted patches; and noise on what it sees teaches it to paint the
same in spite of it, so that the grain of a camera does not flicker. When it
overfits the key frames, other frames wash out. So the loss is also taken of whole key frames, with
the patches of some other frames held against paint instead of theirs, and once that has not
become less for 400 steps, the best weights are restored (early stopping with patience). The
patches alone do not tell: half-learned paint with all detail of the film lies close, too.

It is a loop of its own and not a run of the engine, which seeds the global generators: a training
that goes on in the same process would be disturbed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.models.style.network import STRIDE, RepaintingNetwork
from genstudio.models.style.patches import patch_distance

_BATCH = 8
_RATES = 3e-3, 1.5e-4
_NOISE = 0.03
# Weight of the distribution of patches beside the mean absolute difference.
_PATCHES = 0.5
_DIRECTIONS = 32
_MOST_PATCHES = 8_192
_AVERAGED_OVER = 50  # steps, of the weights
_LOOKED_EVERY = 50  # steps
# So long it may become no less; what is less than this share less is chance.
_PATIENCE = 400  # steps
_LESS = 0.005
_DIRECTIONS_LOOKED_ALONG = 64


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A frame and what an artist made of it: both uint8 (height, width, 3), of one size."""

    seen_HWC: np.ndarray
    painted_HWC: np.ndarray


class KeyFramePainter:
    """Learns from key frames and paints frames.

    Args:
        key_frames: One or more, of one size.
        seed: Decides the first weights, the patches and their order.
        width: Channels of the network.
        blocks: Of the network.
        unpainted: Other frames, by which it tells when it has learned enough; uint8 (height,
            width, 3). Without them it takes all steps.
    """

    def __init__(
        self,
        key_frames: Sequence[KeyFrame],
        *,
        seed: int,
        width: int = 48,
        blocks: int = 4,
        unpainted: Sequence[np.ndarray] = (),
    ) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._network = RepaintingNetwork(3, width, blocks, self._generator)
        self._averaged = RepaintingNetwork(3, width, blocks, self._generator)
        self._averaged.load_state_dict(self._network.state_dict())
        self._key_frames = [it.seen_HWC for it in key_frames]
        self._seen = _stacked(self._key_frames)
        self._painted = _stacked([it.painted_HWC for it in key_frames])
        shorter = min(self._seen.shape[-2:])
        self._patch_px = min(96, shorter // STRIDE * STRIDE)
        self._unpainted = unpainted

    def learn(self, steps: int) -> Iterator[int]:
        """Take that many steps, or fewer; gives the number of those done after each."""
        best, best_step = math.inf, 0
        kept = self._averaged.state_dict()
        optimizer = torch.optim.Adam(self._network.parameters(), lr=_RATES[0])
        for step in range(steps):
            share = step / max(1, steps - 1)
            for group in optimizer.param_groups:
                group["lr"] = _RATES[0] * (_RATES[1] / _RATES[0]) ** share
            optimizer.zero_grad(set_to_none=True)
            with torch.enable_grad():
                self._loss().backward()
            optimizer.step()
            self._average(step)
            yield step + 1
            if not self._unpainted or (step + 1) % _LOOKED_EVERY:
                continue
            loss = self._error_of_painted() + _PATCHES * self._distance_of_unpainted()
            if loss < best * (1 - _LESS):
                best, best_step = loss, step + 1
                kept = {name: it.clone() for name, it in self._averaged.state_dict().items()}
            elif step + 1 - best_step >= _PATIENCE:
                self._averaged.load_state_dict(kept)
                return

    def paint(self, frame_HWC: np.ndarray) -> np.ndarray:
        """Paint a frame: uint8 of shape (height, width, 3), of any size, gives one of the same."""
        height, width = frame_HWC.shape[:2]
        around = ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0))
        padded = _stacked([np.pad(frame_HWC, around, mode="edge")])
        with torch.inference_mode():
            painted = self._averaged(padded)[0, :, :height, :width]
        levels = painted.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        return levels.permute(1, 2, 0).contiguous().numpy()

    def _error_of_painted(self) -> float:
        """Mean absolute difference of the key frames to their paint, of values in [-1, 1]."""
        made = _stacked([self.paint(frame) for frame in self._key_frames])
        return functional.l1_loss(made, self._painted).item()

    def _distance_of_unpainted(self) -> float:
        """How far patches of frames that nobody painted are from paint."""
        made = _stacked([self.paint(frame) for frame in self._unpainted])
        with torch.inference_mode():
            return patch_distance(
                made,
                [self._painted],
                directions=_DIRECTIONS_LOOKED_ALONG,
                most_patches=_MOST_PATCHES,
                # The same directions each time, so that the distances can be compared.
                generator=torch.Generator().manual_seed(0),
            ).item()

    def _loss(self) -> Tensor:
        seen, painted = self._patches()
        noise = torch.randn(seen.shape, generator=self._generator)
        made = self._network(seen + _NOISE * noise)
        difference = functional.l1_loss(made, painted)
        distance = patch_distance(
            made,
            [painted],
            directions=_DIRECTIONS,
            most_patches=_MOST_PATCHES,
            generator=self._generator,
        )
        return difference + _PATCHES * distance

    def _patches(self) -> tuple[Tensor, Tensor]:
        side = self._patch_px
        count, _, height, width = self._seen.shape
        places = [
            tuple(
                int(torch.randint(0, most + 1, (), generator=self._generator))
                for most in (count - 1, height - side, width - side, 1)
            )
            for _ in range(_BATCH)
        ]
        return tuple(
            torch.stack(
                [
                    _mirrored(them[which, :, top : top + side, left : left + side], flip)
                    for which, top, left, flip in places
                ]
            )
            for them in (self._seen, self._painted)
        )  # type: ignore[return-value]  # two of them

    @torch.no_grad()
    def _average(self, step: int) -> None:
        # From the second step on as much as there is to average over.
        decay = min(step / (step + 1), 1 - 1 / _AVERAGED_OVER)
        for mean, value in zip(
            self._averaged.parameters(), self._network.parameters(), strict=True
        ):
            mean.lerp_(value, 1 - decay)


def _mirrored(image_CHW: Tensor, flip: int) -> Tensor:
    return image_CHW.flip(-1) if flip else image_CHW


def _stacked(images: Sequence[np.ndarray]) -> Tensor:
    pixels = torch.from_numpy(np.ascontiguousarray(np.stack(images)))
    return pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1)
