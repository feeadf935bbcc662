"""Tells a process that works from one that hangs, and interrupts it where it could not look for commands itself.

Once in half a second a thread of the worker writes ``heartbeat.json``: when it last saw a sign of work, which is a look
for commands, a report of progress, or processor time used. A stopped process writes nothing, a hung one no such sign.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FinetoothError
from core.files import read_json

if TYPE_CHECKING:
    from core.jobs import JobContext

FILE = "heartbeat.json"
BEAT_S = 0.5
WIDTH = 96
"""Bytes of the file, always as many, so that it can be overwritten in place and is read whole."""

WORKED_S = 0.02
"""Processor seconds between two beats that are a sign of work; the thread itself takes a hundredth of that."""


class Heartbeat(threading.Thread):
    """Runs beside the work of a job, until ``end``."""

    def __init__(self, context: JobContext) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._context = context
        self._main = threading.main_thread().ident
        self._file = os.open(context.folder / FILE, os.O_WRONLY | os.O_CREAT, 0o644)
        self._over = threading.Event()
        self._looks, self._used, self._worked_at = 0, 0.0, time.time()

    def run(self) -> None:
        """Beat until the work is over."""
        self.beat()
        while not self._over.wait(BEAT_S):
            self.beat()

    def beat(self) -> None:
        """One beat; it wakes the main thread where somebody asked for its end while it cannot look."""
        used = time.process_time()
        if self._context.looks != self._looks or used - self._used >= WORKED_S:
            self._worked_at = time.time()
        self._looks, self._used = self._context.looks, used
        said = json.dumps(
            {"at": round(time.time(), 3), "worked_at": round(self._worked_at, 3), "cpu_s": round(used, 2)}
        )
        with suppress(OSError):  # a full disk must not end the work
            os.pwrite(self._file, said.ljust(WIDTH).encode("ascii"), 0)
        if self._context.interrupt is not None and self._context.should_stop() and self._main is not None:
            signal.pthread_kill(self._main, signal.SIGUSR1)

    def end(self) -> None:
        """Stop beating."""
        self._over.set()
        self.join(timeout=5)
        os.close(self._file)


def silent_s(folder: Path) -> float | None:
    """Seconds since a job's process last showed a sign of work; None where it has never had a heartbeat."""
    if not (folder / FILE).is_file():
        return None
    try:
        return max(0.0, time.time() - float(read_json(folder / FILE)["worked_at"]))
    except FinetoothError:  # not written yet, or damaged: nothing can be said
        return None
