"""The compiled passes over raw text: normalised bytes, and hashed words.

Each is simple enough to run at a few processor cycles a byte: ``flatten`` writes the normalised bytes, ``hash_words``
cuts them at spaces and hashes the words eight bytes at a time.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from curation.minhash.inert import LIMIT, NOT_INERT

FNV_OFFSET = np.uint64(14695981039346656037)
FNV_PRIME = np.uint64(1099511628211)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
WORD_PRIME = np.uint64(0x9FB21C651E98DF25)
OTHER_SEED = np.uint64(0x9E3779B97F4A7C15)
SPACE = 32
_FIRST_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(9)], np.uint64)
# A byte is a lower-case ASCII letter where of its two top bits only the second is set: digits, kept symbols and
# foreign letters are not.
_LETTERS = np.uint64(0x4040404040404040)
_TOP_BITS = np.uint64(0xC0C0C0C0C0C0C0C0)

ASCII, INERT, READY = 0, 1, 2
"""How a text is flattened: by a table of bytes; character by character; not at all, since it is normalised already."""

jit: Any = numba.njit(cache=True, nogil=True)


@jit
def mix64(value):  # type: ignore[no-untyped-def]
    """The finaliser of splitmix64: every input bit reaches every output bit."""
    value = (value ^ (value >> np.uint64(30))) * MIX_1
    value = (value ^ (value >> np.uint64(27))) * MIX_2
    return value ^ (value >> np.uint64(31))


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
        flat[i] = folded if upper | lower | digit | sign else np.uint8(SPACE)


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
                            flat[filled] = SPACE
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
            many += flat[i] == SPACE
        at = np.int64(places[d])
        for k in range(many):
            end = spaces[k]
            if end > at:
                begins[filled] = at
                word = np.uint64(end - at) * OTHER_SEED
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
                    kept[filled] = SPACE
                    filled += 1
                for i in range(begins[w], ends[w]):
                    kept[filled] = flat[i]
                    filled += 1
        begin += counts[d]
        starts[d + 1] = filled


def in_eights(flat: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A view: the eight bytes from each byte on as one little-endian number: uint64 [len(flat) - 7]."""
    return np.ndarray((len(flat) - 7,), np.dtype("<u8"), buffer=flat.data, strides=(1,))
