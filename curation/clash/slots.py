"""Finds which value of one claim stands where the other claim has another: the same slot, about the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.clash.align import matches
from curation.clash.claims import Claim
from curation.clash.values import Value, apart
from curation.clash.words import relation, stem

_ALIKE = 0.6  # share of the words with a meaning that two claims must have in common
_NEAR = 3  # a counted thing stands at most so many words behind its number
_LONGEST = 4000  # items; no claim has more, since longer runs without an end are cut (``claims``)
_MOST = 60  # words that only one of two claims has; claims that differ in more are not alike
_SMALL_WORDS = """
    a an the of to in on at by for from as and or is are was were be been it its this that these those with he she they
    his her their there will would can could should may might has have had do does did i you we my your our must about
    around approximately at least most up more less than over under per each every only just also now then so s t
"""
_GENERAL_WORDS = """
    give take use administer dose dosage amount recommend usual standard normal typical typically usually answer result
    value number total correct right say need require prescribe please patient about roughly exactly day once
    equal equals make give come cost currently current generally general initial initially daily mg
"""
_IDLE = frozenset(_SMALL_WORDS.split())
_GENERAL = frozenset(stem(word) for word in _GENERAL_WORDS.split())
_COUNTED = frozenset(("count", "ordinal", "times"))
_OTHERS = frozenset(("another", "other", "second", "next"))
_DENYING = frozenset(
    ("not", "no", "never", "without", "instead", "rather", "neither", "nor", "except", "cannot", "avoid")
)


@dataclass(frozen=True, slots=True)
class Item:
    """A word with a meaning, or a value, of a claim; ``weight`` is 0 for words such as "dose" or "take"."""

    key: str
    value: Value | None
    weight: int
    name: bool


def items(claim: Claim, found: Sequence[Value]) -> tuple[Item, ...]:
    """The words of a claim that carry meaning, as stems, each value as one item."""
    made = list[Item]()
    waiting = list(found)[::-1]
    for word in claim.words:
        while waiting and word.start >= waiting[-1].end:
            waiting.pop()
        if waiting and word.end > waiting[-1].start:
            value = waiting[-1]
            if not made or made[-1].value is not value:
                made.append(Item(f"\0{value.kind}", value, 0, False))
        elif word.text not in _IDLE or (word.start > claim.start and claim.text[word.start - claim.start] == "A"):
            key = stem(word.text)
            capital = claim.text[word.start - claim.start].isupper() and word.start > claim.start
            made.append(Item(key, None, int(key not in _GENERAL), capital))
    return tuple(made)


def same_slots(left: tuple[Item, ...], right: tuple[Item, ...], *, alone: bool) -> list[tuple[Value, Value]]:
    """The values that fill the same slot of two claims and cannot both be right.

    Args:
        left: The items of one claim.
        right: The items of the other.
        alone: Each claim is all its text says, in answer to one question: then one may be in fewer words.
    """
    if max(len(left), len(right)) > _LONGEST:
        return []
    keys, keys_too = [item.key for item in left], [item.key for item in right]
    if keys > keys_too:
        return [(one, other) for other, one in same_slots(right, left, alone=alone)]
    pairs = matches(keys, keys_too)
    pairs = _with_synonyms(left, right, pairs)
    slots = []
    for at, (i, j) in enumerate(pairs):
        one, other = left[i].value, right[j].value
        if one and other and apart(one, other) and _same_place(left, right, pairs, at):
            slots.append((one, other))
    if not slots or _depends(slots):
        return []
    counted = all(one.kind in _COUNTED for one, _ in slots)
    return slots if _about_the_same(left, right, pairs, alone=alone, counted=counted) else []


def _depends(slots: list[tuple[Value, Value]]) -> bool:
    """Whether one value depends on another that differs too: 3% in 2019 / 2% in 2020, 5 km in 25 minutes / 10 in 50."""
    if len({one.kind for one, _ in slots}) < 2:
        return False
    if any(one.kind == "date" for one, _ in slots):
        return True
    ratios = [one.plain / other.plain for one, other in slots if one.readings and other.plain]
    return len(ratios) == len(slots) and max(ratios) - min(ratios) <= 1e-6 * max(map(abs, ratios))


def _with_synonyms(
    left: tuple[Item, ...], right: tuple[Item, ...], pairs: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The pairs with those added that stand in the same gap and mean the same."""
    found = list[tuple[int, int]]()
    a = b = 0
    for i, j in (*pairs, (len(left), len(right))):
        if a < i and b < j and (i - a) * (j - b) <= _MOST:
            at = b
            for k in range(a, i):
                for m in range(at, j):
                    if not left[k].value and not right[m].value and _same(left[k].key, right[m].key):
                        found.append((k, m))
                        at = m + 1
                        break
        if i < len(left) and j < len(right):
            found.append((i, j))
        a, b = i + 1, j + 1
    return found


def _same(one: str, other: str) -> bool:
    related = relation(one, other)
    return related is not None and related.kind == "same"


def _same_place(left: tuple[Item, ...], right: tuple[Item, ...], pairs: list[tuple[int, int]], at: int) -> bool:
    """Whether nothing else is exchanged on either side of two values, up to the next word that both have."""
    i, j = pairs[at]
    for step in (1, -1):
        anchor = at + step
        while 0 <= anchor < len(pairs) and not left[pairs[anchor][0]].weight:
            anchor += step
        inside = 0 <= anchor < len(pairs)
        a, b = pairs[anchor] if inside else ((len(left), len(right)) if step > 0 else (-1, -1))
        ours = {item.key for item in left[min(i, a) + 1 : max(i, a)] if not item.value}
        theirs = {item.key for item in right[min(j, b) + 1 : max(j, b)] if not item.value}
        if (ours ^ theirs) & _DENYING:
            return False
        if (ours - theirs) - _GENERAL and (theirs - ours) - _GENERAL:
            return False
    value = left[i].value
    if value and value.kind in _COUNTED:
        return _counts_the_same(left, right, pairs, at)
    return True


def _counts_the_same(left: tuple[Item, ...], right: tuple[Item, ...], pairs: list[tuple[int, int]], at: int) -> bool:
    """Whether the next word behind two bare numbers is the same, or, where nothing follows, the word before.

    Not where one claim counts in parts: "two girls and a boy" are three.
    """
    i, j = pairs[at]
    one, other = left[i].value, right[j].value
    if (
        one
        and other
        and one.kind == "count"
        and (_in_parts(left, right, one, other) or _in_parts(right, left, other, one))
    ):
        return False
    named = bool(i and j and at and pairs[at - 1] == (i - 1, j - 1)) and left[i - 1].value is None
    if named and _replaced(left, right, pairs):
        return False  # "Chapter 3 covers loops." / "Chapter 4 covers functions."
    if at + 1 < len(pairs):
        a, b = pairs[at + 1]
        if a - i <= _NEAR and b - j <= _NEAR and left[a].value is None:
            return left[a].key == right[b].key
    if named:
        return i + 1 == len(left) or j + 1 == len(right) or left[i + 1].key == right[j + 1].key
    return len(left) == 1 or len(right) == 1


def _replaced(left: tuple[Item, ...], right: tuple[Item, ...], pairs: list[tuple[int, int]]) -> bool:
    taken, taken_too = {i for i, _ in pairs}, {j for _, j in pairs}
    ours = any(item.weight for i, item in enumerate(left) if i not in taken)
    return ours and any(item.weight for j, item in enumerate(right) if j not in taken_too)


def _in_parts(claim: tuple[Item, ...], against: tuple[Item, ...], part: Value, whole: Value) -> bool:
    counts = _counts(claim)
    if len(counts) > len(_counts(against)) and abs(sum(counts) - whole.plain) < 1e-9:
        return True
    return part.plain == 1 and any(item.key in _OTHERS for item in claim)


def _counts(claim: tuple[Item, ...]) -> list[float]:
    return [item.value.plain for item in claim if item.value and item.value.kind == "count"]


def _about_the_same(
    left: tuple[Item, ...], right: tuple[Item, ...], pairs: list[tuple[int, int]], *, alone: bool, counted: bool
) -> bool:
    taken, taken_too = {i for i, _ in pairs}, {j for _, j in pairs}
    ours = [item for i, item in enumerate(left) if i not in taken and item.weight]
    theirs = [item for j, item in enumerate(right) if j not in taken_too and item.weight]
    if len(ours) * len(theirs) > _MOST:
        return False
    if ours and theirs:
        if any(item.name for item in ours) and any(item.name for item in theirs):
            return False
        for one in ours:
            for other in theirs:
                related = relation(one.key, other.key)
                if related and related.kind != "same":
                    return False
    if not ours and not theirs:
        return True
    shared = sum(left[i].weight for i, _ in pairs)
    few = min(len(ours), len(theirs))
    if alone and (not counted or len(left) == 1 or len(right) == 1 or (few == 0 and shared > 1)):
        return few == 0 or shared >= _ALIKE * (shared + few)
    return shared > 0 and 2 * shared >= _ALIKE * (2 * shared + len(ours) + len(theirs))
