"""What people did, in order, for ever: one append-only table held by triggers and a hash chain."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import Clock, utc_now
from core.db import Database
from core.errors import FinetoothError
from core.ids import canonical, digest, new_action_id

MIGRATIONS = (
    """
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        action_id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        payload TEXT NOT NULL,
        who TEXT NOT NULL,
        at TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    );
    CREATE INDEX entries_by_kind ON entries (kind, subject, seq);
    CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
    """,
)
GENESIS = "0" * 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done. ``payload`` is JSON-like; ``hash`` covers the entry and, through it, all before it."""

    seq: int
    action_id: str
    kind: str
    subject: str
    payload: Mapping[str, Any]
    who: str
    at: str
    hash: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry to be written. A repeated ``action_id`` is harmless."""

    kind: str
    subject: str
    payload: Mapping[str, Any]
    action_id: str | None = None


@dataclass(frozen=True, slots=True)
class Since:
    """What a person had seen before they acted: all entries up to ``seq``.

    ``look`` gets the entries that came after it, those of the same act left out; if it raises, nothing is written.
    """

    seq: int
    look: Callable[[Sequence[Entry]], None]


class Ledger:
    """The append-only record of a workspace: decisions, edits, ratings, imports, freezes."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self._db = Database(path, MIGRATIONS, durable=True)
        self._clock = clock
        self.path = path

    def append(
        self, kind: str, subject: str, payload: Mapping[str, Any], *, who: str = "", action_id: str | None = None
    ) -> Entry:
        """Record one action; the same ``action_id`` again changes nothing and returns the first entry."""
        return self.append_all([Draft(kind, subject, payload, action_id)], who=who)[0]

    def append_all(self, drafts: Sequence[Draft], *, who: str = "", since: Since | None = None) -> list[Entry]:
        """Record several actions in one transaction: all of them or none.

        Args:
            drafts: What to record.
            who: The person.
            since: What they had seen; what others have recorded since is looked at inside the same transaction.
        """
        written: list[Entry] = []
        own = {draft.action_id for draft in drafts}
        with self._db.writing() as connection:
            if since is not None:
                later = connection.execute("SELECT * FROM entries WHERE seq > ? ORDER BY seq", (since.seq,))
                since.look([_entry(row) for row in later.fetchall() if row["action_id"] not in own])
            last = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
            seq, previous = (last["seq"], last["hash"]) if last else (0, GENESIS)
            at = self._clock()
            for draft in drafts:
                action_id = draft.action_id or new_action_id()
                known = connection.execute("SELECT * FROM entries WHERE action_id = ?", (action_id,)).fetchone()
                if known:
                    written.append(_entry(known))
                    continue
                seq += 1
                payload = canonical(dict(draft.payload)).decode("ascii")
                fields = (action_id, draft.kind, draft.subject, payload, who, at)
                link = _link(previous, fields)
                connection.execute(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (seq, *fields, previous, link)
                )
                previous = link
                written.append(Entry(seq, action_id, draft.kind, draft.subject, json.loads(payload), who, at, link))
        return written

    def entries(self, kind: str | None = None, subject: str | None = None, after: int = 0) -> list[Entry]:
        """Entries in order, optionally of one kind and about one subject, with ``seq`` greater than ``after``."""
        clauses: list[str] = ["seq > ?"]
        values: list[Any] = [after]
        for column, value in (("kind", kind), ("subject", subject)):
            if value is not None:
                clauses.append(f"{column} = ?")
                values.append(value)
        query = f"SELECT * FROM entries WHERE {' AND '.join(clauses)} ORDER BY seq"
        with self._db.reading() as connection:
            return [_entry(row) for row in connection.execute(query, values)]

    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry (0 and the genesis hash when empty)."""
        with self._db.reading() as connection:
            row = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return (row["seq"], row["hash"]) if row else (0, GENESIS)

    def verify(self) -> int:
        """Recompute the chain. Returns the number of entries.

        Raises:
            FinetoothError: Naming the first entry that was altered, moved or cut out.
        """
        previous, expected = GENESIS, 1
        with self._db.reading() as connection:
            for row in connection.execute("SELECT * FROM entries ORDER BY seq"):
                fields = tuple(row[c] for c in ("action_id", "kind", "subject", "payload", "who", "at"))
                if row["seq"] != expected or row["previous"] != previous or row["hash"] != _link(previous, fields):
                    raise FinetoothError(
                        f"The ledger was altered at entry {row['seq']} (expected entry {expected}).",
                        "Restore ledger.sqlite from a copy; entries before this one are intact.",
                    )
                previous, expected = row["hash"], expected + 1
        return expected - 1


def _link(previous: str, fields: tuple[Any, ...]) -> str:
    return digest([previous.encode(), *(str(f).encode("utf-8", "surrogatepass") for f in fields)])


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["seq"],
        row["action_id"],
        row["kind"],
        row["subject"],
        json.loads(row["payload"]),
        row["who"],
        row["at"],
        row["hash"],
    )
