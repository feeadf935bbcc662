"""Reads chats from any of the usual files, and says of every line that could not be read why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.ids import example_id
from core.types import Example
from curation.readers import tables
from curation.readers.ahead import Ahead, start
from curation.readers.collect import Collector
from curation.readers.json_values import Placed, holds_surrogates, parse, parse_document
from curation.readers.plain import plain_messages
from curation.readers.result import ReadResult, RowProblem
from curation.readers.shapes import SHAPES
from curation.readers.source import (
    UNDECODED,
    Line,
    Raw,
    Source,
    beginning,
    decoded,
    lines,
    locate,
    overlong,
    raw_lines,
)  # fmt: skip

CONTAINERS = ("jsonl", "json", "csv", "parquet")
FORMATS = (*SHAPES, *CONTAINERS)
MAX_DOCUMENT_BYTES = 1024 * 1024 * 1024
"""A JSON array is read as a whole; JSONL is streamed and has no such limit."""

__all__ = ["CONTAINERS", "FORMATS", "SHAPES", "ReadResult", "read"]


def read(path: Path, *, format: str | None = None, ahead: Ahead | None = None) -> ReadResult:
    """Read every example of one file.

    Args:
        path: JSONL, a JSON array, CSV or Parquet, plain or gzip-compressed.
        format: A shape (``messages``, ``sharegpt``, ``alpaca``, ``prompt_completion``) that every row must have, or a
            container (``jsonl``, ``json``, ``csv``, ``parquet``); None = recognise both, row by row.
        ahead: The same file, where it is being read by a second process already (``curation.readers.ahead.start``).

    Returns:
        Rows and rejects in file order: together, one for each line that is not blank (each record of a table or of a
        JSON array).

    Raises:
        InputError: The file is missing, unreadable, a folder or empty, or not one row of it could be read.
    """
    if format is not None and format not in FORMATS:
        raise InputError(f"There is no format named {format}.", f"Choose one of: {', '.join(FORMATS)}.")
    source = locate(Path(path))
    shape = format if format in SHAPES else None
    container = format if format in CONTAINERS else None
    ahead = ahead or start(source.path)
    try:
        result = _read(source, shape, container, ahead)
    finally:
        if ahead is not None:
            ahead.close()
    if not result.rows:
        raise _nothing_readable(source.path, result)
    return result


def _read(source: Source, shape: str | None, container: str | None, ahead: Ahead | None) -> ReadResult:
    notes = [] if source.encoding == "utf-8" else [f"Decoded from {source.encoding.upper()}."]
    collector = Collector(shape)
    if source.parquet or container == "parquet":
        if not source.parquet:
            raise InputError(f"{source.path} is not a Parquet file.", "Leave the format out to have it recognised.")
        return collector.result("parquet", tables.read_parquet(source, collector))
    opening = _opening(source)
    if container == "csv" or (container is None and _is_csv(source, opening)):
        return collector.result("csv", [*notes, *tables.read_csv(source, collector)])
    if container == "json" or (container is None and opening.document):
        document = _read_document(source, shape, notes)
        if container == "json" or (document is not None and not document.broken):
            return document.result if document is not None else collector.result("json")
        by_line = _read_lines(source, collector, notes, ahead)
        if document is not None and len(document.result.rows) > len(by_line.rows):
            return document.result
        return by_line
    return _read_lines(source, collector, notes, ahead)


@dataclass(frozen=True, slots=True)
class _Opening:
    """The first line that is not blank, and whether it begins a JSON document of several lines."""

    line: Line
    document: bool


def _opening(source: Source) -> _Opening:
    found = (line for line in lines(source) if not line.blank)
    first = next(found, None)
    if first is None:
        raise InputError(f"{source.path} holds only blank lines.", "Name another file.")
    text = first.text.strip()
    if not text.startswith(("[", "{")):
        return _Opening(first, False)
    try:
        value = parse(text)
    except RowProblem as problem:
        return _Opening(first, text.startswith("[") or "cut off" in problem.reason)
    rows_in_array = isinstance(value, list) and not _is_bare_chat(value) and next(found, None) is None
    return _Opening(first, rows_in_array)


def _is_bare_chat(value: list[object]) -> bool:
    return any(isinstance(item, dict) and ("role" in item or "from" in item) for item in value)


def _is_csv(source: Source, opening: _Opening) -> bool:
    if opening.line.text.lstrip()[:1] in ("{", "["):
        return False
    names = [suffix.lower() for suffix in source.path.suffixes]
    return ".csv" in names or ".tsv" in names or tables.header_delimiter(opening.line.text) is not None


def _read_lines(source: Source, collector: Collector, notes: list[str], ahead: Ahead | None) -> ReadResult:
    blank = 0
    if ahead is not None and collector.shape in (None, "messages"):
        blank = _read_blocks(ahead, collector)
    else:
        for line in raw_lines(source):
            blank += _read_line(line, collector)
    return collector.result("jsonl", [*notes, *([f"{blank} blank line(s) passed over."] if blank else [])])


def _read_blocks(ahead: Ahead, collector: Collector) -> int:
    """How many lines were blank."""
    number, blank = 1, 0
    for block in ahead.blocks():
        kept = place = 0
        for odd in block.odd:
            between = odd.place - place
            collector.keep(number + place, block.examples[kept : kept + between])
            kept, place = kept + between, odd.place + 1
            at = number + odd.place
            if odd.content is None:
                line: Raw | Line = Line(at, odd.start, odd.end, "", overlong(odd.end - odd.start))
            else:
                line = Raw(at, odd.start, odd.end, odd.content)
            blank += _read_line(line, collector)
        collector.keep(number + place, block.examples[kept:] if kept else block.examples)
        number += block.lines
    return blank


def _read_line(found: Raw | Line, collector: Collector) -> bool:
    """Make a row or a reject of a line; whether it is blank."""
    if isinstance(found, Raw):
        if collector.shape in (None, "messages") and (messages := plain_messages(found.content)) is not None:
            collector.keep(found.number, [Example(example_id(messages), messages)])
            return False
        found = decoded(found)
    if found.blank:
        return True
    if found.problem:
        collector.reject(found.number, found.problem, found.start, found.end)
        return False
    try:
        value = parse(found.text)
    except RowProblem as problem:
        collector.reject(found.number, problem.reason, found.start, found.end)
    else:
        collector.add(found.number, value, found.start, found.end, repair=holds_surrogates(found.text))
    return False


@dataclass(frozen=True, slots=True)
class _Document:
    result: ReadResult
    broken: bool


def _read_document(source: Source, shape: str | None, notes: list[str]) -> _Document | None:
    """A JSON array, or objects written over several lines; None when it is too large to be read as a whole."""
    raw = beginning(source, MAX_DOCUMENT_BYTES + 1)[source.offset :]
    if len(raw) > MAX_DOCUMENT_BYTES:
        return None
    wide = source.encoding != "utf-8"
    text = raw.decode(source.encoding, "replace" if wide else "surrogateescape")
    collector, broken = Collector(shape), False
    for number, placed in enumerate(_in_bytes(text, source), start=1):
        broken = broken or placed.broken
        if placed.problem:
            collector.reject(number, placed.problem, placed.start, placed.end)
        else:
            collector.add(number, placed.value, placed.start, placed.end, repair=True)
    return _Document(collector.result("json", [*notes, "Rows are numbered by their place in the file."]), broken)


def _in_bytes(text: str, source: Source) -> Iterator[Placed]:
    """The document's values, placed by byte offsets in the uncompressed file."""
    character, byte = 0, source.offset
    for placed in parse_document(text):
        body = text[placed.start : placed.end]
        byte += len(text[character : placed.start].encode(source.encoding, "surrogateescape"))
        end = byte + len(body.encode(source.encoding, "surrogateescape"))
        problem = placed.problem
        if not problem and UNDECODED.search(body):
            problem = "not valid UTF-8; save the file as UTF-8"
        yield Placed(byte, end, placed.value, problem, placed.broken)
        character, byte = placed.end, end


def _nothing_readable(path: Path, result: ReadResult) -> InputError:
    if not result.rejects:
        return InputError(f"{path} holds no rows.", "Name another file.")
    first = result.rejects[0]
    place = "record" if result.container in ("json", "parquet") else "line"
    count = len(result.rejects)
    hint = "Finetooth reads JSONL, JSON, CSV and Parquet with messages, ShareGPT, Alpaca or prompt/completion rows."
    return InputError(
        f"{path}: none of its {count} {place}{'s' if count != 1 else ''} could be read; {place} {first.line}: "
        f"{first.reason}.",
        "Save the file as UTF-8 first." if "UTF-8" in first.reason else hint,
    )
