"""A queue for what only one process at a time can do on this machine, such as filling its GPU.

Each process holds a ticket, a locked file with a number; whoever has the lowest number among those alive goes first.
The system lets go of a dead process's lock, so nobody waits for the dead; the queue is files, so it needs no server.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.files import explain_os_error

QUEUE_VARIABLE = "FINETOOTH_QUEUE"
POLL_S = 0.5


def queue_folder() -> Path:
    """Where the tickets of this machine lie (``FINETOOTH_QUEUE``, or a folder of this user)."""
    if named := os.environ.get(QUEUE_VARIABLE):
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("finetooth") / "queue"


@contextmanager
def turn(
    queue: str, holder: str, *, waiting: Callable[[str], None], check: Callable[[], None], poll_s: float = POLL_S
) -> Iterator[None]:
    """Wait for one's turn, then hold it for the block.

    Args:
        queue: What is queued for, such as ``training``.
        holder: Who waits, in words for people: ``run 20261122-…``.
        waiting: Called with the holder directly ahead, whenever that changes.
        check: Called at each look while waiting; may raise to leave the queue.
        poll_s: Seconds between two looks.

    Raises:
        FinetoothError: The queue's folder cannot be written.
    """
    folder = queue_folder() / queue
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ticket, handle = _take_ticket(folder, holder)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    try:
        ahead = ""
        while True:
            before = _ahead_of(folder, ticket)
            if not before:
                break
            if before[-1] != ahead:
                ahead = before[-1]
                waiting(ahead)
            check()
            time.sleep(poll_s)
        yield
    finally:
        ticket.unlink(missing_ok=True)
        handle.close()


def _take_ticket(folder: Path, holder: str) -> tuple[Path, BinaryIO]:
    """A new ticket behind all others, locked before it gets its name."""
    with open(folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        number = 1 + max((int(path.stem) for path in folder.glob("*.ticket")), default=0)
        ticket = folder / f"{number:08d}.ticket"
        handle = open(ticket.with_suffix(".new"), "wb")  # noqa: SIM115 -- it stays open as long as the ticket is held
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.write(json.dumps({"holder": holder, "pid": os.getpid()}).encode())
        handle.flush()
        ticket.with_suffix(".new").replace(ticket)
    return ticket, handle


def _ahead_of(folder: Path, ticket: Path) -> list[str]:
    """Who is ahead, the nearest last; the tickets of the dead are removed."""
    found = []
    for path in sorted(folder.glob("*.ticket")):
        if path.name >= ticket.name:
            break
        try:
            with open(path, "rb") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    found.append(str(json.loads(handle.read())["holder"]))
                else:
                    path.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # it left the queue at this instant
    return found
