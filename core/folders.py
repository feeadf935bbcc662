"""Folders that are either wholly there or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.files import STALE_S, explain_os_error
from core.ids import new_action_id


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder`` that takes its name when the block ends well, and is removed otherwise.

    It is locked while it is filled, so what killed processes left of earlier tries is told from what others are
    filling, and removed at once.

    Args:
        folder: A name that is free, or that of an empty folder.

    Raises:
        FinetoothError: The disk is full or the folder cannot be written.
    """
    temporary = folder.with_name(f".{folder.name}.{new_action_id()[:8]}.tmp")
    try:
        _sweep(folder)
        temporary.mkdir(parents=True)
        with _locked(temporary):
            yield temporary
            if folder.exists():
                folder.rmdir()
            temporary.replace(folder)
    except OSError as error:
        raise explain_os_error(error, folder) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what is left of tries to make a folder that nobody works on any more."""
    left = re.compile(re.escape(f".{folder.name}.") + r"\w{8}\.tmp")
    if not folder.parent.is_dir():
        return
    for stale in folder.parent.iterdir():
        if left.fullmatch(stale.name) and stale.is_dir():
            with suppress(OSError), _locked(stale):  # in use: the lock is refused
                if any(stale.iterdir()) or time.time() - stale.stat().st_mtime >= STALE_S:  # not one just made
                    shutil.rmtree(stale, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
