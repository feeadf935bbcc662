"""The compiled pass over raw text: normalised words as hashes, and a fingerprint of what must not differ unseen."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from curation.minhash.inert import LIMIT, NOT_INERT

FNV_OFFSET = np.uint64(14695981039346656037)
FNV_PRIME = np.uint64(1099511628211)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SPACE = 32
_APOSTROPHE = 39
_LETTER_T = 116
_AFTER_APOSTROPHE = np.uint32(0x10000)
_DIGIT = np.uint32(0x20000)
SLOTS = 1024
_SHIFT = np.uint64(54)
_MASK = np.uint64(SLOTS - 1)
_OTHER_SEED = np.uint64(0x9E3779B97F4A7C15)

jit: Any = numba.njit(cache=True, nogil=True)


@jit
def mix64(value):  # type: ignore[no-untyped-def]
    """The finaliser of splitmix64: every input bit reaches every output bit."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@jit
def lookup(keys, key):  # type: ignore[no-untyped-def]
    """The slot of ``key`` in an open-addressing table (``SLOTS`` long, 0 = empty slot); -1 where it is not."""
    slot = (key * _MIX_1) >> _SHIFT
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & _MASK
    return np.int64(-1)


@jit
def _decode(raw, i):  # type: ignore[no-untyped-def]
    """The code point that begins at byte ``i`` (not ASCII) and its length in bytes."""
    byte = raw[i]
    if byte < 0xE0:
        return ((np.int64(byte) & 0x1F) << 6) | (np.int64(raw[i + 1]) & 0x3F), 2
    if byte < 0xF0:
        code = ((np.int64(byte) & 0x0F) << 12) | ((np.int64(raw[i + 1]) & 0x3F) << 6)
        return code | (np.int64(raw[i + 2]) & 0x3F), 3
    code = ((np.int64(byte) & 0x07) << 18) | ((np.int64(raw[i + 1]) & 0x3F) << 12)
    return code | ((np.int64(raw[i + 2]) & 0x3F) << 6) | (np.int64(raw[i + 3]) & 0x3F), 4


@jit
def _is_ideograph(code):  # type: ignore[no-untyped-def]
    return (0x3400 <= code <= 0x4DBF) or (0x4E00 <= code <= 0x9FFF)


@jit
def _stays(code):  # type: ignore[no-untyped-def]
    """Hangul syllables, the variation selector of emoji, and pictographs: inert, and normalised to themselves."""
    return (
        (0xAC00 <= code <= 0xD7A3)
        or code == 0xFE0F
        or (0x1F300 <= code <= 0x1F64F)
        or (0x1F680 <= code <= 0x1F6FF)
        or (0x1F900 <= code <= 0x1F9FF)
    )


@jit
def is_inert(raw, length):  # type: ignore[no-untyped-def]
    """Whether ``scan_words`` can normalise this UTF-8 text; ``length`` is that of the table of inert characters."""
    i = 0
    while i < len(raw):
        if raw[i] < 0x80:
            i += 1
            continue
        code, size = _decode(raw, i)
        if code < LIMIT:
            if length[code] == NOT_INERT:
                return False
        elif not (_is_ideograph(code) or _stays(code)):
            return False
        i += size
    return True


@jit
def scan_words(  # type: ignore[no-untyped-def]
    raw, offsets, ready, becomes, start, length, flat, known, kinds, lefts, rights,
    keep, words, marks, counts, keys, fixed, first, second, content, kept, kept_starts,
):  # fmt: skip
    """Normalise each text, hash its words, and say what must not differ unseen.

    Args:
        raw: uint8, UTF-8 of all texts.
        offsets: int64 [texts + 1].
        ready: bool [texts]: already normalised; only cut at spaces.
        becomes: uint8 [2, 256]: what a byte turns into: an ASCII byte of raw text, and any byte of ready text.
        start, length, flat: The table of inert characters.
        known: Table of FNV-1a hashes of words (see ``lookup``).
        kinds: uint8 [slots of known]: 1 = says nothing of its own, 2 = counts or negates.
        lefts, rights: uint64 [slots]: a bit for each pair of opposites of which it is the first, or the second.
        keep: Texts of fewer words keep their normalised bytes.
        words: Out, uint64: word hashes, text after text; at least two entries a byte.
        marks: Out, uint32, as long: for words with a digit or a foreign letter what stands on either side, else 0.
        counts: Out, int64 [texts]: words of each text.
        keys: Out, uint64 [texts, 2]: equal for equal normalised texts.
        fixed: Out, uint64 [texts]: equal where two texts have the same numbers, codes, number words and negations, each
            with the same neighbours, in any order. Different where in doubt.
        first, second: Out, uint64 [texts]: which words of the pairs of opposites it holds.
        content: Out, uint64 [texts]: equal for texts of the same content words, each as often, in any order.
        kept: Out, uint8, at least ``inert.MOST_BYTES`` times as long as ``raw``, and one more.
        kept_starts: Out, int64 [texts + 1].

    Returns:
        Number of words of all texts.
    """
    filled = 0
    stored = 0
    kept_starts[0] = 0
    for d in range(len(offsets) - 1):
        begin = filled
        byte_begin = stored
        word = FNV_OFFSET
        inside = False
        mark = np.uint32(0)
        i = offsets[d]
        end = offsets[d + 1]
        last = np.uint32(_SPACE)  # the raw byte before the one at hand
        verbatim = ready[d]
        table = becomes[1] if verbatim else becomes[0]
        while i < end:
            raw_byte = raw[i]
            if raw_byte < 0x80 or verbatim:
                byte = table[raw_byte]
                if byte != _SPACE:
                    if not inside:
                        inside = True
                        if byte == _LETTER_T and (last == _APOSTROPHE or last >= 0x80):
                            mark = _AFTER_APOSTROPHE  # the t of "don't"
                    if (48 <= byte <= 57 or byte >= 0x80) and mark == 0:
                        mark = _DIGIT | last << np.uint32(8)
                    word = (word ^ np.uint64(byte)) * FNV_PRIME
                    kept[stored] = byte
                    stored += 1
                elif inside:
                    words[filled] = word
                    marks[filled] = (mark << np.uint32(8) | np.uint32(raw_byte)) if mark else np.uint32(0)
                    filled += 1
                    kept[stored] = _SPACE
                    stored += 1
                    inside = False
                    mark = np.uint32(0)
                    word = FNV_OFFSET
                last = np.uint32(raw_byte)
                i += 1
                continue
            code, size = _decode(raw, i)
            surrounded = _is_ideograph(code)
            at = np.int64(0)
            many = size
            if code < LIMIT:
                at = np.int64(start[code])
                many = np.int64(length[code])
            for k in range(-1 if surrounded else 0, many + 1 if surrounded else many):
                if k < 0 or k == many:  # noqa: SIM108 (compiled)
                    byte = np.uint8(_SPACE)
                else:
                    byte = flat[at + k] if code < LIMIT else raw[i + k]
                if byte != _SPACE:
                    inside = True
                    if not surrounded:
                        mark = _DIGIT
                    word = (word ^ np.uint64(byte)) * FNV_PRIME
                    kept[stored] = byte
                    stored += 1
                elif inside:
                    words[filled] = word
                    marks[filled] = (mark << np.uint32(8) | np.uint32(raw_byte)) if mark else np.uint32(0)
                    filled += 1
                    kept[stored] = _SPACE
                    stored += 1
                    inside = False
                    mark = np.uint32(0)
                    word = FNV_OFFSET
            last = np.uint32(raw[i + size - 1])
            i += size
        if inside:
            words[filled] = word
            marks[filled] = (mark << np.uint32(8) | np.uint32(_SPACE)) if mark else np.uint32(0)
            filled += 1
            kept[stored] = _SPACE
            stored += 1
        many_words = filled - begin
        counts[d] = many_words
        one = np.uint64(many_words)
        other = _OTHER_SEED
        meaning = np.uint64(0)
        told = np.uint64(0)
        left = np.uint64(0)
        right = np.uint64(0)
        for w in range(begin, filled):
            word = words[w]
            one = (one ^ word) * FNV_PRIME
            one ^= one >> np.uint64(29)
            other = (other + word) * _MIX_1
            other ^= other >> np.uint64(31)
            slot = lookup(known, word)
            kind = kinds[slot] if slot >= 0 else np.uint8(0)
            if slot >= 0:
                left |= lefts[slot]
                right |= rights[slot]
            if not kind & 1:
                meaning += (word ^ (word >> np.uint64(32))) * _MIX_2
            if marks[w] != 0 or kind & 2:
                before = words[w - 1] if w > begin else np.uint64(0)
                after = words[w + 1] if w + 1 < filled else np.uint64(0)
                told += mix64(mix64(before + np.uint64(marks[w])) + word * _MIX_1 + mix64(after ^ _OTHER_SEED))
        keys[d, 0] = mix64(one)
        keys[d, 1] = mix64(other)
        fixed[d] = told
        first[d] = left
        second[d] = right
        content[d] = meaning
        if many_words < keep:
            if many_words:
                stored -= 1  # the space after the last word
        else:
            stored = byte_begin
        kept_starts[d + 1] = stored
    return filled
