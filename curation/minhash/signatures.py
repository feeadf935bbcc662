"""The compiled loops over n-grams: sets, MinHash signatures (datasketch's affine32), bands, exact intersections.

Importing this module imports numba (about half a second); the compiled code is cached on disk beside it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curation.minhash.scan import FNV_OFFSET, FNV_PRIME, jit, mix64

WORDS_PER_GRAM = 3
CHARACTERS_PER_GRAM = 5
PERMUTATIONS = 128
BANDS = 32
ROWS_PER_BAND = 4

_FIRST = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xD1B54A32D192ED03)
_LOW_32 = np.uint64(0xFFFFFFFF)


@jit
def _gram(words, at, width):  # type: ignore[no-untyped-def]
    """The hash of up to three words from ``at`` on."""
    gram = words[at] * _FIRST
    if width > 1:
        gram = gram + words[at + 1] * _SECOND
    if width > 2:
        gram = gram + words[at + 2]
    return mix64(gram)


@jit
def in_order(grams, count, places, out, filled):  # type: ignore[no-untyped-def]
    """Put ``grams[:count]`` in rising order into ``out`` from ``filled`` on.

    The hashes are spread evenly, so one pass by the top bits leaves hardly anything to sort.

    Args:
        grams: uint64.
        count: How many.
        places: int64, at least ``2 * count + 2`` long.
        out: Out, uint64, with room for ``count`` more.
        filled: Where to begin.
    """
    bits = 1
    while 1 << bits < count:
        bits += 1
    shift = np.uint64(64 - bits)
    for b in range(1 << bits):
        places[b] = 0
    for i in range(count):
        places[grams[i] >> shift] += 1
    total = np.int64(filled)
    for b in range(1 << bits):
        held = places[b]
        places[b] = total
        total += held
    for i in range(count):
        top = grams[i] >> shift
        out[places[top]] = grams[i]
        places[top] += 1
    for i in range(filled + 1, filled + count):
        value = out[i]
        k = i
        while k > filled and out[k - 1] > value:
            out[k] = out[k - 1]
            k -= 1
        out[k] = value


@jit
def _distinct(grams, count, places, out, filled):  # type: ignore[no-untyped-def]
    """The same, each value once; returns the end."""
    in_order(grams, count, places, out, filled)
    kept = filled
    for i in range(filled, filled + count):
        if i == filled or out[i] != out[i - 1]:
            out[kept] = out[i]
            kept += 1
    return kept


@jit
def word_grams(words, counts, out, starts):  # type: ignore[no-untyped-def]
    """The word 3-grams of each text as they come; a text of one or two words is one gram.

    Args:
        words: uint64: word hashes, text after text.
        counts: int64 [texts]: words of each.
        out: Out, uint64, at least as long as ``words``.
        starts: Out, int64 [texts + 1].
    """
    filled = 0
    at = 0
    starts[0] = 0
    for d in range(len(counts)):
        n = counts[d]
        if n >= WORDS_PER_GRAM:
            for i in range(at, at + n - WORDS_PER_GRAM + 1):
                out[filled] = _gram(words, i, WORDS_PER_GRAM)
                filled += 1
        elif n:
            out[filled] = _gram(words, at, n)
            filled += 1
        starts[d + 1] = filled
        at += n


@jit
def border_grams(left, left_counts, right, right_counts, out, counts):  # type: ignore[no-untyped-def]
    """The word 3-grams of "left right" that lie in neither: at most two a row.

    Where both sides together have under three words, all of it is the one gram.

    Args:
        left, right: uint64: word hashes of either side, row after row.
        left_counts, right_counts: int64 [rows].
        out: Out, uint64 [rows, 2].
        counts: Out, uint8 [rows].
    """
    at = 0
    to = 0
    near = np.empty(4, np.uint64)
    for d in range(len(left_counts)):
        n = left_counts[d]
        m = right_counts[d]
        counts[d] = 0
        before = min(2, n)
        after = min(2, m)
        for k in range(before):
            near[k] = left[at + n - before + k]
        for k in range(after):
            near[before + k] = right[to + k]
        held = before + after
        if held >= 3:
            for k in range(held - 2):
                out[d, k] = _gram(near, k, 3)
            counts[d] = held - 2
        elif held and n + m < WORDS_PER_GRAM:
            out[d, 0] = _gram(near, 0, held)
            counts[d] = 1
        at += n
        to += m


@jit
def character_grams(buffer, offsets, out, starts):  # type: ignore[no-untyped-def]
    """Sorted distinct 5-grams of UTF-8 characters of each text; a shorter text is one gram.

    Args:
        buffer: uint8.
        offsets: int64 [texts + 1].
        out: Out, uint64, at least as long as ``buffer``.
        starts: Out, int64 [texts + 1].
    """
    longest = np.int64(1)
    for d in range(len(offsets) - 1):
        longest = max(longest, offsets[d + 1] - offsets[d])
    grams, places = np.empty(longest, np.uint64), np.empty(2 * longest + 2, np.int64)
    filled = 0
    starts[0] = 0
    for d in range(len(offsets) - 1):
        first = offsets[d]
        last = first
        end = offsets[d + 1]
        count = 0
        held = 0
        while last < end:
            last += 1
            while last < end and (buffer[last] & 0xC0) == 0x80:
                last += 1
            held += 1
            if held > CHARACTERS_PER_GRAM:
                first += 1
                while (buffer[first] & 0xC0) == 0x80:
                    first += 1
                held = CHARACTERS_PER_GRAM
            if held == CHARACTERS_PER_GRAM or last >= end:
                gram = FNV_OFFSET
                for i in range(first, last):
                    gram = (gram ^ np.uint64(buffer[i])) * FNV_PRIME
                grams[count] = mix64(gram)
                count += 1
        filled = _distinct(grams, count, places, out, filled)
        starts[d + 1] = filled


@jit
def join_bytes(left, left_starts, right, right_starts, wanted, out, starts):  # type: ignore[no-untyped-def]
    """Put "left right" of the wanted rows into ``out`` (uint8), with ``starts`` (int64 [rows + 1])."""
    filled = 0
    for d in range(len(wanted)):
        if wanted[d]:
            before = filled
            for i in range(left_starts[d], left_starts[d + 1]):
                out[filled] = left[i]
                filled += 1
            if filled > before and right_starts[d + 1] > right_starts[d]:
                out[filled] = 32
                filled += 1
            for i in range(right_starts[d], right_starts[d + 1]):
                out[filled] = right[i]
                filled += 1
        starts[d + 1] = filled


@jit
def _spread(gram):  # type: ignore[no-untyped-def]
    """murmur3's finaliser on the low 32 bits of a gram."""
    h = np.uint32(gram & _LOW_32)
    h = np.uint32(h ^ (h >> np.uint32(16)))
    h = np.uint32(h * np.uint32(0x85EBCA6B))
    h = np.uint32(h ^ (h >> np.uint32(13)))
    h = np.uint32(h * np.uint32(0xC2B2AE35))
    return np.uint32(h ^ (h >> np.uint32(16)))


@jit
def _fold(row, spread, count, factors, offsets):  # type: ignore[no-untyped-def]
    """Let ``count`` grams into a signature: one affine map a permutation, and the least value of each.

    Eight grams at a time, so that the factors are read once for eight. ``spread`` has room for seven more.
    """
    while count & 7:
        spread[count] = spread[0]
        count += 1
    for i in range(0, count, 8):
        a, b, c, d = spread[i], spread[i + 1], spread[i + 2], spread[i + 3]
        e, f, g, h = spread[i + 4], spread[i + 5], spread[i + 6], spread[i + 7]
        for k in range(len(factors)):
            factor, offset = factors[k], offsets[k]
            one = min(np.uint32(np.uint32(a * factor) + offset), np.uint32(np.uint32(b * factor) + offset))
            two = min(np.uint32(np.uint32(c * factor) + offset), np.uint32(np.uint32(d * factor) + offset))
            three = min(np.uint32(np.uint32(e * factor) + offset), np.uint32(np.uint32(f * factor) + offset))
            four = min(np.uint32(np.uint32(g * factor) + offset), np.uint32(np.uint32(h * factor) + offset))
            row[k] = min(row[k], one, two, three, four)


@jit
def minhash(hashes, starts, factors, offsets, out):  # type: ignore[no-untyped-def]
    """MinHash signatures of n-gram sets into ``out``: uint32 [texts, permutations].

    Each 64-bit gram hash counts by its low 32 bits. Equal, bit for bit, to ``datasketch.MinHash`` of the same 32-bit
    hashes with scheme ``affine32``: murmur3's finaliser, then ``factor * h + offset`` modulo 2**32.
    """
    longest = np.int64(0)
    for d in range(len(starts) - 1):
        longest = max(longest, starts[d + 1] - starts[d])
    spread = np.empty(longest + 7, np.uint32)
    for d in range(len(starts) - 1):
        count = starts[d + 1] - starts[d]
        for i in range(count):
            spread[i] = _spread(hashes[starts[d] + i])
        row = out[d]
        row[:] = np.uint32(0xFFFFFFFF)
        _fold(row, spread, count, factors, offsets)


@jit
def minhash_words(words, counts, factors, offsets, out):  # type: ignore[no-untyped-def]
    """The same from word hashes (see ``word_grams``), without the sets: a gram that comes twice changes nothing."""
    longest = np.int64(0)
    for d in range(len(counts)):
        longest = max(longest, counts[d])
    spread = np.empty(longest + 7, np.uint32)
    at = 0
    for d in range(len(counts)):
        count = max(np.int64(0), counts[d] - WORDS_PER_GRAM + 1)
        for i in range(count):
            spread[i] = _spread(_gram(words, at + i, WORDS_PER_GRAM))
        if count == 0 and counts[d]:
            spread[0] = _spread(_gram(words, at, counts[d]))
            count = 1
        row = out[d]
        row[:] = np.uint32(0xFFFFFFFF)
        _fold(row, spread, count, factors, offsets)
        at += counts[d]


@jit
def joint(left, left_counts, right, right_counts, border, border_counts, factors, offsets, out):  # type: ignore[no-untyped-def]
    """Signatures of "left right": the minimum of both sides' and of the grams across their border.

    A side of one or two words counts by the border alone, since its own gram is none of the whole.

    Args:
        left, right: uint32 [rows, permutations].
        left_counts, right_counts: int64 [rows]: words.
        border, border_counts: From ``border_grams``.
        factors, offsets: From ``permutations``.
        out: Out, uint32 [rows, permutations].
    """
    spread = np.empty(9, np.uint32)
    for d in range(len(left)):
        row = out[d]
        row[:] = np.uint32(0xFFFFFFFF)
        if left_counts[d] >= WORDS_PER_GRAM:
            row[:] = left[d]
        if right_counts[d] >= WORDS_PER_GRAM:
            for k in range(len(row)):
                row[k] = min(row[k], right[d, k])
        for g in range(border_counts[d]):
            spread[g] = _spread(border[d, g])
        _fold(row, spread, np.int64(border_counts[d]), factors, offsets)


@jit
def band_keys(signatures, out):  # type: ignore[no-untyped-def]
    """Four values of a signature as one hash: uint32 [texts, 32] (a chance collision only adds a candidate)."""
    for d in range(len(signatures)):
        for b in range(BANDS):
            key = np.uint64(b + 1)
            for k in range(b * ROWS_PER_BAND, (b + 1) * ROWS_PER_BAND):
                key = mix64(key * FNV_PRIME + np.uint64(signatures[d, k]))
            out[d, b] = np.uint32(key >> np.uint64(32))


@lru_cache(maxsize=4)
def permutations(count: int = PERMUTATIONS, seed: int = 1) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The factors (odd) and offsets of datasketch 2.0's ``affine32`` scheme: uint32 [count] each."""
    generator = np.random.RandomState(seed)
    factors = generator.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, generator.randint(0, 1 << 32, count, dtype=np.uint32)
