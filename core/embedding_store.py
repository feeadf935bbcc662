"""Keeps text embeddings between runs, so that a text is embedded once: one SQLite file in the cache folder.

The file holds hashes and vectors, no text; still, much of a text can be guessed from its vector, so it is readable by
its owner only. It can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_VECTORS = 250_000
"""About 520 MB (2.1 kB each, with 384 float32 values); the oldest go first."""

_CHUNK = 500
_TABLE = (
    "CREATE TABLE IF NOT EXISTS vectors (number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB UNIQUE NOT NULL, "
    "vector BLOB NOT NULL)"
)


class EmbeddingStore:
    """Vectors of one model by the hash of their text.

    A store that cannot be read or written turns itself off, so that the work goes on without it.

    Attributes:
        problem: Why it turned itself off, a sentence; None while it works.
    """

    def __init__(self, path: Path, *, dimensions: int, most: int = MOST_VECTORS) -> None:
        self.path = path
        self.problem: str | None = None
        self._dimensions = dimensions
        self._most = most

    def read(self, texts: Sequence[str]) -> dict[int, NDArray[np.float32]]:
        """The vectors it holds, by position in ``texts``."""
        if self.problem or not self.path.exists():
            return {}
        position = {_key(text): index for index, text in enumerate(texts)}
        keys, found = list(position), {}
        try:
            with closing(self._connect()) as connection:
                for start in range(0, len(keys), _CHUNK):
                    chunk = keys[start : start + _CHUNK]
                    marks = ",".join("?" * len(chunk))
                    query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"
                    for key, blob in connection.execute(query, chunk):
                        if len(blob) == 4 * self._dimensions:
                            found[position[key]] = np.frombuffer(blob, dtype="<f4")
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
        return found

    def write(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors of ``texts``: float32 [texts, dimensions]."""
        if self.problem:
            return
        rows = [(_key(text), vector.astype("<f4").tobytes()) for text, vector in zip(texts, vectors, strict=True)]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection, connection:
                connection.executemany("INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)", rows)
                connection.execute(
                    "DELETE FROM vectors WHERE number <= (SELECT MAX(number) FROM vectors) - ?", (self._most,)
                )
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def _connect(self) -> sqlite3.Connection:
        if not self.path.exists():
            self.path.touch(mode=0o600)
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            connection.execute(_TABLE)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _give_up(self, error: Exception) -> None:
        self.problem = (
            f"The stored embeddings in {self.path} could not be used ({type(error).__name__}), so texts were embedded "
            "anew. If this stays so, delete that file."
        )


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
