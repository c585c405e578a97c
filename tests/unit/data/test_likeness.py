"""Pictures that look the same are found among thousands, and others are left alone."""

import time

import numpy as np
import pytest

from genstudio.data.likeness import Likeness, _Comparing, with_duplicates
from genstudio.domain.datasets import PictureInfo
from genstudio.domain.progress import drain


def info(name: str, side: int = 64) -> PictureInfo:
    return PictureInfo(name=name, width=side, height=side, content_hash="")


def originals(prints: list[np.ndarray] | np.ndarray) -> list[str | None]:
    pictures = [info(str(index)) for index in range(len(prints))]
    marked = drain(with_duplicates(pictures, [Likeness(colours=one) for one in prints]))
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

    marked = drain(with_duplicates(pictures, [likeness] * 3))

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

    marked = drain(with_duplicates([info(str(index)) for index in range(7)], likenesses))

    assert [picture.duplicate_of for picture in marked] == [None] * 5 + ["1", "3"]


def test_of_thousands_of_pictures_few_are_compared_and_none_that_is_alike_is_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    prints = random.integers(0, 256, (2000, 2, 2, 3), np.uint8).repeat(8, 1).repeat(8, 2)
    # Copies of them, as another program saves them.
    shifts = random.integers(-1, 2, (2000, 1, 1, 3))
    prints = np.concatenate([prints, np.clip(prints + shifts, 0, 255).astype(np.uint8)])
    compared: list[int] = []
    first_alike = _Comparing._first_alike

    def counting(self: _Comparing, index: int, others: np.ndarray) -> int | None:
        compared.append(len(others))
        return first_alike(self, index, others)

    monkeypatch.setattr(_Comparing, "_first_alike", counting)

    assert originals(prints) == [None] * 2000 + [str(index) for index in range(2000)]
    # Of all pairs there are 8 million.
    assert sum(compared) < 20_000


def test_the_comparison_tells_how_far_it_is_and_can_be_given_up() -> None:
    prints = np.random.default_rng(0).integers(0, 256, (1000, 16, 16, 3), np.uint8)
    pictures = [info(str(index)) for index in range(1000)]
    likenesses = [Likeness(colours=one) for one in prints]

    told = list(with_duplicates(pictures, likenesses))

    assert [(it.done, it.total) for it in told] == [(n, 1000) for n in range(200, 1001, 200)]
    assert {it.item for it in told} == {None}
    given_up = with_duplicates(pictures, likenesses)
    assert next(given_up).done == 200
    given_up.close()
