"""Says honestly whether to fine-tune at all, before anybody plans how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ENOUGH_TO_START = 50
ENOUGH_TO_JUDGE = 100
ENOUGH_HOLDOUT = 20


@dataclass(frozen=True, slots=True)
class Readiness:
    """``go``, ``mend first`` or ``not yet``, with a sentence for each reason."""

    verdict: Literal["go", "mend first", "not yet"]
    reasons: tuple[str, ...]


def should_finetune(
    n_examples: int,
    *,
    open_blocking: int = 0,
    open_contradictions: int = 0,
    open_findings: int = 0,
    n_holdout: int | None = None,
    facts_change: bool = False,
) -> Readiness:
    """Weigh a dataset's state against what guides to fine-tuning agree on.

    Fine-tuning teaches form, tone and a narrow skill that examples show; it is a poor way to teach facts, above all
    facts that change. OpenAI's guide starts at 10 and expects gains from 50 to 100 well-made examples; LIMA
    (arXiv 2305.11206) needed 1,000.

    Args:
        n_examples: Conversations to train on.
        open_blocking: Findings that would make training go wrong.
        open_contradictions: Pairs that cannot both be right.
        open_findings: All findings that nobody has settled.
        n_holdout: Conversations to measure on; None where nothing is split yet.
        facts_change: The answers hold facts that change (prices, rules, stock).
    """
    stop: list[str] = []
    mend: list[str] = []
    note: list[str] = []
    if n_examples < ENOUGH_TO_START:
        stop.append(
            f"{n_examples} examples are few: put the best of them into the prompt first, and collect at least "
            f"{ENOUGH_TO_START}."
        )
    elif n_examples < ENOUGH_TO_JUDGE:
        note.append(f"{n_examples} examples can teach form and tone; expect more from {ENOUGH_TO_JUDGE} and above.")
    if facts_change:
        stop.append("The answers hold facts that change: retrieval keeps them right, a fine-tune freezes them.")
    if open_blocking:
        mend.append(f"{open_blocking} findings that would make training go wrong are open.")
    if open_contradictions:
        mend.append(f"{open_contradictions} contradictions are open: the model would learn to say either.")
    if n_examples and open_findings > 0.1 * n_examples:
        mend.append(f"{open_findings} findings are open over {n_examples} examples.")
    if n_holdout is not None and n_holdout < ENOUGH_HOLDOUT:
        mend.append(f"{n_holdout} held-out examples cannot show a gain; hold out at least {ENOUGH_HOLDOUT}.")
    if stop:
        return Readiness("not yet", (*stop, *mend, *note))
    if mend:
        return Readiness("mend first", (*mend, *note))
    return Readiness("go", (*note, "No finding stands in the way; measure the gain on the hold-out all the same."))
