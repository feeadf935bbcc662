"""N-gram sets in flat arrays, with exact Jaccard similarity and containment between any of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THREADS = 2
_CHUNK = 8_192


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets of 64-bit n-gram hashes. A set is the union of up to two runs and up to two single grams.

    Most texts resemble no other, so runs stay as they came until somebody asks for them (see ``settle``).

    Attributes:
        hashes: uint64: the runs, one after the other.
        parts: int64 [sets, 4]: start and end of either run.
        extra: uint64 [sets, 2]: single grams.
        extra_counts: uint8 [sets].
        sizes: int64 [sets]: number of distinct grams; -1 = not settled yet.
        room: Grams of the largest set, with some to spare.
    """

    hashes: NDArray[np.uint64]
    parts: NDArray[np.int64]
    extra: NDArray[np.uint64]
    extra_counts: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    room: int

    @classmethod
    def of(
        cls,
        hashes: NDArray[np.uint64],
        parts: NDArray[np.int64],
        extra: NDArray[np.uint64] | None = None,
        extra_counts: NDArray[np.uint8] | None = None,
    ) -> Sets:
        """Gather sets. ``parts`` may have two columns, for sets of one run. No two sets may share a run."""
        many = len(parts)
        if parts.shape[1] == 2:
            parts = np.hstack([parts, np.zeros_like(parts)])
        extra = np.zeros((many, 2), np.uint64) if extra is None else extra
        extra_counts = np.zeros(many, np.uint8) if extra_counts is None else extra_counts
        largest = (parts[:, 1] - parts[:, 0] + parts[:, 3] - parts[:, 2]).max(initial=0)
        return cls(hashes, parts, extra, extra_counts, np.full(many, -1, np.int64), int(largest) + 2)

    def settle(self, nodes: NDArray[np.int64]) -> None:
        """Sort and measure these sets, where that is not done yet; ``nodes`` may hold a set several times."""
        from curation.minhash.intersect import settle

        todo = nodes[self.sizes[nodes] < 0]
        if not len(todo):
            return
        wanted = np.zeros(len(self.sizes), np.bool_)
        wanted[todo] = True
        todo = np.flatnonzero(wanted)

        def run(start: int) -> None:
            stored = self.hashes, self.parts, self.extra, self.extra_counts, self.room
            settle(*stored, todo[start : start + _CHUNK], self.sizes)

        _in_parts(run, len(todo))

    def shared(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Grams in common for each pair of sets: int64 [pairs]."""
        from curation.minhash.intersect import new_table, shared_counts

        out = np.zeros(len(left), np.int64)
        left, right = np.ascontiguousarray(left, np.int64), np.ascontiguousarray(right, np.int64)
        self.settle(left)
        self.settle(right)

        def run(start: int) -> None:
            part = slice(start, start + _CHUNK)
            stored = self.hashes, self.parts, self.extra, self.extra_counts, self.sizes, self.room
            shared_counts(*stored, left[part], right[part], new_table(), out[part])

        _in_parts(run, len(left))
        return out

    def jaccard(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact Jaccard similarity |A ∩ B| / |A ∪ B| of each pair, in [0, 1]; two empty sets are alike (1)."""
        both = self.shared(left, right)
        either = self.sizes[left] + self.sizes[right] - both
        return np.where(either > 0, both / np.maximum(either, 1), 1.0)


def _in_parts(run: Callable[[int], None], many: int) -> None:
    """Call ``run`` with the start of each chunk, on threads where there are several."""
    if many <= _CHUNK:
        run(0)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(0, many, _CHUNK)))
