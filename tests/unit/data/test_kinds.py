"""Kinds: what the folders inside a folder of pictures are taken for."""

import pytest

from genstudio.data.kinds import (
    MOST_KINDS,
    are_worth_telling_apart,
    checked_kinds,
    kind_index,
    kinds_of,
)
from genstudio.domain.errors import SettingsError


def test_the_first_folder_of_a_path_is_the_kind() -> None:
    names = ["dogs/a.png", "cats/b.png", "dogs/old/c.png"]

    assert list(checked_kinds(names).items()) == [("cats", 1), ("dogs", 2)]
    assert kind_index(names, ("cats", "dogs")).tolist() == [1, 0, 1]


def test_pictures_beside_the_folders_are_a_kind_of_their_own() -> None:
    assert kinds_of(["a.png", "cats/b.png"]) == {"cats": 1, "other": 1}


def test_one_kind_is_none_to_tell_apart() -> None:
    with pytest.raises(SettingsError, match="no kinds"):
        checked_kinds(["a.png", "b.png"])


def test_more_kinds_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(SettingsError, match="too many kinds"):
        checked_kinds([f"{number}/a.png" for number in range(MOST_KINDS + 1)])


def test_a_picture_of_an_unknown_kind_is_told_by_name() -> None:
    with pytest.raises(SettingsError, match=r"birds/x\.png"):
        kind_index(["cats/b.png", "birds/x.png"], ("cats", "dogs"))


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"cats": 40, "dogs": 40}, True),
        ({"cats": 40, "dogs": 39}, False),
        ({"cats": 400}, False),
        ({"cats": 200, "dogs": 200, "other": 3}, True),
        ({"cats": 200, "dogs": 200, "birds": 39, "fish": 39}, False),
        ({str(number): 40 for number in range(MOST_KINDS + 1)}, False),
        ({}, False),
    ],
)
def test_kinds_are_worth_telling_apart_where_most_pictures_are_of_large_ones(
    kinds: dict[str, int], expected: bool
) -> None:
    assert are_worth_telling_apart(kinds) is expected
