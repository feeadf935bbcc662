"""SQLite as the project uses it: WAL, one short connection a call, and migrations that refuse the future."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.errors import FinetoothError

BUSY_TIMEOUT_MS = 30_000


class Database:
    """A SQLite file and its schema.

    One idle connection stays open as long as the object lives: opening further ones is then a matter of 0.2 ms, and
    the write-ahead log is not folded in at every close.

    Args:
        path: The database file; its folder must exist.
        migrations: SQL scripts; number *i* brings the schema from version *i* to *i + 1*.
        durable: Whether a commit must survive a power cut (``synchronous=FULL``).

    Raises:
        FinetoothError: The file was written by a newer Finetooth, is no database, or cannot be opened.
    """

    def __init__(self, path: Path, migrations: Sequence[str], *, durable: bool) -> None:
        self.path = path
        self.durable = durable
        try:
            self._anchor = self._open()
            self._migrate(migrations)
        except sqlite3.DatabaseError as error:
            raise FinetoothError(
                f"{path} cannot be opened as a database ({error}).",
                "Check the folder's permissions and the disk, or restore the file from a copy.",
            ) from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if self.durable else 'NORMAL'}")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _migrate(self, migrations: Sequence[str]) -> None:
        version = self._anchor.execute("PRAGMA user_version").fetchone()[0]
        if version > len(migrations):
            raise FinetoothError(
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

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for queries.

        Raises:
            FinetoothError: The file is damaged or can no longer be opened.
        """
        connection: sqlite3.Connection | None = None
        try:
            connection = self._open()
            yield connection
        except sqlite3.DatabaseError as error:
            raise FinetoothError(
                f"{self.path} could not be read ({error}).", "Check the disk, or restore the file from a copy."
            ) from error
        finally:
            if connection is not None:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction that holds the write lock; committed at the end, rolled back on error."""
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            _rollback(connection)
            raise FinetoothError(
                f"{self.path} could not be written ({error}).",
                "Free some disk space or check the folder's permissions, then repeat.",
            ) from error
        except BaseException:
            _rollback(connection)
            raise
        finally:
            connection.close()


def _rollback(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
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
