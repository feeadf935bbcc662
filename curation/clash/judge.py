"""Decides by rules whether two answers to one question, or two statements, can both be right."""

from __future__ import annotations

from collections.abc import Iterator

from curation.clash.align import Aligned, aligned
from curation.clash.base import Clash
from curation.clash.codes import codes, codes_differ
from curation.clash.numbers import values_clash
from curation.clash.polarity import denied_whole, polarity_clash, yes_against_no
from curation.clash.words_clash import word_clash
from curation.clash.words_exchanged import choices_differ, exchanged, least_shared, one_word_apart, persons_differ
from curation.evidence.facts import facts
from curation.minhash.normalise import normalise

_ALIKE = 0.5  # from this similarity on, two claims of longer texts speak of the same thing


def clash_between(left: str, right: str, similarity: float | None = None, asked: str = "") -> Clash | None:
    """The first rule by which two answers to one question clash, or None.

    In order: codes, numbers, yes against no, then claim by claim, each with its counterpart in the other answer: a
    negation, an opposite word, another of the same kind (room, drink, country, name), roles swapped, another thing in
    the same place where all else is equal, another choice or person. Symmetric: the same rule holds with the answers
    exchanged.

    Args:
        left: One answer.
        right: Another.
        similarity: Cosine of their embeddings, where the caller has them; used for answers of one sentence.
        asked: The question, where the caller has it: it may name the choices, or ask for a person.
    """
    if _nothing_apart(left, right):
        return None
    pairs = aligned(left, right)
    return (
        codes_differ(left, right)
        or values_clash(left, right, pairs)
        or yes_against_no(left, right, asked)
        or _by_claims(pairs, similarity, asked=True)
        or denied_whole(left, right)
        or _exchanged(pairs, left, right)
        or persons_differ(left, right, asked)
        or choices_differ(left, right, asked)
    )


def claims_clash(left: str, right: str, similarity: float | None = None) -> Clash | None:
    """The first rule by which two single statements clash, or None.

    As for two answers, but nothing says that both are about the same thing. So a yes or no at the start does not
    count, opposite words count where the statements name what they are about ("the man", not "a man"), and words of
    one kind only where a thing is one of them at a time.

    Args:
        left: One statement.
        right: Another.
        similarity: Cosine of their sentence embeddings, where the caller has them.
    """
    if _nothing_apart(left, right):
        return None
    pairs = aligned(left, right)
    return values_clash(left, right, pairs, asked=False) or _by_claims(pairs, similarity, asked=False)


def _by_claims(pairs: tuple[Aligned, ...], similarity: float | None, *, asked: bool) -> Clash | None:
    near = similarity if len(pairs) == 1 else None
    for pair in _differing(pairs):
        if found := polarity_clash(pair.left, pair.right, near, alone=asked and len(pairs) == 1):
            return found
    for pair in _differing(pairs):
        if found := word_clash(pair.left, pair.right, asked=asked):
            return found
    return None


def _exchanged(pairs: tuple[Aligned, ...], left: str, right: str) -> Clash | None:
    least = least_shared(pairs, left, right)
    for pair in _differing(pairs):
        if found := exchanged(pair, least):
            return found
    return None


def _differing(pairs: tuple[Aligned, ...]) -> Iterator[Aligned]:
    alone = len(pairs) == 1
    for pair in pairs:
        if not pair.slots or pair.left.asks or pair.right.asks:
            continue
        if alone or pair.similarity >= _ALIKE or one_word_apart(pair):
            yield pair


def _nothing_apart(left: str, right: str) -> bool:
    """Whether one of them is a question, which states nothing, or both say the same words, codes and numbers."""
    if left == right or left.rstrip().endswith(("?", "？")) or right.rstrip().endswith(("?", "？")):
        return True
    if normalise(left) != normalise(right) or codes(left) ^ codes(right):
        return False
    left_numbers = {f.value for f in facts(left) if f.kind == "number"}
    return left_numbers == {f.value for f in facts(right) if f.kind == "number"}
