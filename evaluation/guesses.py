"""Did the blinding hold? Raters who are done guess, on pairs that they judged, which answer is the tuned model's.

A guess right half of the time shows that nobody could tell. Far below a half is as telling as far above it: somebody
who names the wrong side again and again knows the sides, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import FinetoothError, InputError
from core.ids import content_id
from core.ledger import Entry
from core.types import Message
from core.wording import of
from core.workspace import Workspace
from evaluation.assign import rank
from evaluation.estimate import Estimate, wilson
from evaluation.preference import sign_test
from evaluation.rating_deck import slot
from evaluation.rating_votes import Votes, votes
from evaluation.study import Study, is_open, load_study, study_of_item

KIND = "guess"
GUESSES = ("left", "right", "unsure")
PER_RATER = 10
"""Pairs that each rater is asked about."""
CHANCE = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair to guess about, as the rater saw it: texts and an id that says nothing.

    Attributes:
        item_id: To be sent back with the guess.
        prompt: The turns before the answer.
        left, right: The two answers, on the sides on which they were judged.
        done, total: How many of this rater's guesses are given, and how many are asked.
    """

    item_id: str
    prompt: tuple[Message, ...]
    left: str
    right: str
    done: int
    total: int


def next_guess(workspace: Workspace, study_id: str, who: str) -> Asked | None:
    """The next of the judged pairs that a rater is asked about; None once all are guessed, where the study is closed or
    shows one answer at a time.

    To be asked once they have no pair left to judge, so that the question cannot change how they judge.

    Raises:
        FinetoothError: There is no such study.
    """
    study, folded = load_study(workspace, study_id), votes(workspace, study_id)
    if who not in folded.raters or study.single or not is_open(workspace, study_id):
        return None
    asked = _asked(study, folded, who)
    said = {entry.subject for entry in _entries(workspace, study_id) if entry.who == who}
    left = [one for one in asked if one not in said]
    if not left:
        return None
    pair = slot(study, folded.raters, who, left[0])
    return Asked(pair.id, pair.prompt, pair.left, pair.right, len(asked) - len(left), len(asked))


def record_guess(workspace: Workspace, item_id: str, who: str, guess: str) -> bool:
    """Record which side a rater takes for the tuned model's; the first guess about a pair stands.

    Returns:
        Whether it was recorded (False: there was one already).

    Raises:
        InputError: The guess is not one, or the rater did not judge the pair.
        FinetoothError: The study is closed, so the sides are known.
    """
    study_id = study_of_item(item_id)
    study, folded = load_study(workspace, study_id), votes(workspace, study_id)
    if guess not in GUESSES:
        raise InputError("That guess is not known.", f"Use one of: {', '.join(GUESSES)}.")
    if not is_open(workspace, study_id):
        raise FinetoothError("The study is closed: its sides are known.", "Ask whoever runs it to reopen it.")
    if (item_id, who) not in folded.held or item_id not in study.items:
        raise InputError("Only pairs that you judged are asked about.", "Judge the pairs first.")
    action_id = content_id([KIND, item_id, who])
    if workspace.ledger.find(action_id) is not None:
        return False
    tuned = folded.held[item_id, who].tuned
    payload = {"study_id": study_id, "guess": guess, "tuned": tuned}
    workspace.ledger.append(KIND, item_id, payload, who=who, action_id=action_id)
    return True


def guessed(workspace: Workspace, study: Study) -> dict[str, Any]:
    """How often raters told the tuned model's answer, over all guesses and by rater.

    Returns:
        ``right``, ``n`` (guesses for a side), ``unsure``; ``share`` right (Wilson's 95 % interval), ``p_value`` (exact,
        two-sided, of guessing at random), ``told``: whether the interval leaves out one half (None without guesses);
        ``raters``: the same by rater.
    """
    entries = [(e.who, e.payload) for e in _entries(workspace, study.id)]
    by_rater: dict[str, list[Any]] = {}
    for who, said in entries:
        by_rater.setdefault(who, []).append(said)
    raters = [{"rater": who, **_counted(said)} for who, said in by_rater.items()]
    return {**_counted([said for _, said in entries]), "raters": raters}


def rows(workspace: Workspace, study_id: str) -> list[dict[str, Any]]:
    """Every guess as a row: who, about which pair, the side named (or ``unsure``) and the tuned model's side."""
    return [
        {"study": study_id, "item": one.subject, "rater": one.who, "at": one.at}
        | {name: one.payload[name] for name in ("guess", "tuned")}
        for one in _entries(workspace, study_id)
    ]


def told_sentence(found: dict[str, Any]) -> str:
    """One sentence where the guesses show that raters could tell the models apart; else empty."""
    if not found["told"]:
        return ""
    share = found["share"]
    said = f"asked at the end, raters named the tuned model's side right in {of(found['right'], found['n'], 'guesses')}"
    return f"{said} (95 % interval {share['low']:.0%} to {share['high']:.0%}; 50 % would be chance)"


def _asked(study: Study, folded: Votes, who: str) -> list[str]:
    """Which pairs a rater is asked about: a draw from those that they judged, the same at each reload."""
    judged = [one for one, held in folded.of(who).items() if one in study.items and held.counts]
    return sorted(judged, key=lambda one: rank(study.seed, KIND, one, who))[:PER_RATER]


def _counted(said: Sequence[Any]) -> dict[str, Any]:
    sided = [one for one in said if one["guess"] != "unsure"]
    right, n = sum(one["guess"] == one["tuned"] for one in sided), len(sided)
    found: dict[str, Any] = {"right": right, "n": n, "unsure": len(said) - n}
    if not n:
        share = Estimate(None, reason="nobody guessed which side was which").as_dict()
        return {**found, "share": share, "p_value": None, "told": None}
    low, high = wilson(right, n)
    share = Estimate(right / n, low, high, n, "Wilson").as_dict()
    return {**found, "share": share, "p_value": sign_test(right, n - right), "told": not low <= CHANCE <= high}


def _entries(workspace: Workspace, study_id: str) -> list[Entry]:
    return [entry for entry in workspace.ledger.entries(KIND) if entry.payload.get("study_id") == study_id]
