"""What belongs together by names and folders."""

import numpy as np
import pytest

from genstudio.data.modalities.partners import CLASS, NAME, draw_pairs, find_partners


def test_files_of_one_name_side_by_side_are_partners() -> None:
    found = find_partners(["b/Cat.png", "b/dog.png", "owl.jpg"], ["b/cat.WAV", "owl.wav", "x.wav"])

    assert found.by == NAME
    assert found.groups == ((("b/Cat.png",), ("b/cat.WAV",)), (("owl.jpg",), ("owl.wav",)))
    assert found.alone == ("b/dog.png", "x.wav")


def test_files_of_one_name_in_two_folders_are_partners() -> None:
    found = find_partners(["p/1.png", "p/in/2.png", "beside.png"], ["s/1.wav", "s/in/2.wav"])

    assert found.groups == ((("p/1.png",), ("s/1.wav",)), (("p/in/2.png",), ("s/in/2.wav",)))
    assert found.alone == ("beside.png",)


def test_of_several_with_one_name_nobody_knows_which_is_meant() -> None:
    found = find_partners(["cat.png", "cat.jpg", "dog.png"], ["cat.wav", "dog.wav"])

    assert found.groups == ((("dog.png",), ("dog.wav",)),)
    assert set(found.ambiguous) == {"cat.png", "cat.jpg", "cat.wav"}
    assert found.alone == ()


def test_folders_of_one_name_in_two_folders_are_classes() -> None:
    pictures = ["p/cats/a.png", "p/cats/b.png", "p/dogs/c.png", "p/owls/d.png"]
    found = find_partners(pictures, ["s/cats/1.wav", "s/Dogs/2.wav", "s/Dogs/3.wav"])

    assert found.by == CLASS
    assert found.groups == (
        (("p/cats/a.png", "p/cats/b.png"), ("s/cats/1.wav",)),
        (("p/dogs/c.png",), ("s/Dogs/2.wav", "s/Dogs/3.wav")),
    )
    assert found.alone == ("p/owls/d.png",)
    assert found.count == 4


def test_names_count_more_than_classes_where_most_have_a_partner() -> None:
    pictures, others = ["p/cats/1.png", "p/cats/2.png"], ["s/cats/1.wav", "s/cats/2.wav"]

    assert find_partners(pictures, others).by == NAME
    assert find_partners(pictures, others, CLASS).groups == ((tuple(pictures), tuple(others)),)


def test_folders_that_hold_both_are_no_classes() -> None:
    assert find_partners(["cats/a.png", "dogs/b.png"], ["cats/1.wav"]).groups == ()


@pytest.mark.parametrize(("num_pictures", "num_others"), [(30, 20), (20, 33), (12, 12)])
def test_each_is_drawn_about_equally_often_with_several_partners(
    num_pictures: int, num_others: int
) -> None:
    pairs = draw_pairs(num_pictures, num_others)

    for column, count in enumerate((num_pictures, num_others)):
        drawn = np.bincount(pairs[:, column], minlength=count)
        assert drawn.max() - drawn.min() <= 8
        assert drawn.min() >= 8
    assert len(np.unique(pairs, axis=0)) > 4 * max(num_pictures, num_others)
    assert np.array_equal(pairs, draw_pairs(num_pictures, num_others))


def test_of_few_all_pairs_are_drawn() -> None:
    assert draw_pairs(2, 3).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
