"""The votes of a blind study: who sees what next, what they said, and taking it back. Everything is an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from core.errors import FinetoothError, InputError
from core.ids import content_id, new_action_id
from core.ledger import Draft
from core.types import Rating
from core.workspace import Workspace
from evaluation import reservations
from evaluation.rating_deck import Slot, Todo, slot, todo
from evaluation.rating_flags import check_flags, check_points
from evaluation.rating_votes import CHECK, KIND, RATER, Held, Votes, votes
from evaluation.rubric import check_scores, check_verdict
from evaluation.single import check_single
from evaluation.study import Study, is_open, load_study, study_of_item

__all__ = ["KIND", "RATER", "DeskItem", "Held", "Progress", "Recorded", "Votes", "join", "next_item", "progress"]
__all__ += ["record_rating", "undo_rating", "votes"]
SHORTEST_LOOK_S = 0.25
PACE_OF, PACE_FROM = 20, 5
"""A rater's pace is the median of their last 20 votes, from the fifth vote on."""


@dataclass(frozen=True, slots=True)
class DeskItem:
    """All that the desk may know about a pair: texts, an id that says nothing, and progress. No model, no side map.

    Attributes:
        item_id: To be sent back with the vote.
        prompt: The turns before the answer, as (role, text).
        left, right: The two answers; in a study that shows one at a time, the left one, and nothing on the right.
        single: Whether it is such a study.
        left_s: Seconds that the rest may take this rater (see :class:`Progress`).
        mine_done, mine_total: This rater's progress in pairs.
        all_done, all_total: Everybody's, in votes.
        practice: Training pairs left, this one included; 0 = it is not a training pair.
        expected: What experts look for in the answers to this prompt, with its points.
    """

    item_id: str
    prompt: tuple[tuple[str, str], ...]
    left: str
    right: str
    mine_done: int
    mine_total: int
    all_done: int
    all_total: int
    practice: int = 0
    expected: tuple[tuple[str, float], ...] = ()
    single: bool = False
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rater and everybody are.

    ``mine_left`` counts the pairs that this rater could still judge; where the desk has none for them, these lie on
    others' desks. ``left_s`` is what the rest may take them, by the median of their last votes; None before the fifth.
    """

    mine_done: int
    mine_total: int
    all_done: int
    all_total: int
    n_raters: int
    mine_left: int = 0
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a vote. ``stored`` is False where it was a repeat or came too fast; ``reason`` says which.

    ``feedback`` is said after a training pair, and after no other.
    """

    stored: bool
    reason: str = ""
    feedback: str = ""


def join(workspace: Workspace, study_id: str, who: str) -> list[str]:
    """Make somebody a rater of a study (once). Returns all raters in the order in which they joined.

    Raises:
        InputError: The name is empty.
        FinetoothError: There is no such study.
    """
    if not who.strip():
        raise InputError("A rater needs a name.", "Give your name or initials.")
    load_study(workspace, study_id)
    raters = votes(workspace, study_id).raters
    if who in raters:
        return raters
    action_id = content_id([RATER, study_id, who])
    workspace.ledger.append(RATER, study_id, {"study_id": study_id}, who=who, action_id=action_id)
    return votes(workspace, study_id).raters


def next_item(workspace: Workspace, study_id: str, who: str) -> DeskItem | None:
    """The next pair for a rater, reserved for them; None where nothing is left (or the study is closed).

    Training pairs come first. Pairs that have their number of judgements, or are on as many other desks as they still
    need, are not shown to further raters. An undone pair comes back first.
    """
    study = load_study(workspace, study_id)
    raters = join(workspace, study_id, who)
    if not is_open(workspace, study_id):
        return None
    folded = votes(workspace, study_id)
    left = todo(study, folded, who)
    chosen = left.first
    if chosen is None and left.main:
        chosen = reservations.claim(workspace, study_id, who, lambda: _needed(workspace, study, who))
    if chosen is None:
        return None
    shown = slot(study, raters, who, chosen)
    now = _progress(study, folded, who, left)
    return DeskItem(
        shown.id,
        tuple((message.role, message.content) for message in shown.prompt),
        shown.left,
        shown.right,
        now.mine_done,
        now.mine_total,
        now.all_done,
        now.all_total,
        left.n_training if shown.kind == "training" else 0,
        tuple((one.text, one.points) for one in shown.expected),
        study.single,
        now.left_s,
    )


def _needed(workspace: Workspace, study: Study, who: str) -> reservations.Needed:
    folded = votes(workspace, study.id)
    judged = folded.judgements()
    main = todo(study, folded, who).main
    return reservations.Needed({item: study.raters_per_item - judged.get(item, 0) for item in main}, folded.held)


def progress(workspace: Workspace, study_id: str, who: str) -> Progress:
    """How far this rater and everybody are; says nothing about who is winning."""
    study, folded = load_study(workspace, study_id), votes(workspace, study_id)
    return _progress(study, folded, who, todo(study, folded, who))


def _progress(study: Study, folded: Votes, who: str, left: Todo) -> Progress:
    training = {one for one, check in study.checks.items() if check.kind == "training"}
    mine = sum(held.settled and one not in training for one, held in folded.of(who).items())
    wanted = study.raters_per_item
    done = sum(min(wanted, n) for n in folded.judgements().values())
    total = mine + len(left.main) + left.n_hidden
    pace = _pace_s(folded.of(who))
    left_s = None if pace is None else pace * (len(left.main) + left.n_hidden)
    return Progress(mine, total, done, wanted * len(study.items), len(folded.raters), len(left.main), left_s)


def _pace_s(mine: Mapping[str, Held]) -> float | None:
    """Median seconds from a pair's appearance to its vote, over a rater's last votes; None where too few say it."""
    said = [held.entries[0].payload for held in list(mine.values())[-PACE_OF:]]
    looks = [
        _seconds(str(one["shown_at"]), str(one["answered_at"]))
        for one in said
        if one.get("shown_at") and one.get("answered_at")
    ]
    return median(looks) if len(looks) >= PACE_FROM else None


def record_rating(workspace: Workspace, rating: Rating) -> Recorded:
    """Record a vote: a verdict, rubric scores (keys such as ``left.accuracy``), flags, expert criteria.

    One press storm is one vote: the same ``action_id`` again, a second verdict on an item that already has this
    rater's, and a vote less than 250 ms after the pair was shown change nothing, and the answer says so.

    Raises:
        InputError: The verdict, a score or a flag is not known, there is none of them, or a critical flag has no
            comment.
        FinetoothError: The item is not of a study, or the study is closed.
    """
    study_id = study_of_item(rating.item_id)
    if not study_id:
        raise InputError("That names no pair of a study.", "Use the id of the pair shown: finetooth rate")
    study = load_study(workspace, study_id)
    if rating.item_id not in study.items and rating.item_id not in study.repeats and rating.item_id not in study.checks:
        raise FinetoothError("That pair is not part of the study.", "Reload the page and vote on the pair shown.")
    if not is_open(workspace, study_id):
        raise FinetoothError("The study is closed: no further votes are taken.", "Ask whoever runs it to reopen it.")
    check_verdict(rating.verdict)
    check_scores(rating.scores, study.criteria)
    if study.single:
        check_single(rating, study.criteria)
    check_flags(rating.flags, rating.note)
    if rating.verdict is None and not rating.scores:
        raise InputError("The vote holds neither a verdict nor a score.", "Choose a side, or give a score.")
    if _look_s(rating) < SHORTEST_LOOK_S:
        return Recorded(False, "it came within 250 ms of the pair being shown")
    raters = join(workspace, study_id, rating.who)
    voted = slot(study, raters, rating.who, rating.item_id)
    check_points(rating.points, voted.expected)
    folded = votes(workspace, study_id)
    if rating.action_id in folded.seen:
        return Recorded(False, "it was already recorded")
    pair = (rating.item_id, rating.who)
    held = (folded.held if voted.kind == "main" else folded.checks).get(pair, Held())
    round_number = folded.withdrawals.get(pair, 0)
    marks = {
        name: dict(said) for name, said in (("flags", rating.flags), ("points", rating.points)) if said
    }  # fmt: skip
    drafts: list[Draft] = []
    if rating.verdict is not None and held.verdict is None:
        drafts.append(_draft(rating, voted, round_number, {"verdict": rating.verdict}, marks, study.single))
    if rating.scores and not held.scores:
        rest = {} if drafts else marks
        drafts.append(_draft(rating, voted, round_number, {"scores": dict(rating.scores)}, rest, study.single))
    if not drafts:
        return Recorded(False, "you rated this pair already; undo it to change your mind")
    workspace.ledger.append_all(drafts, who=rating.who)
    return Recorded(True, feedback=_feedback(study, voted, rating))


def _feedback(study: Study, voted: Slot, rating: Rating) -> str:
    """What a training pair teaches, once the rater has said what they think."""
    if voted.kind != "training" or rating.verdict is None:
        return ""
    check = study.checks[voted.id]
    alike = check.better.strip() == check.worse.strip()
    known = "the two answers are the same" if alike else f"the {voted.tuned} answer is the better one"
    agreed = "Yes" if check.right(rating.verdict, voted.tuned) else "Not quite"
    return f"{agreed}: {known}. {check.why}".strip()


def _draft(
    rating: Rating, voted: Slot, round_number: int, said: Mapping[str, Any], marks: Mapping[str, Any], alone: bool
) -> Draft:  # fmt: skip
    """An entry whose id is the rater, the item and how often it was undone: two presses at once write one vote."""
    payload = {
        **{"study_id": study_of_item(rating.item_id), "action_id": rating.action_id, "tuned": voted.tuned},
        **{"note": rating.note, "shown_at": rating.shown_at, "answered_at": rating.answered_at},
        **({} if voted.kind == "main" else {"slot": voted.kind, "of": voted.of}),
        **({"alone": True} if alone else {}),
        **said,
        **marks,
    }
    action_id = content_id([KIND, rating.item_id, rating.who, sorted(said), round_number])
    return Draft(KIND if voted.kind == "main" else CHECK, rating.item_id, payload, action_id)


def _look_s(rating: Rating) -> float:
    """Seconds between showing and answering; infinite where the desk did not say."""
    if not rating.shown_at or not rating.answered_at:
        return float("inf")
    return _seconds(rating.shown_at, rating.answered_at)


def _seconds(shown_at: str, answered_at: str) -> float:
    try:
        return (datetime.fromisoformat(answered_at) - datetime.fromisoformat(shown_at)).total_seconds()
    except (ValueError, TypeError) as error:
        raise InputError("The vote's times are not readable.", "Give ISO 8601 times in UTC.") from error


def undo_rating(workspace: Workspace, study_id: str, who: str, *, action_id: str | None = None) -> str | None:
    """Take back this rater's last vote that still stands. The vote stays in the ledger, marked as withdrawn.

    Votes on training pairs stay, for their answer is known by then.

    Returns:
        The id of the item it was about, which is shown next; None where there was nothing to take back.

    Raises:
        FinetoothError: The study is closed.
    """
    study = load_study(workspace, study_id)
    if not is_open(workspace, study_id):
        raise FinetoothError("The study is closed: votes stand as they are.", "Ask whoever runs it to reopen it.")
    folded = votes(workspace, study_id)
    if action_id is not None and action_id in folded.seen:
        return None
    training = {one for one, check in study.checks.items() if check.kind == "training"}
    mine = [(h.entries[-1].seq, one, h) for one, h in folded.of(who).items() if one not in training]
    if not mine:
        return None
    _, item_id, held = max(mine, key=lambda one: one[0])
    payload = {
        **{"study_id": study_id, "withdraws": [entry.action_id for entry in held.entries]},
        "action_id": action_id or new_action_id(),
    }
    once = content_id(["undo", item_id, who, folded.withdrawals.get((item_id, who), 0)])
    kind = KIND if item_id in study.items else CHECK
    workspace.ledger.append(kind, item_id, payload, who=who, action_id=once)
    return item_id
