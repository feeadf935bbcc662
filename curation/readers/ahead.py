"""Reads a large JSONL file with two processes, beginning before anything else is ready for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Lock, Thread
from typing import IO

import msgspec

from core.errors import InputError
from curation.readers.blocks import LENGTH, Block, read_block, spans
from curation.readers.source import Source, locate, opened

LEAST_BYTES = 32 * 1024 * 1024
_ORDERED_AHEAD = 2
_BESIDE = "from curation.readers.blocks import main; main()"
_unpack = msgspec.msgpack.Decoder(Block).decode


class Ahead:
    """The blocks of one file: this process takes them from the front, the one beside it from the back.

    If the other process ends early, what it owed is read here.
    """

    def __init__(self, source: Source) -> None:
        """Start the other process; it begins to read at once."""
        self.source = source
        self._todo = deque(spans(source.offset, source.path.stat().st_size))
        self._packed: dict[int, bytes] = {}
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BESIDE, str(source.path), str(source.offset)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._thread = Thread(target=self._fetch, name="reading ahead", daemon=True)
        self._thread.start()

    def blocks(self) -> Iterator[Block]:
        """Every block once, in file order; call it once."""
        found: dict[int, Block] = {}
        try:
            with opened(self.source) as handle:
                while self._thread.is_alive() or self._todo or self._packed:
                    if (span := self._claim(last=False)) is not None:
                        found[span[0]] = read_block(handle, *span, self.source.offset)
                    else:
                        self._thread.join()  # it may hand back what it could not get
                    self._unpack(found)
        finally:
            self.close()
        for start in sorted(found):
            yield found.pop(start)

    def close(self) -> None:
        """End the other process, done or not."""
        with self._lock:
            self._todo.clear()
        self._process.kill()
        self._thread.join()
        self._process.wait()

    def _unpack(self, found: dict[int, Block]) -> None:
        while self._packed:
            start, packed = self._packed.popitem()
            found[start] = _unpack(packed)

    def _claim(self, *, last: bool) -> tuple[int, int] | None:
        with self._lock:
            if not self._todo:
                return None
            return self._todo.pop() if last else self._todo.popleft()

    def _fetch(self) -> None:
        """Keep the other process busy, and take what it gives."""
        orders, results = self._process.stdin, self._process.stdout
        if orders is None or results is None:
            return
        owed: deque[tuple[int, int]] = deque()
        try:
            with orders, results:
                while True:
                    while len(owed) < _ORDERED_AHEAD and (span := self._claim(last=True)) is not None:
                        owed.append(span)
                        orders.write(b"%d %d\n" % span)
                        orders.flush()
                    if not owed:
                        return
                    packed = _exactly(results, LENGTH.unpack(_exactly(results, LENGTH.size))[0])
                    self._packed[owed.popleft()[0]] = packed
        except (OSError, EOFError):  # the other process was ended
            with self._lock:
                self._todo.extend(reversed(owed))


def _exactly(handle: IO[bytes], size_bytes: int) -> bytes:
    data = handle.read(size_bytes)
    if len(data) < size_bytes:
        raise EOFError
    return data


def start(path: Path) -> Ahead | None:
    """Begin to read a file that is worth it; None for all others, and where nothing can be read."""
    try:
        source = locate(path)
        large = source.path.stat().st_size >= LEAST_BYTES
    except (InputError, OSError):
        return None  # whoever reads it for good says what is wrong
    if source.compressed or source.parquet or source.encoding != "utf-8" or not large:
        return None
    return Ahead(source) if (os.cpu_count() or 1) > 1 else None
