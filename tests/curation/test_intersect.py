"""What n-gram sets have in common is counted exactly, whichever way it is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.minhash import intersect
from curation.minhash.sets import Sets

TOP = (1 << 64) - 1
# Few values, so that they come twice; some of one bucket, and those that an empty place holds.
value = st.sampled_from([0, 1, 2, 3, 4, 5, 1 << 40, 1 << 63, (1 << 63) - 1, TOP, TOP - 1]) | st.integers(0, TOP)
one_set = st.tuples(st.lists(value, max_size=30), st.lists(value, max_size=30), st.lists(value, max_size=2))


def gathered(sets: list[tuple[list[int], list[int], list[int]]]) -> Sets:
    """Sets of two runs and some single grams each."""
    hashes, parts = list[int](), list[list[int]]()
    extra, counts = np.zeros((len(sets), 2), np.uint64), np.zeros(len(sets), np.uint8)
    for number, (left, right, single) in enumerate(sets):
        begin, between = len(hashes), len(hashes) + len(left)
        hashes += [*left, *right]
        parts.append([begin, between, between, len(hashes)])
        extra[number, : len(single)], counts[number] = single, len(single)
    return Sets.of(np.array(hashes, np.uint64), np.array(parts, np.int64).reshape(-1, 4), extra, counts)


def as_python(one: tuple[list[int], list[int], list[int]]) -> set[int]:
    return {*one[0], *one[1], *one[2]}


@settings(deadline=None, max_examples=200)
@given(st.lists(one_set, min_size=1, max_size=6))
@example([([0], [], []), ([1], [], []), ([TOP], [0], [])])  # what an empty place holds is no gram
@example([([1, 2, 3, 4, 5], [], []), ([5, 6], [5], [1])])  # five grams of one bucket, however large the table
def test_what_two_sets_share_is_what_python_counts(sets: list[tuple[list[int], list[int], list[int]]]) -> None:
    made = gathered(sets)
    left, right = (places.ravel() for places in np.indices((len(sets), len(sets)), np.int64))
    both = made.shared(left, right)
    for a, b, count in zip(left.tolist(), right.tolist(), both.tolist(), strict=True):
        assert count == len(as_python(sets[a]) & as_python(sets[b]))
    assert made.sizes.tolist() == [len(as_python(one)) for one in sets]


@pytest.mark.parametrize("size", [10, intersect.MOST_IN_TABLE - 1, intersect.MOST_IN_TABLE + 1, 20_000])
def test_large_sets_are_counted_as_well_as_small_ones(size: int) -> None:
    draw = np.random.default_rng(size)
    many = draw.integers(0, TOP, size, np.uint64, endpoint=True).tolist()
    few = [*many[::3], *draw.integers(0, TOP, 7, np.uint64, endpoint=True).tolist()]
    made = gathered([(many, many[:5], []), (few, [], many[:1])])
    expected = len(set(many) & set(few))
    assert made.shared(np.array([0, 1]), np.array([1, 0])).tolist() == [expected, expected]


def test_nothing_is_measured_twice_and_no_set_has_nothing_in_common() -> None:
    made = gathered([([3, 1, 2, 3], [], []), ([], [], [])])
    assert made.shared(np.array([0, 0]), np.array([0, 1])).tolist() == [3, 0]
    assert made.hashes.tolist() == [1, 2, 3, 3]
    assert made.jaccard(np.array([1]), np.array([1])).tolist() == [1.0]
