"""Decides whether two texts clash by a value: a dose, a number, a date or a code in the same slot of aligned claims."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache

from curation.clash.align import Aligned, aligned
from curation.clash.base import Clash
from curation.clash.codes import code_values, codes, codes_differ
from curation.clash.slots import items, same_slots
from curation.clash.values import Value, apart
from curation.clash.values_keyed import both_json, keyed_differ
from curation.clash.values_read import values
from curation.evidence.facts import Fact

_ALIKE = 0.4  # claims of longer texts that have less in common are about different things
_MOST_WEIGHED = 4096  # pairs of values held against each other; of longer texts only equal ones are told apart
_NAMES = {
    "mass": "weight", "volume": "volume", "length": "length", "time": "time", "percent": "percentage", "date": "date",
    "temperature": "temperature", "degrees": "temperature", "clock": "time", "per day": "frequency", "ordinal": "order",
    "code": "code", "phone": "phone number", "ratio": "ratio", "times": "how often", "count": "number", "area": "area",
    "byte": "size", "pulse": "pulse", "pressure": "pressure", "speed": "speed",
}  # fmt: skip
_SCORES = {"count": 0.85, "ordinal": 0.8, "times": 0.8, "slash": 0.85, "date": 0.9}


def values_clash(left: str, right: str, pairs: Sequence[Aligned] | None = None, *, asked: bool = True) -> Clash | None:
    """The values (doses, numbers, dates, codes) that fill the same slot of two aligned claims and differ, or None.

    First the values under one key, of JSON and of lines "Label: value" (see ``keyed_differ``).

    Units are converted, spellings of numbers and dates read, and ranges, approximations and bounds allowed for. The
    same values in another order, and more detail in one text, are no clash. Symmetric.

    Args:
        left: One text.
        right: Another, about the same.
        pairs: ``aligned(left, right)``, where the caller has it.
        asked: Both answer one question, so a bare "5 mg" speaks of the same as a whole sentence.
    """
    if keyed := keyed_differ(left, right):
        return keyed
    ours, theirs = _located(left), _located(right)
    if not ours or not theirs or not _left_over(ours, theirs) or both_json(left, right):
        return None
    if pairs is None:
        pairs = aligned(left, right)
    alone = asked and len(pairs) == 1 and _is_all(pairs[0].left.text, left) and _is_all(pairs[0].right.text, right)
    elsewhere = _elsewhere(ours, theirs)
    for pair in pairs:
        if pair.left.text == pair.right.text or pair.left.asks or pair.right.asks:
            continue
        if pair.similarity < _ALIKE and not alone:
            continue
        here, there = _within(ours, pair.left.start, pair.left.end), _within(theirs, pair.right.start, pair.right.end)
        if not here or not there:
            continue
        found = same_slots(items(pair.left, here), items(pair.right, there), alone=alone)
        found = [(one, other) for one, other in found if not elsewhere(one, other)]
        if found and not _same_in_all(here, there):
            return _told(left, right, found)
    return None


@lru_cache(maxsize=16384)
def _located(text: str) -> tuple[Value, ...]:
    """Values and codes, in order of place."""
    named = code_values(text)
    if not named:
        return values(text)
    ends = [code.end for code in named]
    others = list[Value]()
    for value in values(text):
        at = bisect_right(ends, value.start)  # the first code that ends behind the start of the value
        if at == len(named) or named[at].start >= value.end:
            others.append(value)
    return tuple(sorted((*others, *named), key=lambda value: value.start))


def _left_over(ours: Sequence[Value], theirs: Sequence[Value]) -> bool:
    """Whether both sides have a value of one kind that the other lacks; cheap, before anything is aligned."""
    if len(ours) * len(theirs) > _MOST_WEIGHED:
        return True
    kinds = {value.kind for value in theirs}
    return any((a.kind in kinds or a.kind in ("date", "count")) and any(apart(a, b) for b in theirs) for a in ours)


def _elsewhere(ours: Sequence[Value], theirs: Sequence[Value]) -> Callable[[Value, Value], bool]:
    """Tells of two values in one slot whether the other text states one of them too, only in another place.

    A text that states a value twice, and once in the slot, is not taken for one that states it elsewhere.
    """
    if len(ours) * len(theirs) > _MOST_WEIGHED:
        left, right = frozenset(map(_key, ours)), frozenset(map(_key, theirs))
        return lambda one, other: _key(one) in right or _key(other) in left

    def more(value: Value, here: Sequence[Value], there: Sequence[Value]) -> bool:
        return sum(_equal(value, other) for other in here) > sum(_equal(value, other) for other in there)

    return lambda one, other: not (more(one, ours, theirs) and more(other, theirs, ours))


def _key(value: Value) -> tuple[object, ...]:
    return value.kind, value.readings, value.days, value.unit if value.kind in ("code", "phone") else ""


def _equal(one: Value, other: Value) -> bool:
    return one.kind == other.kind and not apart(one, other)


def _within(found: Sequence[Value], start: int, end: int) -> list[Value]:
    first = bisect_left(found, start, key=lambda value: value.start)
    last = bisect_left(found, end, key=lambda value: value.start)
    return list(found[first:last])


def _is_all(claim: str, text: str) -> bool:
    return len(claim) >= 0.8 * len(text.strip())


def _same_in_all(here: Sequence[Value], there: Sequence[Value]) -> bool:
    """Whether dose times frequency is the same: 10 mg once a day, or 10 mg a day in two doses, is 5 mg twice a day."""
    daily = []
    for side in (here, there):
        doses = [value for value in side if value.kind in ("mass", "volume")]
        doses = doses or [value for value in side if value.dose]
        often = [value for value in side if value.kind == "per day"]
        if len(doses) != 1 or len(often) != 1:
            return False
        daily.append((doses[0].kind, doses[0].plain * often[0].plain))
    (kind, amount), (kind_too, amount_too) = daily
    return kind == kind_too and abs(amount - amount_too) <= 1e-6 * max(abs(amount), abs(amount_too))


def _told(left: str, right: str, found: list[tuple[Value, Value]]) -> Clash:
    a, b = found[0]
    name = _NAMES.get(a.kind, "number")
    if a.kind.startswith("money"):
        name = "amount of money"
    reason = "date" if a.kind == "date" else "code" if a.kind == "code" else "number"
    if a.dose or b.dose:
        reason = name = "dose"
    elif a.kind == "per day" and any(v.dose for v in (*_located(left), *_located(right))):
        reason = "dose"
    elif a.kind == "time" and (a.unit == "y" or b.unit == "y"):
        name = "age or time"
    shown = f"{left[a.start : a.end]} / {right[b.start : b.end]}"
    sure = 0.95 if a.kind == "code" else _SCORES.get(a.kind, 0.9)
    return Clash(
        reason,
        f"{name.capitalize()} differs: {shown}." if name != "how often" else f"How often differs: {shown}.",
        sure,
        tuple((one.start, one.end) for one, _ in found),
        tuple((other.start, other.end) for _, other in found),
    )


def told(
    reason: str, name: str, left: str, right: str, one: tuple[Fact, ...], other: tuple[Fact, ...], score: float
) -> Clash:
    """The clash of some facts with others, the first of each shown."""
    shown = f"{left[one[0].start : one[0].end]} / {right[other[0].start : other[0].end]}"
    return Clash(
        reason,
        f"{name.capitalize()} differs: {shown}.",
        score,
        tuple((fact.start, fact.end) for fact in one),
        tuple((fact.start, fact.end) for fact in other),
    )


__all__ = ["codes", "codes_differ", "told", "values_clash"]
