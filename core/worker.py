"""The process that does a job's work: `python -m core.worker FOLDER`."""

from __future__ import annotations

import atexit
import fcntl
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from core.clock import utc_now
from core.errors import CancelledError, FinetoothError
from core.files import read_json
from core.heartbeat import Heartbeat
from core.jobs import JobContext, born

LOCK_TRIES = 50


def work(folder: Path) -> int:
    """Do the job in ``folder``; its state file tells how it ended. Returns the exit code."""
    with open(folder / "lock", "a") as lock:
        if not _locked(lock):
            print("Another worker already has this job.", file=sys.stderr)
            return 1
        request = read_json(folder / "spec.json")
        context = JobContext(folder, request["spec"])
        heartbeat = Heartbeat(context)
        heartbeat.beat()  # before it says that it runs, so that a process that hangs at once is seen, too
        context._state(
            status="running",
            pid=os.getpid(),
            born=born(os.getpid()),
            token=request.get("token"),
            started_at=utc_now(),
            stage="starting",
        )
        signal.signal(signal.SIGTERM, _stop_on_term(folder))
        signal.signal(signal.SIGUSR1, _interrupt(context))
        heartbeat.start()
        try:
            context.check_stop()
            result = _target(request["target"])(context)
        except CancelledError as stop:
            context._state(status="cancelled", message=stop.message)
            return 1
        except FinetoothError as error:
            context._state(status="failed", message=error.message, hint=error.hint)
            return error.exit_code
        except MemoryError:
            context._state(
                status="failed",
                message="The machine ran out of memory.",
                hint="Lower the batch size or the sequence length.",
            )
            return 1
        except Exception as error:  # a defect of ours: keep the traceback for whoever mends it
            traceback.print_exc()
            context._state(
                status="failed",
                message=f"Unexpected error ({type(error).__name__}: {error}).",
                hint=f"The whole story is in {folder / 'log.txt'}.",
            )
            return 1
        finally:
            heartbeat.end()
        context._state(status="done", result=result, message="")
        return 0


def _locked(lock: TextIO) -> bool:
    """Take the lock. Whoever looks whether the job is alive holds it for an instant, so one refusal proves nothing."""
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


def _target(name: str) -> Callable[[JobContext], dict[str, Any]]:
    module, function = name.split(":")
    target: Callable[[JobContext], dict[str, Any]] = getattr(importlib.import_module(module), function)
    return target


def _stop_on_term(folder: Path) -> Callable[[int, FrameType | None], None]:
    """SIGTERM asks for a stop; where the work was cancelled already, it ends wherever it is."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if (folder / "cancel").exists():
            raise CancelledError("The work was cancelled on request.")
        (folder / "stop").touch()

    return ask


def _interrupt(context: JobContext) -> Callable[[int, FrameType | None], None]:
    """SIGUSR1, which the heartbeat sends: have work that cannot look for commands look now."""

    def look(_signal: int, _frame: FrameType | None) -> None:
        if context.interrupt is not None:
            context.interrupt()

    return look


def leave(code: int) -> NoReturn:
    """End this process without taking the interpreter apart, which takes seconds once torch and others are loaded.

    What registered itself for the end is called, and output is written out, as at any end.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(work(Path(sys.argv[1])))
