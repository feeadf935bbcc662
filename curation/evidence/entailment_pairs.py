"""Chooses which statements of two texts an entailment model reads: those about one thing, within a budget a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.clash.claims import Claim, claims
from curation.evidence.batch import Batch
from curation.minhash.normalise import normalise

ABOUT_ONE_THING = 0.5
"""Least cosine of two statements' embeddings at which they are read; two answers of one statement each always are."""

MOST_STATEMENTS = 200
"""Of a text with more statements only the first so many are looked at, and the report says so."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Two texts about one thing between which the rules found no clash.

    Attributes:
        left_row, right_row: Ids of the examples that they stand in; the budget of sentence pairs goes by row.
        left, right: The texts, such as two answers to one question; the places of a clash are places in them.
    """

    left_row: str
    right_row: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A statement of each text, and how near in meaning they are (cosine; 1 where each text has just the one)."""

    left: Claim
    right: Claim
    likeness: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be read, and what is not.

    Attributes:
        read: For each pair of texts that has any, its sentence pairs, the most alike first.
        apart: Pairs of texts without two statements about one thing.
        over_budget: Sentence pairs that the budget left out.
        shut_out: Pairs of texts of which the budget left out all.
        long_texts: Texts of which only the first statements were looked at.
    """

    read: dict[Undecided, list[SentencePair]]
    apart: int
    over_budget: int
    shut_out: int
    long_texts: int


def chosen(batch: Batch, undecided: Sequence[Undecided], most: int) -> Chosen:
    """The statements of each pair of texts to read, at most ``most`` sentence pairs for any row.

    Each pair of texts gets its likest statements first, so that no row spends its budget on one other row.
    """
    texts = dict.fromkeys(text for pair in undecided for text in (pair.left, pair.right))
    told: dict[str, tuple[Claim, ...]] = {text: tuple(_statements(text)) for text in texts}
    long_texts = sum(len(found) > MOST_STATEMENTS for found in told.values())
    told = {text: found[:MOST_STATEMENTS] for text, found in told.items()}
    vectors = _vectors(batch, (pair for pair in undecided if not _single(told, pair)), told)
    offers: list[tuple[int, float, int, SentencePair]] = []
    apart = over = 0
    for number, pair in enumerate(undecided):
        found, more = _alike(told[pair.left], told[pair.right], vectors, most)
        over += more
        apart += not found
        offers += ((place, -one.likeness, number, one) for place, one in enumerate(found))
    offers.sort(key=lambda offer: offer[:3])
    spent: Counter[str] = Counter()
    read: dict[Undecided, list[SentencePair]] = {}
    for _, _, number, one in offers:
        pair = undecided[number]
        if max(spent[pair.left_row], spent[pair.right_row]) >= most:
            over += 1
            continue
        spent.update({pair.left_row, pair.right_row})
        read.setdefault(pair, []).append(one)
    return Chosen(read, apart, over, len(undecided) - apart - len(read), long_texts)


def _statements(text: str) -> Iterator[Claim]:
    return (claim for claim in claims(text) if not claim.asks)


def _single(told: Mapping[str, tuple[Claim, ...]], pair: Undecided) -> bool:
    return len(told[pair.left]) == len(told[pair.right]) == 1


def _vectors(
    batch: Batch, pairs: Iterable[Undecided], told: Mapping[str, tuple[Claim, ...]]
) -> dict[str, NDArray[np.float32]]:
    """Unit vectors of the statements of ``pairs``, by their text."""
    from core import embeddings

    texts = sorted({claim.text for pair in pairs for text in (pair.left, pair.right) for claim in told[text]})
    if not texts:
        return {}
    found = embeddings.embed(texts, kept=embeddings.store(), progress=batch.progress)
    return dict(zip(texts, found, strict=True))


def _alike(
    left: Sequence[Claim], right: Sequence[Claim], vectors: Mapping[str, NDArray[np.float32]], most: int
) -> tuple[list[SentencePair], int]:
    """The likest statements about one thing, the best first and ``most`` of them, and how many more there are."""
    if not left or not right:
        return [], 0
    if len(left) == len(right) == 1:
        same = normalise(left[0].text) == normalise(right[0].text)
        return ([] if same else [SentencePair(left[0], right[0], 1.0)]), 0
    cosine = np.stack([vectors[c.text] for c in left]) @ np.stack([vectors[c.text] for c in right]).T
    cosine = np.round(cosine, 5)
    ours, theirs = [normalise(c.text) for c in left], [normalise(c.text) for c in right]
    agreed = set(ours) & set(theirs)  # what both texts say stands against nothing in either
    cosine[[text in agreed for text in ours]] = -1.0
    cosine[:, [text in agreed for text in theirs]] = -1.0
    rows, columns = np.nonzero(cosine >= ABOUT_ONE_THING)
    order = np.lexsort((columns, rows, -cosine[rows, columns]))
    found = [SentencePair(left[rows[n]], right[columns[n]], float(cosine[rows[n], columns[n]])) for n in order[:most]]
    return found, len(order) - len(found)
