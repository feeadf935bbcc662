"""Decides by rules whether two answers to one question can both be right."""

from __future__ import annotations

from curation.clash.base import Clash
from curation.clash.numbers import codes, codes_differ, numbers_differ
from curation.clash.polarity import polarity_differs
from curation.evidence.facts import facts
from curation.minhash.normalise import normalise


def clash_between(left: str, right: str) -> Clash | None:
    """The first rule by which two answers to one question clash, or None.

    In order: codes, numbers with the same unit, yes against no, opposites, negation. Numbers, opposites and negations
    count only where the sentences round them are alike.
    """
    if left.rstrip().endswith(("?", "？")) or right.rstrip().endswith(("?", "？")):
        return None  # a question states nothing
    if normalise(left) == normalise(right) and not codes(left) ^ codes(right):
        left_numbers = {f.value for f in facts(left) if f.kind == "number"}
        if left_numbers == {f.value for f in facts(right) if f.kind == "number"}:
            return None
    return codes_differ(left, right) or numbers_differ(left, right) or polarity_differs(left, right)
