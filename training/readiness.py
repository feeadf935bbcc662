"""Says honestly whether to fine-tune at all, before anybody plans how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.wording import many

ENOUGH_TO_START = 50
ENOUGH_TO_JUDGE = 100
ENOUGH_HOLDOUT = 20
INCONSISTENT_SHARE = 0.05
"""Share of examples that depart from the set's own format or tone above which the habit that is taught blurs."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """``go``, ``mend first`` or ``not yet``, with a sentence for each reason."""

    verdict: Literal["go", "mend first", "not yet"]
    reasons: tuple[str, ...]


def should_finetune(
    n_examples: int,
    *,
    n_holdout: int | None = None,
    open_blocking: int = 0,
    open_contradictions: int = 0,
    open_inconsistencies: int = 0,
    coverage_gaps: int = 0,
    open_findings: int = 0,
    checked: bool = True,
    facts_change: bool = False,
    prompt_falls_short: bool | None = None,
) -> Readiness:
    """Weigh a dataset's state against what guides to fine-tuning agree on.

    Fine-tuning teaches form, tone and a narrow skill that examples show; it is a poor way to teach facts, above all
    facts that change, which retrieval keeps right. Guides put a prompt with examples first: it costs minutes, and what
    it gives is the mark to beat. OpenAI's guide starts at 10 examples and expects gains from 50 to 100 well-made ones;
    LIMA (arXiv 2305.11206) needed 1,000 of them, alike in form and varied in what they ask.

    Args:
        n_examples: Conversations to train on.
        n_holdout: Conversations to measure on; None where nothing is split yet.
        open_blocking: Findings that would make training go wrong.
        open_contradictions: Pairs that cannot both be right.
        open_inconsistencies: Findings about format, tone and wording: examples that depart from the set's own norms.
        coverage_gaps: Findings about what the examples hardly show, or show far too often.
        open_findings: All findings that nobody has settled.
        checked: Whether the checks have run; else the counts of findings mean nothing.
        facts_change: The answers hold facts that change (prices, rules, stock).
        prompt_falls_short: Whether a good prompt with some of the examples in it was tried, and was not enough; None
            where nobody has said.
    """
    stop: list[str] = []
    mend: list[str] = []
    note: list[str] = []
    n = n_examples
    if n < ENOUGH_TO_START:
        stop.append(
            f"{n} examples are few: put the best of them into the prompt first, and collect at least {ENOUGH_TO_START}."
        )
    elif n < ENOUGH_TO_JUDGE:
        note.append(f"{n} examples can teach form and tone; expect more from {ENOUGH_TO_JUDGE} and above.")
    if facts_change:
        stop.append("The answers hold facts that change: retrieval keeps them right, a fine-tune freezes them.")
    if prompt_falls_short is False:
        stop.append("A prompt with examples does the job: it costs nothing to keep, and a fine-tune has to beat it.")
    elif prompt_falls_short is None:
        note.append("Try a prompt with three to five of the examples first: what it reaches is the mark to beat.")
    if not checked:
        mend.append("The checks have not run, so nothing is known of contradictions, consistency or coverage.")
    if open_blocking:
        mend.append(f"Open: {many(open_blocking, 'finding')} that would make training go wrong.")
    if open_contradictions:
        mend.append(f"Open: {many(open_contradictions, 'contradiction')}; the model would learn to say either.")
    if n and open_inconsistencies > INCONSISTENT_SHARE * n:
        mend.append(
            f"Open: {many(open_inconsistencies, 'finding')} of another format, tone or wording than the set's own, "
            f"over {n:,} examples; a habit is learnt from examples that agree."
        )
    if coverage_gaps:
        mend.append(
            f"Open: {many(coverage_gaps, 'finding')} on coverage; what is hardly shown is not learnt, and what is "
            "shown too often is overdone."
        )
    if n and open_findings > 0.1 * n:
        mend.append(f"Open in all: {many(open_findings, 'finding')} over {many(n, 'example')}.")
    if n_holdout is not None and n_holdout < ENOUGH_HOLDOUT:
        mend.append(f"{n_holdout} held-out examples cannot show a gain; hold out at least {ENOUGH_HOLDOUT}.")
    if stop:
        return Readiness("not yet", (*stop, *mend, *note))
    if mend:
        return Readiness("mend first", (*mend, *note))
    return Readiness("go", (*note, "No finding stands in the way; measure the gain on the hold-out all the same."))
