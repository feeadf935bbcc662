"""Answers far longer than those of their group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import groups
from curation.minhash.normalise import normalise, word_count

_MAD_TO_SIGMA = 1.4826
_LEAST_SIGMA = 0.15  # of the log length: without it, a group of equal lengths would flag a few words more


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for group in batch.shared(groups):
        words = [max(1, word_count(normalise(example.answer))) for example in group.examples]
        logs = [math.log(count) for count in words]
        middle = median(logs)
        sigma = max(_LEAST_SIGMA, _MAD_TO_SIGMA * median(abs(value - middle) for value in logs))
        for example, count, value in zip(group.examples, words, logs, strict=True):
            z = (value - middle) / sigma
            if z >= batch.settings.length_z:
                turn = len(example.messages) - 1
                yield Finding(
                    example.id,
                    "format.length",
                    "info",
                    "over-long",
                    f"The answer has {count} words; half of its group of {len(words)} have at most "
                    f"{round(math.exp(middle))} (robust z {z:.1f}).",
                    1 - 1 / z,
                    spans=(Span(turn, 0, len(example.answer)),),
                )


_GROUP = tuple(chat(f"Case {i}?", f"The code is A{i:02}, as the table says.") for i in range(25))

LENGTH = Check(
    name="format.length",
    version=1,
    title="Answers far longer than those of their group",
    run=_run,
    catches=((*_GROUP, chat("Case x?", "The code is A99, as the table says. " * 8)),),
    passes=(_GROUP, (chat("Case x?", "The code is A99, as the table says. " * 8),)),
    about="Robust z-score (median and MAD) of the log of the number of words, within examples of one system prompt; "
    "from 5.",
)
