"""What a closed study holds beside its votes on models, as rows: votes that test raters, guesses, what was settled."""

from __future__ import annotations

from typing import Any

from core.workspace import Workspace
from evaluation import guesses
from evaluation.adjudication import settled
from evaluation.rating_votes import Held, Votes, votes
from evaluation.stats import outcome_of
from evaluation.study import Study, load_study


def check_rows(workspace: Workspace, study_id: str) -> list[dict[str, Any]]:
    """Votes on hidden repeats, gold, equal and training pairs; for a closed study, since they tell which is which.

    Returns:
        A row a vote: ``study``, ``item`` (as on the desk), ``rater``, ``kind``, ``of`` (the pair that a repeat
        repeats), ``verdict``, ``better`` (the side of the better answer; of the tuned model in a repeat; None where
        the answers are equal), ``right`` (as known; for a repeat, as the first time; None for a skip), ``note`` and
        the times.

    Raises:
        FinetoothError: There is no such study.
    """
    study, folded = load_study(workspace, study_id), votes(workspace, study_id)
    rows = []
    for (one, rater), held in folded.checks.items():
        first = held.entries[0]
        kind = study.checks[one].kind if one in study.checks else "repeat"
        row: dict[str, Any] = {"study": study_id, "item": one, "rater": rater, "kind": kind}
        row |= {"of": study.repeats.get(one), "verdict": held.verdict}
        row |= {"better": None if kind == "equal" else held.tuned, "right": _right(study, folded, one, rater, held)}
        row |= {"note": held.note, "shown_at": first.payload.get("shown_at") or None}
        rows.append({**row, "answered_at": first.payload.get("answered_at") or first.at})
    return rows


def extra_files(workspace: Workspace, study_id: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a closed study's further files by name; those without a row are left out."""
    found = {
        "rating_checks.jsonl": check_rows(workspace, study_id),
        "guesses.jsonl": guesses.rows(workspace, study_id),
        "settled.jsonl": [one.as_dict() for one in settled(workspace, study_id).values()],
    }
    return {name: rows for name, rows in found.items() if rows}


def _right(study: Study, folded: Votes, one: str, rater: str, held: Held) -> bool | None:
    if held.verdict is None or not held.counts:
        return None
    if one in study.checks:
        return study.checks[one].right(held.verdict, held.tuned)
    first = folded.held.get((study.repeats[one], rater))
    if first is None or first.verdict is None or not first.counts:
        return None
    return outcome_of(first.verdict, first.tuned) == outcome_of(held.verdict, held.tuned)
