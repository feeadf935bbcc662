"""Reads CSV and Parquet tables whose columns hold chats."""

from __future__ import annotations

import base64
import csv
import datetime
import decimal
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import InputError
from curation.readers.collect import Collector
from curation.readers.json_values import holds_surrogates, parse, repair_surrogates
from curation.readers.result import RowProblem
from curation.readers.shapes import shape_of
from curation.readers.source import MAX_LINE_BYTES, Line, Source, lines, opened

COLUMNS = (
    *("messages", "conversations", "conversation", "instruction", "input", "context", "output", "response"),
    *("system", "system_prompt", "history", "prompt", "completion", "question", "answer", "meta"),
)
_DELIMITERS = (",", ";", "\t", "|")
_RENAME = (
    "Name the columns messages, or prompt and completion, or question and answer, or instruction, input and output."
)


class _Feed:
    """Hands lines to the CSV parser and remembers where each record began and what was wrong in it."""

    def __init__(self, source: Source) -> None:
        self._lines = lines(source)
        self.first: Line | None = None
        self.end = 0
        self.number = 0
        self.problem = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if self.first is None:
            self.first = line
        self.end, self.number = line.end, line.number
        self.problem = self.problem or line.problem
        return line.text or "\n"

    def begin_record(self) -> None:
        self.first, self.problem = None, ""


def header_delimiter(first_line: str) -> str | None:
    """The delimiter under which a line is the header of a table of chats; None when there is none."""
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([first_line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        if shape_of(dict.fromkeys(_names(cells), "")) is not None:
            return delimiter
    return None


def read_csv(source: Source, collector: Collector) -> list[str]:
    """Read a CSV file into ``collector``; rows are numbered by the line they begin on. Returns notes.

    Raises:
        InputError: The first line names no column of a chat, or one twice.
    """
    first = next((line for line in lines(source) if not line.blank), None)
    if first is None:
        raise InputError(f"{source.path} holds only blank lines.", "Name another file.")
    delimiter = header_delimiter(first.text)
    if delimiter is None:
        raise InputError(f"{source.path}: no column of its first line holds a chat.", _RENAME)
    limit_before = csv.field_size_limit(MAX_LINE_BYTES)
    try:
        blank = _read_records(source, collector, delimiter)
    finally:
        csv.field_size_limit(limit_before)
    named = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[delimiter]
    notes = [f"{blank} blank line(s) passed over."] if blank else []
    return notes + ([f"Columns separated by a {named}."] if delimiter != "," else [])


def _read_records(source: Source, collector: Collector, delimiter: str) -> int:
    feed, blank, names = _Feed(source), 0, list[str]()
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin_record()
        cells, problem = list[str](), ""
        try:
            cells = next(reader)
        except StopIteration:
            return blank
        except csv.Error as error:
            problem = _csv_reason(error)
        first = feed.first
        if first is None:
            return blank
        problem = feed.problem or problem
        if not cells and not problem:
            blank += 1
        elif not names:
            if problem:
                raise InputError(f"{source.path}, line {first.number}: {problem}.", "Then read it again.")
            names = _header(source.path, [repair_surrogates(cell)[0] for cell in cells])
        else:
            span = f" (lines {first.number} to {feed.number})" if feed.number > first.number else ""
            if not problem and len(cells) != len(names):
                problem = f"{len(cells)} fields where the first line names {len(names)} columns"
            if problem:
                collector.reject(first.number, problem + span, first.start, feed.end)
                continue
            row = {name: _cell(name, cell) for name, cell in zip(names, cells, strict=True)}
            broken = any(holds_surrogates(cell) for cell in cells)
            collector.add(first.number, row, first.start, feed.end, repair=broken)


def _csv_reason(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quotation mark opens a field that never closes"
    if "field larger" in str(error):
        return f"a field is longer than {MAX_LINE_BYTES // 1024 // 1024} MiB"
    return "the quotation marks of this record do not match"


def _header(path: Path, cells: list[str]) -> list[str]:
    names = _names(cells)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"{path} names a column twice in its first line.", "Give each column a name of its own.")
    return names


def _names(cells: list[str]) -> list[str]:
    plain = {cell: cell.strip().lower() for cell in cells}
    return [
        plain[cell] if plain[cell] in COLUMNS else cell or f"column_{number}" for number, cell in enumerate(cells, 1)
    ]


def _cell(name: str, cell: str) -> Any:
    if name == "history" and not cell:
        return None
    if name != "meta":
        return cell
    try:
        value = parse(cell)
    except RowProblem:
        return cell
    return value if isinstance(value, dict) else cell


def read_parquet(source: Source, collector: Collector) -> list[str]:
    """Read a Parquet file into ``collector``; rows are numbered by record, from 1. Returns notes.

    Raises:
        InputError: It is damaged, or no column holds a chat.
    """
    import polars as pl

    try:
        with opened(source) as handle:
            frame = pl.read_parquet(handle.read())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, TypeError, OSError) as error:
        raise InputError(f"{source.path} is a damaged Parquet file.", "Copy or write it again.") from error
    names = _names(frame.columns)
    if shape_of(dict.fromkeys(names, "")) is None:
        raise InputError(f"{source.path}: none of its columns holds a chat.", _RENAME)
    if frame.is_empty():
        raise InputError(f"{source.path} has no rows.", "Name another file.")
    for number, cells in enumerate(frame.iter_rows(), start=1):
        row = {name: _plain(cell) for name, cell in zip(names, cells, strict=True) if cell is not None}
        row = {name: _cell(name, cell) if isinstance(cell, str) else cell for name, cell in row.items()}
        collector.add(number, row)
    return []


def _plain(value: Any) -> Any:
    """A Parquet value as JSON knows it; fields that are null in a struct are absent."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, decimal.Decimal | datetime.timedelta):
        return str(value)
    return value


def record(source: Source, number: int) -> Any:
    """One record of a Parquet file, 1-based, as JSON-like data."""
    import polars as pl

    with opened(source) as handle:
        return _plain(pl.read_parquet(handle.read()).row(number - 1, named=True))
