"""From texts to arrays, block by block: words, n-gram sets, MinHash bands and fingerprints of both sides of a row.

Python only encodes the texts; the loops are compiled and run on two threads without the interpreter's lock. Of a row
of 1 kB about 1.5 kB of n-gram hashes are kept, and 700 bytes beside them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.jobs import Progress, no_progress
from curation.evidence import lexicon
from curation.minhash.hashed import digest_of, hashed, scratch
from curation.minhash.sets import THREADS

BLOCK_ROWS = 4_096
BLOCK_CHARACTERS = 16_000_000
AHEAD = 2 * THREADS  # blocks in work at once: what bounds the memory of the texts under way
SHORT_WORDS = 15  # under this many words a text compares on character 5-grams
BORDER_WORDS = 24  # no text of this many words can reach the short threshold against a short one


@dataclass(slots=True)
class Column:
    """One side of all rows.

    Attributes:
        words: int32 [rows].
        keys: uint64 [rows, 2]: equal for texts that are equal after normalisation, and only for them.
        fixed: uint64 [rows]: equal where numbers, codes, number words and negations agree (see ``describe``).
        digits: uint64 [rows]: different where the digits of the texts differ; 0 = not known.
        odd: uint64 [rows]: different where codes, number words, units or negations differ; 0 = not known.
        first, second: uint64 [rows]: which words of the pairs of opposites it holds.
        content: uint64 [rows]: equal where the words agree, in order, but for those that say nothing ("the", "please").
        grams: int64 [rows, 2]: start and end of its word 3-grams.
        small: int64 [rows, 2]: start and end of its character 5-grams; empty for texts of many words.
        bands: uint32 [rows, 32]: band keys of the word 3-grams' signature.
        small_bands: uint32 [rows of few words, 32]: the same of the character 5-grams.
        small_rows: int64: the rows that these belong to.
    """

    words: NDArray[np.int32]
    keys: NDArray[np.uint64]
    fixed: NDArray[np.uint64]
    digits: NDArray[np.uint64]
    odd: NDArray[np.uint64]
    first: NDArray[np.uint64]
    second: NDArray[np.uint64]
    content: NDArray[np.uint64]
    grams: NDArray[np.int64]
    small: NDArray[np.int64]
    bands: NDArray[np.uint32]
    small_bands: NDArray[np.uint32]
    small_rows: NDArray[np.int64]

    @classmethod
    def empty(cls, rows: int) -> Column:
        """A column to be filled."""
        fixed, digits, odd, first, second, content = (np.zeros(rows, np.uint64) for _ in range(6))
        grams, small = (np.zeros((rows, 2), np.int64) for _ in range(2))
        return cls(
            np.zeros(rows, np.int32), np.zeros((rows, 2), np.uint64), fixed, digits, odd, first, second, content, grams,
            small,
            np.empty((rows, 32), np.uint32), np.empty((0, 32), np.uint32), np.empty(0, np.int64),
        )  # fmt: skip


_BY_ROW = tuple(name for name in Column.__slots__ if name not in ("small_bands", "small_rows"))


@dataclass(slots=True)
class Sketch:
    """Both sides of all rows and the whole of them; ``hashes`` holds the n-grams that the columns point into.

    ``border`` (uint64 [rows, 2]) and ``border_counts`` (uint8 [rows]) are the 3-grams across the border of the sides.
    """

    left: Column
    right: Column
    whole: Column
    border: NDArray[np.uint64]
    border_counts: NDArray[np.uint8]
    hashes: NDArray[np.uint64]


class _Growing:
    """An array that is appended to; it grows in place, without a copy where the system can remap memory."""

    def __init__(self, dtype: Any, expected: int) -> None:
        self._array = np.empty(expected, dtype)  # takes memory only as it is filled
        self._filled = 0

    def add(self, values: NDArray[Any]) -> int:
        """Append; returns where the values begin."""
        begin, end = self._filled, self._filled + len(values)
        if end > len(self._array):
            self._array.resize(max(end, len(self._array) * 9 // 8), refcheck=False)
        self._array[begin:end] = values
        self._filled = end
        return begin

    def done(self) -> NDArray[Any]:
        """All that was added."""
        self._array.resize(self._filled, refcheck=False)
        return self._array


def sketch(
    left: Sequence[str],
    right: Sequence[str] | None = None,
    *,
    border_words: int = BORDER_WORDS,
    progress: Progress = no_progress,
) -> Sketch:
    """Sketch rows of two texts, or of one, in blocks on two threads. Lone surrogates are allowed.

    Args:
        left: One text a row.
        right: The other text; None leaves the right column and the whole empty.
        border_words: Texts of fewer words get character 5-grams too.
        progress: Told how many rows are done.
    """
    hashes = _Growing(np.uint64, _characters(left, right) // 4)
    many = len(left)
    columns = Column.empty(many), Column.empty(0 if right is None else many), _of_whole(0 if right is None else many)
    border, border_counts = np.zeros((many, 2), np.uint64), np.zeros(many, np.uint8)
    few: list[tuple[list[NDArray[np.uint32]], list[NDArray[np.int64]]]] = [([], []) for _ in columns]
    waiting: deque[Future[_Block]] = deque()
    rows = 0

    def collect() -> None:
        nonlocal rows
        block = waiting.popleft().result()
        part = slice(rows, rows + len(block.border))
        filled = zip(columns, block.columns, block.hashes, few, strict=True)
        for column, made, (gram_hashes, small_hashes), (small_bands, small_rows) in filled:
            made.grams += hashes.add(gram_hashes)
            made.small += hashes.add(small_hashes)
            for name in _BY_ROW:
                if len(values := getattr(made, name)):
                    getattr(column, name)[part] = values
            small_bands.append(made.small_bands)
            small_rows.append(made.small_rows + rows)
        border[part], border_counts[part] = block.border, block.border_counts
        rows = part.stop
        progress("cutting texts into n-grams", rows, many)

    with ThreadPoolExecutor(THREADS) as pool:
        for part in _blocks(left, right):
            one_side = left[part], None if right is None else right[part]
            waiting.append(pool.submit(_sketch_block, *one_side, border_words))
            if len(waiting) >= AHEAD:
                collect()
        while waiting:
            collect()
    for column, (small_bands, small_rows) in zip(columns, few, strict=True):
        column.small_bands = np.concatenate([column.small_bands, *small_bands])
        column.small_rows = np.concatenate([column.small_rows, *small_rows])
    return Sketch(*columns, border, border_counts, hashes.done())


def _blocks(left: Sequence[str], right: Sequence[str] | None) -> Iterator[slice]:
    """Rows by blocks that are neither too many nor, but for a single row, too long."""
    start = 0
    while start < len(left):
        part = slice(start, min(start + BLOCK_ROWS, len(left)))
        while part.stop - start > 1 and _characters(left[part], right and right[part]) > BLOCK_CHARACTERS:
            part = slice(start, start + (part.stop - start) // 2)
        yield part
        start = part.stop


def _characters(left: Sequence[str], right: Sequence[str] | None) -> int:
    return sum(map(len, left)) + sum(map(len, right or ()))


def _of_whole(rows: int) -> Column:
    """The column of whole rows, to be filled: its n-grams are those of the sides; only length and bands are its own."""
    made = Column.empty(rows)
    return replace(Column.empty(0), words=made.words, small=made.small, bands=made.bands)


@dataclass(slots=True)
class _Block:
    """A block's three columns (left, right, whole), their n-grams (by word, by character), and the borders."""

    columns: list[Column]
    hashes: list[tuple[NDArray[np.uint64], NDArray[np.uint64]]]
    border: NDArray[np.uint64]
    border_counts: NDArray[np.uint8]


@dataclass(slots=True)
class Words:
    """A side of a block as word hashes; texts of few words keep their normalised bytes."""

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]
    kept: NDArray[np.uint8]
    kept_starts: NDArray[np.int64]


def _sketch_block(left: Sequence[str], right: Sequence[str] | None, border_words: int) -> _Block:
    from curation.minhash import signatures as compiled

    rows = len(left)
    factors = compiled.permutations()
    block = _Block([], [], np.zeros((rows, 2), np.uint64), np.zeros(rows, np.uint8))
    words: list[Words] = []
    drawn: list[NDArray[np.uint32]] = []
    for texts in (left,) if right is None else (left, right):
        column = Column.empty(rows)
        read = read_words(texts, column, border_words)
        starts, grams = np.zeros(rows + 1, np.int64), scratch("grams", len(read.hashes), np.uint64)
        compiled.word_grams(read.hashes, read.counts, grams, starts)
        signed = scratch(f"signed{len(drawn)}", rows * compiled.PERMUTATIONS, np.uint32)
        signed = signed.reshape(rows, compiled.PERMUTATIONS)
        compiled.minhash(grams, starts, *factors, signed)
        compiled.band_keys(signed, column.bands)
        column.grams[:, 0], column.grams[:, 1] = starts[:-1], starts[1:]
        block.columns.append(column)
        block.hashes.append((grams[: starts[-1]].copy(), _add_small(column, read.kept, read.kept_starts)))
        words.append(read)
        drawn.append(signed)
    none = np.empty(0, np.uint64)
    if right is None:
        block.columns += [Column.empty(0), Column.empty(0)]
        block.hashes += [(none, none), (none, none)]
        return block
    one, other = words
    compiled.border_grams(one.hashes, one.counts, other.hashes, other.counts, block.border, block.border_counts)
    whole = _of_whole(rows)
    whole.words[:] = one.counts + other.counts
    signed = scratch("signed", rows * compiled.PERMUTATIONS, np.uint32).reshape(rows, compiled.PERMUTATIONS)
    between = block.border, block.border_counts
    compiled.joint(drawn[0], one.counts, drawn[1], other.counts, *between, *factors, signed)
    compiled.band_keys(signed, whole.bands)
    block.columns.append(whole)
    block.hashes.append((none, _add_small(whole, *_joined(one, other, border_words))))
    return block


def read_words(texts: Sequence[str], column: Column, border_words: int) -> Words:
    """Encode the texts, cut them into normalised words, and fill their rows of the column."""
    from curation.minhash import describe, scan

    read = hashed(texts)
    counts = read.counts
    column.words[:] = counts
    describe.describe(
        read.raw, read.offsets, read.kinds, read.flat, read.origin, read.places, read.words, read.begins, read.ends,
        read.strange, counts, *lexicon.known(), column.keys, column.fixed, column.digits, column.odd, column.first,
        column.second, column.content,
    )  # fmt: skip
    for row in np.flatnonzero(read.kinds == scan.READY).tolist():  # what the raw text said is lost: always in doubt
        column.fixed[row] = digest_of(texts[row])
    kept, starts = scratch("kept", len(read.flat), np.uint8), np.zeros(len(texts) + 1, np.int64)
    scan.keep_few(read.flat, read.begins, read.ends, counts, border_words, kept, starts)
    return Words(read.words.copy(), counts, kept[: starts[-1]].copy(), starts)


def _add_small(column: Column, kept: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Give a column the character 5-grams and bands of the texts that kept their bytes; returns the grams."""
    from curation.minhash import signatures as compiled

    hashes, at = np.empty(len(kept), np.uint64), np.zeros(len(starts), np.int64)
    compiled.character_grams(kept, starts, hashes, at)
    column.small[:, 0], column.small[:, 1] = at[:-1], at[1:]
    column.small_rows = np.flatnonzero(np.diff(starts) > 0)
    signed = np.empty((len(column.small_rows), compiled.PERMUTATIONS), np.uint32)
    compiled.minhash(hashes, np.r_[at[column.small_rows], at[-1]], *compiled.permutations(), signed)
    column.small_bands = np.empty((len(column.small_rows), compiled.BANDS), np.uint32)
    compiled.band_keys(signed, column.small_bands)
    return hashes[: at[-1]].copy()


def _joined(one: Words, other: Words, border_words: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Normalised bytes of both sides with a space between, where together they have few words."""
    from curation.minhash import signatures as compiled

    out = np.empty(len(one.kept) + len(other.kept) + len(one.counts), np.uint8)
    starts = np.zeros(len(one.counts) + 1, np.int64)
    few = one.counts + other.counts < border_words
    compiled.join_bytes(one.kept, one.kept_starts, other.kept, other.kept_starts, few, out, starts)
    return out[: starts[-1]], starts
