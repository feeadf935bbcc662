"""Decides by rules whether two answers to one question, or two statements, can both be right."""

from __future__ import annotations

from curation.clash.base import Clash
from curation.clash.numbers import codes, codes_differ, numbers_differ
from curation.clash.polarity import polarity_differs, yes_against_no
from curation.evidence.facts import facts
from curation.minhash.normalise import normalise


def clash_between(left: str, right: str) -> Clash | None:
    """The first rule by which two answers to one question clash, or None.

    In order: codes, numbers with the same unit, yes against no, opposites, negation. Numbers, opposites and negations
    count only where the sentences round them are alike.
    """
    if _nothing_apart(left, right):
        return None
    return (
        codes_differ(left, right)
        or numbers_differ(left, right)
        or yes_against_no(left, right)
        or polarity_differs(left, right)
    )


def claims_clash(left: str, right: str, similarity: float | None = None) -> Clash | None:
    """The first rule by which two single statements clash, or None.

    The same rules as for two answers, but for a yes or no at the start, which says nothing without its question.

    Args:
        left: One statement.
        right: Another, of the same thing.
        similarity: Cosine of their sentence embeddings, where the caller has them.
    """
    if _nothing_apart(left, right):
        return None
    return codes_differ(left, right) or numbers_differ(left, right) or polarity_differs(left, right)


def _nothing_apart(left: str, right: str) -> bool:
    """Whether one of them is a question, which states nothing, or both say the same words, codes and numbers."""
    if left.rstrip().endswith(("?", "？")) or right.rstrip().endswith(("?", "？")):
        return True
    if normalise(left) != normalise(right) or codes(left) ^ codes(right):
        return False
    left_numbers = {f.value for f in facts(left) if f.kind == "number"}
    return left_numbers == {f.value for f in facts(right) if f.kind == "number"}
