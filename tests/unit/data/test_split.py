"""Which pictures are held out: by what they hold, steadily, and as many as can be spared."""

import random
from pathlib import Path

import pytest

from genstudio.data.split import choose_held_out, held_out_index
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError


def manifest(numbers: range | list[int]) -> Manifest:
    return Manifest(
        folder=Path("pictures"), pictures=tuple((f"{n}.png", f"{n:032x}") for n in numbers)
    )


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [
        (49, 0.1, 0), (50, 0.1, 10), (100, 0.1, 20), (250, 0.1, 50), (499, 0.1, 50),
        (1000, 0.1, 100), (1000, 0.2, 200), (1000, 0.01, 50), (1000, 0.0, 0),
    ],
)  # fmt: skip
def test_as_many_are_held_out_as_can_be_spared(count: int, share: float, expected: int) -> None:
    assert len(choose_held_out(manifest(range(count)), share)) == expected


def test_names_and_order_of_the_files_decide_nothing() -> None:
    numbers = list(range(600))
    chosen = choose_held_out(manifest(numbers), 0.1)
    random.Random(0).shuffle(numbers)
    shuffled = choose_held_out(manifest(numbers), 0.1)
    renamed = Manifest(
        folder=Path("elsewhere"),
        pictures=tuple((f"new/{name}", digest) for name, digest in manifest(range(600)).pictures),
    )

    assert set(shuffled) == set(chosen)
    assert choose_held_out(renamed, 0.1) == tuple(f"new/{name}" for name in chosen)


def test_pictures_that_are_added_leave_the_others_where_they_were() -> None:
    before = set(choose_held_out(manifest(range(1000)), 0.1))
    after = set(choose_held_out(manifest(range(1100)), 0.1))

    moved = {name for name in before ^ after if int(name.removesuffix(".png")) < 1000}
    assert len(moved) <= 15
    # The new ones are chosen like the others.
    assert 2 <= len({name for name in after if int(name.removesuffix(".png")) >= 1000}) <= 20


def test_pictures_that_look_the_same_go_the_same_way() -> None:
    pictures = manifest(range(600))
    alike = {f"{n}.png": f"{n - n % 5}.png" for n in range(600) if n % 5}
    chosen = set(choose_held_out(pictures, 0.1, alike))

    assert 56 <= len(chosen) <= 60
    for first in range(0, 600, 5):
        assert len({f"{first + more}.png" in chosen for more in range(5)}) == 1


def test_the_first_of_them_may_have_been_taken_out() -> None:
    pictures = manifest(range(1, 200))

    assert len(choose_held_out(pictures, 0.1, {"1.png": "0.png"})) == 39


def test_a_group_too_large_to_be_held_out_is_learned_from() -> None:
    alike = {f"{n}.png": "0.png" for n in range(1, 150)}
    chosen = choose_held_out(manifest(range(300)), 0.1, alike)

    assert len(chosen) == 50
    assert all(int(name.removesuffix(".png")) >= 150 for name in chosen)


def of_kinds(**counts: int) -> Manifest:
    names = [f"{kind}/{number}.png" for kind, count in counts.items() for number in range(count)]
    return Manifest(
        folder=Path("pictures"),
        pictures=tuple((name, f"{number:032x}") for number, name in enumerate(names)),
    )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"cat": 45, "dog": 45, "fox": 1}, {"cat": 9, "dog": 9, "fox": 0}),
        ({"cat": 45, "dog": 45, "fox": 4}, {"cat": 9, "dog": 9, "fox": 0}),
        ({"cat": 45, "dog": 45, "fox": 5}, {"cat": 9, "dog": 9, "fox": 1}),
        ({"cat": 400, "dog": 400, "fox": 200}, {"cat": 40, "dog": 40, "fox": 20}),
        ({"cat": 990, "fox": 10}, {"cat": 99, "fox": 1}),
    ],
)
def test_of_each_kind_its_share_is_held_out_and_never_all(
    counts: dict[str, int], expected: dict[str, int]
) -> None:
    chosen = choose_held_out(of_kinds(**counts), 0.1, by_kind=True)

    assert {kind: sum(name.startswith(kind) for name in chosen) for kind in counts} == expected


def test_pictures_of_two_kinds_that_look_the_same_go_the_same_way() -> None:
    alike = {f"dog/{number}.png": f"cat/{number}.png" for number in range(60)}
    chosen = choose_held_out(of_kinds(cat=60, dog=60, fox=1), 0.1, alike, by_kind=True)

    assert 20 <= len(chosen) <= 24
    assert "fox/0.png" not in chosen
    numbers = [{name[4:] for name in chosen if name.startswith(kind)} for kind in ("cat", "dog")]
    assert numbers[0] == numbers[1]


def test_names_become_places_among_the_decoded_pictures() -> None:
    index = held_out_index(["a", "c", "d", "e"], ("b", "c", "e"))

    assert index.tolist() == [1, 3]
    assert held_out_index(["a", "b"], ()).tolist() == []


def test_a_record_that_leaves_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ProjectError, match="almost all"):
        held_out_index(["a", "b", "c"], ("a", "b"))
