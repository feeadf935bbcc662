"""What people did, in order, for ever: one append-only table held by triggers and a hash chain."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import heads
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
FIELDS = ("action_id", "kind", "subject", "payload", "who", "at")
"""What a link of the chain covers, beside the link before it."""
BOTH = f"ledger.sqlite and {heads.NAME}"


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

    def __init__(self, path: Path, clock: Clock = utc_now, *, must_exist: bool = False) -> None:
        self._db = Database(path, MIGRATIONS, durable=True, must_exist=must_exist)
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
        if since is None:
            return self._append(None, lambda _: drafts, who)
        look, own = since.look, {draft.action_id for draft in drafts}

        def looked(later: Sequence[Entry]) -> Sequence[Draft]:
            look([entry for entry in later if entry.action_id not in own])
            return drafts

        return self._append(since.seq, looked, who)

    def append_after(
        self, seq: int, make: Callable[[Sequence[Entry]], Sequence[Draft]], *, who: str = ""
    ) -> list[Entry]:
        """Record what follows from all that stands in the ledger: all of it or nothing.

        Args:
            seq: Number of the last entry that was read.
            make: Gets the entries that have come since, in the transaction that writes, and gives what to record; if it
                raises, nothing is written.
            who: The person.
        """
        return self._append(seq, make, who)

    def _append(self, seq: int | None, make: Callable[[Sequence[Entry]], Sequence[Draft]], who: str) -> list[Entry]:
        written: list[Entry] = []
        with self._db.writing() as connection:
            last = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
            end, previous = (last["seq"], last["hash"]) if last else (0, GENESIS)
            after = end if seq is None else seq
            later = connection.execute("SELECT * FROM entries WHERE seq > ? ORDER BY seq", (after,)).fetchall()
            drafts = make([entry_of(row) for row in later])
            first, at = end, self._clock()
            for draft in drafts:
                action_id = draft.action_id or new_action_id()
                known = connection.execute("SELECT * FROM entries WHERE action_id = ?", (action_id,)).fetchone()
                if known:
                    written.append(entry_of(known))
                    continue
                end += 1
                payload = canonical(dict(draft.payload)).decode("ascii")
                fields = (action_id, draft.kind, draft.subject, payload, who, at)
                link = _link(previous, fields)
                connection.execute(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (end, *fields, previous, link)
                )
                previous = link
                written.append(Entry(end, action_id, draft.kind, draft.subject, json.loads(payload), who, at, link))
        if end > first:
            heads.note(self.path, end, previous)
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
            return [entry_of(row) for row in connection.execute(query, values)]

    def subjects(self, kind: str) -> set[str]:
        """What the entries of a kind are about."""
        with self._db.reading() as connection:
            query = "SELECT DISTINCT subject FROM entries WHERE kind = ?"
            return {row["subject"] for row in connection.execute(query, (kind,))}

    def find(self, action_id: str) -> Entry | None:
        """The entry of an action; None where it has not been recorded."""
        with self._db.reading() as connection:
            row = connection.execute("SELECT * FROM entries WHERE action_id = ?", (action_id,)).fetchone()
        return entry_of(row) if row else None

    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry (0 and the genesis hash when empty)."""
        with self._db.reading() as connection:
            row = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return (row["seq"], row["hash"]) if row else (0, GENESIS)

    def hash_at(self, seq: int) -> str | None:
        """Hash of the entry with this number (the genesis hash for 0); None where there is none."""
        if seq == 0:
            return GENESIS
        with self._db.reading() as connection:
            row = connection.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
        return row["hash"] if row else None

    def holds(self, link: str) -> bool:
        """Whether an entry (or the empty ledger) has this hash."""
        if link == GENESIS:
            return True
        with self._db.reading() as connection:
            return connection.execute("SELECT 1 FROM entries WHERE hash = ? LIMIT 1", (link,)).fetchone() is not None

    @staticmethod
    def readable(path: Path) -> int:
        """How many entries from the start can be read, and fit together, of a ledger file that is damaged."""
        count, previous = 0, GENESIS
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found,
        ):
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA writable_schema=ON")  # without it, nothing is read of a file that was cut short
            for row in found.execute("SELECT * FROM entries ORDER BY seq"):
                fields = tuple(row[c] for c in FIELDS)
                if row["seq"] != count + 1 or row["hash"] != _link(previous, fields):
                    break
                count, previous = count + 1, row["hash"]
        return count

    def verify(self) -> int:
        """Recompute the chain and compare it with the list of heads beside it. Returns the number of entries.

        Raises:
            FinetoothError: Naming the first entry that was altered, moved, cut out or cut off, or the last one that can
                be read of a damaged file.
        """
        previous, expected = GENESIS, 1
        noted = heads.read(self.path).by_seq
        known = 0
        try:
            with self._db.reading() as connection:
                for row in connection.execute("SELECT * FROM entries ORDER BY seq"):
                    fields = tuple(row[c] for c in FIELDS)
                    if row["seq"] != expected or row["previous"] != previous or row["hash"] != _link(previous, fields):
                        raise FinetoothError(
                            f"The ledger was altered at entry {row['seq']} (expected entry {expected}).",
                            f"Restore {BOTH} from a copy; entries before this one are intact.",
                        )
                    previous = row["hash"]
                    if not noted.get(expected, {previous}) <= {previous}:
                        span = f"entry {expected}" if known + 1 == expected else f"entries {known + 1} to {expected}"
                        raise FinetoothError(
                            f"The ledger was altered at {span}: what stands there is not what was recorded.",
                            f"Restore {BOTH} from a copy; entries before are intact.",
                        )
                    known = expected if expected in noted else known
                    expected += 1
        except FinetoothError as error:
            if not isinstance(error.__cause__, sqlite3.DatabaseError):
                raise
            raise FinetoothError(
                f"The ledger is damaged after entry {expected - 1} ({error.__cause__}).",
                f"Restore {BOTH} from a copy; the entries up to that one are intact.",
            ) from error
        cut = [seq for seq in noted if seq >= expected]
        if cut:
            raise FinetoothError(
                f"The ledger was cut off after entry {expected - 1}: entries {expected} to {max(cut)} are missing.",
                f"Restore {BOTH} from one copy.",
            )
        return expected - 1


def _link(previous: str, fields: tuple[Any, ...]) -> str:
    return digest([previous.encode(), *(str(f).encode("utf-8", "surrogatepass") for f in fields)])


def entry_of(row: sqlite3.Row) -> Entry:
    """An entry as a row of the table holds it."""
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
