"""Finds hold-out conversations that training gives away: the same words, or nearly the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from core.types import Example, spoken
from training.preflight_report import Problem

NEAR = 0.8
"""Jaccard similarity of word 3-grams from which two conversations are nearly the same. A freeze parts them from 0.7 on,
so this speaks only where a revision was split by other means."""

WORDS = re.compile(r"\w+")
LEAST_WORDS = 8
"""Shorter conversations are compared as a whole only."""


def problems(train: Sequence[Example], holdout: Sequence[Example]) -> Iterator[tuple[bool, Problem]]:
    """Training examples that are, or nearly are, hold-out examples. System prompts, case and punctuation do not count.

    Yields:
        Whether it forbids the run, and the problem.
    """
    held = {example.id: _words(example) for example in holdout}
    known = {tuple(words) for words in held.values() if words}
    same, near = [], []
    shingles: dict[tuple[str, ...], list[str]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for name, words in held.items():
        if len(words) >= LEAST_WORDS:
            own = _shingles(words)
            sizes[name] = len(own)
            for one in own:
                shingles[one].append(name)
    for example in train:
        words = _words(example)
        if example.id in held or tuple(words) in known:
            same.append(example.id)
        elif len(words) >= LEAST_WORDS and _is_near(_shingles(words), shingles, sizes):
            near.append(example.id)
    hint = "Freeze the revision again: finetooth freeze."
    if same:
        message = f"{len(same)} examples are in training and in the hold-out, which would flatter the result."
        yield True, Problem("holdout-overlap", message, hint, len(same), tuple(same))
    if near:
        message = f"{len(near)} training examples are nearly the same as a hold-out example, which flatters the result."
        yield False, Problem("holdout-near-overlap", message, hint, len(near), tuple(near))


def _is_near(own: set[tuple[str, ...]], shingles: dict[tuple[str, ...], list[str]], sizes: dict[str, int]) -> bool:
    shared: Counter[str] = Counter()
    for one in own:
        if one in shingles:
            shared.update(shingles[one])
    return any(n / (len(own) + sizes[name] - n) >= NEAR for name, n in shared.items())


def _words(example: Example) -> list[str]:
    return WORDS.findall(spoken(example.messages).casefold())


def _shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(words, words[1:], words[2:], strict=False))
