"""The compiled loops: n-gram hashes, MinHash signatures (datasketch's affine32) and exact set intersections.

Importing this module imports numba (about half a second); the compiled code is cached on disk beside it.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SEED = np.uint64(0x9E3779B97F4A7C15)
_SPACE = 32
_LOW_32 = np.uint64(0xFFFFFFFF)

_jit: Any = numba.njit(cache=True, nogil=True)


@_jit
def _mix64(value):  # type: ignore[no-untyped-def]
    """The finaliser of splitmix64: every input bit reaches every output bit."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@_jit
def _word_ngrams(buffer, start, end, n, out):  # type: ignore[no-untyped-def]
    """Hash each word n-gram of buffer[start:end] into ``out``; a text under n words is one gram. Returns how many."""
    count = 0
    word = _FNV_OFFSET
    inside = False
    for i in range(start, end):
        byte = buffer[i]
        if byte <= _SPACE:
            if inside:
                out[count] = word
                count += 1
                inside = False
                word = _FNV_OFFSET
        else:
            word = (word ^ np.uint64(byte)) * _FNV_PRIME
            inside = True
    if inside:
        out[count] = word
        count += 1
    if count == 0:
        return 0
    grams = max(1, count - n + 1)
    width = min(n, count)
    for i in range(grams):
        gram = _SEED
        for j in range(width):
            gram = _mix64(gram * _FNV_PRIME + out[i + j])
        out[i] = gram  # position i is never read again
    return grams


@_jit
def _character_ngrams(buffer, start, end, n, out):  # type: ignore[no-untyped-def]
    """Hash each n-gram of UTF-8 characters of buffer[start:end]; a text under n characters is one gram."""
    count = 0
    first = start
    last = start  # one past the final byte of the current gram
    held = 0
    while last < end:
        last += 1
        while last < end and (buffer[last] & 0xC0) == 0x80:
            last += 1
        held += 1
        if held > n:
            first += 1
            while (buffer[first] & 0xC0) == 0x80:
                first += 1
            held = n
        if held == n or last >= end:
            gram = _FNV_OFFSET
            for i in range(first, last):
                gram = (gram ^ np.uint64(buffer[i])) * _FNV_PRIME
            out[count] = _mix64(gram)
            count += 1
    return count


@_jit
def ngram_sets(buffer, offsets, n, by_word):  # type: ignore[no-untyped-def]
    """Sorted distinct 64-bit n-gram hashes of each text.

    Args:
        buffer: uint8, the UTF-8 bytes of all texts.
        offsets: int64 [texts + 1], where each text starts.
        n: Length of a gram, in words or in characters.
        by_word: Word grams if True, character grams otherwise.

    Returns:
        ``(hashes: uint64 [total], starts: int64 [texts + 1])``.
    """
    texts = len(offsets) - 1
    room = np.int64(0)
    for d in range(texts):
        size = offsets[d + 1] - offsets[d]
        room += (size // 2 + 1) if by_word else size
    hashes = np.empty(room, np.uint64)
    starts = np.zeros(texts + 1, np.int64)
    scratch = np.empty(64, np.uint64)
    filled = 0
    for d in range(texts):
        size = offsets[d + 1] - offsets[d]
        if size + 1 > len(scratch):
            scratch = np.empty(2 * (size + 1), np.uint64)
        if by_word:
            count = _word_ngrams(buffer, offsets[d], offsets[d + 1], n, scratch)
        else:
            count = _character_ngrams(buffer, offsets[d], offsets[d + 1], n, scratch)
        grams = scratch[:count]
        grams.sort()
        for i in range(count):
            if i == 0 or grams[i] != grams[i - 1]:
                hashes[filled] = grams[i]
                filled += 1
        starts[d + 1] = filled
    return hashes[:filled].copy(), starts


@_jit
def minhash(hashes, starts, factors, offsets):  # type: ignore[no-untyped-def]
    """MinHash signatures of n-gram sets: uint32 [texts, permutations].

    Each 64-bit gram hash counts by its low 32 bits. Equal, bit for bit, to ``datasketch.MinHash`` of the same 32-bit
    hashes with scheme ``affine32``: murmur3's finaliser, then ``factor * h + offset`` modulo 2**32.
    """
    texts = len(starts) - 1
    permutations = len(factors)
    out = np.full((texts, permutations), np.uint32(0xFFFFFFFF), np.uint32)
    for d in range(texts):
        row = out[d]
        for i in range(starts[d], starts[d + 1]):
            h = np.uint32(hashes[i] & _LOW_32)
            h = np.uint32(h ^ (h >> np.uint32(16)))
            h = np.uint32(h * np.uint32(0x85EBCA6B))
            h = np.uint32(h ^ (h >> np.uint32(13)))
            h = np.uint32(h * np.uint32(0xC2B2AE35))
            h = np.uint32(h ^ (h >> np.uint32(16)))
            for k in range(permutations):
                value = np.uint32(np.uint32(h * factors[k]) + offsets[k])
                row[k] = min(row[k], value)
    return out


@_jit
def shared_counts(hashes, starts, left, right):  # type: ignore[no-untyped-def]
    """Number of grams that text left[p] and text right[p] have in common, for each pair p: int64 [pairs]."""
    out = np.zeros(len(left), np.int64)
    for p in range(len(left)):
        i = starts[left[p]]
        j = starts[right[p]]
        i_end = starts[left[p] + 1]
        j_end = starts[right[p] + 1]
        shared = 0
        while i < i_end and j < j_end:
            if hashes[i] == hashes[j]:
                shared += 1
                i += 1
                j += 1
            elif hashes[i] < hashes[j]:
                i += 1
            else:
                j += 1
        out[p] = shared
    return out


def permutations(count: int = 128, seed: int = 1) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The factors (odd) and offsets of datasketch 2.0's ``affine32`` scheme: uint32 [count] each."""
    generator = np.random.RandomState(seed)
    factors = generator.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, generator.randint(0, 1 << 32, count, dtype=np.uint32)
