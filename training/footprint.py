"""Measures how much memory a training run really took, to be set against what was predicted."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


class Meter:
    """Peak memory from ``start`` on, less what the process held when the meter was made.

    On a GPU, the allocator's own peak; else the process's peak resident memory, which Linux alone can reset (elsewhere
    the loading of the model counts, too).
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._before = _status_bytes("VmRSS")

    def start(self) -> None:
        """Forget the peak so far, and give back what the loading of the model left in the allocator."""
        if self._device == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()
            return
        with suppress(OSError, AttributeError):  # another C library: it then keeps what loading took
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        if CLEAR_REFS.exists():
            try:
                CLEAR_REFS.write_text("5")  # resets VmHWM, see proc(5)
            except OSError:
                return  # a locked-down container: the peak then includes the loading

    def peak_bytes(self) -> int:
        """The peak so far, in bytes; 0 where this system does not tell."""
        if self._device == "cuda":
            import torch

            return int(torch.cuda.max_memory_allocated())
        return max(0, _status_bytes("VmHWM") - self._before)


def _status_bytes(name: str) -> int:
    if not STATUS.exists():
        return 0
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
