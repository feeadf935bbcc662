"""The votes of a blind study: who sees what next, what they said, and taking it back. Everything is an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import FinetoothError, InputError
from core.ids import content_id, new_action_id
from core.ledger import Draft, Entry
from core.types import Rating
from core.workspace import Workspace
from evaluation.assign import Side, item_order, tuned_sides
from evaluation.rubric import check_scores, check_verdict
from evaluation.study import Study, is_open, load_study, study_of_item

KIND = "rating"
RATER = "rater"
SHORTEST_LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class DeskItem:
    """All that the desk may know about a pair: texts, an id that says nothing, and progress. No model, no side map.

    Attributes:
        item_id: To be sent back with the vote.
        prompt: The turns before the answer, as (role, text).
        left, right: The two answers.
        mine_done, mine_total: This rater's progress in pairs.
        all_done, all_total: Everybody's, in votes.
    """

    item_id: str
    prompt: tuple[tuple[str, str], ...]
    left: str
    right: str
    mine_done: int
    mine_total: int
    all_done: int
    all_total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rater and everybody are."""

    mine_done: int
    mine_total: int
    all_done: int
    all_total: int
    n_raters: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a vote. ``stored`` is False where it was a repeat or came too fast; ``reason`` says which."""

    stored: bool
    reason: str = ""


@dataclass(slots=True)
class Held:
    """What one rater holds about one item now: at most one verdict and one set of scores."""

    verdict: str | None = None
    scores: dict[str, int | None] = field(default_factory=dict)
    note: str = ""
    tuned: Side = "left"
    entries: list[Entry] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether it is a judgement of the pair (a skip is not)."""
        return self.verdict not in (None, "skip")


@dataclass(slots=True)
class Votes:
    """A study's events, folded in order."""

    raters: list[str] = field(default_factory=list)
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    withdrawals: dict[tuple[str, str], int] = field(default_factory=dict)

    def judged(self, item_id: str) -> int:
        """How many raters judged the item (skips do not count)."""
        return sum(held.counts for (item, _), held in self.held.items() if item == item_id)


def votes(workspace: Workspace, study_id: str) -> Votes:
    """Fold the ledger into what is held now, undone votes left out."""
    folded = Votes(raters=[entry.who for entry in workspace.ledger.entries(RATER, study_id)])
    for entry in workspace.ledger.entries(KIND):
        if entry.payload.get("study_id") != study_id:
            continue
        pair = (entry.subject, entry.who)
        if "action_id" in entry.payload:
            folded.seen.add(str(entry.payload["action_id"]))
        if entry.payload.get("withdraws"):
            folded.held.pop(pair, None)
            folded.withdrawals[pair] = folded.withdrawals.get(pair, 0) + 1
            continue
        held = folded.held.setdefault(pair, Held(tuned=entry.payload["tuned"]))
        if entry.payload.get("verdict") is not None:
            held.verdict = entry.payload["verdict"]
        held.scores.update(entry.payload.get("scores", {}))
        held.note = entry.payload.get("note") or held.note
        held.entries.append(entry)
    return folded


def join(workspace: Workspace, study_id: str, who: str) -> list[str]:
    """Make somebody a rater of a study (once). Returns all raters in the order in which they joined.

    Raises:
        InputError: The name is empty.
        FinetoothError: There is no such study.
    """
    if not who.strip():
        raise InputError("A rater needs a name.", "Give your name or initials.")
    load_study(workspace, study_id)
    action_id = content_id([RATER, study_id, who])
    workspace.ledger.append(RATER, study_id, {"study_id": study_id}, who=who, action_id=action_id)
    return [entry.who for entry in workspace.ledger.entries(RATER, study_id)]


def next_item(workspace: Workspace, study_id: str, who: str) -> DeskItem | None:
    """The next pair for a rater, or None where nothing is left for them (or the study is closed).

    Pairs that already have their number of judgements are not shown to further raters. An undone pair comes back
    first.
    """
    study = load_study(workspace, study_id)
    raters = join(workspace, study_id, who)
    if not is_open(workspace, study_id):
        return None
    folded = votes(workspace, study_id)
    todo = _todo(study, folded, who)
    if not todo:
        return None
    item = study.items[todo[0]]
    side = tuned_sides(study.seed, list(study.items), raters, who)[item.id]
    left, right = (item.tuned, item.base) if side == "left" else (item.base, item.tuned)
    now = _progress(study, folded, who)
    prompt = tuple((message.role, message.content) for message in item.prompt)
    return DeskItem(item.id, prompt, left, right, now.mine_done, now.mine_total, now.all_done, now.all_total)


def progress(workspace: Workspace, study_id: str, who: str) -> Progress:
    """How far this rater and everybody are; says nothing about who is winning."""
    return _progress(load_study(workspace, study_id), votes(workspace, study_id), who)


def _todo(study: Study, folded: Votes, who: str) -> list[str]:
    judged = _judged(folded)
    order = item_order(study.seed, list(study.items), who)
    mine = {item for (item, rater), held in folded.held.items() if rater == who and held.verdict is not None}
    undone = {item for item, rater in folded.withdrawals if rater == who}
    open_items = [i for i in order if i not in mine and judged.get(i, 0) < study.raters_per_item]
    return sorted(open_items, key=lambda item: item not in undone)


def _judged(folded: Votes) -> dict[str, int]:
    count: dict[str, int] = {}
    for (item, _), held in folded.held.items():
        if held.counts:
            count[item] = count.get(item, 0) + 1
    return count


def _progress(study: Study, folded: Votes, who: str) -> Progress:
    mine = sum(rater == who and held.verdict is not None for (_, rater), held in folded.held.items())
    wanted = study.raters_per_item
    done = sum(min(wanted, n) for n in _judged(folded).values())
    total = mine + len(_todo(study, folded, who))
    return Progress(mine, total, done, wanted * len(study.items), len(folded.raters))


def record_rating(workspace: Workspace, rating: Rating) -> Recorded:
    """Record a vote: a verdict, rubric scores (keys such as ``left.accuracy``), or both.

    One press storm is one vote: the same ``action_id`` again, a second verdict on an item that already has this
    rater's, and a vote less than 250 ms after the pair was shown change nothing, and the answer says so.

    Raises:
        InputError: The verdict or a score is not known, or there is neither.
        FinetoothError: The item is not of a study, or the study is closed.
    """
    study_id = study_of_item(rating.item_id)
    study = load_study(workspace, study_id)
    if rating.item_id not in study.items:
        raise FinetoothError("That pair is not part of the study.", "Reload the page and vote on the pair shown.")
    if not is_open(workspace, study_id):
        raise FinetoothError("The study is closed: no further votes are taken.", "Ask whoever runs it to reopen it.")
    check_verdict(rating.verdict)
    check_scores(rating.scores, study.criteria)
    if rating.verdict is None and not rating.scores:
        raise InputError("The vote holds neither a verdict nor a score.", "Choose a side, or give a score.")
    if _look_s(rating) < SHORTEST_LOOK_S:
        return Recorded(False, "it came within 250 ms of the pair being shown")
    raters = join(workspace, study_id, rating.who)
    folded = votes(workspace, study_id)
    if rating.action_id in folded.seen:
        return Recorded(False, "it was already recorded")
    held = folded.held.get((rating.item_id, rating.who), Held())
    side = tuned_sides(study.seed, list(study.items), raters, rating.who)[rating.item_id]
    round_number = folded.withdrawals.get((rating.item_id, rating.who), 0)
    drafts: list[Draft] = []
    if rating.verdict is not None and held.verdict is None:
        drafts.append(_draft(rating, side, round_number, {"verdict": rating.verdict}))
    if rating.scores and not held.scores:
        drafts.append(_draft(rating, side, round_number, {"scores": dict(rating.scores)}))
    if not drafts:
        return Recorded(False, "you rated this pair already; undo it to change your mind")
    workspace.ledger.append_all(drafts, who=rating.who)
    return Recorded(True)


def _draft(rating: Rating, side: Side, round_number: int, said: Mapping[str, Any]) -> Draft:
    """An entry whose id is the rater, the item and how often it was undone: two presses at once write one vote."""
    payload = {
        **{
            "study_id": study_of_item(rating.item_id),
            "action_id": rating.action_id,
            "tuned": side,
            "note": rating.note,
        },
        **{"shown_at": rating.shown_at, "answered_at": rating.answered_at},
        **said,
    }
    action_id = content_id([KIND, rating.item_id, rating.who, sorted(said), round_number])
    return Draft(KIND, rating.item_id, payload, action_id)


def _look_s(rating: Rating) -> float:
    """Seconds between showing and answering; infinite where the desk did not say."""
    if not rating.shown_at or not rating.answered_at:
        return float("inf")
    try:
        shown, answered = (datetime.fromisoformat(at) for at in (rating.shown_at, rating.answered_at))
        return (answered - shown).total_seconds()
    except (ValueError, TypeError) as error:
        raise InputError("The vote's times are not readable.", "Give ISO 8601 times in UTC.") from error


def undo_rating(workspace: Workspace, study_id: str, who: str, *, action_id: str | None = None) -> str | None:
    """Take back this rater's last vote that still stands. The vote stays in the ledger, marked as withdrawn.

    Returns:
        The id of the item it was about, which is shown next; None where there was nothing to take back.

    Raises:
        FinetoothError: The study is closed.
    """
    load_study(workspace, study_id)
    if not is_open(workspace, study_id):
        raise FinetoothError("The study is closed: votes stand as they are.", "Ask whoever runs it to reopen it.")
    folded = votes(workspace, study_id)
    if action_id is not None and action_id in folded.seen:
        return None
    mine = [(held.entries[-1].seq, item, held) for (item, rater), held in folded.held.items() if rater == who]
    if not mine:
        return None
    _, item_id, held = max(mine, key=lambda one: one[0])
    payload = {
        **{"study_id": study_id, "withdraws": [entry.action_id for entry in held.entries]},
        "action_id": action_id or new_action_id(),
    }
    once = content_id(["undo", item_id, who, folded.withdrawals.get((item_id, who), 0)])
    workspace.ledger.append(KIND, item_id, payload, who=who, action_id=once)
    return item_id
