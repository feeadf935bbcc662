"""What raters hold now: the ledger's votes folded in order, read once and then only what has come since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

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
        alone: Whether one answer was shown by itself, so that scores are all there is to say.
        entries: The ledger's entries behind it.
    """

    verdict: str | None = None
    scores: Mapping[str, int | None] = field(default_factory=dict)
    note: str = ""
    tuned: Side = "left"
    flags: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, bool | None] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    alone: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is a judgement of the pair or of the answer (a skip is not)."""
        return bool(self.scores) if self.alone and self.verdict is None else self.verdict not in (None, "skip")

    @property
    def settled(self) -> bool:
        """Whether the rater is done with it: judged, or skipped."""
        return self.verdict is not None or self.counts


@dataclass(slots=True)
class Votes:
    """A study's events, folded in order. A copy: changing it changes nothing else.

    Attributes:
        raters: In the order in which they joined.
        held: (item id, rater) -> what they hold.
        checks: The same for hidden repeats, gold and training pairs, by the id that was on the desk.
        seen: Action ids of all votes.
        withdrawals: (id, rater) -> how often a vote was taken back.

    What is counted from them is kept, so that a desk's work does not grow with the votes.
    """

    raters: list[str] = field(default_factory=list)
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    checks: dict[tuple[str, str], Held] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    withdrawals: dict[tuple[str, str], int] = field(default_factory=dict)
    _judged: dict[str, int] | None = field(default=None, init=False, repr=False, compare=False)
    _mine: dict[str, dict[str, Held]] | None = field(default=None, init=False, repr=False, compare=False)

    def judged(self, item_id: str) -> int:
        """How many raters judged the item (skips do not count)."""
        return self.judgements().get(item_id, 0)

    def judgements(self) -> Mapping[str, int]:
        """How many raters judged each item; items that nobody judged are not in it."""
        if self._judged is None:
            self._judged = {}
            for (item, _), held in self.held.items():
                if held.counts:
                    self._judged[item] = self._judged.get(item, 0) + 1
        return MappingProxyType(self._judged)

    def of(self, rater: str) -> Mapping[str, Held]:
        """What one rater holds, pairs and checks together, oldest first."""
        if self._mine is None:
            self._mine = {}
            everything = [(*pair, held) for place in (self.held, self.checks) for pair, held in place.items()]
            for one, who, held in sorted(everything, key=lambda each: each[2].entries[0].seq):
                self._mine.setdefault(who, {})[one] = held
        return MappingProxyType(self._mine.get(rater, {}))

    def copied(self) -> Votes:
        """The same in containers of its own."""
        copy = Votes(list(self.raters), dict(self.held), dict(self.checks), set(self.seen), dict(self.withdrawals))
        self.of("")  # so that it is worked out here once, and not in each copy
        copy._judged, copy._mine = dict(self.judgements()), dict(self._mine or {})
        return copy

    def put(self, kind: str, pair: tuple[str, str], held: Held | None) -> None:
        """Let a rater hold this about a pair (or check) from now on; None = nothing any more."""
        place, (one, who) = self.held if kind == KIND else self.checks, pair
        before = place.pop(pair, None) if held is None else place.get(pair)
        if held is not None:
            place[pair] = held
        if self._mine is not None:
            mine = {k: v for k, v in self._mine.get(who, {}).items() if held is not None or k != one}
            self._mine[who] = mine if held is None else {**mine, one: held}
        if self._judged is not None and kind == KIND:
            change = (held is not None and held.counts) - (before is not None and before.counts)
            count = self._judged.pop(one, 0) + change
            if count:
                self._judged[one] = count


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
        new = workspace.ledger.entries(after=max(0, fold.seq - 1))
        if fold.seq and (not new or new[0].hash != fold.hash):  # another ledger stands in its place
            fold, new = _Fold(), workspace.ledger.entries()
        for entry in new[1 if fold.seq else 0 :]:
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
        folded.put(entry.kind, pair, None)
        folded.withdrawals[pair] = folded.withdrawals.get(pair, 0) + 1
        return
    held = place.get(pair) or Held(tuned=said["tuned"], alone=bool(said.get("alone")))
    now = replace(
        held,
        verdict=held.verdict if said.get("verdict") is None else said["verdict"],
        scores={**held.scores, **said.get("scores", {})},
        note=said.get("note") or held.note,
        flags={**held.flags, **said.get("flags", {})},
        points={**held.points, **said.get("points", {})},
        entries=(*held.entries, entry),
    )
    folded.put(entry.kind, pair, now)
