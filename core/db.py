"""SQLite as the project uses it: WAL, one short connection a call, and migrations that refuse the future."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import FinetoothError

BUSY_TIMEOUT_MS = 30_000
PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}
)
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
RESTORE = "Restore it from a copy of the workspace."


class StorageError(FinetoothError):
    """A database file that cannot be opened, read or written.

    Attributes:
        path: The file.
        passing: Whether the error says nothing against the file itself: the disk is full, the folder read-only, or
            another process is writing.
        damaged: Whether it says that the file is broken.
    """

    def __init__(self, path: Path, message: str, hint: str, error: sqlite3.Error | None = None) -> None:
        super().__init__(message, hint)
        self.path = path
        self.passing = error is not None and _code(error) in PASSING
        self.damaged = error is not None and _code(error) in DAMAGE


class Database:
    """A SQLite file and its schema.

    One idle connection stays open as long as the object lives: opening further ones is then a matter of 0.2 ms, and
    the write-ahead log is not folded in at every close.

    Only the constructor makes the file: one that is deleted later is never replaced by an empty one unseen.

    Args:
        path: The database file; its folder must exist.
        migrations: SQL scripts; number *i* brings the schema from version *i* to *i + 1*.
        durable: Whether a commit must survive a power cut (``synchronous=FULL``).
        must_exist: Whether a file that is missing or holds no table is an error instead of a new database.

    Raises:
        StorageError: The file was written by a newer Finetooth, is no database, or cannot be opened.
    """

    def __init__(self, path: Path, migrations: Sequence[str], *, durable: bool, must_exist: bool = False) -> None:
        self.path = path
        self.durable = durable
        try:
            if must_exist and not path.is_file():
                raise StorageError(path, f"{path} is missing.", RESTORE)
            if must_exist and path.stat().st_size == 0:
                raise StorageError(path, f"{path} is empty: its contents were removed.", RESTORE)
            self._anchor = self._open(mode="rw" if must_exist else "rwc")
            if must_exist and self._anchor.execute("PRAGMA user_version").fetchone()[0] == 0:
                raise StorageError(path, f"{path} is empty: its contents were removed.", RESTORE)
            self._migrate(migrations)
        except sqlite3.DatabaseError as error:
            raise StorageError(path, f"{path} cannot be opened ({error}).", _way_out(error), error) from error

    def _open(self, mode: str = "rw") -> sqlite3.Connection:
        where = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(
            where, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if self.durable else 'NORMAL'}")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _connection(self) -> sqlite3.Connection:
        """A connection for one block."""
        return self._open()

    def _migrate(self, migrations: Sequence[str]) -> None:
        version = self._anchor.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise StorageError(
                self.path,
                f"{self.path} was written by a newer version of Finetooth (schema {version}, known {len(migrations)}).",
                "Update Finetooth, or open another workspace.",
            )
        if version == len(migrations):
            return
        self._anchor.execute("BEGIN IMMEDIATE")
        version = self._anchor.execute("PRAGMA user_version").fetchone()[0]  # another process may have been first
        for number in range(version, len(migrations)):
            for statement in _statements(migrations[number]):
                self._anchor.execute(statement)
        self._anchor.execute(f"PRAGMA user_version={len(migrations)}")
        self._anchor.execute("COMMIT")
        self._anchor.execute("PRAGMA wal_checkpoint(PASSIVE)")  # so that the tables stand in the file itself

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for queries.

        Raises:
            StorageError: The file is damaged or can no longer be opened.
        """
        connection: sqlite3.Connection | None = None
        try:
            connection = self._connection()
            yield connection
        except sqlite3.DatabaseError as error:
            hint = "Check the disk, or restore the file from a copy."
            raise StorageError(self.path, f"{self.path} could not be read ({error}).", hint, error) from error
        finally:
            if connection is not None:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction that holds the write lock; committed at the end, rolled back on error.

        Raises:
            StorageError: The disk is full, the file is read-only or damaged, or another process holds it too long.
        """
        connection: sqlite3.Connection | None = None
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):  # a defect of ours, not of the file
            _rollback(connection)
            raise
        except sqlite3.DatabaseError as error:
            _rollback(connection)
            message = f"{self.path} could not be written ({error})."
            raise StorageError(self.path, message, _way_out(error), error) from error
        except BaseException:
            _rollback(connection)
            raise
        finally:
            if connection is not None:
                connection.close()


_scratches: dict[Path, Database] = {}


def scratch(path: Path, migrations: Sequence[str]) -> Database:
    """A database in which nothing is worth keeping: made where it is missing, made anew where it is damaged.

    Raises:
        StorageError: The folder cannot be written.
    """
    known = _scratches.get(path)
    if known and path.is_file():
        return known
    try:
        made = Database(path, migrations, durable=False)
    except StorageError as error:
        if not error.damaged:
            raise
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).unlink()
        made = Database(path, migrations, durable=False)
    _scratches[path] = made
    return made


def _way_out(error: sqlite3.DatabaseError) -> str:
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "Another process is writing; wait for it, then repeat."
    if code in DAMAGE:
        return "Check the disk, or restore the file from a copy."
    if code == sqlite3.SQLITE_FULL:
        return "Free some disk space, then repeat."
    return "Check the folder's permissions and the space on the disk, then repeat."


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code (0 where there is none)."""
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _rollback(connection: sqlite3.Connection | None) -> None:
    if connection is not None and connection.in_transaction:
        with suppress(sqlite3.DatabaseError):  # a full disk may end the transaction by itself
            connection.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script (triggers hold semicolons of their own)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
