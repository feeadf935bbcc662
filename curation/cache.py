"""The current dataset and its findings in SQLite: a projection of sources and ledger, deletable at any time."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from core.db import Database, StorageError
from core.ids import canonical, new_action_id
from core.ledger import Entry
from core.revisions import messages_from_json
from core.types import Finding, Message
from core.workspace import Workspace
from curation import decisions, disputes, gain, sources
from curation.cache_tables import MIGRATIONS, REVIVE, SETTLE, SETTLED_HOW

CHUNK = 500
FEW = 100


def synced(workspace: Workspace) -> Cache:
    """The cache, brought up to the last entry of the ledger.

    It is built anew where it is missing, broken, or tells of another ledger (one that was restored from a copy).
    """
    for _ in range(RENEWALS):
        try:
            return _synced(workspace)
        except StorageError as error:
            known = _open.get(workspace.cache_path)
            deleted = known is not None and not known.stands
            if error.path != workspace.cache_path or (error.passing and not deleted):
                raise
            _remove(workspace.cache_path, error)
    return _synced(workspace)


class Cache(Database):
    """The cache's file as it stands now: one that was deleted meanwhile is built anew before anything is read of it."""

    def __init__(self, workspace: Workspace) -> None:
        with _alone(workspace.cache_path):
            if _inode(workspace.cache_path) is None:
                with suppress(OSError):  # others still read what is left of a deleted one: it is not shared
                    _unlink(workspace.cache_path, "-shm", "-wal")
            super().__init__(workspace.cache_path, MIGRATIONS, durable=False)
        self._workspace = workspace
        self._inode = _inode(self.path)  # stays its own while the idle connection is open
        with self.reading() as connection:
            current = get_fact(connection, "gain") == gain.MEASURE
        if not current:
            with self.writing() as connection:
                gain.fill(connection)
                set_fact(connection, "gain", gain.MEASURE)

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
        with _alone(path):
            broken = _open.pop(path, None)
            if broken is not None and not broken.stands:
                return
            _unlink(path, "", "-shm", "-wal")
    except OSError:
        raise why from None  # the folder cannot be written: the first reason is the one to tell


def _unlink(path: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from making or removing the cache: its files must come and go together."""
    with ExitStack() as held:
        with suppress(OSError):  # in a folder that cannot be written, nothing is made or removed
            fcntl.flock(held.enter_context(open(path.with_name("cache.lock"), "ab")), fcntl.LOCK_EX)
        yield


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
        texts_same, batch = True, ""
        for entry in fresh:
            if entry.kind == "import":
                _add_source(workspace, connection, entry.subject)
                texts_same = False
            elif entry.kind == decisions.KIND:
                batch = _add_act(connection, entry, batch)
                touched.update(dict.fromkeys(_add_edit(connection, entry)))
                texts_same = texts_same and entry.payload["verdict"] in ("keep", "drop", "undo")
        before = _present(connection, touched)
        refresh(workspace, connection, list(touched))
        if not texts_same or _present(connection, touched) != before:
            set_fact(connection, "examples_version", new_action_id())
        set_fact(connection, "ledger_seq", fresh[-1].seq if fresh else seen)
        set_fact(connection, "ledger_hash", fresh[-1].hash if fresh else workspace.ledger.hash_at(seen))
    return database


def refresh(workspace: Workspace, connection: sqlite3.Connection, example_ids: Sequence[str]) -> None:
    """Work out anew the states of these examples, of those they were edited into, and of the findings about them."""
    reached = _descendants(connection, example_ids)
    keys = _resolved_keys(connection, reached)
    for example_id, entries in _decided(workspace, reached):
        stand = decisions.standing(entries)
        connection.execute(
            "UPDATE examples SET own = ?, state = 'withdrawn', becomes = ?, kept = ?, added_by = ? WHERE id = ?",
            (stand.state, stand.becomes, stand.kept, stand.added_by, example_id),
        )
        connection.execute("DELETE FROM settled WHERE example_id = ?", (example_id,))
        settled = [(finding_id, example_id) for finding_id in sorted(stand.settled)]
        connection.executemany("INSERT INTO settled VALUES (?, ?)", settled)
        connection.execute("DELETE FROM resolved WHERE example_id = ?", (example_id,))
        resolved = [(key, example_id) for key in sorted(stand.resolved)]
        connection.executemany("INSERT INTO resolved VALUES (?, ?)", resolved)
        _note_who_and_how(connection, example_id, stand, entries)
    waiting = list(reached)
    while waiting:  # an edited text is there only if it was imported too, or if a text that is there became it
        revived = {i for i in waiting if connection.execute(REVIVE, (i,)).rowcount}
        waiting = [i for i in waiting if i not in revived]
        if not revived:
            break
    keys |= _resolved_keys(connection, reached)
    settle(connection, [*_findings_about(connection, reached), *_findings_known_by(connection, keys)])


def _decided(workspace: Workspace, example_ids: Sequence[str]) -> Iterator[tuple[str, list[Entry]]]:
    """The decisions about each of these examples, oldest first; the ledger is read once where they are many."""
    if len(example_ids) <= FEW:
        yield from ((one, workspace.ledger.entries(decisions.KIND, one)) for one in example_ids)
        return
    by: dict[str, list[Entry]] = {one: [] for one in example_ids}
    for entry in workspace.ledger.entries(decisions.KIND):
        if entry.subject in by:
            by[entry.subject].append(entry)
    yield from by.items()


def _note_who_and_how(
    connection: sqlite3.Connection, example_id: str, stand: decisions.Standing, entries: Sequence[Entry]
) -> None:
    """What the progress, the filter on a person and the queue of disagreements read."""
    for table in ("ways", "deciders", "disputes"):
        connection.execute(f"DELETE FROM {table} WHERE example_id = ?", (example_id,))
    connection.executemany(
        "INSERT INTO ways VALUES (?, ?, ?)", [(example_id, about, how) for about, how in stand.ways.items()]
    )
    deciders = [(who, example_id) for who in sorted({e.who for e in decisions.acts(entries)})]
    connection.executemany("INSERT INTO deciders VALUES (?, ?)", deciders)
    if pair := disputes.found(entries):
        one, other = pair
        row = (example_id, one.action_id, other.action_id, disputes.bundle(one, other), other.seq)
        connection.execute("INSERT INTO disputes VALUES (?, ?, ?, ?, ?)", row)


def _add_act(connection: sqlite3.Connection, entry: Entry, batch_before: str) -> str:
    """Note when a decision was made, a batch once. Returns its batch.

    One that was taken over from another workspace was made there, at another pace.
    """
    batch: str = entry.payload.get("batch") or entry.action_id
    made_here = entry.payload["verdict"] != "undo" and "decided_at" not in entry.payload
    if made_here and batch != batch_before:
        connection.execute("INSERT OR IGNORE INTO acts VALUES (?, ?, ?, ?)", (entry.seq, entry.who, entry.at, batch))
    return batch


def _present(connection: sqlite3.Connection, example_ids: Iterable[str]) -> frozenset[str]:
    """Those of these examples, and of what they were ever edited into, that are in the dataset."""
    ids = json.dumps(_descendants(connection, list(example_ids)))
    query = "SELECT id FROM examples WHERE state = 'in' AND id IN (SELECT value FROM json_each(?))"
    return frozenset(row[0] for row in connection.execute(query, (ids,)))


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


def settle(connection: sqlite3.Connection, finding_ids: Sequence[str] | None = None) -> None:
    """Work out which findings are open: these, or all of them.

    A finding is settled when it was settled by name, when both sides of its clash were kept on purpose (whatever rule
    tells of it), when the example it is about has gone or was kept after a look,
    or, where it is about several examples, when fewer than two of them are left.
    """
    if finding_ids is None:
        connection.execute(SETTLE)
        connection.execute(SETTLED_HOW)
        return
    wanted = [(finding_id,) for finding_id in finding_ids]
    for statement in (SETTLE, SETTLED_HOW):
        connection.executemany(statement + " WHERE id = ?", wanted)


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
    known = connection.execute("SELECT id FROM examples WHERE source = ?", (source_id,))
    ids = {row[0] for row in known} & workspace.ledger.subjects(decisions.KIND)  # decisions follow content
    refresh(workspace, connection, sorted(ids))


def _add_edit(connection: sqlite3.Connection, entry: Entry) -> list[str]:
    """Make the edited example known; return the ids whose state may have changed."""
    payload = entry.payload
    if payload["verdict"] == "edit":
        old = connection.execute("SELECT * FROM examples WHERE id = ?", (entry.subject,)).fetchone()
        position, source, line = (old["position"], old["source"], old["line"]) if old else (0, "", 0)
        _insert(connection, payload["becomes"], payload, position, source, line)
        connection.execute("INSERT OR IGNORE INTO edits VALUES (?, ?)", (entry.subject, payload["becomes"]))
        return [entry.subject, payload["becomes"]]
    if payload["verdict"] == "add":
        last = connection.execute("SELECT COALESCE(MAX(position), 0) FROM examples").fetchone()[0]
        _insert(connection, entry.subject, payload, last + 1)
    return [entry.subject]


def _insert(
    connection: sqlite3.Connection,
    example_id: str,
    payload: Mapping[str, Any],
    position: int,
    source: str = "",
    line: int = 0,
) -> None:
    """A text that stands in no file: an edited one has the place of its origin, an added one comes last."""
    messages = json.dumps(payload["messages"], ensure_ascii=False)
    meta = json.dumps(payload.get("meta", {}), ensure_ascii=False)
    connection.execute(
        "INSERT OR IGNORE INTO examples (id, position, source, line, imported, messages, meta, state) "
        "VALUES (?, ?, ?, ?, 0, ?, ?, 'in')",
        (example_id, position, source, line, messages, meta),
    )


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
