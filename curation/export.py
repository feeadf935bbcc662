"""Writes examples to files in the formats that trainers read, so that reading them back gives the same examples."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FinetoothError, InputError
from core.files import sha256_file, writing
from core.tables import write_table
from core.types import Example, Message, Reject
from curation.readers import tables
from curation.readers.keeping import ordered, row_object, unpack
from curation.readers.source import Source, locate, opened
from curation.readers.turns import ROLE_SYNONYMS, SHAREGPT_NAMES, Fields, fields_left_over, message_object

FORMATS = ("messages", "sharegpt", "alpaca", "prompt_completion", "parquet")
SUFFIXES: Mapping[str, str] = {name: ".parquet" if name == "parquet" else ".jsonl" for name in FORMATS}
_OTHER_LINE_ENDS = ("\x85", "\u2028", "\u2029")
"""Legal inside a line of JSONL, but programs that split at them would break it; written as escapes."""
_FALLBACK = "Choose messages, sharegpt, prompt_completion or parquet, which hold any conversation."


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: how many examples it holds, its size and its SHA-256."""

    path: Path
    format: str
    n_examples: int
    size_bytes: int
    sha256: str


def write(examples: Sequence[Example], path: Path, format: str = "messages") -> Written:
    """Write all the examples in their order to one file, or nothing at all.

    The bytes of the JSONL formats depend on the examples alone: UTF-8, ``\\n``, fields in a fixed order.
    ``prompt_completion`` writes plain texts for one question with one answer, and lists of messages otherwise.

    Args:
        examples: What to write.
        path: The file; replaced in one step.
        format: One of ``FORMATS``.

    Raises:
        InputError: There is no such format, or it cannot hold every one of the examples.
        FinetoothError: The file cannot be written, or a field has no JSON form.
    """
    require_fit(examples, format)
    if format == "parquet":
        _write_parquet(examples, path)
    else:
        _write_lines((_line(_OBJECTS[format](example), number) for number, example in enumerate(examples, 1)), path)
    return Written(path, format, len(examples), path.stat().st_size, sha256_file(path))


def require_fit(examples: Sequence[Example], format: str) -> None:
    """Refuse a format that cannot hold all of these examples without loss.

    Raises:
        InputError: There is no such format, or some examples do not fit it.
    """
    if format not in FORMATS:
        raise InputError(f"There is no export format named {format}.", f"Choose one of: {', '.join(FORMATS)}.")
    bad = unfit(examples, format)
    if bad:
        raise InputError(
            f"{len(bad)} of {len(examples)} examples do not fit the format {format}, which holds one question with "
            "one answer each; nothing was written.",
            _FALLBACK,
        )


def to_jsonl(examples: Sequence[Example], path: Path) -> Written:
    """Write messages JSONL (the shape of OpenAI's fine-tuning files)."""
    return write(examples, path, "messages")


def unfit(examples: Sequence[Example], format: str) -> tuple[str, ...]:
    """Ids of the examples that a format cannot hold without loss; empty for all formats but ``alpaca``."""
    if format != "alpaca":
        return ()
    return tuple(example.id for example in examples if not _is_one_question(example))


def _is_one_question(example: Example) -> bool:
    roles = [message.role for message in example.messages]
    if roles == ["system", "user", "assistant"]:
        return bool(example.messages[0].content)  # Alpaca has no way to say "an empty system message"
    return roles == ["user", "assistant"]


def _messages_row(example: Example) -> dict[str, Any]:
    _, fields, _ = unpack(example)
    turns = list(zip(example.messages, fields, strict=True))
    body = {"messages": [{k: ordered(v) for k, v in message_object(m, f).items()} for m, f in turns]}
    return row_object(body, example, [fields_left_over(m, f) for m, f in turns])


def _sharegpt_row(example: Example) -> dict[str, Any]:
    _, fields, _ = unpack(example)
    items, left = [], list[Fields | None]()
    for message, beside in zip(example.messages, fields, strict=True):
        rest = dict(beside or {})
        name = SHAREGPT_NAMES.get(message.role, message.role)
        if ROLE_SYNONYMS.get(rest.get("from", "")) == message.role:
            name = rest.pop("from")
        items.append({"from": name, "value": message.content})
        left.append(rest or None)
    return row_object({"conversations": items}, example, left)


def _alpaca_row(example: Example) -> dict[str, Any]:
    *system, question, answer = example.messages
    body = {"instruction": question.content, "input": "", "output": answer.content}
    if system:
        body["system"] = system[0].content
    return row_object(body, example, unpack(example)[1])


def _prompt_completion_row(example: Example) -> dict[str, Any]:
    body: dict[str, Any]
    if [message.role for message in example.messages] == ["user", "assistant"]:
        body = {"prompt": example.messages[0].content, "completion": example.answer}
    else:
        answered = len(example.prompt) < len(example.messages)
        body = {
            "prompt": [message_object(message, None) for message in example.prompt],
            "completion": [message_object(message, None) for message in example.messages[-1:] if answered],
        }
    return row_object(body, example, unpack(example)[1])


_OBJECTS: Mapping[str, Callable[[Example], dict[str, Any]]] = {
    "messages": _messages_row,
    "sharegpt": _sharegpt_row,
    "alpaca": _alpaca_row,
    "prompt_completion": _prompt_completion_row,
}


def _line(value: object, number: int) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FinetoothError(
            f"Example {number} has a field in its meta that has no JSON form.", "Remove or change that field."
        ) from error
    for mark in _OTHER_LINE_ENDS:
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    try:
        return text.encode("utf-8") + b"\n"
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8 form, but an escaped one
        return json.dumps(value, ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"


def _write_lines(encoded: Iterator[bytes], path: Path) -> int:
    count = 0
    with writing(path) as temporary, open(temporary, "wb") as handle:
        for line in encoded:
            handle.write(line)
            count += 1
    return count


def _write_parquet(examples: Sequence[Example], path: Path) -> None:
    """Columns ``messages`` (list of role and content) and ``meta`` (JSON text)."""
    import polars as pl

    turns = [[_turn(message) for message in example.messages] for example in examples]
    metas = [_line(ordered(e.meta), n).decode("utf-8").strip() if e.meta else None for n, e in enumerate(examples, 1)]
    struct = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
    try:
        frame = pl.DataFrame({"messages": turns, "meta": metas}, schema={"messages": struct, "meta": pl.String})
    except UnicodeEncodeError as error:
        raise InputError("An example holds broken characters that Parquet cannot store.", _FALLBACK) from error
    write_table(frame, path)


def _turn(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.content}


def rejects(source_path: Path, rejects: Sequence[Reject], out: Path) -> int:
    """Write the rejected lines of a source with their reasons and their very bytes, as JSONL.

    Each line has ``line``, ``reason`` and ``text``; ``base64`` instead of ``text`` where the bytes are not UTF-8, and
    ``record`` for a row of a Parquet file.

    Args:
        source_path: The file that was read, unchanged since.
        rejects: What ``read`` gave.
        out: The file to write; replaced in one step.

    Returns:
        The number of rejects written.

    Raises:
        FinetoothError: The source is gone, or ``out`` cannot be written.
    """
    if not rejects:
        return _write_lines(iter(()), out)
    source = locate(source_path)
    return _write_lines((_line(entry, number) for number, entry in enumerate(_entries(source, rejects), 1)), out)


def _entries(source: Source, rejected: Sequence[Reject]) -> Iterator[dict[str, Any]]:
    if source.parquet:
        for reject in rejected:
            yield {"line": reject.line, "reason": reject.reason, "record": ordered(tables.record(source, reject.line))}
        return
    with opened(source) as handle:
        for reject in sorted(rejected, key=lambda reject: (reject.start, reject.end)):
            handle.seek(reject.start)
            raw = handle.read(reject.end - reject.start)
            entry: dict[str, Any] = {"line": reject.line, "reason": reject.reason}
            try:
                yield {**entry, "text": raw.decode(source.encoding).rstrip("\r\n")}
            except UnicodeDecodeError:
                yield {**entry, "base64": base64.b64encode(raw).decode("ascii")}
