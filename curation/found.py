"""Findings as the screen and the commands read them: filtered, sorted, paged, and the place of one among them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import FinetoothError
from core.types import Finding, Severity
from core.workspace import Workspace
from curation import cache, gain, records

ORDERS = {
    "severity": "severity, position, id",
    "check": "check_name, position, id",
    "example": "example_id, severity, id",
    "cluster": "-size, example_id, position, id",
    "expected gain": "-gain, position, id",
}
"""``cluster``: the largest groups of rows first, those of one example together; ``expected gain``: see ``gain``."""
CLUSTER_ORDERS = {
    "severity": ORDERS["severity"],
    "largest": "-size, position, id",
    "most alike": "IFNULL(-likeness, 1), position, id",
    "least alike": "IFNULL(likeness, 2), position, id",
}
"""How clusters can be sorted; what has no likeness stands last in both of its orders."""

SCORE_ORDERS = {
    "surest": "-IFNULL(score,-1), position, id",
    "least sure": "IFNULL(score,2), position, id",
}
"""By how sure the check is; what has no score stands last in both."""

INSERT = """
INSERT OR IGNORE INTO findings
(id, position, check_name, family, severity, example_id, safe, action, body, state, size, likeness, gain)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)
"""

SEVERITIES: tuple[Severity, ...] = ("block", "warn", "info")  # stored by their index


MINE = """
WITH RECURSIVE mine (id) AS (
    SELECT example_id FROM deciders WHERE who = ?
    UNION SELECT new_id FROM edits JOIN mine ON old_id = mine.id)
SELECT id FROM mine"""


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as it stands now: ``open`` or ``settled``. ``position`` is its place in the report."""

    id: str
    finding: Finding
    state: str
    position: int


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Some findings of ``total`` that fit the filter."""

    items: tuple[FindingView, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings.

    Attributes:
        families: Only these families (the part of a check's name before the dot); empty = all.
        checks: Only these checks; empty = all.
        state: ``open``, ``settled`` or ``all``.
        safe: Only those with (or without) a safe proposal; None = either.
        example_id: Only those that concern this example; None = any.
        reasons: Only these reasons (slugs); empty = all.
        decided_by: Only those on examples (and on what they were edited into) that this person decided about; None =
            all.
    """

    families: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    state: str = "open"
    safe: bool | None = None
    example_id: str | None = None
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None

    def clause(self) -> tuple[str, list[Any]]:
        """The condition in SQL, and its values."""
        clauses: list[str] = ["1"]
        values: list[Any] = []
        for column, wanted in (("family", self.families), ("check_name", self.checks), ("reason", self.reasons)):
            if wanted:
                clauses.append(f"{column} IN ({','.join('?' * len(wanted))})" if len(wanted) > 1 else f"{column} = ?")
                values += wanted
        if self.state != "all":
            clauses.append("state = ?")
            values.append(self.state)
        if self.safe is not None:
            clauses.append("safe = ?")
            values.append(int(self.safe))
        if self.example_id is not None:
            clauses.append("id IN (SELECT finding_id FROM members WHERE example_id = ?)")
            values.append(self.example_id)
        if self.decided_by is not None:
            clauses.append(f"id IN (SELECT finding_id FROM members WHERE example_id IN ({MINE}))")
            values.append(self.decided_by)
        return " AND ".join(clauses), values


def findings(
    workspace: Workspace,
    *,
    families: Sequence[str] = (),
    checks: Sequence[str] = (),
    state: str = "open",
    safe: bool | None = None,
    example_id: str | None = None,
    reasons: Sequence[str] = (),
    decided_by: str | None = None,
    order: str = "severity",
    offset: int = 0,
    limit: int = 50,
) -> FindingPage:
    """A page of findings.

    Args:
        workspace: The open workspace.
        families, checks, state, safe, example_id, reasons, decided_by: Which findings, as in :class:`Filter`.
        order: One of :data:`ORDERS`, :data:`CLUSTER_ORDERS` or :data:`SCORE_ORDERS`.
        offset: How many to pass over.
        limit: How many to return.
    """
    which = Filter(tuple(families), tuple(checks), state, safe, example_id, tuple(reasons), decided_by)
    where, values = which.clause()
    with cache.synced(workspace).reading() as connection:
        total = connection.execute(f"SELECT COUNT(*) FROM findings WHERE {where}", values).fetchone()[0]
        page = f"SELECT id FROM findings WHERE {where} ORDER BY {_keys(order)} LIMIT ? OFFSET ?"  # sorts no bodies
        query = f"SELECT * FROM findings WHERE id IN ({page}) ORDER BY {_keys(order)}"
        items = tuple(_view(row) for row in connection.execute(query, [*values, limit, offset]))
    return FindingPage(items, total)


def rank(workspace: Workspace, wanted_id: str, which: Filter, *, order: str = "severity") -> int | None:
    """How many of the findings that ``which`` names stand before this one; None where it is not among them."""
    where, values = which.clause()
    keys = _keys(order)
    with cache.synced(workspace).reading() as connection:
        among = f"SELECT {keys} FROM findings WHERE {where} AND id = ?"
        own = connection.execute(among, [*values, wanted_id]).fetchone()
        if own is None:
            return None
        bound = f"{_first(keys)} <= ?"  # lets the index stop there
        before = f"SELECT COUNT(*) FROM findings WHERE {where} AND {bound} AND ({keys}) < ({','.join('?' * len(own))})"
        found: int = connection.execute(before, [*values, own[0], *own]).fetchone()[0]
    return found


def _keys(order: str) -> str:
    """The sort keys of an order, in SQL."""
    return {**ORDERS, **CLUSTER_ORDERS, **SCORE_ORDERS}[order]


def _first(keys: str) -> str:
    """The first of the sort keys."""
    return _FIRST_KEY.match(keys)[0]  # type: ignore[index]


_FIRST_KEY = re.compile(r"[^,(]+(?:\([^)]*\))?")


def finding(workspace: Workspace, wanted_id: str) -> FindingView:
    """One finding.

    Raises:
        FinetoothError: It is not in the latest report.
    """
    with cache.synced(workspace).reading() as connection:
        row = connection.execute("SELECT * FROM findings WHERE id = ?", (wanted_id,)).fetchone()
    if row is None:
        raise FinetoothError("This finding is not in the latest report.", "Run the checks again.")
    return _view(row)


def still_in(workspace: Workspace, wanted_id: str) -> frozenset[str]:
    """Those of a finding's examples that are in the dataset now."""
    query = (
        "SELECT examples.id FROM members JOIN examples ON examples.id = members.example_id "
        "WHERE members.finding_id = ? AND examples.state = 'in'"
    )
    with cache.synced(workspace).reading() as connection:
        return frozenset(row[0] for row in connection.execute(query, (wanted_id,)))


def _view(row: sqlite3.Row) -> FindingView:
    return FindingView(row["id"], records.from_json(row["body"]), row["state"], row["position"])


def reason_counts(workspace: Workspace, checks: Sequence[str] = ()) -> dict[tuple[str, str], tuple[int, int]]:
    """Open findings and all findings, by check and reason; only of these ``checks`` where some are named."""
    where, values = Filter(checks=tuple(checks), state="all").clause()
    query = f"SELECT check_name, reason, SUM(state = 'open'), COUNT(*) FROM findings WHERE {where} GROUP BY 1, 2"
    with cache.synced(workspace).reading() as connection:
        return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query, values)}


def remove(connection: sqlite3.Connection, checks: Sequence[str] | None = None) -> None:
    """Take the findings of these checks out of the cache; None = all findings."""
    stale, values = "SELECT id FROM findings", list(checks or ())
    if checks is not None:
        stale += f" WHERE check_name IN ({','.join('?' * len(values))})"
    connection.execute(f"DELETE FROM members WHERE finding_id IN ({stale})", values)
    connection.execute(f"DELETE FROM clashes WHERE finding_id IN ({stale})", values)
    connection.execute(f"DELETE FROM findings WHERE id IN ({stale})", values)


def insert(
    connection: sqlite3.Connection, found: Sequence[Finding], lines: Mapping[str, Sequence[int]], first: int = 0
) -> None:
    """Put findings into the cache, open; ``cache.settle`` then settles what decisions have settled.

    Args:
        connection: That is being written to.
        found: In report order.
        lines: The rows of the examples that stand on several.
        first: Position of the first in the report.
    """
    for position, finding in enumerate(found, first):
        identity, proposal = records.finding_id(finding), finding.proposal
        columns = (
            identity,
            position,
            finding.check,
            finding.family,
            SEVERITIES.index(finding.severity),
            finding.example_id,
            bool(proposal and proposal.safe),
            proposal.action if proposal else None,
            records.to_json(finding),
            *(size_and_likeness := cache.measures(finding, lines)),
            gain.expected(finding.check, finding.severity, size_and_likeness[0]),
        )
        connection.execute(INSERT, columns)
        members = [(identity, member) for member in finding.members]
        connection.executemany("INSERT OR IGNORE INTO members VALUES (?, ?)", members)
        if finding.family == "contradictions":
            key = records.clash_key(finding, cache.messages_of(connection, finding.members[:2]))
            connection.execute("INSERT OR IGNORE INTO clashes VALUES (?, ?)", (identity, key))
