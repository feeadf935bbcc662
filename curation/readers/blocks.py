"""Takes a block of a large JSONL file apart, here or in a process beside this one.

Nearly all of the reading is interpreter work, so a second process halves it. Each block is read on its own: it holds
the lines that begin in it.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from core.bulk import bulk_work
from core.ids import example_id
from core.types import Example
from curation.readers.plain import plain_messages
from curation.readers.source import MAX_LINE_BYTES

BLOCK_BYTES = 4 * 1024 * 1024  # less than MAX_LINE_BYTES
_MORE_BYTES = 64 * 1024
LENGTH = struct.Struct("<q")


class Odd(msgspec.Struct, array_like=True, gc=False):
    """A line for the strict reader.

    Attributes:
        place: Among the lines of its block, 0-based.
        start, end: Byte offsets in the file, the line end included.
        content: Without its line end; None where the line is longer than a line may be.
    """

    place: int
    start: int
    end: int
    content: bytes | None


class Block(msgspec.Struct, array_like=True, gc=False):
    """The lines that begin in one stretch of a file: ``examples`` in order, and between them the ``odd`` ones."""

    lines: int
    examples: list[Example]
    odd: list[Odd]


def read_block(handle: BinaryIO, start: int, stop: int, first: int) -> Block:
    """The lines that begin in the bytes [start, stop).

    Args:
        handle: The file, opened for reading bytes.
        start, stop: Byte offsets.
        first: Where the first line of the file begins (behind its byte order mark).
    """
    data = _read(handle, max(start - 1, first), stop)
    position = max(start - 1, first)
    if start > first:  # a line begins behind the first line end from the byte before on
        cut = data.find(b"\n") + 1
        if not cut or position + cut >= stop:
            return Block(0, [], [])
        data, position = data[cut:], position + cut
    if not data:
        return Block(0, [], [])
    pieces = data.split(b"\n")
    last = pieces.pop()
    del data
    examples: list[Example] = []
    odd: list[Odd] = []
    for place, piece in enumerate(pieces):
        messages = plain_messages(piece)
        if messages is None:
            odd.append(Odd(place, position, position + len(piece) + 1, piece))
        else:
            examples.append(Example(example_id(messages), messages))
        position += len(piece) + 1
    if not last:
        return Block(len(pieces), examples, odd)
    content, end = _rest(handle, last, position)
    messages = plain_messages(content) if content is not None else None
    if messages is None:
        odd.append(Odd(len(pieces), position, end, content))
    else:
        examples.append(Example(example_id(messages), messages))
    return Block(len(pieces) + 1, examples, odd)


def _read(handle: BinaryIO, start: int, stop: int) -> bytes:
    handle.seek(start)
    chunks: list[bytes] = []
    while start < stop and (chunk := handle.read(stop - start)):
        chunks.append(chunk)
        start += len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _rest(handle: BinaryIO, begun: bytes, start: int) -> tuple[bytes | None, int]:
    """The line that runs over the end of its block, read on: content without the line end, and its end."""
    chunks, length = [begun], len(begun)
    while chunk := handle.read(_MORE_BYTES):
        cut = chunk.find(b"\n")
        chunks.append(chunk if cut < 0 else chunk[:cut])
        length += len(chunks[-1])
        if length > MAX_LINE_BYTES:
            chunks.clear()
        if cut >= 0:
            return (b"".join(chunks) if length <= MAX_LINE_BYTES else None), start + length + 1
    return (b"".join(chunks) if length <= MAX_LINE_BYTES else None), start + length


def spans(first: int, size: int) -> Iterator[tuple[int, int]]:
    """The blocks of a file of ``size`` bytes, in order."""
    for start in range(first, size, BLOCK_BYTES):
        yield start, min(start + BLOCK_BYTES, size)


def serve(path: str, first: int, orders: BinaryIO, results: BinaryIO) -> None:
    """Read the blocks that are ordered, a line ``start stop`` each, until the orders end."""
    encode = msgspec.msgpack.Encoder().encode
    with open(path, "rb", buffering=0) as handle, bulk_work():
        for order in orders:
            start, stop = map(int, order.split())
            packed = encode(read_block(handle, start, stop, first))
            results.write(LENGTH.pack(len(packed)))
            results.write(packed)
            results.flush()


def main() -> None:
    """What the process beside runs: the file's path and the offset of its first line are its arguments."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    try:
        serve(sys.argv[1], int(sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)
