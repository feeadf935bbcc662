"""Groups that are split by what is asked, where answers to one kind of request share a form that others do not have.

A set may hold JSON tasks and prose tasks below one system prompt: together they have no norm, apart they have two. The
words of a request that separate them are found as a decision tree finds its questions (Breiman et al. 1984): a group
is split by a word if the answers to requests with it (or without it) nearly all share a form which the group as a
whole does not, and which the others do not share. Faults do not depend on the words of a request, so they split
nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import Example

_WORD = re.compile(r"[^\W\d_]{2,}")
_HEAD, _TAIL = 240, 240  # where a request says what it wants; a long text between them says what it is about
_MOST_WORDS = 400
MOST_ROWS = 10_000  # more are looked at evenly thinned
_MOST_SPLITS = 60
_SAID = 3  # words without which requests are told apart, for people
LEAST = 40  # rows on either side: a twentieth of fewer would be no norm
PURE = 0.93
APART = 0.5


@dataclass(frozen=True, slots=True)
class Split:
    """A question about a request: whether it holds a word. ``yes`` and ``no`` ask further; None = a leaf."""

    word: str
    yes: Split | None
    no: Split | None


def request_words(example: Example) -> frozenset[str]:
    """The words of what is asked: the beginning and the end of the last user turn, in lower case."""
    for message in reversed(example.prompt):
        if message.role == "user":
            text = message.content
            if len(text) > _HEAD + _TAIL:
                text = f"{text[:_HEAD]} {text[-_TAIL:]}"
            return frozenset(_WORD.findall(text.lower()))
    return frozenset()


def find_splits(words: Sequence[frozenset[str]], forms: Sequence[Sequence[str]], least: int = LEAST) -> Split | None:
    """The questions that part a group into groups of one form each; None where it is one already, or has none.

    Args:
        words: The words of each request.
        forms: A few traits of each answer, such as "are JSON"; the same number for all.
        least: Fewest rows on either side of a split.
    """
    if len(words) < 2 * least:
        return None
    counted = Counter(word for held in words for word in held)
    common = [word for word, n in counted.items() if least <= n <= len(words) - least]
    vocabulary = sorted(sorted(common, key=lambda word: (-counted[word], word))[:_MOST_WORDS])
    column = {word: place for place, word in enumerate(vocabulary)}
    has = np.zeros((len(words), len(vocabulary)), dtype=np.float32)
    for row, held in enumerate(words):
        has[row, [column[word] for word in held if word in column]] = 1
    traits = []
    for values in zip(*forms, strict=True):
        kinds = {kind: place for place, kind in enumerate(sorted(k for k, n in Counter(values).items() if n >= least))}
        if kinds:
            table = np.zeros((len(words), len(kinds)), dtype=np.float32)
            for row, value in enumerate(values):
                if value in kinds:
                    table[row, kinds[value]] = 1
            traits.append(table)
    if not traits or not vocabulary:
        return None
    return _split(has, traits, np.arange(len(words)), vocabulary, least, [_MOST_SPLITS])


def _split(
    has: NDArray[np.float32],
    traits: Sequence[NDArray[np.float32]],
    rows: NDArray[np.int64],
    vocabulary: Sequence[str],
    least: int,
    budget: list[int],
) -> Split | None:
    if len(rows) < 2 * least or not budget[0]:
        return None
    part = has[rows]
    with_word = part.sum(axis=0)
    gain = np.zeros(len(vocabulary), dtype=np.float64)
    fits = np.zeros(len(vocabulary), dtype=bool)
    for trait in traits:
        kinds = trait[rows]
        total = kinds.sum(axis=0)
        if not total.any() or total.max() == len(rows):
            continue
        yes = part.T @ kinds
        no = total - yes
        n_yes, n_no = with_word[:, None], len(rows) - with_word[:, None]
        share_yes, share_no = yes / np.maximum(n_yes, 1), no / np.maximum(n_no, 1)
        before = 1 - ((total / len(rows)) ** 2).sum()
        after = (n_yes[:, 0] * (1 - (share_yes**2).sum(axis=1)) + n_no[:, 0] * (1 - (share_no**2).sum(axis=1))) / len(
            rows
        )
        gain += before - after
        apart = np.abs(share_yes - share_no) >= APART
        fits |= (((share_yes >= PURE) | (share_no >= PURE)) & apart).any(axis=1)
    fits &= (with_word >= least) & (len(rows) - with_word >= least)
    if not fits.any():
        return None
    best = int(np.argmax(np.where(fits, np.round(gain, 6), -1.0)))
    budget[0] -= 1
    holds = part[:, best] > 0
    return Split(
        vocabulary[best],
        _split(has, traits, rows[holds], vocabulary, least, budget),
        _split(has, traits, rows[~holds], vocabulary, least, budget),
    )


def leaf_of(split: Split | None, words: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    """The answers to the questions on the way to a request's leaf."""
    way: list[tuple[str, bool]] = []
    while split is not None:
        holds = split.word in words
        way.append((split.word, holds))
        split = split.yes if holds else split.no
    return tuple(way)


def told(way: Sequence[tuple[str, bool]]) -> str:
    """The way to a leaf for people."""
    yes = [f"“{word}”" for word, holds in way if holds]
    no = [f"“{word}”" for word, holds in way if not holds]
    without = "without " + " and ".join(no[:_SAID]) + (" …" if len(no) > _SAID else "")
    if not yes:
        return f"requests {without}"
    return "requests with " + " and ".join(yes) + (f", {without}" if no else "")
