"""What raters hold now: the ledger's votes folded in order, read once and then only what has come since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.ledger import Entry
from core.workspace import Workspace
from evaluation.assign import Side

KIND = "rating"
CHECK = "rating_check"
"""Votes on hidden repeats, gold and training pairs: they tell about the rater and never enter a win rate."""
RATER = "rater"
LEDGERS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Held:
    """What one rater holds about one pair now: at most one verdict and one set of scores.

    Attributes:
        verdict: As on screen; None = only scored.
        scores: Such as ``{"left.accuracy": 4}``; None = not applicable.
        note: The comment.
        tuned: The side on which the tuned model stood (the better answer, in a gold or training pair).
        flags: Such as ``{"left.fabricated": "major"}``.
        points: Expert criteria met or not, such as ``{"left.0": True}``; None = cannot say.
        entries: The ledger's entries behind it.
    """

    verdict: str | None = None
    scores: Mapping[str, int | None] = field(default_factory=dict)
    note: str = ""
    tuned: Side = "left"
    flags: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, bool | None] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is a judgement of the pair (a skip is not)."""
        return self.verdict not in (None, "skip")


@dataclass(slots=True)
class Votes:
    """A study's events, folded in order. A copy: changing it changes nothing else.

    Attributes:
        raters: In the order in which they joined.
        held: (item id, rater) -> what they hold.
        checks: The same for hidden repeats, gold and training pairs, by the id that was on the desk.
        seen: Action ids of all votes.
        withdrawals: (id, rater) -> how often a vote was taken back.
    """

    raters: list[str] = field(default_factory=list)
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    checks: dict[tuple[str, str], Held] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    withdrawals: dict[tuple[str, str], int] = field(default_factory=dict)

    def judged(self, item_id: str) -> int:
        """How many raters judged the item (skips do not count)."""
        return sum(held.counts for (item, _), held in self.held.items() if item == item_id)

    def judgements(self) -> dict[str, int]:
        """How many raters judged each item; items that nobody judged are not in it."""
        count: dict[str, int] = {}
        for (item, _), held in self.held.items():
            if held.counts:
                count[item] = count.get(item, 0) + 1
        return count

    def of(self, rater: str) -> dict[str, Held]:
        """What one rater holds, pairs and checks together, oldest first."""
        mine = {item: h for place in (self.held, self.checks) for (item, who), h in place.items() if who == rater}
        return dict(sorted(mine.items(), key=lambda one: one[1].entries[0].seq))

    def copied(self) -> Votes:
        """The same in containers of its own."""
        return Votes(
            list(self.raters), dict(self.held), dict(self.checks), set(self.seen), dict(self.withdrawals)
        )  # fmt: skip


@dataclass(slots=True)
class _Fold:
    """All studies of one ledger, folded up to an entry."""

    seq: int = 0
    hash: str = ""
    studies: dict[str, Votes] = field(default_factory=dict)


_folds: OrderedDict[Path, _Fold] = OrderedDict()
_lock = threading.Lock()


def votes(workspace: Workspace, study_id: str) -> Votes:
    """What is held now, undone votes left out. Only entries that are new since the last call are read."""
    with _lock:
        fold = _folds.pop(workspace.ledger.path, _Fold())
        if fold.seq and workspace.ledger.hash_at(fold.seq) != fold.hash:  # another ledger stands in its place
            fold = _Fold()
        for entry in workspace.ledger.entries(after=fold.seq):
            _take(fold, entry)
            fold.seq, fold.hash = entry.seq, entry.hash
        _folds[workspace.ledger.path] = fold
        while len(_folds) > LEDGERS_KEPT:
            _folds.popitem(last=False)
        return fold.studies[study_id].copied() if study_id in fold.studies else Votes()


def _take(fold: _Fold, entry: Entry) -> None:
    if entry.kind == RATER:
        fold.studies.setdefault(entry.subject, Votes()).raters.append(entry.who)
    if entry.kind not in (KIND, CHECK):
        return
    said = entry.payload
    folded = fold.studies.setdefault(str(said.get("study_id")), Votes())
    place = folded.held if entry.kind == KIND else folded.checks
    pair = (entry.subject, entry.who)
    if "action_id" in said:
        folded.seen.add(str(said["action_id"]))
    if said.get("withdraws"):
        place.pop(pair, None)
        folded.withdrawals[pair] = folded.withdrawals.get(pair, 0) + 1
        return
    held = place.get(pair) or Held(tuned=said["tuned"])
    place[pair] = replace(
        held,
        verdict=held.verdict if said.get("verdict") is None else said["verdict"],
        scores={**held.scores, **said.get("scores", {})},
        note=said.get("note") or held.note,
        flags={**held.flags, **said.get("flags", {})},
        points={**held.points, **said.get("points", {})},
        entries=(*held.entries, entry),
    )
