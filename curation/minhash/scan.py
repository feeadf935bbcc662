"""The compiled passes over raw text: normalised bytes, hashed words, and a fingerprint of what must not differ unseen.

Three passes, each simple enough to run at a few processor cycles a byte: ``flatten`` writes the normalised bytes,
``hash_words`` cuts them at spaces and hashes the words eight bytes at a time, ``describe`` sums up each text.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from curation.minhash.inert import LIMIT, NOT_INERT

FNV_OFFSET = np.uint64(14695981039346656037)
FNV_PRIME = np.uint64(1099511628211)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
WORD_PRIME = np.uint64(0x9FB21C651E98DF25)
_OTHER_SEED = np.uint64(0x9E3779B97F4A7C15)
_SPACE = 32
_APOSTROPHE = 39
_FIRST_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)
_AT_END = np.array([chr(byte) in ".,;:!?()[]{}\"'`*" for byte in range(128)])
_AT_START = np.array([chr(byte) in ",;:!?()[]{}\"'`*" for byte in range(128)])
# A byte is a lower-case ASCII letter where of its two top bits only the second is set: digits, kept symbols and
# foreign letters are not.
_LETTERS = np.uint64(0x4040404040404040)
_TOP_BITS = np.uint64(0xC0C0C0C0C0C0C0C0)

ASCII, INERT, READY = 0, 1, 2
"""How a text is flattened: by a table of bytes; character by character; not at all, since it is normalised already."""

IDLE, TELLS, MAY_BE_POLITE, NO_UNIT, UNIT = 1, 2, 4, 8, 16
"""Flags of a word: it says nothing of its own; it counts or negates; it negates unless what follows is polite; it is no
unit though it is short; it is one though it is long."""

SLOTS = 2048
_SHIFT = np.uint64(53)
_MASK = np.uint64(SLOTS - 1)

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
    """Whether ``flatten`` can normalise this UTF-8 text; ``length`` is that of the table of inert characters."""
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
def fold_ascii(raw, flat):  # type: ignore[no-untyped-def]
    """Letters in lower case, digits, and the symbols $ + < = > stay; every other ASCII byte becomes a space.

    Without a table, so that the compiler can do many bytes at once. Both arrays have one length.
    """
    for i in range(len(raw)):
        byte = raw[i]
        upper = np.uint8(byte - np.uint8(65)) < np.uint8(26)
        lower = np.uint8(byte - np.uint8(97)) < np.uint8(26)
        digit = np.uint8(byte - np.uint8(48)) < np.uint8(10)
        sign = (byte == np.uint8(36)) | (byte == np.uint8(43)) | (np.uint8(byte - np.uint8(60)) < np.uint8(3))
        folded = np.uint8(byte | np.uint8(32)) if upper else byte
        flat[i] = folded if upper | lower | digit | sign else np.uint8(_SPACE)


@jit
def flatten(raw, offsets, kinds, start, length, table, flat, origin, places):  # type: ignore[no-untyped-def]
    """Write the normalised bytes of each text in ``flat``; several spaces may follow each other, one stands at the end.

    Args:
        raw: uint8, UTF-8 of all texts, each with a space behind it.
        offsets: int64 [texts + 1].
        kinds: uint8 [texts]: ``ASCII``, ``INERT`` or ``READY``.
        start, length, table: The table of inert characters.
        flat: Out, uint8, at least ``inert.MOST_BYTES`` times as long as ``raw``, and eight to spare.
        origin: Out, int32, as long: the byte of ``raw`` that each byte of an ``INERT`` text comes from.
        places: Out, int64 [texts + 1]: where each text begins in ``flat``.
    """
    filled = 0
    for d in range(len(offsets) - 1):
        places[d] = filled
        first, last = offsets[d], offsets[d + 1]
        if kinds[d] == ASCII:
            fold_ascii(raw[first:last], flat[filled : filled + last - first])
            filled += last - first
        elif kinds[d] == READY:
            flat[filled : filled + last - first] = raw[first:last]
            filled += last - first
        else:
            i = first
            while i < last:
                size = 1
                if raw[i] < 0x80:
                    fold_ascii(raw[i : i + 1], flat[filled : filled + 1])
                    origin[filled] = i
                    filled += 1
                else:
                    code, size = _decode(raw, i)
                    at = np.int64(start[code]) if code < LIMIT else i
                    bytes_of = np.int64(length[code]) if code < LIMIT else size
                    surrounded = _is_ideograph(code)
                    for k in range(-1 if surrounded else 0, bytes_of + 1 if surrounded else bytes_of):
                        if k < 0 or k == bytes_of:
                            flat[filled] = _SPACE
                        elif code < LIMIT:
                            flat[filled] = table[at + k]
                        else:
                            flat[filled] = raw[at + k]
                        origin[filled] = i
                        filled += 1
                i += size
    places[len(offsets) - 1] = filled


@jit
def hash_words(flat, eights, places, words, begins, ends, strange, counts):  # type: ignore[no-untyped-def]
    """Cut flat texts at spaces and hash each word.

    Args:
        flat, places: From ``flatten``.
        eights: ``flat`` as uint64, eight bytes from each byte on (see ``in_eights``).
        words: Out, uint64: word hashes, text after text. Words of up to eight bytes never collide.
        begins, ends: Out, int32, as long: where each word stands in ``flat``.
        strange: Out, bool, as long: whether it holds anything but a to z.
        counts: Out, int64 [texts].

    Returns:
        Number of words of all texts.
    """
    longest = np.int64(0)
    for d in range(len(counts)):
        longest = max(longest, places[d + 1] - places[d])
    spaces = np.empty(longest + 1, np.int64)
    filled = 0
    for d in range(len(counts)):
        before = filled
        many = 0
        for i in range(places[d], places[d + 1]):
            spaces[many] = i
            many += flat[i] == _SPACE
        at = np.int64(places[d])
        for k in range(many):
            end = spaces[k]
            if end > at:
                begins[filled] = at
                word = np.uint64(end - at) * _OTHER_SEED
                odd = np.uint64(0)
                while end - at > 8:
                    eight = eights[at]
                    odd |= (eight ^ _LETTERS) & _TOP_BITS
                    word = (word ^ eight) * WORD_PRIME
                    word ^= word >> np.uint64(32)
                    at += 8
                first = _FIRST_BYTES[end - at]
                eight = eights[at] & first
                odd |= (eight ^ _LETTERS) & _TOP_BITS & first
                word = (word ^ eight) * WORD_PRIME
                words[filled] = word ^ (word >> np.uint64(32))
                ends[filled] = end
                strange[filled] = odd != 0
                filled += 1
            at = end + 1
        counts[d] = filled - before
    return filled


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
        if byte > _SPACE:
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
    while at < end and raw[at] > _SPACE:
        at += 1
    return at


@jit
def describe(  # type: ignore[no-untyped-def]
    raw, offsets, kinds, flat, origin, places, words, begins, ends, strange, counts, known, senses, lefts, rights,
    lone_t, keys, fixed, digits, first, second, content,
):  # fmt: skip
    """Sum up each text: what makes it equal to another, and what must not differ unseen.

    Args:
        raw, offsets, kinds, flat, origin, places: As for ``flatten``.
        words, begins, ends, strange, counts: From ``hash_words``.
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
        other = _OTHER_SEED
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
            other = (other + word) * _MIX_1
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
                while low > done and raw[low - 1] > _SPACE:
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
                        unit += _token(raw, behind, _to_space(raw, behind, offsets[d + 1])) * _MIX_2
                if unit != FNV_OFFSET or (after < filled and strange[after]):
                    closed = raw[done - 1] < 0x80 and _AT_END[raw[done - 1]]
                    told = mix64(told + unit * _MIX_1 + np.uint64(closed))
            elif sense & TELLS:
                if _in_raw(begins[w], kind, origin, shift) >= done:
                    told = mix64(told * FNV_PRIME + word)
                    if sense & MAY_BE_POLITE and w + 1 < filled:  # "no problem" denies nothing
                        low = _in_raw(ends[w], kind, origin, shift)
                        high = _in_raw(begins[w + 1], kind, origin, shift)
                        told = mix64(told + words[w + 1] + np.uint64(high - low) * _MIX_1)
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


@jit
def keep_few(flat, begins, ends, counts, fewer_than, kept, starts):  # type: ignore[no-untyped-def]
    """The normalised bytes of the texts of few words, a space between two words.

    Args:
        flat, begins, ends, counts: As for ``describe``.
        fewer_than: Texts of fewer words are kept, the others are left empty.
        kept: Out, uint8, as long as ``flat``.
        starts: Out, int64 [texts + 1].
    """
    filled = 0
    begin = 0
    starts[0] = 0
    for d in range(len(counts)):
        if counts[d] < fewer_than:
            for w in range(begin, begin + counts[d]):
                if w > begin:
                    kept[filled] = _SPACE
                    filled += 1
                for i in range(begins[w], ends[w]):
                    kept[filled] = flat[i]
                    filled += 1
        begin += counts[d]
        starts[d + 1] = filled


def in_eights(flat: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A view: the eight bytes from each byte on as one little-endian number: uint64 [len(flat) - 7]."""
    return np.ndarray((len(flat) - 7,), np.dtype("<u8"), buffer=flat.data, strides=(1,))
