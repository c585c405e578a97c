"""The order of learning: each picture once a round, alike for a run that was interrupted."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from genstudio.data.order import BucketOrder, DataOrder

fuzzed = settings(max_examples=60, deadline=None, derandomize=True)


@fuzzed
@given(num_images=st.integers(1, 60), rounds=st.integers(1, 4), seed=st.integers(0, 2**63 - 1))
def test_every_picture_is_seen_once_in_each_round(num_images: int, rounds: int, seed: int) -> None:
    seen = DataOrder(num_images, seed).indices(0, num_images * rounds)

    for one_round in seen.reshape(rounds, num_images):
        assert sorted(one_round) == list(range(num_images))


@fuzzed
@given(num_images=st.integers(1, 40), seed=st.integers(0, 100), data=st.data())
def test_going_on_anywhere_gives_what_an_unbroken_run_would_see(
    num_images: int, seed: int, data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, 200))
    count = data.draw(st.integers(1, 100))
    unbroken = DataOrder(num_images, seed).indices(0, position + count)
    used_before = DataOrder(num_images, seed)
    used_before.indices(data.draw(st.integers(0, 400)), 3)

    np.testing.assert_array_equal(used_before.indices(position, count), unbroken[position:])


def test_more_pictures_than_there_are_begin_the_next_round() -> None:
    seen = DataOrder(3, seed=1).indices(0, 8)

    assert (seen.dtype, seen.shape) == (np.int64, (8,))
    assert sorted(Counter(seen.tolist()).values()) == [2, 3, 3]


def test_each_round_and_each_seed_has_an_order_of_its_own() -> None:
    first, second = DataOrder(50, seed=1).indices(0, 100).reshape(2, 50)
    other = DataOrder(50, seed=2).indices(0, 50)

    assert (first != second).any()
    assert (first != other).any()
    # Neighbouring seeds are not the same stream one round later.
    assert (second != other).any()


def test_orders_are_the_same_on_every_machine() -> None:
    assert DataOrder(6, seed=0).indices(0, 6).tolist() == [5, 3, 4, 0, 1, 2]


buckets = st.lists(st.integers(0, 4), min_size=1, max_size=40)


@fuzzed
@given(bucket_N=buckets, batch=st.integers(1, 7), seed=st.integers(0, 2**63 - 1))
def test_batches_of_buckets_show_every_picture_once_in_each_round(
    bucket_N: list[int], batch: int, seed: int
) -> None:
    order, own = BucketOrder(np.array(bucket_N), seed, batch), np.array(bucket_N)
    position = 0
    for _ in range(3):
        end, seen = position + len(bucket_N), []
        while position < end:
            found = order.indices(position)
            assert 1 <= len(found) <= batch
            assert len(set(own[found])) == 1
            seen += found.tolist()
            position += len(found)
        assert sorted(seen) == list(range(len(bucket_N)))


@fuzzed
@given(bucket_N=buckets, batch=st.integers(1, 7), seed=st.integers(0, 100), at=st.integers(0, 30))
def test_batches_go_on_from_the_number_of_pictures_alone(
    bucket_N: list[int], batch: int, seed: int, at: int
) -> None:
    unbroken, position, known = BucketOrder(np.array(bucket_N), seed, batch), 0, []
    for _ in range(at + 3):
        known.append((position, unbroken.indices(position).tolist()))
        position += len(known[-1][1])

    later = BucketOrder(np.array(bucket_N), seed, batch)
    for position, found in known[at:]:
        assert later.indices(position).tolist() == found


def test_rounds_of_batches_differ_in_pictures_and_in_order_of_buckets() -> None:
    order = BucketOrder(np.repeat([0, 1], 10), seed=3, batch=2)
    rounds = [[order.indices(at).tolist() for at in range(start, start + 20, 2)]
              for start in (0, 20)]  # fmt: skip

    assert rounds[0] != rounds[1]
    assert [it[0] < 10 for it in rounds[0]] != [it[0] < 10 for it in rounds[1]]
