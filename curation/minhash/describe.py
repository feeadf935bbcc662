"""The compiled pass that sums up each text: what makes it equal to another, and what must not differ unseen."""

from __future__ import annotations

import numpy as np

from curation.minhash.scan import (
    ASCII,
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

IDLE, TELLS, MAY_BE_POLITE, NO_UNIT, UNIT, MONTH = 1, 2, 4, 8, 16, 32
"""Flags of a word: it says nothing of its own; it counts or negates; it negates unless what follows is polite; it is no
unit though it is short; it is one though it is long; it is a month."""

SLOTS = 2048
_SHIFT = np.uint64(53)
_MASK = np.uint64(SLOTS - 1)

_APOSTROPHE = 39
_PERCENT = 37
_AT_END = np.array([chr(byte) in ".,;:!?()[]{}\"'`*" for byte in range(128)])
_AT_START = np.array([chr(byte) in ",;:!?()[]{}\"'`*" for byte in range(128)])
_TAIL = _AT_END | np.array([chr(byte) == "_" for byte in range(128)])
_HEAD = _AT_START | np.array([chr(byte) == "_" for byte in range(128)])
_POLITE = (116, 112, 119, 111)  # how thank, problem, worries and only begin
_LONGEST_AFTER = 23  # bytes behind a number that are looked at, as in ``signs.meaning``


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
def _digits_end(raw, at, end):  # type: ignore[no-untyped-def]
    while at < end and 48 <= raw[at] <= 57:
        at += 1
    return at


@jit
def _is_plain(raw, at, end):  # type: ignore[no-untyped-def]
    """Whether ASCII bytes [at, end) are a number as ``signs._PLAIN`` has it: -$1,234.56%."""
    if at < end and raw[at] == 45:
        at += 1
    if at < end and raw[at] == 36:
        at += 1
    stop = _digits_end(raw, at, end)
    many = stop - at
    at = stop
    if at < end and raw[at] == 44:
        if many < 1 or many > 3:
            return False
        while at < end and raw[at] == 44:
            stop = _digits_end(raw, at + 1, end)
            if stop - at != 4:
                return False
            at = stop
    elif many < 1 or many > 9:
        return False
    if at < end and raw[at] == 46:
        stop = _digits_end(raw, at + 1, end)
        if stop - at < 2 or stop - at > 7:
            return False
        at = stop
    if at < end and raw[at] == 37:
        at += 1
    return at == end


@jit
def _odd_token(raw, low, done, end, flags):  # type: ignore[no-untyped-def]
    """What ``signs.meaning`` notes of an ASCII token with a digit, as a hash; 0 = nothing, 1 = not known.

    Args:
        raw: uint8.
        low, done: Where the token stands.
        end: Where the text ends.
        flags: Those of the word behind the token.
    """
    last = done
    while low < last and _TAIL[raw[last - 1]]:
        last -= 1
    while low < last and _HEAD[raw[low]]:
        low += 1
    if not _is_plain(raw, low, last):
        return mix64(_as_written(raw, low, last)) | np.uint64(2)
    at = done
    while at < end and raw[at] <= SPACE:
        if not _is_white(raw[at]):
            return np.uint64(1)
        at += 1
    start = at
    stop = min(_to_space(raw, at, end), start + _LONGEST_AFTER)
    while start < stop and _TAIL[raw[stop - 1]]:
        stop -= 1
    for i in range(start, stop):
        if not (65 <= raw[i] <= 90 or 97 <= raw[i] <= 122):
            return np.uint64(0)
    if stop == start or flags & NO_UNIT or (stop - start > 4 and not flags & MONTH):
        return np.uint64(0)
    return mix64(_as_written(raw, low, last) * MIX_1 + _as_written(raw, start, stop)) | np.uint64(2)


@jit
def _contracted(raw, first, at):  # type: ignore[no-untyped-def]
    """Whether the lone "t" at a byte belongs to an "isn't", with either apostrophe."""
    if at > first and raw[at - 1] == _APOSTROPHE:
        at -= 1
    elif at - first >= 3 and raw[at - 3] == 0xE2 and raw[at - 2] == 0x80 and raw[at - 1] == 0x99:
        at -= 3
    else:
        return False
    return at - first >= 2 and raw[at - 1] | 32 == 110 and 97 <= raw[at - 2] | 32 <= 122


@jit
def _telling_parts(raw, low, done, known, senses, values, spelled):  # type: ignore[no-untyped-def]
    """The rows of letters in an ASCII token that holds more than letters: number words and negations among them.

    Returns:
        ``(negations, spelled with the number words, whether that is certain)``
    """
    negations = 0
    certain = True
    at = low
    while at < done:
        start = at
        while at < done and 97 <= raw[at] | 32 <= 122:
            at += 1
        if at == start:
            certain = certain and raw[at] != _APOSTROPHE  # of a contraction, perhaps
            at += 1
            continue
        word = np.uint64(at - start) * OTHER_SEED
        for first in range(start, at, 8):
            eight = np.uint64(0)
            for k in range(min(8, at - first)):
                eight |= np.uint64(raw[first + k] | 32) << np.uint64(8 * k)
            word = (word ^ eight) * WORD_PRIME
            word ^= word >> np.uint64(32)
        slot = lookup(known, word)
        if slot >= 0 and senses[slot] & TELLS:
            certain = certain and not senses[slot] & MAY_BE_POLITE
            if values[slot]:
                spelled = mix64(spelled * FNV_PRIME + np.uint64(values[slot]))
            else:
                negations += 1
    return negations, spelled, certain


@jit
def _is_white(byte):  # type: ignore[no-untyped-def]
    """Whether Python calls an ASCII byte white space."""
    return byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31


@jit
def describe(  # type: ignore[no-untyped-def]
    raw, offsets, kinds, flat, origin, places, words, begins, ends, strange, counts, known, senses, values, lefts,
    rights, lone_t, keys, fixed, digits, odd, first, second, content,
):  # fmt: skip
    """Sum up each text: what makes it equal to another, and what must not differ unseen.

    Args:
        raw, offsets, kinds, flat, origin, places: As for ``scan.flatten``.
        words, begins, ends, strange, counts: From ``scan.hash_words``.
        known: Table of word hashes (see ``lookup``).
        senses: uint8 [slots of known]: flags of the words (see ``IDLE`` and those below it).
        values: uint8 [slots]: a number for each value that a number word can have; 0 = no number word.
        lefts, rights: uint64 [slots]: a bit for each pair of opposites of which it is the first, or the second.
        lone_t: Hash of the word "t", which negates after an apostrophe.
        keys: Out, uint64 [texts, 2]: equal for equal normalised texts.
        fixed: Out, uint64 [texts]: equal where two texts have the same numbers, codes, number words and negations in
            the same order, as they are written, each with what could be its unit. Different where in doubt.
        digits: Out, uint64 [texts]: different where the digits differ; 0 = not known.
        odd: Out, uint64 [texts]: different where ``signs.meaning`` notes other tokens with a digit, number words or
            another number of negations; 0 = not known.
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
        noted = FNV_OFFSET
        spelled = FNV_OFFSET  # number words apart: their order among the other tokens does not count
        negated = 0
        certain = kinds[d] == ASCII
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
                before_token = number
                for i in range(low, done):
                    if 48 <= raw[i] <= 57:
                        number = (number ^ np.uint64(raw[i])) * FNV_PRIME
                told = mix64(told * FNV_PRIME + _token(raw, low, done))
                if before >= begin and strange[before]:  # a currency sign, say
                    told = mix64(told + _as_written(raw, since, low) * WORD_PRIME)
                after = w + 1
                while after < filled and _in_raw(begins[after], kind, origin, shift) < done:
                    after += 1
                behind = np.int64(offsets[d + 1])
                if after < filled:
                    behind = _in_raw(begins[after], kind, origin, shift)
                if certain:
                    rest = max(low, _in_raw(ends[w - 1], kind, origin, shift)) if w > begin else low
                    negations, spelled, certain = _telling_parts(raw, rest, done, known, senses, values, spelled)
                    negated += negations
                if certain and number != before_token:
                    slot = lookup(known, words[after]) if after < filled else np.int64(-1)
                    flags = senses[slot] if slot >= 0 else np.uint8(0)
                    item = _odd_token(raw, low, done, offsets[d + 1], flags)
                    certain = item != 1 and (low == offsets[d] or _is_white(raw[low - 1])) and _is_white(raw[done])
                    if item:
                        noted = mix64(noted * FNV_PRIME + item)
                # what could be its unit; "5, mg" and "(5) %" are no such thing
                unit, close = np.uint64(0), after < filled and strange[after]
                if after < filled and not close:
                    slot = lookup(known, words[after])
                    sense = senses[slot] if slot >= 0 else np.uint8(0)
                    if (ends[after] - begins[after] <= 4 and not sense & NO_UNIT) or sense & UNIT:
                        unit, close = _token(raw, behind, _to_space(raw, behind, offsets[d + 1])) * MIX_2, True
                for i in range(done, behind):
                    close = close or raw[i] == _PERCENT or raw[i] >= 0x80
                if close:
                    closed = raw[done - 1] < 0x80 and _AT_END[raw[done - 1]]
                    comma = np.uint64(raw[done - 1] == 44)  # "5, days" may be read as a number of days, "5; days" not
                    told = mix64(told + (unit + _as_written(raw, done, behind)) * MIX_1 + np.uint64(closed) + comma)
            elif sense & TELLS:
                low = _in_raw(begins[w], kind, origin, shift)
                if low >= done:
                    told = mix64(told * FNV_PRIME + word)
                    if values[slot]:
                        spelled = mix64(spelled * FNV_PRIME + np.uint64(values[slot]))
                    else:
                        negated += 1
                    if sense & MAY_BE_POLITE and w + 1 < filled:  # "no problem" denies nothing
                        told = mix64(told + words[w + 1])
                        told = mix64(told + _as_written(raw, _in_raw(ends[w], kind, origin, shift),
                                                        _in_raw(begins[w + 1], kind, origin, shift)))  # fmt: skip
                        certain = certain and flat[begins[w + 1]] not in _POLITE
            elif word == lone_t:
                low = _in_raw(begins[w], kind, origin, shift)
                if low > offsets[d] and (raw[low - 1] == _APOSTROPHE or raw[low - 1] >= 0x80) and low >= done:
                    contracted = _contracted(raw, offsets[d], low)  # "van 't Hoff" denies nothing
                    told = mix64(told * FNV_PRIME + word + np.uint64(contracted))
                    negated += contracted
        keys[d, 0] = mix64(one)
        keys[d, 1] = mix64(other)
        fixed[d] = told
        digits[d] = np.uint64(0) if kind == READY else number | np.uint64(1)
        odd[d] = mix64(noted + spelled * MIX_1 + np.uint64(negated)) | np.uint64(1) if certain else np.uint64(0)
        first[d] = left
        second[d] = right
        content[d] = meaning
        begin = filled
