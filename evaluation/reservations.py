"""Who has which pair of a study on the desk, so that a pair is not shown to more raters than it needs.

A reservation lasts some minutes after the last sign of life. It lies in a file that can be deleted at any time: what
counts is the ledger alone, and a vote is recorded whether or not its reservation still stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.clock import after
from core.db import Database, scratch
from core.workspace import Workspace

FILE = "reservations.studies.sqlite"
LASTS = timedelta(minutes=10)
"""Long enough to read two long answers, short enough for a closed laptop."""
RENEWED = timedelta(minutes=9)
"""A reservation that holds at least this long is not written anew: a redrawn page costs no write."""
MIGRATIONS = (
    """
    CREATE TABLE desks (
        study_id TEXT NOT NULL, who TEXT NOT NULL, item_id TEXT NOT NULL, until TEXT NOT NULL,
        PRIMARY KEY (study_id, who)
    );
    """,
)


@dataclass(frozen=True, slots=True)
class Needed:
    """What a rater may judge now.

    Attributes:
        missing: Item id -> how many judgements it still lacks, in the rater's order.
        settled: (item id, rater) of all votes: a desk whose rater has voted on its pair holds nothing any more.
    """

    missing: Mapping[str, int]
    settled: Container[tuple[str, str]]


def claim(workspace: Workspace, study_id: str, who: str, look: Callable[[], Needed]) -> str | None:
    """Reserve the first pair that still needs this rater, others' reservations counted; what they had is free again.

    Args:
        workspace: Where the study is.
        study_id: Which one.
        who: The rater. A pair that they have on the desk already comes first.
        look: What they may judge; asked again inside the transaction, so that a vote that comes meanwhile counts.

    Returns:
        The pair's id; None where each is on as many desks as it needs.

    Raises:
        StorageError: The file cannot be written.
    """
    now = workspace.clock()
    with _database(workspace).reading() as connection:
        mine = connection.execute(
            "SELECT item_id FROM desks WHERE study_id = ? AND who = ? AND until > ?",
            (study_id, who, after(now, RENEWED)),
        ).fetchone()
    if mine and mine["item_id"] in look().missing:
        return str(mine["item_id"])
    with _database(workspace).writing() as connection:
        connection.execute("DELETE FROM desks WHERE until <= ?", (now,))
        rows = connection.execute("SELECT who, item_id FROM desks WHERE study_id = ?", (study_id,)).fetchall()
        needed = look()
        taken = Counter(
            row["item_id"]
            for row in rows
            if row["who"] != who and (row["item_id"], row["who"]) not in needed.settled
        )  # fmt: skip
        own = [row["item_id"] for row in rows if row["who"] == who and row["item_id"] in needed.missing]
        chosen = next((item for item in (*own, *needed.missing) if taken[item] < needed.missing[item]), None)
        if chosen is None:
            connection.execute("DELETE FROM desks WHERE study_id = ? AND who = ?", (study_id, who))
        else:
            desk = (study_id, who, chosen, after(now, LASTS))
            connection.execute("INSERT OR REPLACE INTO desks VALUES (?, ?, ?, ?)", desk)
    return chosen


def _database(workspace: Workspace) -> Database:
    return scratch(workspace.path / FILE, MIGRATIONS)
