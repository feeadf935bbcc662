"""Seeded broken JSONL files: each is read without a traceback, and every line is a row or a reject with a reason."""

from __future__ import annotations

import json
import random
import traceback
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from core.ids import example_id
from curation.readers import ReadResult, read

ROWS: list[object] = [
    {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "ä 💊 \u2028"}], "meta": {"id": 1}},
    {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": [{"a": 1}]}]},
    {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho"}], "tools": "[]"},
    {"instruction": "do", "input": "this", "output": "done", "history": [["a", "b"]]},
    {"prompt": "a", "completion": "b", "score": 0.5},
    [{"role": "user", "content": "q"}],
]
SCRAPS = [
    *(b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\n\n", b"\xc3", b"\xed\xa0\x80", b"\x1b[31m", b"\\"),
    *(b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"[" * 3000),
    *(
        b"\\ud800",
        b"\\u0000",
        b"null",
        b"true",
        b'"messages"',
        b'"prompt": 1,',
        b'"role": "human",',
        b"\x1f\x8b",
        b"PK",
    ),
]
"""What is put into a file; the order is part of what a seed means."""


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What came of reading broken files; ``wrong`` says for which seed what did not hold."""

    files: int
    rows: int
    rejects: int
    refused: int
    wrong: tuple[str, ...]


def mutated(seed: int) -> bytes:
    """A file of up to a dozen lines with up to eight faults of every sort, the same for the same seed."""
    dice = random.Random(seed)
    data = bytearray()
    for row in dice.choices(ROWS, k=dice.randint(1, 12)):
        ends = [b"\n", b"\n", b"\r\n", b"\n\n"]
        data += json.dumps(row, ensure_ascii=dice.random() < 0.5).encode() + dice.choice(ends)
    for _ in range(dice.randint(0, 8)):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.choice([0, 0, 1, 1, 2, 5, 40]))
        data[start:end] = dice.choice(SCRAPS)
    return bytes(data)


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a file that hold anything."""
    body = data.removeprefix(b"\xef\xbb\xbf")
    return [line for line in body.split(b"\n") if line.strip(b" \t\r\n\x0b\x0c")]


def unsound(result: ReadResult) -> list[str]:
    """What is wrong with what was read of a file."""
    wrong = []
    for row in result.rows:
        if not row.example.messages or row.example.id != example_id(row.example.messages):
            wrong.append(f"line {row.line} is no example")
        try:
            json.dumps(dict(row.example.meta), allow_nan=False, ensure_ascii=False).encode("utf-8")
            for message in row.example.messages:
                message.content.encode("utf-8")
        except ValueError:
            wrong.append(f"line {row.line} cannot be stored")
    wrong += [f"line {one.line} is rejected without a reason" for one in result.rejects if not one.reason]
    wrong += [f"line {one.line} is rejected with a bad place" for one in result.rejects if one.start > one.end]
    numbers = [row.line for row in result.rows] + [one.line for one in result.rejects]
    if len(numbers) != len(set(numbers)):
        wrong.append("a line is there twice")
    return wrong


def unaccounted(data: bytes, result: ReadResult) -> list[str]:
    """What lines of a file are neither a row nor a reject (of a file that is read line by line)."""
    if result.container != "jsonl" or data[:2] in (b"\xff\xfe", b"\x1f\x8b"):
        return []
    lines, counted = lines_of(data), len(result.rows) + len(result.rejects)
    wrong = [] if counted == len(lines) else [f"{len(lines)} lines, but {counted} rows and rejects"]
    rejected = {data[one.start : one.end].removesuffix(b"\n") for one in result.rejects}
    return wrong + ([] if rejected <= set(lines) else ["a reject is no line of the file"])


def fuzz(folder: Path, files: int, seed: int = 0) -> Fuzzed:
    """Read that many broken files, the first one of the given seed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "fuzzed.jsonl"
    rows = rejects = refused = 0
    wrong: list[str] = []
    for one in range(seed, seed + files):
        data = mutated(one)
        path.write_bytes(data)
        try:
            result = read(path)
        except InputError as error:
            refused += 1
            wrong += [] if str(path) in error.message and error.hint else [f"seed {one}: refused without a reason"]
            continue
        except Exception:  # noqa: BLE001 -- any other error is what is looked for
            wrong.append(f"seed {one}: {traceback.format_exc(limit=-1).splitlines()[-1]}")
            continue
        rows, rejects = rows + len(result.rows), rejects + len(result.rejects)
        wrong += [f"seed {one}: {what}" for what in (*unsound(result), *unaccounted(data, result))]
    path.unlink(missing_ok=True)
    return Fuzzed(files, rows, rejects, refused, tuple(wrong))
