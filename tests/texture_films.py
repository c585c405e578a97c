"""Films of a texture that moves as told, each frame sampled from the whole and not from another."""

import numpy as np
from PIL import Image

from genstudio.metrics.steadiness import Motion, moved


def texture(side: int, seed: int = 0) -> np.ndarray:
    """Smooth blobs of all sizes from four pixels up: uint8 of shape (side, side, 3)."""
    generator = np.random.default_rng(seed)
    total = np.zeros((side, side, 3))
    for coarse in (4, 8, 16, 32):
        count = max(2, side // coarse)
        small = generator.integers(0, 256, (count, count, 3)).astype(np.uint8)
        large = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
        total += np.asarray(large, np.float64) - 128
    return (128 + total / 2).clip(0, 255).astype(np.uint8)


def film_of(image_HWC: np.ndarray, motion: Motion, count: int) -> list[np.ndarray]:
    """So many frames of a picture that moves from frame to frame."""
    return [
        moved(
            image_HWC,
            Motion(rows=motion.rows * at, columns=motion.columns * at, zoom=motion.zoom**at),
        )[0]
        .round()
        .clip(0, 255)
        .astype(np.uint8)
        for at in range(count)
    ]
