"""Was the study blind? Who saw its result and voted all the same, and what that says of the votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.wording import many
from core.workspace import Workspace
from evaluation.guesses import guessed, told_sentence
from evaluation.rating_votes import Votes
from evaluation.study import KIND, PEEK, Study


def blinding(workspace: Workspace, study: Study, folded: Votes) -> dict[str, Any]:
    """What is known of whether raters could tell the models apart by anything but their answers.

    Returns:
        ``looked`` (raters who saw the result and voted after it), ``after_closing`` (votes cast after the study had
        been closed once, so that its result lay open), ``guesses`` (see
        :func:`evaluation.guesses.guessed`), ``known`` (each as a sentence; empty = nothing shows it).
    """
    seen: dict[str, int] = {}
    for entry in workspace.ledger.entries(PEEK, study.id):
        seen.setdefault(entry.who, entry.seq)
    closed = [e.seq for e in workspace.ledger.entries(KIND, study.id) if e.payload.get("state") == "closed"]
    last: dict[str, int] = {}
    late = 0
    for (_, who), held in folded.held.items():
        seq = held.entries[-1].seq
        last[who] = max(seq, last.get(who, 0))
        late += bool(closed) and seq > closed[0]
    looked = [who for who in folded.raters if who in seen and last.get(who, 0) > seen[who]]
    found: dict[str, Any] = {"looked": looked, "after_closing": late, "guesses": guessed(workspace, study)}
    return {**found, "known": _known(found)}


def _known(found: Mapping[str, Any]) -> list[str]:
    known = []
    if found["looked"]:
        known.append(f"{many(len(found['looked']), 'rater')} saw the result and voted after it")
    if found["after_closing"]:
        known.append(
            f"{many(found['after_closing'], 'vote')} came after the study had been closed and its result shown"
        )
    if told := told_sentence(found["guesses"]):
        known.append(told)
    return known
