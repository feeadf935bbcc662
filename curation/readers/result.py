"""What reading a file gives back: the rows, the rejected lines with their reasons, and what was changed on the way."""

from __future__ import annotations

from dataclasses import dataclass

from core.types import Reject, Row


class RowProblem(Exception):
    """Why one row cannot become an example: one clear sentence without any of the data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Everything one file gave.

    Attributes:
        rows: The examples in file order, each with its 1-based line (record, where ``container`` is json or parquet).
        rejects: The lines that could not become an example. In a compressed file the byte offsets count
            uncompressed bytes.
        format: The shape of the rows: ``messages``, ``sharegpt``, ``alpaca``, ``prompt_completion``, or ``mixed``.
        notes: What a person should know about the reading, one sentence each, with counts.
        container: How the rows are stored: ``jsonl``, ``json``, ``csv`` or ``parquet``.
    """

    rows: tuple[Row, ...]
    rejects: tuple[Reject, ...]
    format: str
    notes: tuple[str, ...]
    container: str = "jsonl"


def kind_of(value: object) -> str:
    """A JSON value's type in words, for a reason that shows no data."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a value that JSON does not know"
