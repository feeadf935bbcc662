"""Measures how much memory a training really takes: one step on the longest batch before the run, the peak during it.

What is measured is what the machine has to give. On a CPU that is the resident memory of the whole process, its
libraries included; on a GPU it is what the tensors take, as torch's allocator counts it.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FinetoothError
from training.data import Batch
from training.loss import nll_sum

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")
SETTLING_SHARE = 0.02
"""Share of the processor time that giving memory back may itself take. The next pass pays for it, too, since the system
hands out each page anew: a step of 200 tokens of the embedded model took 1.71 processor seconds with it, and 1.56
without (measured); memory that rises by a sixth over the first steps is what that buys off."""


class Meter:
    """Peak memory from ``start`` on; where a peak cannot be forgotten (not on Linux), loading counts, too."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._give_back = None if device == "cuda" else _trimmer()
        self._not_before_s = 0.0

    def settle(self) -> None:
        """Give back to the system what glibc's allocator keeps of the passes so far; call it between two passes.

        The tensors of one batch rarely fit into the gaps that those of another have left, so the memory of a process
        that trains rises by a sixth over its first steps. With this it stays near what a single pass takes. It is done
        as often as ``SETTLING_SHARE`` of the processor time allows: each pass, where a pass takes a second or two.
        """
        begun = time.process_time()
        if self._give_back is None or begun < self._not_before_s:
            return
        self._give_back(0)
        self._not_before_s = begun + (time.process_time() - begun) / SETTLING_SHARE

    def start(self) -> None:
        """Forget the peak so far, and give back what the loading of the model left in the allocator."""
        if self._device == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()
            return
        if self._give_back is not None:
            self._give_back(0)
        if CLEAR_REFS.exists():
            try:
                CLEAR_REFS.write_text("5")  # resets VmHWM, see proc(5)
            except OSError:
                return  # a locked-down container: the peak then includes the loading

    def now_bytes(self) -> int:
        """What is taken now, in bytes; 0 where this system does not tell."""
        if self._device == "cuda":
            import torch

            return int(torch.cuda.memory_allocated())
        return _status_bytes("VmRSS")

    def peak_bytes(self) -> int:
        """The peak so far, in bytes; 0 where this system does not tell."""
        if self._device == "cuda":
            import torch

            return int(torch.cuda.max_memory_allocated())
        return _status_bytes("VmHWM")


@dataclass(frozen=True, slots=True)
class RealStep:
    """One forward and backward pass, measured.

    Attributes:
        tokens: Of the batch, padding included.
        peak_bytes: At its peak, with the optimiser's states, which only the first real step will allocate.
        seconds: It took.
    """

    tokens: int
    peak_bytes: int
    seconds: float

    @property
    def tokens_per_s(self) -> float:
        """Padded tokens a second, without the optimiser's step."""
        return self.tokens / self.seconds if self.seconds > 0 else 0.0


def real_step(model: Any, batch: Batch, units: Any, meter: Meter) -> RealStep:
    """Run the longest batch forward and backward once, as training will, and leave no trace in the model.

    Weights, gradients and the state of the random numbers are afterwards as they were before.

    Args:
        model: In train mode, with its adapters.
        batch: The batch with the most tokens (see ``data.plan_steps``).
        units: The number type in which to multiply.
        meter: Whose peak is taken; it is started anew.

    Raises:
        FinetoothError: The batch does not fit in the GPU's memory; the pass in which it ran out is named.
    """
    import torch

    trained = [p for p in model.parameters() if p.requires_grad]
    states = sum(2 * p.numel() * p.element_size() for p in trained)  # AdamW's two averages
    gpus = list(range(torch.cuda.device_count())) if batch.input_ids.is_cuda else []
    phase = "forward"
    meter.start()
    begun = time.monotonic()
    with torch.random.fork_rng(devices=gpus):
        try:
            loss = nll_sum(model, batch, units) / batch.n_supervised
            phase = "backward"
            loss.backward()
        except torch.OutOfMemoryError as error:
            raise too_large(batch, phase) from error
        finally:
            for parameter in trained:
                parameter.grad = None
    if gpus:
        torch.cuda.synchronize()
    return RealStep(
        tokens=int(batch.input_ids.numel()),
        peak_bytes=meter.peak_bytes() + states,
        seconds=time.monotonic() - begun,
    )


def too_large(batch: Batch, phase: str) -> FinetoothError:
    """The error for a batch that ran out of memory in the ``forward`` or ``backward`` pass."""
    return FinetoothError(
        f"The memory does not hold the longest batch ({batch.input_ids.numel():,} tokens): it ran out in the {phase} "
        "pass.",
        "Halve batch_size and double gradient_accumulation, which trains the same, or turn gradient_checkpointing on.",
    )


def _trimmer() -> Callable[[int], int] | None:
    """glibc's ``malloc_trim``; None with another C library, which then keeps what it keeps."""
    with suppress(OSError, AttributeError):
        trim: Callable[[int], int] = ctypes.CDLL("libc.so.6").malloc_trim
        return trim
    return None


def _status_bytes(name: str) -> int:
    if not STATUS.exists():
        return 0
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
