"""N-gram sets in flat arrays, with exact Jaccard similarity and containment between any of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THREADS = 2
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets of 64-bit n-gram hashes. A set is the union of up to two sorted runs and up to two single grams.

    Attributes:
        hashes: uint64: the runs, one after the other.
        parts: int64 [sets, 4]: start and end of either run.
        extra: uint64 [sets, 2]: single grams.
        extra_counts: uint8 [sets].
        sizes: int64 [sets]: number of distinct grams.
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
        """Gather sets and measure them. ``parts`` may have two columns, for sets of one run."""
        from curation.minhash.intersect import set_sizes

        many = len(parts)
        if parts.shape[1] == 2:
            sizes = parts[:, 1] - parts[:, 0]
            parts = np.hstack([parts, np.zeros_like(parts)])
            nothing = np.zeros((many, 2), np.uint64), np.zeros(many, np.uint8)
            return cls(hashes, parts, *nothing, sizes, int(sizes.max(initial=0)) + 2)
        extra = np.zeros((many, 2), np.uint64) if extra is None else extra
        extra_counts = np.zeros(many, np.uint8) if extra_counts is None else extra_counts
        sizes = np.zeros(many, np.int64)
        room = set_sizes(hashes, parts, extra, extra_counts, sizes)
        return cls(hashes, parts, extra, extra_counts, sizes, int(room))

    def shared(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Grams in common for each pair of sets: int64 [pairs]."""
        from curation.minhash.intersect import shared_counts

        out = np.zeros(len(left), np.int64)
        left, right = np.ascontiguousarray(left, np.int64), np.ascontiguousarray(right, np.int64)

        def count(start: int) -> None:
            part = slice(start, start + _CHUNK)
            stored = self.hashes, self.parts, self.extra, self.extra_counts, self.room
            shared_counts(*stored, left[part], right[part], out[part])

        if len(left) <= _CHUNK:
            count(0)
            return out
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(count, range(0, len(left), _CHUNK)))
        return out

    def jaccard(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """Exact Jaccard similarity |A ∩ B| / |A ∪ B| of each pair, in [0, 1]; two empty sets are alike (1)."""
        both = self.shared(left, right)
        either = self.sizes[left] + self.sizes[right] - both
        return np.where(either > 0, both / np.maximum(either, 1), 1.0)
