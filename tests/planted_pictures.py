"""Small pictures of several kinds, and what can be wrong with pictures."""

import numpy as np

SIDE = 32
KINDS = 8
COUNT = 240


def drawn_NHWC(count: int, seed: int, kinds: range = range(KINDS)) -> np.ndarray:
    """Striped discs on shaded ground; the kind decides place, stripes and colour."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    pictures = np.empty((count, SIDE, SIDE, 3))
    for picture in pictures:
        kind = int(random.choice(list(kinds)))
        turn = 2 * np.pi * kind / KINDS
        x = 0.5 + 0.2 * np.cos(turn) + random.uniform(-0.05, 0.05)
        y = 0.5 + 0.2 * np.sin(turn) + random.uniform(-0.05, 0.05)
        distance = np.hypot(columns - x, rows - y)
        angle = turn / 2 + random.uniform(-0.2, 0.2)
        along = np.cos(angle) * columns + np.sin(angle) * rows
        stripes = np.sin(2 * np.pi * (8 * along + random.uniform()))
        colour = random.uniform(0.2, 0.4, 3)
        colour[kind % 3] += 0.4
        ground = random.uniform(0.4, 0.6) + random.uniform(-0.2, 0.2) * columns
        figure = colour * (0.7 + 0.3 * stripes[..., None])
        picture[:] = np.where(
            (distance < random.uniform(0.2, 0.3))[..., None], figure, ground[..., None]
        )
    grain = random.normal(0, 0.01, pictures.shape)
    return ((pictures + grain) * 255).clip(0, 255).astype(np.uint8)


def noisy(images_NHWC: np.ndarray, sd: float) -> np.ndarray:
    """Noise on a scale of 0 to 1."""
    noise = np.random.default_rng(1).normal(0, 255 * sd, images_NHWC.shape)
    return (images_NHWC + noise).round().clip(0, 255).astype(np.uint8)


def blurred(images_NHWC: np.ndarray, strength: float = 0.5) -> np.ndarray:
    """Each pixel partly the mean of its surroundings."""
    padded = np.pad(images_NHWC.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    mean = sum(
        padded[:, row : row + SIDE, column : column + SIDE] / 9
        for row in range(3)
        for column in range(3)
    )
    return (strength * mean + (1 - strength) * images_NHWC).round().astype(np.uint8)
