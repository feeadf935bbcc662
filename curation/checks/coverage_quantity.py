"""Whether there are enough examples to fine-tune on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.types import Example, Finding, Message, Severity
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch

_LEVELS: tuple[tuple[int, Severity, str, str], ...] = (
    (100, "warn", "far-too-few", "Far too few to fine-tune on: gather at least 500, or work on the prompt instead."),
    (500, "warn", "too-few", "Few: a fine-tune may learn the format, hardly more. Gather at least 500."),
    (1000, "info", "few", "Enough to begin with; guides advise 1,000 or more."),
)


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for least, severity, reason, advice in _LEVELS:
        if 0 < len(batch) < least:
            message = f"The set has {len(batch)} different examples. {advice}"
            yield Finding(batch[0].id, "coverage.quantity", severity, reason, message, 1 - len(batch) / 1000)
            return


QUANTITY = Check(
    name="coverage.quantity",
    version=1,
    title="Too few examples",
    run=_run,
    catches=((chat("Which code?", "J20.9."),),),
    passes=((), tuple(Example(f"{i:04}", (Message("user", "?"),)) for i in range(1000))),
    about="Under 1,000 different examples a note, under 500 a warning, under 100 a strong one. It is about the set; it "
    "stands with the first example by id.",
)
