"""Pictures that look the same are found among thousands, and others are left alone."""

import time

import numpy as np

from genstudio.data.likeness import Likeness, with_duplicates
from genstudio.domain.datasets import PictureInfo


def info(name: str, side: int = 64) -> PictureInfo:
    return PictureInfo(name=name, width=side, height=side, content_hash="")


def originals(prints: list[np.ndarray] | np.ndarray) -> list[str | None]:
    pictures = [info(str(index)) for index in range(len(prints))]
    marked = with_duplicates(pictures, [Likeness(colours=one) for one in prints])
    return [picture.duplicate_of for picture in marked]


def test_a_row_of_small_changes_leads_back_to_the_first() -> None:
    # The third is too far from the first to look the same, but not from the second.
    assert originals([np.full((16, 16, 3), 100 + n, np.uint8) for n in range(3)]) == [
        None, "0", "0",
    ]  # fmt: skip


def test_each_duplicate_is_found_among_thousands_of_pictures() -> None:
    prints = np.random.default_rng(0).integers(0, 256, (3000, 16, 16, 3), np.uint8)
    prints[2000:] = prints[:1000]

    assert originals(prints) == [None] * 2000 + [str(index) for index in range(1000)]


def test_thousands_of_frames_of_one_scene_are_told_apart_at_once() -> None:
    noise = np.random.default_rng(0).integers(-1, 2, (6000, 16, 16, 3))

    began_s = time.process_time()  # Takes minutes where it goes wrong.
    found = originals((120 + noise).astype(np.uint8))

    assert time.process_time() - began_s < 50
    assert found == [None] + ["0"] * 5999


def test_the_largest_is_the_original_and_among_those_of_its_size_the_first() -> None:
    likeness = Likeness(colours=np.zeros((16, 16, 3), np.uint8))
    pictures = [info("small"), info("first", 80), info("second", 80)]

    marked = with_duplicates(pictures, [likeness] * 3)

    assert [picture.name for picture in marked] == ["small", "first", "second"]
    assert [picture.duplicate_of for picture in marked] == ["first", None, "first"]


def test_the_same_colours_with_another_opacity_or_other_detail_are_another_picture() -> None:
    generator = np.random.default_rng(0)
    colours = np.zeros((16, 16, 3), np.uint8)
    opacity = np.full((16, 16), 255, np.uint8)
    opacity[:8] = 0
    detail = generator.integers(0, 20, (2, 24, 24), np.uint8)
    other_detail = generator.integers(0, 20, (2, 24, 24), np.uint8)
    likenesses = [
        Likeness(colours=colours),
        Likeness(colours=colours, opacity=opacity),
        Likeness(colours=colours, opacity=opacity[::-1]),
        Likeness(colours=colours, detail=detail),
        Likeness(colours=colours, detail=other_detail),
        Likeness(colours=colours, opacity=opacity),
        Likeness(colours=colours, detail=(detail * 0.8).astype(np.uint8)),
    ]

    marked = with_duplicates([info(str(index)) for index in range(7)], likenesses)

    assert [picture.duplicate_of for picture in marked] == [None] * 5 + ["1", "3"]
