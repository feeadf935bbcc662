"""What a run needs of the machine besides its processors: room on the disk for checkpoints, and free memory."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from core import machine
from core.errors import FinetoothError
from training.config import TrainConfig

MIB = 2**20
CHECKPOINT_BYTES = 12
"""Bytes of a trained parameter in a checkpoint: a float32 weight and AdamW's two averages of it."""

RESERVE_BYTES = 64 * MIB
"""For events, the adapter's configuration and the logs."""

LOOK_S = 5.0
SHORT_SHARE = 0.02
SHORT_BYTES = 256 * MIB
"""Less free memory than this share of all, and than these bytes, is short: the system may soon kill a process."""


def checkpoint_bytes(n_trained: int) -> int:
    """Size of a checkpoint of so many trained parameters."""
    return CHECKPOINT_BYTES * n_trained


def needed_bytes(n_trained: int, config: TrainConfig) -> int:
    """Room on the disk that a run takes at most: its checkpoints, one more while it is written, and the result."""
    checkpoints = config.checkpoints_kept + (config.keep == "best") + 1
    return checkpoints * checkpoint_bytes(n_trained) + 4 * n_trained + RESERVE_BYTES


def check_disk(folder: Path, n_trained: int, config: TrainConfig) -> str | None:
    """Compare the disk with what a run will write.

    Returns:
        A sentence where it may run out later; None where there is room for everything.

    Raises:
        FinetoothError: There is not even room for one checkpoint and the result.
    """
    free = shutil.disk_usage(folder).free
    least = checkpoint_bytes(n_trained) + 4 * n_trained + RESERVE_BYTES
    if free < least:
        raise FinetoothError(
            f"The disk has {free / MIB:,.0f} MiB free; one checkpoint and the result take {least / MIB:,.0f} MiB.",
            "Free some space, or train fewer parameters (a lower rank).",
        )
    most = needed_bytes(n_trained, config)
    if free < most:
        return (
            f"The disk has {free / MIB:,.0f} MiB free; {config.checkpoints_kept} checkpoints and the best one take up "
            f"to {most / MIB:,.0f} MiB."
        )
    return None


def busy() -> str | None:
    """A sentence where other work keeps the processors busy."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load <= processors:
        return None
    return f"Other work keeps this machine busy (load {load:.1f} on {processors} processors): expect it slow."


class MemoryWatch:
    """Tells once when the machine's memory is nearly used up; looks every five seconds at most."""

    def __init__(self) -> None:
        self._next = 0.0
        self._told = False

    def short(self) -> str | None:
        """A sentence the first time that memory is short, else None."""
        if self._told or time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + LOOK_S
        free, total = machine.free_bytes(), machine.total_bytes()
        if free >= min(SHORT_BYTES, SHORT_SHARE * total):
            return None
        self._told = True
        return (
            f"Only {free / MIB:,.0f} of {total / MIB:,.0f} MiB of memory are free: the system may end this run. A "
            "checkpoint was taken."
        )
