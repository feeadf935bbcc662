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
WORKED_S = 0.02
"""Processor seconds between two beats that are a sign of work; the thread itself takes a hundredth of that."""


class Heartbeat(threading.Thread):
    """Runs beside the work of a job, until ``end``."""

    def __init__(self, context: JobContext) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._context = context
        self._main = threading.main_thread().ident
        self._over = threading.Event()

    def run(self) -> None:
        """Beat; and wake the main thread where somebody asked for its end while it cannot look."""
        looks, used, worked_at = -1, 0.0, time.time()
        while True:
            now_used = time.process_time()
            if self._context.looks != looks or now_used - used >= WORKED_S:
                worked_at = time.time()
            looks, used = self._context.looks, now_used
            _write(self._context.folder, {"at": time.time(), "worked_at": worked_at, "cpu_s": round(now_used, 2)})
            if self._context.interrupt is not None and self._context.should_stop() and self._main is not None:
                signal.pthread_kill(self._main, signal.SIGUSR1)
            if self._over.wait(BEAT_S):
                return

    def end(self) -> None:
        """Stop beating."""
        self._over.set()
        self.join(timeout=5)


def silent_s(folder: Path) -> float | None:
    """Seconds since a job's process last showed a sign of work; None where it has never had a heartbeat."""
    if not (folder / FILE).is_file():
        return None
    try:
        return max(0.0, time.time() - float(read_json(folder / FILE)["worked_at"]))
    except FinetoothError:  # replaced at this instant, or damaged: nothing can be said
        return None


def _write(folder: Path, value: dict[str, float]) -> None:
    """Replace the file without waiting for the disk: after a power cut nobody needs it."""
    temporary = folder / f".{FILE}.{os.getpid()}-0.tmp"
    with suppress(OSError):  # a full disk must not end the work
        temporary.write_text(json.dumps(value), encoding="ascii")
        temporary.replace(folder / FILE)
