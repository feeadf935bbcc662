"""Entries of one ledger put into another as they stand, hashes included: for going through a history step by step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import heads
from core.errors import FinetoothError, InputError
from core.ledger import Entry, Ledger, entry_of


class History:
    """The entries of a ledger's file, which is only read."""

    def __init__(self, path: Path) -> None:
        """Read a ledger.

        Raises:
            InputError: There is no such file, or it is not the whole ledger.
            FinetoothError: It is no ledger, or damaged.
        """
        if not path.is_file():
            raise InputError(f"There is no ledger at {path}.", "Name a workspace, or a folder with its ledger.sqlite.")
        self.path = path
        with self._reading() as connection:
            self._rows = connection.execute("SELECT * FROM entries ORDER BY seq").fetchall()
        self.entries: tuple[Entry, ...] = tuple(entry_of(row) for row in self._rows)
        noted = max(heads.read(path).by_seq, default=1)
        if len(self.entries) < noted:
            raise InputError(
                f"{path} holds {len(self.entries)} entries; there should be {noted} or more.",
                f"Copy all files whose names begin with {path.name}: the last entries can stand in {path.name}-wal.",
            )

    def copy(self, target: Ledger, after: int, upto: int) -> None:
        """Put the entries over ``after`` up to ``upto`` into a ledger that ends with entry ``after``.

        Raises:
            FinetoothError: The ledger ends elsewhere, or cannot be written.
        """
        if target.head()[0] != after:
            raise FinetoothError(f"{target.path} does not end at entry {after}.", "Name a new folder.")
        rows = [tuple(row) for row in self._rows if after < row["seq"] <= upto]
        if not rows:
            return
        try:
            with sqlite3.connect(target.path) as connection:
                connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            connection.close()
        except sqlite3.Error as error:
            raise FinetoothError(
                f"{target.path} cannot be written ({error}).", "Check the folder and the disk."
            ) from error
        heads.note(target.path, *target.head())

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        alone = not self.path.with_name(self.path.name + "-wal").exists()
        where = f"{self.path.absolute().as_uri()}?{'immutable=1' if alone else 'mode=ro'}"  # also on read-only media
        try:
            connection = sqlite3.connect(where, uri=True)
            connection.row_factory = sqlite3.Row
            try:
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise FinetoothError(f"{self.path} cannot be read ({error}).", "Restore it from a copy.") from error
