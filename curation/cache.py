"""The current dataset and its findings in SQLite: a projection of sources and ledger, deletable at any time."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.db import Database, StorageError
from core.ids import canonical
from core.ledger import Entry
from core.revisions import messages_from_json
from core.types import Finding, Message
from core.workspace import Workspace
from curation import decisions, sources

MIGRATIONS = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE examples (
        id TEXT PRIMARY KEY, position INTEGER NOT NULL, source TEXT NOT NULL, line INTEGER NOT NULL,
        imported INTEGER NOT NULL, messages TEXT NOT NULL, meta TEXT NOT NULL,
        own TEXT NOT NULL DEFAULT 'in', state TEXT NOT NULL, becomes TEXT, kept INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX examples_in_order ON examples (state, position, id);
    CREATE TABLE rows (source TEXT NOT NULL, line INTEGER NOT NULL, example_id TEXT NOT NULL,
                       PRIMARY KEY (source, line));
    CREATE INDEX rows_of_example ON rows (example_id);
    CREATE TABLE edits (old_id TEXT NOT NULL, new_id TEXT NOT NULL, PRIMARY KEY (old_id, new_id));
    CREATE INDEX edits_into ON edits (new_id);
    CREATE TABLE findings (
        id TEXT PRIMARY KEY, position INTEGER NOT NULL, check_name TEXT NOT NULL, family TEXT NOT NULL,
        severity INTEGER NOT NULL, example_id TEXT NOT NULL, safe INTEGER NOT NULL, action TEXT,
        body TEXT NOT NULL, state TEXT NOT NULL
    );
    CREATE INDEX findings_by_severity ON findings (state, severity, position, id);
    CREATE INDEX findings_by_check ON findings (check_name, state, position);
    CREATE TABLE members (finding_id TEXT NOT NULL, example_id TEXT NOT NULL, PRIMARY KEY (example_id, finding_id));
    CREATE INDEX members_of_finding ON members (finding_id);
    CREATE TABLE settled (finding_id TEXT NOT NULL, example_id TEXT NOT NULL, PRIMARY KEY (finding_id, example_id));
    CREATE INDEX settled_by_example ON settled (example_id);
    """,
    """
    ALTER TABLE findings ADD COLUMN size INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE findings ADD COLUMN likeness REAL;
    UPDATE findings SET size = 1 + json_array_length(body, '$.related');
    UPDATE findings SET likeness = json_extract(body, '$.score') WHERE family = 'duplicates';
    UPDATE findings SET likeness = 1 - likeness WHERE check_name = 'duplicates.conflict';
    CREATE INDEX findings_of_family ON findings (family, state, severity, position, id, check_name);
    CREATE INDEX findings_by_size ON findings (family, state, -size, position, id, check_name);
    CREATE INDEX findings_most_alike ON findings (family, state, IFNULL(-likeness, 1), position, id, check_name);
    CREATE INDEX findings_least_alike ON findings (family, state, IFNULL(likeness, 2), position, id, check_name);
    """,
    """
    ALTER TABLE findings ADD COLUMN reason TEXT GENERATED ALWAYS AS (json_extract(body, '$.reason')) VIRTUAL;
    CREATE INDEX findings_by_reason ON findings (check_name, reason, state, severity, position, id);
    """,
    """
    ALTER TABLE findings ADD COLUMN score REAL GENERATED ALWAYS AS (json_extract(body, '$.score')) VIRTUAL;
    CREATE INDEX findings_surest ON findings (family, state, -IFNULL(score,-1), position, id, check_name);
    CREATE INDEX findings_least_sure ON findings (family, state, IFNULL(score,2), position, id, check_name);
    CREATE TABLE clashes (finding_id TEXT PRIMARY KEY, key TEXT NOT NULL);
    CREATE INDEX clashes_by_key ON clashes (key);
    CREATE TABLE resolved (key TEXT NOT NULL, example_id TEXT NOT NULL, PRIMARY KEY (key, example_id));
    CREATE INDEX resolved_by_example ON resolved (example_id);
    """,
)
"""``clashes`` says by what key a finding of a clash is known, ``resolved`` of which keys both sides were kept.

``size`` counts the rows that a finding is about, ``likeness`` says how alike they are (see :func:`measures`).
"""
CHUNK = 500


def synced(workspace: Workspace) -> Cache:
    """The cache, brought up to the last entry of the ledger.

    It is built anew where it is missing, broken, or tells of another ledger (one that was restored from a copy).
    """
    try:
        return _synced(workspace)
    except StorageError as error:
        if error.path != workspace.cache_path or error.passing:
            raise
        _remove(workspace.cache_path, error)
        return _synced(workspace)


class Cache(Database):
    """The cache's file as it stands now: one that was deleted meanwhile is built anew before anything is read of it."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.cache_path, MIGRATIONS, durable=False)
        self._workspace = workspace
        self._inode = _inode(self.path)  # stays its own while the idle connection is open

    @property
    def stands(self) -> bool:
        """Whether the file is still there."""
        return self._inode is not None and _inode(self.path) == self._inode

    def _connection(self) -> sqlite3.Connection:
        current = self
        for _ in range(RENEWALS):
            try:
                connection = current._open()
            except sqlite3.OperationalError:
                if current.stands:
                    raise
            else:
                if current.stands:
                    return connection
                connection.close()
            current = synced(self._workspace)
        return self._open()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for queries.

        Raises:
            StorageError: The file is damaged, and was removed; or it can no longer be opened.
        """
        try:
            with super().reading() as connection:
                yield connection
        except StorageError as error:
            if error.path != self.path or not error.damaged:
                raise
            _remove(self.path, error)
            raise StorageError(self.path, f"{self.path} was damaged.", "Repeat: it is built anew.") from error


RENEWALS = 5
_open: dict[Path, Cache] = {}


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _remove(path: Path, why: StorageError) -> None:
    """Delete a broken cache, unless another process has just done so and made a new one."""
    try:
        with open(path.with_name("cache.lock"), "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            broken = _open.pop(path, None)
            if broken is not None and not broken.stands:
                return
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError:
        raise why from None  # the folder cannot be written: the first reason is the one to tell


def _database(workspace: Workspace) -> Cache:
    known = _open.get(workspace.cache_path)
    if known and known.stands:
        return known
    database = _open[workspace.cache_path] = Cache(workspace)
    return database


def _synced(workspace: Workspace) -> Cache:
    database = _database(workspace)
    with database.reading() as connection:
        seen, link = _fact(connection, "ledger_seq"), get_fact(connection, "ledger_hash")
    head = workspace.ledger.head()
    if head == (seen, link):
        return database
    with database.writing() as connection:
        seen, link = _fact(connection, "ledger_seq"), get_fact(connection, "ledger_hash")
        if link is not None and workspace.ledger.hash_at(seen) != link:
            raise StorageError(database.path, "The cache belongs to another state of the ledger.", "Delete it.")
        fresh = workspace.ledger.entries(after=seen)
        touched: dict[str, None] = {}
        for entry in fresh:
            if entry.kind == "import":
                _add_source(workspace, connection, entry.subject)
            elif entry.kind == decisions.KIND:
                touched.update(dict.fromkeys(_add_edit(connection, entry)))
        refresh(workspace, connection, list(touched))
        set_fact(connection, "ledger_seq", fresh[-1].seq if fresh else seen)
        set_fact(connection, "ledger_hash", fresh[-1].hash if fresh else workspace.ledger.hash_at(seen))
    return database


def refresh(workspace: Workspace, connection: sqlite3.Connection, example_ids: Sequence[str]) -> None:
    """Work out anew the states of these examples, of those they were edited into, and of the findings about them."""
    reached = _descendants(connection, example_ids)
    keys = _resolved_keys(connection, reached)
    for example_id in reached:
        stand = decisions.standing(workspace.ledger.entries(decisions.KIND, example_id))
        connection.execute(
            "UPDATE examples SET own = ?, state = 'withdrawn', becomes = ?, kept = ? WHERE id = ?",
            (stand.state, stand.becomes, stand.kept, example_id),
        )
        connection.execute("DELETE FROM settled WHERE example_id = ?", (example_id,))
        settled = [(finding_id, example_id) for finding_id in sorted(stand.settled)]
        connection.executemany("INSERT INTO settled VALUES (?, ?)", settled)
        connection.execute("DELETE FROM resolved WHERE example_id = ?", (example_id,))
        resolved = [(key, example_id) for key in sorted(stand.resolved)]
        connection.executemany("INSERT INTO resolved VALUES (?, ?)", resolved)
    waiting = list(reached)
    while waiting:  # an edited text is there only if it was imported too, or if a text that is there became it
        revived = [i for i in waiting if connection.execute(REVIVE, (i,)).rowcount]
        waiting = [i for i in waiting if i not in revived]
        if not revived:
            break
    keys |= _resolved_keys(connection, reached)
    settle(connection, [*_findings_about(connection, reached), *_findings_known_by(connection, keys)])


REVIVE = """
UPDATE examples SET state = own WHERE id = ?1 AND (imported OR EXISTS (
    SELECT 1 FROM edits JOIN examples AS old ON old.id = edits.old_id
    WHERE edits.new_id = ?1 AND old.state = 'replaced' AND old.becomes = ?1))
"""


def _descendants(connection: sqlite3.Connection, example_ids: Sequence[str]) -> list[str]:
    """These examples and all that they were ever edited into."""
    reached = dict.fromkeys(example_ids)
    waiting = list(reached)
    while waiting:
        for (child,) in connection.execute("SELECT new_id FROM edits WHERE old_id = ?", (waiting.pop(),)).fetchall():
            if child not in reached:
                reached[child] = None
                waiting.append(child)
    return list(reached)


SETTLE = """
UPDATE findings SET state = CASE
    WHEN EXISTS (SELECT 1 FROM settled WHERE settled.finding_id = findings.id) THEN 'settled'
    WHEN family = 'contradictions' AND EXISTS (
        SELECT 1 FROM clashes JOIN resolved ON resolved.key = clashes.key WHERE clashes.finding_id = findings.id)
    THEN 'settled'
    WHEN (SELECT COUNT(*) FROM members WHERE members.finding_id = findings.id) > 1 THEN
        CASE WHEN (SELECT COUNT(*) FROM members CROSS JOIN examples ON examples.id = members.example_id
                   WHERE members.finding_id = findings.id AND examples.state = 'in') > 1
        THEN 'open' ELSE 'settled' END
    WHEN EXISTS (SELECT 1 FROM examples WHERE examples.id = findings.example_id
                 AND examples.state = 'in' AND examples.kept = 0) THEN 'open'
    ELSE 'settled' END
"""


def settle(connection: sqlite3.Connection, finding_ids: Sequence[str] | None = None) -> None:
    """Work out which findings are open: these, or all of them.

    A finding is settled when it was settled by name, when both sides of its clash were kept on purpose (whatever rule
    tells of it), when the example it is about has gone or was kept after a look,
    or, where it is about several examples, when fewer than two of them are left.
    """
    if finding_ids is None:
        connection.execute(SETTLE)
        return
    connection.executemany(SETTLE + " WHERE id = ?", [(finding_id,) for finding_id in finding_ids])


def measures(found: Finding, lines: Mapping[str, Sequence[int]]) -> tuple[int, float | None]:
    """By what a finding is sorted: how many rows it is about, and how alike they are (in [0, 1]; None = not measured).

    Identical rows are one example; ``lines`` holds the rows of the examples that stand on several. The score of a
    conflict says how far its answers part, so its likeness is what is left of 1.
    """
    size = sum(max(1, len(lines.get(member, ()))) for member in found.members)
    if found.family != "duplicates" or found.score is None:
        return size, None
    return size, 1 - found.score if found.check == "duplicates.conflict" else found.score


def messages_of(connection: sqlite3.Connection, example_ids: Sequence[str]) -> dict[str, tuple[Message, ...]]:
    """The turns of these examples, by id; those that the workspace does not hold are left out."""
    marks = ",".join("?" * len(example_ids))
    rows = connection.execute(f"SELECT id, messages FROM examples WHERE id IN ({marks})", list(example_ids))
    return {row["id"]: messages_from_json(row["messages"]) for row in rows}


def set_fact(connection: sqlite3.Connection, name: str, value: object) -> None:
    """Remember one small value."""
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, canonical(value).decode("ascii")))


def get_fact(connection: sqlite3.Connection, name: str) -> object:
    """A remembered value, or None."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else None


def _fact(connection: sqlite3.Connection, name: str) -> int:
    value = get_fact(connection, name)
    return value if isinstance(value, int) else 0


def _add_source(workspace: Workspace, connection: sqlite3.Connection, source_id: str) -> None:
    if connection.execute("SELECT 1 FROM rows WHERE source = ? LIMIT 1", (source_id,)).fetchone():
        return
    position = connection.execute("SELECT COALESCE(MAX(position), 0) FROM examples").fetchone()[0]
    new, lines = [], []
    for line, example_id, messages, meta in sources.rows(workspace, source_id):
        position += 1
        new.append((example_id, position, source_id, line, messages, meta))
        lines.append((source_id, line, example_id))
    connection.executemany(
        "INSERT INTO examples (id, position, source, line, imported, messages, meta, state) "
        "VALUES (?, ?, ?, ?, 1, ?, ?, 'in') ON CONFLICT (id) DO UPDATE SET imported = 1",
        new,
    )
    connection.executemany("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", lines)
    decided = [e.subject for e in workspace.ledger.entries(decisions.KIND)]  # decisions follow content
    known = connection.execute("SELECT id FROM examples WHERE source = ?", (source_id,))
    ids = {row[0] for row in known} & set(decided)
    refresh(workspace, connection, sorted(ids))


def _add_edit(connection: sqlite3.Connection, entry: Entry) -> list[str]:
    """Make the edited example known; return the ids whose state may have changed."""
    payload = entry.payload
    if payload["verdict"] == "edit":
        old = connection.execute("SELECT * FROM examples WHERE id = ?", (entry.subject,)).fetchone()
        position, source, line = (old["position"], old["source"], old["line"]) if old else (0, "", 0)
        messages = json.dumps(payload["messages"], ensure_ascii=False)
        meta = json.dumps(payload.get("meta", {}), ensure_ascii=False)
        connection.execute(
            "INSERT OR IGNORE INTO examples (id, position, source, line, imported, messages, meta, state) "
            "VALUES (?, ?, ?, ?, 0, ?, ?, 'in')",
            (payload["becomes"], position, source, line, messages, meta),
        )
        connection.execute("INSERT OR IGNORE INTO edits VALUES (?, ?)", (entry.subject, payload["becomes"]))
        return [entry.subject, payload["becomes"]]
    return [entry.subject]


def _resolved_keys(connection: sqlite3.Connection, example_ids: Iterable[str]) -> set[str]:
    rows = (connection.execute("SELECT key FROM resolved WHERE example_id = ?", (one,)) for one in example_ids)
    return {row[0] for found in rows for row in found.fetchall()}


def _findings_known_by(connection: sqlite3.Connection, keys: Iterable[str]) -> list[str]:
    rows = (connection.execute("SELECT finding_id FROM clashes WHERE key = ?", (key,)) for key in sorted(keys))
    return [row[0] for found in rows for row in found.fetchall()]


def _findings_about(connection: sqlite3.Connection, example_ids: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    ids = list(example_ids)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        marks = ",".join("?" * len(chunk))
        query = f"SELECT DISTINCT finding_id FROM members WHERE example_id IN ({marks})"
        found.update(dict.fromkeys(row[0] for row in connection.execute(query, chunk)))
    return list(found)
