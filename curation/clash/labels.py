"""Decides whether two answers are different labels of one classification set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from curation.clash.base import Clash
from curation.minhash.normalise import normalise

_MOST_WORDS = 3
_LEAST_ROWS = 3
_LEAST_SHARE = 0.8
_INTRODUCED = re.compile(r"(?:(?:the )?(?:label|category|class|sentiment|topic|intent|answer)(?: is)? )+")


def label_of(answer: str) -> str:
    """An answer as a label: normalised, without "Label:" before it."""
    said = normalise(answer[:200])
    return _INTRODUCED.sub("", said, count=1) if len(said.split()) > 1 else said


def labels_of(answers: Iterable[str]) -> frozenset[str]:
    """The labels of a classification set: answers of up to three words, each on three rows or more.

    Empty where fewer than eight answers in ten are such, so that two short answers among long ones are no labels.
    """
    counts = Counter(label_of(answer) if len(answer) <= 80 else "" for answer in answers)
    labels = {text: n for text, n in counts.items() if n >= _LEAST_ROWS and 0 < len(text.split()) <= _MOST_WORDS}
    return frozenset(labels) if sum(labels.values()) >= _LEAST_SHARE * sum(counts.values()) else frozenset()


def labels_differ(left: str, right: str, labels: frozenset[str]) -> Clash | None:
    """Two different labels of a classification set, in answer to the same input.

    Args:
        left: One answer.
        right: Another.
        labels: Those of the set (see ``labels_of``).
    """
    one, other = label_of(left), label_of(right)
    if (
        one == other
        or one not in labels
        or other not in labels
        or set(one.split()) & set(other.split())
        in (
            set(one.split()),
            set(other.split()),
        )
    ):
        return None
    return Clash(
        "label",
        "The same input has two different labels.",
        0.8,
        ((_first(left), len(left.rstrip())),),
        ((_first(right), len(right.rstrip())),),
    )


def _first(text: str) -> int:
    return len(text) - len(text.lstrip())
