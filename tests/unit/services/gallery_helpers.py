"""What the tests of the gallery share: pictures that are quick to make, and a look inside."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.domain.recipes import Recipe
from genstudio.services.gallery import Gallery, RemovedPicture

RUN = "20260131-154500-gan-3f2a"


def recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "software": "GenStudio 0.1.0",
        "model_key": "gan",
        "run": RUN,
        "project": "Meadow",
        "step": 1200,
        "weights_sha256": "ab" * 32,
        "seed": 7,
        "size": 8,
        "sampling": {"truncation": 0.7},
        "created": datetime(2026, 1, 31, 15, 45, tzinfo=UTC),
    }
    return Recipe(**{**values, **changes})


def pixels(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)


def fill(gallery: Gallery, *seeds: int) -> list[str]:
    """Add pictures, each a second younger than the one before, and index them by that age."""
    names = []
    for age, seed in enumerate(seeds):
        item = gallery.add(pixels(seed), recipe(seed=seed))
        os.utime(item.path, (1_700_000_000 + age,) * 2)
        names.append(item.name)
    with gallery._writing() as database:
        for age, name in enumerate(names):
            database.execute("UPDATE pictures SET added_ns = ? WHERE name = ?", [age, name])
    return names


def seeds(gallery: Gallery, query: str = "", **filters: int) -> list[int]:
    return [item.recipe.seed for item in gallery.items(query, **filters)]


def rows(gallery: Gallery) -> list[Any]:
    """All that the index knows, exactly."""
    with gallery._reading() as database:
        pictures = database.execute("SELECT rowid, * FROM pictures ORDER BY rowid").fetchall()
        tags = database.execute("SELECT name, tag, search FROM tags ORDER BY rowid").fetchall()
    return [pictures, tags]


def remove(gallery: Gallery, name: str) -> RemovedPicture:
    removed = gallery.remove(name)
    assert removed is not None
    return removed


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.png")
    }
