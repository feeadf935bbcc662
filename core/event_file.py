"""A file of events, one JSON document a line, that only grows; a torn last line is passed over and mended."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

BLOCK_BYTES = 65_536
"""How much of the file is read at once, from its end."""


def events(folder: Path, after: int = 0) -> list[dict[str, Any]]:
    """The events of a job or run with ``seq`` greater than ``after``; a torn last line is left for the next look.

    The file is read from its end, no further back than ``after``.
    """
    path = folder / "events.jsonl"
    if not path.exists():
        return []
    found: list[dict[str, Any]] = []
    with open(path, "rb") as handle:
        for line in _backwards(handle):
            record: dict[str, Any] = json.loads(line)
            if record["seq"] <= after:
                break
            found.append(record)
    return found[::-1]


def _backwards(handle: BinaryIO) -> Iterator[bytes]:
    """The whole lines of a file, the last one first (bytes: a text may hold other line ends, such as U+2028)."""
    position, tail, ended = handle.seek(0, os.SEEK_END), b"", False
    while position:
        start = max(0, position - BLOCK_BYTES)
        handle.seek(start)
        tail, *lines = (handle.read(position - start) + tail).split(b"\n")
        if lines and not ended:
            lines.pop()  # nothing, or a torn line
            ended = True
        yield from reversed(lines)
        position = start
    if ended:
        yield tail


def append(path: Path, data: bytes) -> None:
    """Append all of the data or none of it."""
    with open(path, "ab", buffering=0) as handle:
        size = os.fstat(handle.fileno()).st_size
        try:
            if handle.write(data) != len(data):
                raise OSError(errno.ENOSPC, "the disk is full")
        except OSError:
            handle.truncate(size)
            raise


def _mend(path: Path) -> None:
    """Cut off the torn line that a killed worker left, so that the next event does not end up on it."""
    if not path.exists():
        return
    with open(path, "rb+") as handle:
        end = handle.seek(0, os.SEEK_END)
        position = end
        while position:
            start = max(0, position - BLOCK_BYTES)
            handle.seek(start)
            at = handle.read(position - start).rfind(b"\n")
            if at >= 0:
                position = start + at + 1
                break
            position = start
        if position < end:
            handle.truncate(position)


def last_seq(path: Path) -> int:
    _mend(path)
    if not path.exists():
        return 0
    with open(path, "rb") as handle:
        last = next(_backwards(handle), None)
    return int(json.loads(last)["seq"]) if last else 0
