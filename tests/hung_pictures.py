"""Small pictures with recipes, as they hang in a gallery."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from genstudio.artifacts.image import save_picture
from genstudio.domain.recipes import Recipe
from genstudio.services.gallery_items import GalleryItem

SIDE = 8


def hung(gallery: Path, count: int, *, alpha: int | None = None) -> list[GalleryItem]:
    items: list[GalleryItem] = []
    for number in range(count):
        recipe = Recipe(
            software="GenStudio", model_key="toy", run="r", project="p", step=2, seed=number,
            weights_sha256="ab" * 32, size=SIDE, created=datetime(2026, 1, 31, tzinfo=UTC),
        )  # fmt: skip
        shade = (10 * number) % 256
        pixels = np.full((SIDE, SIDE, 3), shade, np.uint8)
        pixels[0, 0] = 255 - shade
        if alpha is not None:
            pixels = np.dstack([pixels, np.full((SIDE, SIDE), alpha, np.uint8)])
        save_picture(pixels, gallery / f"{number}.png", recipe)
        items.append(GalleryItem(f"{number}.png", gallery, recipe.model_dump_json(), 0, ()))
    return items
