"""A tiny network in ncnn's files, in the place of one that the pack "upscaling" brings."""

from pathlib import Path

import numpy as np

QUICK = "realesr-animevideov3-x4"

# The picture itself, each pixel four by four times, and a little that is learned on top.
PARAM = """\
7767517
8 9
Input        data   0 1 data
Split        split  1 2 data one two
Convolution  first  1 1 one a 0=4 1=3 4=1 5=1 6=108
PReLU        act    1 1 a b 0=4
Convolution  second 1 1 b c 0=48 1=3 4=1 5=1 6=1728
PixelShuffle large  1 1 c d 0=4
Interp       same   1 1 two e 0=1 1=4.000000e+00 2=4.000000e+00
BinaryOp     add    2 1 d e output
"""


def weights(seed: int = 0, *, strength: float = 0.03) -> bytes:
    """Of those layers, as ncnn stores them: the first in half precision."""
    drawn = np.random.default_rng(seed)

    def some(count: int) -> np.ndarray:
        return drawn.normal(0, strength, count)

    return b"".join(
        (
            np.uint32(0x01306B47).tobytes(),
            some(108).astype("<f2").tobytes(),
            some(4).astype("<f4").tobytes(),
            np.full(4, 0.25, "<f4").tobytes(),
            np.uint32(0).tobytes(),
            some(1728).astype("<f4").tobytes(),
            np.zeros(48, "<f4").tobytes(),
        )
    )


def install(folder: Path, *, seed: int = 0, strength: float = 0.1) -> None:
    """Put it where a person's own networks are, under the name of the quick one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{QUICK}.param").write_text(PARAM, encoding="ascii")
    (folder / f"{QUICK}.bin").write_bytes(weights(seed, strength=strength))
