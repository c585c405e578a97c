"""Stories are told how many faces are seen, where something looks for them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny_studio import save_film, save_pictures

from genstudio.data.shots import Shot
from genstudio.domain.artifacts import TEXT
from genstudio.domain.operations import Report
from genstudio.services.operations import narrate
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made

MISSING = "Faces are not counted"


class Counting:
    """Says numbers one after the other, and notes the pictures that it was shown."""

    def __init__(self, *numbers: int) -> None:
        self.numbers, self.shown = list(numbers), list[np.ndarray]()

    def count(self, image_HWC: np.ndarray) -> int:
        self.shown.append(image_HWC)
        return self.numbers.pop(0)


def told(key: str, files: Sequence[Path]) -> tuple[str, str]:
    """The story, and the storyboard beside it."""
    steps = list(perform(key, inputs={"input": list(files)}))
    (story,) = (
        str(it.artifact.data) for it in steps if isinstance(it, Made) and it.artifact.kind == TEXT
    )
    reports = [it.item for it in steps if not isinstance(it, Made) and isinstance(it.item, Report)]
    return story, reports[-1].files({})["storyboard.html"].decode()


def test_each_picture_is_told_with_its_faces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrate, "installed_finder", lambda: Counting(2, 0))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), np.uint8)
    save_pictures(tmp_path, pictures)
    story, board = told("narrate", sorted(tmp_path.glob("*.png")))
    assert story.count("face") == story.count("two faces") == 1
    assert MISSING not in board


def test_without_a_finder_that_is_said_and_nothing_of_faces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrate, "installed_finder", lambda: None)
    save_pictures(tmp_path, np.full((2, 40, 40, 3), 90, np.uint8))
    story, board = told("narrate", sorted(tmp_path.glob("*.png")))
    assert "face" not in story
    assert MISSING in board


def test_of_a_shot_three_frames_are_looked_at_and_the_most_faces_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = Counting(1, 0, 3)
    monkeypatch.setattr(narrate, "installed_finder", lambda: finder)
    story, _ = told("narrate-clip", [save_film(tmp_path / "film.mp4", 20)])
    assert len(finder.shown) == 3
    assert not np.array_equal(finder.shown[0], finder.shown[2])
    assert "three faces" in story


@pytest.mark.parametrize(("first", "last"), [(0, 0), (4, 5), (10, 90)])
def test_frames_lie_in_their_shot_and_the_middle_is_among_them(first: int, last: int) -> None:
    middle = (first + last) // 2
    shot = Shot(
        first=first,
        last=last,
        start_s=0.0,
        end_s=1.0,
        middle=middle,
        motion=0.0,
        is_black=False,
    )
    places = narrate._places_in(shot, looks_for_faces=True)
    assert places == sorted(set(places))
    assert middle in places
    assert first <= places[0] <= places[-1] <= last
    assert narrate._places_in(shot, looks_for_faces=False) == [middle]
