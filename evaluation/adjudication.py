"""After a study is closed: somebody settles the pairs on which raters agreed least, and says why they disagreed.

What is settled stands beside the votes and changes none of them: the win rate is what raters said blindly. It tells
what to mend (the question, the instructions, the training of raters), and a settled mistake makes a gold pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from core.errors import FinetoothError, InputError
from core.ledger import Entry
from core.workspace import Workspace
from evaluation.rating_votes import votes
from evaluation.stats import outcome_of
from evaluation.study import Item, Study, is_open, load_study

KIND = "adjudication"
OUTCOMES: Mapping[str, str] = {
    "win": "The tuned model's answer is better",
    "loss": "The other answer is better",
    "tie": "Both are good",
    "both_bad": "Both are bad",
}
REASONS: Mapping[str, str] = {
    "mistake": "A rater made a mistake",
    "knowledge": "It takes knowledge that a rater did not have",
    "instructions": "The instructions to raters leave it open",
    "question": "The question can be read in more than one way",
    "taste": "Both can be defended; it is a matter of taste",
    "other": "Another reason",
}
KNOWN_NOW = ("mistake", "knowledge")
"""Reasons after which the settled answer is the right one for everybody: such pairs make gold."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What somebody settled about a pair: an outcome of the tuned model, and why raters disagreed."""

    item_id: str
    outcome: str
    reason: str
    note: str
    who: str
    at: str

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Disputed:
    """A pair on which raters did not all say the same.

    Attributes:
        item: The pair, with both models' answers.
        outcomes: How many raters said what, as outcomes of the tuned model.
        agreement: Share of the pairs of raters that said the same.
        notes: Their comments.
        settled: What was settled last; None = nothing yet.
    """

    item: Item
    outcomes: Mapping[str, int]
    agreement: float
    notes: tuple[str, ...]
    settled: Settled | None


def disputed(workspace: Workspace, study_id: str) -> list[Disputed]:
    """All pairs on which raters disagree, those with the lowest agreement first.

    Raises:
        FinetoothError: There is no such study, or it is open: who sees others' votes no longer rates blindly.
    """
    study = _closed(workspace, study_id)
    said: dict[str, list[str]] = {}
    notes: dict[str, list[str]] = {}
    for (item, _), held in votes(workspace, study_id).held.items():
        if held.verdict is not None and held.counts and item in study.items:
            said.setdefault(item, []).append(outcome_of(held.verdict, held.tuned))
            notes.setdefault(item, []).extend([held.note] if held.note else [])
    known = settled(workspace, study_id)
    found = [
        Disputed(study.items[one], dict(Counter(each)), _alike(each), tuple(notes[one]), known.get(one))
        for one, each in said.items()
        if len(set(each)) > 1
    ]
    return sorted(found, key=lambda one: (one.agreement, one.item.id))


def settle(
    workspace: Workspace,
    item_id: str,
    outcome: str,
    reason: str,
    *,
    note: str = "",
    who: str,
    action_id: str | None = None,
) -> Settled:
    """Settle a pair on which raters disagreed; the last word about a pair stands, earlier ones stay in the ledger.

    Args:
        workspace: Where the study is.
        item_id: The pair.
        outcome: A key of :data:`OUTCOMES`.
        reason: A key of :data:`REASONS`: why raters disagreed.
        note: More about it; needed for ``other``.
        who: Who settles it.
        action_id: Repeating it records nothing twice.

    Raises:
        InputError: The outcome or reason is not known, the note is missing, or raters did not disagree on this pair.
        FinetoothError: The study is open.
    """
    study_id = item_id.rpartition(".")[0]
    if outcome not in OUTCOMES:
        raise InputError("That outcome is not known.", f"Use one of: {', '.join(OUTCOMES)}.")
    if reason not in REASONS:
        raise InputError("Why did raters disagree?", f"Use one of: {', '.join(REASONS)}.")
    if reason == "other" and not note.strip():
        raise InputError("Another reason has to be said.", "Write it in a sentence.")
    if item_id not in {one.item.id for one in disputed(workspace, study_id)}:
        raise InputError("Raters did not disagree on this pair.", "Settle one of those that are listed.")
    payload = {"study_id": study_id, "outcome": outcome, "reason": reason, "note": note.strip()}
    return _settled(workspace.ledger.append(KIND, item_id, payload, who=who, action_id=action_id))


def settled(workspace: Workspace, study_id: str) -> dict[str, Settled]:
    """What was settled last, by pair."""
    return {e.subject: _settled(e) for e in workspace.ledger.entries(KIND) if e.payload.get("study_id") == study_id}


def known_now(workspace: Workspace, study_id: str) -> dict[str, tuple[str, str]]:
    """Pairs of which it is now known which answer is better: outcome and a sentence that says why, by pair."""
    return {
        one.item_id: (one.outcome, one.note or f"{REASONS[one.reason]}; {one.who} settled it.")
        for one in settled(workspace, study_id).values()
        if one.reason in KNOWN_NOW and one.outcome in ("win", "loss")
    }


def _closed(workspace: Workspace, study_id: str) -> Study:
    study = load_study(workspace, study_id)
    if is_open(workspace, study_id):
        raise FinetoothError("The study is open: its votes are not to be seen.", "Close it first.")
    return study


def _settled(entry: Entry) -> Settled:
    said = entry.payload
    return Settled(entry.subject, said["outcome"], said["reason"], said["note"], entry.who, entry.at)


def _alike(outcomes: Sequence[str]) -> float:
    pairs = list(combinations(outcomes, 2))
    return sum(one == other for one, other in pairs) / len(pairs)
