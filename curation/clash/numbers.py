"""Numbers, doses, dates and codes that stand in the same place of two texts and differ."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from curation.clash.base import Clash
from curation.evidence.facts import Fact, facts

_WORD = re.compile(r"\w[\w.,:/%°-]*\w|\w|[%°]")


def codes(text: str) -> frozenset[str]:
    """The codes in a text, such as ``J20.9``."""
    return frozenset(fact.value for fact in facts(text) if fact.kind == "code")


def codes_differ(left: str, right: str) -> Clash | None:
    """Each text names a code that the other does not."""
    ours, theirs = codes(left) - codes(right), codes(right) - codes(left)
    if not ours or not theirs:
        return None
    one = tuple(fact for fact in facts(left) if fact.kind == "code" and fact.value in ours)
    other = tuple(fact for fact in facts(right) if fact.kind == "code" and fact.value in theirs)
    shared = len(codes(left) & codes(right))
    score = 0.95 if not shared else 0.8
    return told("code", "code", left, right, one, other, score)


def numbers_differ(left: str, right: str) -> Clash | None:
    """Numbers of one dimension that stand in the same place of both answers and differ."""
    ours, theirs = _located(left), _located(right)
    if not ours or not theirs:
        return None
    left_words, right_words = list(_WORD.finditer(left)), list(_WORD.finditer(right))
    if max(len(left_words), len(right_words)) > 2000:
        return None
    left_values = {fact.value for fact in ours}
    right_values = {fact.value for fact in theirs}
    matcher = SequenceMatcher(
        None, [w[0].casefold() for w in left_words], [w[0].casefold() for w in right_words], autojunk=False
    )
    if matcher.ratio() < 0.5:
        return None
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "replace":
            continue
        one = [f for f in ours if _touches(f, left_words[a].start(), left_words[b - 1].end())]
        other = [f for f in theirs if _touches(f, right_words[c].start(), right_words[d - 1].end())]
        one = [fact for fact in one if fact.value not in right_values]
        other = [fact for fact in other if fact.value not in left_values]
        pair = next(((x, y) for x in one for y in other if x.dimension == y.dimension), None)
        if pair:
            name = {"mass": "dose", "volume": "volume", "time": "time", "months": "time", "date": "date"}.get(
                pair[0].dimension, "number"
            )
            return told("number", name, left, right, (pair[0],), (pair[1],), 0.9)
    return None


def _located(text: str) -> list[Fact]:
    return [fact for fact in facts(text) if fact.kind == "number"]


def _touches(fact: Fact, start: int, end: int) -> bool:
    return fact.start < end and start < fact.end


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
