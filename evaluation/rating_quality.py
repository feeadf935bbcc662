"""How far a rater's votes can be trusted: repeats judged alike, gold pairs got right, votes faster than reading."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.clock import FORM
from core.workspace import Workspace
from evaluation.estimate import Estimate, wilson
from evaluation.rating_deck import slot
from evaluation.rating_votes import Held, Votes, votes
from evaluation.stats import outcome_of
from evaluation.study import Study, load_study

WORDS_PER_S = 15.0
"""Nobody reads faster; what came sooner is flagged, never deleted."""


@dataclass(frozen=True, slots=True)
class Quality:
    """One rater's figures; each share has its 95 % interval (Wilson) or the reason why there is none.

    Attributes:
        repeats_alike: Share of hidden repeats judged as the first time, in terms of models (sides were flipped).
        sides_kept: Repeats on which the rater named the same side both times, and so the other model.
        gold_right: Share of gold pairs judged as known.
        practice_right: The same for training pairs.
        equals_seen: Share of pairs of equal answers on which no side was preferred.
        too_fast: Votes given sooner than the two answers can be read.
        n_votes: Judgements of pairs.
    """

    rater: str
    repeats_alike: Estimate
    sides_kept: int
    gold_right: Estimate
    practice_right: Estimate
    equals_seen: Estimate
    too_fast: int
    n_votes: int

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return asdict(self)


def quality(workspace: Workspace, study_id: str) -> list[Quality]:
    """Every rater's figures, in the order in which they joined. They say nothing about who is winning.

    Raises:
        FinetoothError: There is no such study.
    """
    study, folded = load_study(workspace, study_id), votes(workspace, study_id)
    return [_of(study, folded, rater) for rater in folded.raters]


def _of(study: Study, folded: Votes, rater: str) -> Quality:
    mine = folded.of(rater)
    alike: list[bool] = []
    kept = 0
    right: dict[str, list[bool]] = {"gold": [], "training": [], "equal": []}
    for one, held in mine.items():
        if not held.counts or held.verdict is None:
            continue
        first = mine.get(study.repeats.get(one, ""))
        if first is not None and first.verdict is not None and first.counts:
            alike.append(outcome_of(first.verdict, first.tuned) == outcome_of(held.verdict, held.tuned))
            kept += first.verdict == held.verdict and held.verdict in ("left", "right")
        if one in study.checks:
            check = study.checks[one]
            right[check.kind].append(check.right(held.verdict, held.tuned))
    judged = {one: held for one, held in mine.items() if one in study.items and held.counts}
    fast = sum(_too_fast(study, folded, rater, one, held) for one, held in judged.items())
    return Quality(
        rater,
        _share(alike, "no hidden repeat was judged"),
        kept,
        _share(right["gold"], "no gold pair was judged"),
        _share(right["training"], "no training pair was judged"),
        _share(right["equal"], "no pair of equal answers was judged"),
        fast,
        len(judged),
    )


def _share(found: list[bool], reason: str) -> Estimate:
    if not found:
        return Estimate(None, reason=reason)
    low, high = wilson(sum(found), len(found))
    return Estimate(sum(found) / len(found), low, high, len(found), "Wilson")


def _too_fast(study: Study, folded: Votes, rater: str, one: str, held: Held) -> bool:
    said = held.entries[0].payload
    if not said.get("shown_at") or not said.get("answered_at"):
        return False
    shown, answered = (datetime.strptime(str(said[name]), FORM) for name in ("shown_at", "answered_at"))
    pair = slot(study, folded.raters, rater, one)
    words = len(pair.left.split()) + len(pair.right.split())
    return (answered - shown).total_seconds() < words / WORDS_PER_S
