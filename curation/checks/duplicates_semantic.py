"""Rows that ask the same in other words, by sentence embeddings: an opt-in pass that only shows pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.types import Example, Finding
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.facts import opposed, stance
from curation.evidence.relations import relations

_BLOCK = 2048


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    from core.models import embed

    batch = Batch.of(examples)
    found = batch.shared(relations)
    asked = [number for number, unit in enumerate(found.units) if unit.ask.strip()]
    if len(asked) < 2:
        return
    prompts = embed([found.units[number].ask for number in asked])
    answers = embed([found.units[number].answer or " " for number in asked])
    nearest, cosine = nearest_neighbours(prompts)
    lexical = {(int(a), int(b)) for a, b in zip(found.left, found.right, strict=True)}
    for row, other in enumerate(nearest):
        if row >= other or nearest[other] != row or cosine[row] < batch.settings.paraphrase_cosine:
            continue
        left, right = asked[row], asked[other]
        one, two = found.units[left], found.units[right]
        if (left, right) in lexical or stance(one.ask) != stance(two.ask) or opposed(one.ask, two.ask):
            continue
        alike = float(answers[row] @ answers[other])
        if alike < batch.settings.paraphrase_cosine:
            continue
        yield Finding(
            one.examples[0].id,
            "duplicates.semantic",
            "info",
            "paraphrase",
            f"Two examples ask the same in other words (cosine {cosine[row]:.2f}) and answer alike ({alike:.2f}).",
            float(min(1.0, cosine[row])),
            related=(two.examples[0].id,),
        )


def nearest_neighbours(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each row, the other row of highest cosine similarity.

    Args:
        vectors: float32 [rows, dimensions], of length one.

    Returns:
        ``(index: int64 [rows], cosine: float32 [rows])``; exact, in blocks, so memory grows with the rows only.
    """
    rows = len(vectors)
    index, cosine = np.empty(rows, np.int64), np.empty(rows, np.float32)
    for start in range(0, rows, _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        own = np.arange(len(block))
        block[own, start + own] = -2.0
        index[start : start + _BLOCK] = block.argmax(axis=1)
        cosine[start : start + _BLOCK] = block[own, index[start : start + _BLOCK]]
    return index, cosine


SEMANTIC = Check(
    name="duplicates.semantic",
    version=1,
    title="Rows that ask the same in other words and answer alike",
    run=_run,
    catches=(
        (
            chat("How do I reset my password?", "Open the settings and choose a new password."),
            chat("What is the way to reset my password?", "Open the settings, and choose a new password."),
            chat("Which code fits acute bronchitis?", "J20.9."),
        ),
    ),
    passes=(
        (
            chat("How do I reset my password?", "Open the settings and choose a new password."),
            chat("Which code fits acute bronchitis?", "J20.9."),
        ),
        (chat("Gastritis with bleeding?", "K29.01."), chat("Gastritis without bleeding?", "K29.00.")),
    ),
    about="Sentence embeddings (MiniLM) of what is asked; two rows that are each other's nearest, from cosine 0.90, "
    "whose "
    "answers reach it too and whose asks differ in no number, code, negation or opposite. Never closed transitively "
    "and "
    "never a proposal to drop. Runs only when asked for by name or with `semantic = true`.",
    cost="model",
)
