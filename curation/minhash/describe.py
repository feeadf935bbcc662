"""The compiled pass that sums up each text: what makes it equal to another, and what must not differ unseen."""

from __future__ import annotations

import numpy as np

from curation.minhash.scan import (
    FNV_OFFSET,
    FNV_PRIME,
    INERT,
    MIX_1,
    MIX_2,
    OTHER_SEED,
    READY,
    SPACE,
    WORD_PRIME,
    jit,
    mix64,
)

IDLE, TELLS, MAY_BE_POLITE, NO_UNIT, UNIT = 1, 2, 4, 8, 16
"""Flags of a word: it says nothing of its own; it counts or negates; it negates unless what follows is polite; it is no
unit though it is short; it is one though it is long."""

SLOTS = 2048
_SHIFT = np.uint64(53)
_MASK = np.uint64(SLOTS - 1)

_APOSTROPHE = 39
_AT_END = np.array([chr(byte) in ".,;:!?()[]{}\"'`*" for byte in range(128)])
_AT_START = np.array([chr(byte) in ",;:!?()[]{}\"'`*" for byte in range(128)])


@jit
def lookup(keys, key):  # type: ignore[no-untyped-def]
    """The slot of ``key`` in an open-addressing table (``SLOTS`` long, 0 = empty slot); -1 where it is not."""
    slot = (key * MIX_1) >> _SHIFT
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & _MASK
    return np.int64(-1)


@jit
def _in_raw(place, kind, origin, shift):  # type: ignore[no-untyped-def]
    """The byte of ``raw`` that a byte of ``flat`` comes from; ``shift`` is what ASCII texts have moved by."""
    return np.int64(origin[place]) if kind == INERT else np.int64(place) - shift


@jit
def _as_written(raw, low, high):  # type: ignore[no-untyped-def]
    """A hash of raw bytes [low, high) without case and white space."""
    value = FNV_OFFSET
    for i in range(low, high):
        byte = raw[i]
        if byte > SPACE:
            if 65 <= byte <= 90:
                byte += 32
            value = (value ^ np.uint64(byte)) * FNV_PRIME
    return value


@jit
def _token(raw, low, high):  # type: ignore[no-untyped-def]
    """The same without the punctuation at both ends, where a letter or digit stands before that at the end."""
    while low < high and raw[low] < 0x80 and _AT_START[raw[low]]:
        low += 1
    end = high
    while low < end and raw[end - 1] < 0x80 and _AT_END[raw[end - 1]]:
        end -= 1
    bare = low < end and (48 <= raw[end - 1] <= 57 or 65 <= raw[end - 1] <= 90 or 97 <= raw[end - 1] <= 122)
    return _as_written(raw, low, end if bare else high)


@jit
def _to_space(raw, at, end):  # type: ignore[no-untyped-def]
    """Where the white space behind a byte begins."""
    while at < end and raw[at] > SPACE:
        at += 1
    return at


@jit
def describe(  # type: ignore[no-untyped-def]
    raw, offsets, kinds, flat, origin, places, words, begins, ends, strange, counts, known, senses, lefts, rights,
    lone_t, keys, fixed, digits, first, second, content,
):  # fmt: skip
    """Sum up each text: what makes it equal to another, and what must not differ unseen.

    Args:
        raw, offsets, kinds, flat, origin, places: As for ``scan.flatten``.
        words, begins, ends, strange, counts: From ``scan.hash_words``.
        known: Table of word hashes (see ``lookup``).
        senses: uint8 [slots of known]: flags of the words (see ``IDLE`` and those below it).
        lefts, rights: uint64 [slots]: a bit for each pair of opposites of which it is the first, or the second.
        lone_t: Hash of the word "t", which negates after an apostrophe.
        keys: Out, uint64 [texts, 2]: equal for equal normalised texts.
        fixed: Out, uint64 [texts]: equal where two texts have the same numbers, codes, number words and negations in
            the same order, as they are written, each with what could be its unit. Different where in doubt.
        digits: Out, uint64 [texts]: different where the digits differ; 0 = not known.
        first, second: Out, uint64 [texts]: which words of the pairs of opposites it holds.
        content: Out, uint64 [texts]: equal for texts of the same words in the same order, but for idle ones.
    """
    begin = 0
    for d in range(len(counts)):
        filled = begin + counts[d]
        one = np.uint64(counts[d])
        other = OTHER_SEED
        meaning = np.uint64(0)
        told = np.uint64(0)
        number = FNV_OFFSET
        left = np.uint64(0)
        right = np.uint64(0)
        kind = kinds[d]
        shift = places[d] - offsets[d]
        done = np.int64(offsets[d])  # what stands before it is told
        for w in range(begin, filled):
            word = words[w]
            one = (one ^ word) * FNV_PRIME
            one ^= one >> np.uint64(29)
            other = (other + word) * MIX_1
            other ^= other >> np.uint64(31)
            slot = lookup(known, word)
            sense = np.uint8(0)
            if slot >= 0:
                sense = senses[slot]
                left |= lefts[slot]
                right |= rights[slot]
            if not sense & IDLE:
                meaning = (meaning ^ word) * FNV_PRIME
                meaning ^= meaning >> np.uint64(29)
            if kind == READY:
                continue
            if strange[w]:  # the whole token, up to white space
                low = _in_raw(begins[w], kind, origin, shift)
                if low < done:
                    continue
                while low > done and raw[low - 1] > SPACE:
                    low -= 1
                before = w - 1
                while before >= begin and _in_raw(ends[before], kind, origin, shift) > max(low, done):
                    before -= 1
                since = done
                if before >= begin:
                    since = max(done, _in_raw(ends[before], kind, origin, shift))
                done = _to_space(raw, low, offsets[d + 1])
                for i in range(low, done):
                    if 48 <= raw[i] <= 57:
                        number = (number ^ np.uint64(raw[i])) * FNV_PRIME
                # a currency or minus sign can stand apart before a number, and a percent sign behind it
                told = mix64(told * FNV_PRIME + _token(raw, low, done))
                beside = np.uint64(before >= begin and strange[before])
                told = mix64(told + _as_written(raw, since, low) * WORD_PRIME + beside)
                after = w + 1
                while after < filled and _in_raw(begins[after], kind, origin, shift) < done:
                    after += 1
                behind = np.int64(offsets[d + 1])
                if after < filled:
                    behind = _in_raw(begins[after], kind, origin, shift)
                # what could be its unit; "5, mg" and "(5) %" are no such thing
                unit = _as_written(raw, done, behind)
                if after < filled and not strange[after]:
                    slot = lookup(known, words[after])
                    sense = senses[slot] if slot >= 0 else np.uint8(0)
                    if (ends[after] - begins[after] <= 4 and not sense & NO_UNIT) or sense & UNIT:
                        unit += _token(raw, behind, _to_space(raw, behind, offsets[d + 1])) * MIX_2
                if unit != FNV_OFFSET or (after < filled and strange[after]):
                    closed = raw[done - 1] < 0x80 and _AT_END[raw[done - 1]]
                    told = mix64(told + unit * MIX_1 + np.uint64(closed))
            elif sense & TELLS:
                if _in_raw(begins[w], kind, origin, shift) >= done:
                    told = mix64(told * FNV_PRIME + word)
                    if sense & MAY_BE_POLITE and w + 1 < filled:  # "no problem" denies nothing
                        low = _in_raw(ends[w], kind, origin, shift)
                        high = _in_raw(begins[w + 1], kind, origin, shift)
                        told = mix64(told + words[w + 1] + np.uint64(high - low) * MIX_1)
            elif word == lone_t:
                low = _in_raw(begins[w], kind, origin, shift)
                if low > offsets[d] and (raw[low - 1] == _APOSTROPHE or raw[low - 1] >= 0x80) and low >= done:
                    told = mix64(told * FNV_PRIME + word)
        keys[d, 0] = mix64(one)
        keys[d, 1] = mix64(other)
        fixed[d] = told
        digits[d] = np.uint64(0) if kind == READY else number | np.uint64(1)
        first[d] = left
        second[d] = right
        content[d] = meaning
        begin = filled
