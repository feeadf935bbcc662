"""How far the review is: what is left, how long that takes at a person's pace, and how each check's findings ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import mean

from core.workspace import Workspace
from curation import cache
from curation.checks import CHECKS, OTHER_TITLES

PAUSE_S = 180.0
"""A longer gap between two acts is a pause, not work."""
ACTS_LOOKED_AT = 60
LEAST_ACTS = 5
"""Before so many gaps are known, no pace is told."""
WAYS = ("kept", "dropped", "edited", "fixed", "gone")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a person decides: seconds an act, over so many acts; pauses are left out."""

    seconds: float
    n_acts: int
    n_pauses: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings of one check: how many are open, and how the others ended.

    Attributes:
        check: Its name.
        title: What it finds.
        open: Nobody has settled them.
        kept: Somebody looked, and it stayed.
        dropped: An example was dropped.
        edited: An example was edited by hand.
        fixed: The check's own proposal was accepted, one by one or all at once.
        gone: The file was taken out, or what they were about changed otherwise.
    """

    check: str
    title: str
    open: int
    kept: int
    dropped: int
    edited: int
    fixed: int
    gone: int

    @property
    def total(self) -> int:
        """All findings of the check."""
        return self.open + self.kept + self.dropped + self.edited + self.fixed + self.gone


def settled(workspace: Workspace) -> tuple[Settled, ...]:
    """What each check found and how it was settled, in report order."""
    query = "SELECT check_name, state, how, COUNT(*) FROM findings GROUP BY check_name, state, how"
    counts: dict[str, dict[str, int]] = {}
    with cache.synced(workspace).reading() as connection:
        for check, state, how, count in connection.execute(query):
            way = "open" if state == "open" else how if how in WAYS else "gone"
            of_check = counts.setdefault(check, dict.fromkeys(("open", *WAYS), 0))
            of_check[way] += count
    order = {check.name: place for place, check in enumerate(CHECKS)}
    titles = {check.name: check.title for check in CHECKS} | OTHER_TITLES
    names = sorted(counts, key=lambda name: (order.get(name, len(order)), name))
    return tuple(Settled(name, titles.get(name, name), **counts[name]) for name in names)


def pace(workspace: Workspace, who: str) -> Pace | None:
    """A person's pace, from the times in the ledger; None where they have decided too little to tell.

    A batch is one act. The mean of the gaps between their last acts, those above :data:`PAUSE_S` left out.
    """
    latest = "SELECT at, batch FROM acts WHERE who = ? ORDER BY seq DESC"
    ends: dict[str, str] = {}
    with cache.synced(workspace).reading() as connection:
        for at, batch in connection.execute(latest, (who,)):
            ends.setdefault(batch, at)
            if len(ends) > ACTS_LOOKED_AT:
                break
    return pace_of([*ends.values()][::-1])


def pace_of(times: Sequence[str]) -> Pace | None:
    """The pace of acts at these times (UTC, ISO 8601, oldest first); None where fewer than five gaps are work."""
    moments = [datetime.fromisoformat(time) for time in times]
    gaps = [max(0.0, (later - earlier).total_seconds()) for earlier, later in pairwise(moments)]
    worked = [gap for gap in gaps if gap <= PAUSE_S]
    if len(worked) < LEAST_ACTS:
        return None
    return Pace(mean(worked), len(worked), len(gaps) - len(worked))


def time_left_s(n_left: int, at: Pace) -> float:
    """How long so many items take at this pace, without pauses."""
    return n_left * at.seconds
