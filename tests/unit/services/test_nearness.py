"""The gallery ordered by likeness: the alike first, and nothing is looked at twice."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from genstudio.domain.recipes import Recipe
from genstudio.services import nearness, studio
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.projects import open_or_create

SHADES = (200, 20, 190, 60)


@pytest.fixture
def items(tmp_path: Path) -> list[GalleryItem]:
    with Gallery(open_or_create(tmp_path / "Meadow")) as gallery:
        return [
            gallery.add(
                np.full((8, 8, 3), shade, np.uint8),
                Recipe(
                    software="GenStudio", model_key="gan", run="meadow", project="Meadow", step=1,
                    weights_sha256="ab" * 32, seed=seed, size=8,
                    created=datetime(2026, 1, 31, tzinfo=UTC),
                ),
            )
            for seed, shade in enumerate(SHADES)
        ]  # fmt: skip


def ordered(items: list[GalleryItem], to: str) -> list[str]:
    *_, names = nearness.by_nearness(items, to)._make_items()
    assert isinstance(names, list)
    return names


def test_alike_ones_come_first_and_are_looked_at_once(
    items: list[GalleryItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [it.name for it in items]
    bright, dark, brightish, darkish = names
    assert ordered(items, bright) == [bright, brightish, darkish, dark]
    monkeypatch.setattr(studio, "thumbnail", lambda *_: pytest.fail("looked at again"))
    assert ordered(items, dark) == [dark, darkish, brightish, bright]


def test_a_changed_or_unreadable_file_is_looked_at_again_and_comes_last(
    items: list[GalleryItem],
) -> None:
    bright, dark, brightish, darkish = (it.name for it in items)
    ordered(items, bright)
    items[2].path.write_bytes(b"no picture")
    assert ordered(items, bright) == [bright, darkish, dark, brightish]
