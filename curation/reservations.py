"""Who has which item open, so that two reviewers do not read the same one; shown, never enforced.

A reservation is a courtesy: it lasts a few minutes after the last sign of life, anybody can take it over openly, and
what keeps decisions safe is the ledger alone. It lies in a small file of its own, which can be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.clock import after
from core.db import Database, scratch
from core.workspace import Workspace

FILE = "reservations.sqlite"
LASTS = timedelta(minutes=10)
"""After the last press: long enough to read a long conversation, short enough for a closed laptop."""
ROWS_RESERVED = 2
"""The rows that stand on screen: an item's own and the one beside it."""
MIGRATIONS = (
    """
    CREATE TABLE reservations (
        example_id TEXT PRIMARY KEY, finding_id TEXT NOT NULL, who TEXT NOT NULL, tab TEXT NOT NULL,
        since TEXT NOT NULL, until TEXT NOT NULL
    );
    CREATE INDEX reservations_of_tab ON reservations (tab);
    """,
)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Somebody has a row open. ``tab`` tells the tabs of one person apart; times are UTC, ISO 8601."""

    example_id: str
    finding_id: str
    who: str
    tab: str
    since: str
    until: str


def reserve(
    workspace: Workspace,
    finding_id: str,
    example_ids: Sequence[str],
    *,
    who: str,
    tab: str,
    take_over: bool = False,
) -> Reservation | None:
    """Reserve an item while it is open; what this tab had open before is free again.

    Args:
        workspace: The open workspace.
        finding_id: The item.
        example_ids: The rows on screen (the first :data:`ROWS_RESERVED` count).
        who: The person.
        tab: Their tab.
        take_over: Whether to take it from somebody who has it open.

    Returns:
        The reservation of somebody else that stands in the way (nothing is reserved then); None where there is none.

    Raises:
        StorageError: The file cannot be written.
    """
    rows, now = list(dict.fromkeys(example_ids))[:ROWS_RESERVED], workspace.clock()
    until = after(now, LASTS)
    marks = ",".join("?" * len(rows))
    with _database(workspace).writing() as connection:
        connection.execute("DELETE FROM reservations WHERE until <= ?", (now,))
        held = f"SELECT * FROM reservations WHERE example_id IN ({marks}) AND who != ? ORDER BY since LIMIT 1"
        other = connection.execute(held, [*rows, who]).fetchone()
        kept = "SELECT since FROM reservations WHERE tab = ? AND finding_id = ? LIMIT 1"
        before = connection.execute(kept, (tab, finding_id)).fetchone()
        connection.execute("DELETE FROM reservations WHERE tab = ?", (tab,))
        if other and not take_over:
            return Reservation(**dict(other))
        since = before["since"] if before else now
        connection.executemany(
            "INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?, ?)",
            [(example_id, finding_id, who, tab, since, until) for example_id in rows],
        )
    return None


def others(workspace: Workspace, who: str) -> tuple[Reservation, ...]:
    """What other people have open now, the longest open first."""
    query = "SELECT * FROM reservations WHERE who != ? AND until > ? ORDER BY since, example_id"
    with _database(workspace).reading() as connection:
        return tuple(Reservation(**dict(row)) for row in connection.execute(query, (who, workspace.clock())))


def is_free(held: Collection[str], example_ids: Sequence[str]) -> bool:
    """Whether none of the rows that an item would put on screen is among those that others hold."""
    return not any(example_id in held for example_id in example_ids[:ROWS_RESERVED])


def free(workspace: Workspace, tab: str) -> None:
    """Give back what a tab has open."""
    with _database(workspace).writing() as connection:
        connection.execute("DELETE FROM reservations WHERE tab = ?", (tab,))


def _database(workspace: Workspace) -> Database:
    return scratch(workspace.path / FILE, MIGRATIONS)
