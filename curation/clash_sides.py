"""How many rows stand on each side of a clash: a hint for the person who decides, never a verdict."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.revisions import example_of
from core.types import Example
from core.workspace import Workspace
from curation import cache
from curation.clash.judge import clash_between
from curation.found import FindingView

MOST_COMPARED = 60
"""Other rows of one question that are placed on a side; the rest are counted as not compared."""
_ALIKE = ("duplicates.exact", "duplicates.near", "duplicates.conflict")


@dataclass(frozen=True, slots=True)
class ClashSides:
    """Who says what. Ids of examples that are in the dataset or dropped, the one on screen first.

    Attributes:
        left, right: The examples that clash with the other side and not with this one.
        apart: Examples of the same question that clash with both or with neither.
        n_left, n_right: Rows of the files on each side: an example that stands on three lines counts three.
        not_compared: Examples of the question beyond :data:`MOST_COMPARED`.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    apart: tuple[str, ...]
    n_left: int
    n_right: int
    not_compared: int

    @property
    def involves_more(self) -> bool:
        """Whether more than the two rows on screen are involved."""
        return self.n_left + self.n_right + len(self.apart) + self.not_compared > 2

    @property
    def majority(self) -> str:
        """``left`` or ``right``; empty where both have as many rows."""
        return "" if self.n_left == self.n_right else "left" if self.n_left > self.n_right else "right"


def sides(workspace: Workspace, view: FindingView) -> ClashSides | None:
    """The rows on each side of a clash between two rows; None where the finding is about a single row.

    The other rows come from the findings of the last check that hold one of the two: those that clash with it, that
    are copies of it, or that answer the same question in another way. Each is placed by the rules of the check and by
    what the check has found; where the two rows do not answer one question, by what it has found alone.
    """
    found = view.finding
    if found.family != "contradictions" or not found.related:
        return None
    one, other = found.members[:2]
    with cache.synced(workspace).reading() as connection:
        shown = _examples(connection, (one, other))
        last = {example_id: len(example.messages) - 1 for example_id, example in shown.items()}
        at_the_end = all(last.get(span.example_id or one) == span.turn for span in found.spans)
        judges = found.check == "contradictions.clash" and at_the_end  # the rules read the final answers
        edges = _edges(connection, (one, other))
        wanted = _others(connection, (one, other), edges, judges)
        known = _examples(connection, (one, other, *wanted[:MOST_COMPARED]))
        lines = _rows(connection, tuple(known))
    left, right, apart = [one], [other], list[str]()
    clashes = _judge(edges, known, judges)
    for candidate in known:
        if candidate in (one, other):
            continue
        with_left, with_right = clashes(candidate, one), clashes(candidate, other)
        place = apart if with_left == with_right else right if with_left else left
        place.append(candidate)
    return ClashSides(
        tuple(left),
        tuple(right),
        tuple(apart),
        sum(lines[i] for i in left if i in lines),
        sum(lines[i] for i in right if i in lines),
        max(0, len(wanted) - MOST_COMPARED),
    )


def _judge(edges: frozenset[frozenset[str]], known: dict[str, Example], judges: bool) -> Callable[[str, str], bool]:
    def clashes(one: str, other: str) -> bool:
        if frozenset((one, other)) in edges:
            return True
        return judges and clash_between(known[one].answer, known[other].answer) is not None

    return clashes


def _edges(connection: sqlite3.Connection, ids: Sequence[str]) -> frozenset[frozenset[str]]:
    """Pairs of examples that the check has found to clash, where one of them is on screen."""
    query = (
        "SELECT mine.example_id, theirs.example_id FROM members AS mine "
        "JOIN findings ON findings.id = mine.finding_id AND findings.family = 'contradictions' "
        "JOIN members AS theirs ON theirs.finding_id = mine.finding_id AND theirs.example_id != mine.example_id "
        "WHERE mine.example_id = ?"
    )
    return frozenset(frozenset((row[0], row[1])) for one in ids for row in connection.execute(query, (one,)))


def _others(
    connection: sqlite3.Connection, ids: Sequence[str], edges: frozenset[frozenset[str]], judges: bool
) -> list[str]:
    """The other examples of the question, those that the check compared first; without those that were dropped."""
    found = dict.fromkeys(one for edge in sorted(edges, key=sorted) for one in sorted(edge))
    if judges:
        marks = ",".join("?" * len(_ALIKE))
        query = (
            "SELECT DISTINCT theirs.example_id FROM members AS mine "
            f"JOIN findings ON findings.id = mine.finding_id AND findings.check_name IN ({marks}) "
            "JOIN members AS theirs ON theirs.finding_id = mine.finding_id WHERE mine.example_id = ? ORDER BY 1"
        )
        for one in ids:
            found.update(dict.fromkeys(row[0] for row in connection.execute(query, [*_ALIKE, one])))
    states = {
        one: row[0]
        for one in found
        if (row := connection.execute("SELECT state FROM examples WHERE id = ?", (one,)).fetchone())
    }
    return [one for one in found if one not in ids and states.get(one) == "in"]


def _examples(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Example]:
    found = {}
    for one in ids:
        row = connection.execute("SELECT id, messages, meta FROM examples WHERE id = ?", (one,)).fetchone()
        if row is not None:
            found[one] = example_of(dict(row))
    return found


def _rows(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, int]:
    """How many lines each example stands on; an edited one counts as one."""
    query = "SELECT COUNT(*) FROM rows WHERE example_id = ?"
    return {one: max(1, connection.execute(query, (one,)).fetchone()[0]) for one in ids}
