"""Faces are counted where two looks agree, and only by the finder's own weights."""

from pathlib import Path

import numpy as np
import pytest

from genstudio.data.seen import seen_in
from genstudio.models.blocks.face_detector import Face, FaceNetwork
from genstudio.services import faces
from genstudio.services.narrating import Part
from genstudio.services.unseen_words import unseen_words

HERE, BESIDE, ELSEWHERE = (Face(at, 0, at + 1, 1, 0.9) for at in (0.0, 0.1, 3.0))


def test_a_face_counts_only_where_another_look_agrees() -> None:
    assert faces.agreed([HERE], [[], []]) == []
    assert faces.agreed([HERE, ELSEWHERE], [[BESIDE], [BESIDE]]) == [HERE]
    assert faces.agreed([HERE, ELSEWHERE], [[BESIDE], [ELSEWHERE]]) == [HERE, ELSEWHERE]
    assert faces.agreed([], [[HERE], [HERE]]) == []


def test_a_picture_is_looked_at_in_several_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def found(_network: object, _pixels: object, *, side: int, least: float) -> list[Face]:
        assert 0 < least < 1
        asked.append(side)
        return [HERE] if side > 300 else []

    monkeypatch.setattr(faces, "faces_in", found)
    finder = faces.FaceFinder(FaceNetwork())
    assert finder.count(np.zeros((20, 30, 4), np.uint8)) == 1
    assert asked == [416, 224, 608]


def test_only_its_own_weights_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "faces_folder", lambda: tmp_path)
    assert faces.installed_finder() is None
    for name in faces.SHA256:
        (tmp_path / name).write_bytes(b"something else")
    assert faces.installed_finder() is None


def test_a_count_is_a_fact_that_a_story_may_tell_of() -> None:
    image = np.full((16, 16, 3), 120, np.uint8)

    def facts(count: int) -> str:
        return Part(number=1, image_HWC=image, seen=seen_in(image), tags={}, faces=count).facts

    assert "face" not in facts(0)
    assert facts(1).startswith("one face;")
    assert facts(2).startswith("two faces;")
    assert facts(12).startswith("12 faces;")
    told = "The faces turned. A face was still."
    assert unseen_words(told, [facts(2)]) == []
    assert [it.word for it in unseen_words(told, [facts(0)])] == ["faces", "face"]
