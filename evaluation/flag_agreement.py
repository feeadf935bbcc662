"""Do raters see the same faults? Agreement on each flag, with the figures that stay meaningful where it is rare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evaluation.agreement import agreement, specific_agreement
from evaluation.marks import HALLUCINATION, MODELS, flagged
from evaluation.rating_flags import FLAGS, SEVERITIES
from evaluation.rating_votes import Votes

Test = Callable[[Mapping[str, str]], bool]


def flag_agreement(folded: Votes, *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """How far the raters of one answer agree on whether it has a fault; only faults that anybody marked.

    Returns:
        For each fault, and for ``hallucination`` and ``critical`` where marked: ``title``, everything of
        :meth:`evaluation.agreement.Agreement.as_dict`, ``positive`` and ``negative`` (specific agreement).
    """
    marks: dict[tuple[str, str], list[dict[str, str]]] = {}
    for (item, _), held in folded.held.items():
        if held.counts or held.scores or held.flags:
            for model in MODELS:
                marks.setdefault((item, model), []).append(flagged(held, model))
    seen = {name for said in marks.values() for found in said for name in found}
    tests: dict[str, tuple[str, Test]] = {
        "hallucination": ("Hallucination", lambda found: any(name in found for name in HALLUCINATION)),
        "critical": ("Critical fault", lambda found: SEVERITIES[-1] in found.values()),
    }
    tests |= {name: (title, _has(name)) for name, title in FLAGS.items() if name in seen}
    rows: dict[str, dict[str, Any]] = {}
    for name, (title, test) in tests.items():
        units = [[test(found) for found in said] for said in marks.values()]
        if any(any(unit) for unit in units):
            positive, negative = specific_agreement(units)
            rows[name] = {
                "title": title,
                **agreement(units, ordinal=False, seed=seed).as_dict(),
                **{"positive": positive.as_dict(), "negative": negative.as_dict()},
            }
    return rows


def _has(name: str) -> Test:
    return lambda found: name in found
