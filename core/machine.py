"""Says how much memory there is to work in: this machine's, or what a container leaves of it; or the GPU's."""

from __future__ import annotations

from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def free_bytes(cgroup: Path = CGROUP) -> int:
    """Memory that new work can take without swapping: what is available, and no more than a container's limit leaves.

    Files that a container's processes have read count as its use, but are given back when memory is needed.
    """
    import psutil

    available = int(psutil.virtual_memory().available)
    left = _left_in(cgroup)
    return available if left is None else max(0, min(available, left))


def total_bytes(cgroup: Path = CGROUP) -> int:
    """All memory of this machine, or of the container."""
    import psutil

    limit = _number(cgroup / "memory.max")
    total = int(psutil.virtual_memory().total)
    return total if limit is None else min(total, limit)


def gpu_bytes() -> tuple[int, int] | None:
    """Free and all memory of the GPU that torch would use; None where there is none. Imports torch."""
    import torch

    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    return int(free), int(total)


def _left_in(cgroup: Path) -> int | None:
    limit, used = _number(cgroup / "memory.max"), _number(cgroup / "memory.current")
    if limit is None or used is None:
        return None
    return limit - used + _cached_files(cgroup / "memory.stat")


def _cached_files(path: Path) -> int:
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "active_file ")))


def _number(path: Path) -> int | None:
    """The number in a file of the control group (version 2); None where it says ``max`` or is not there."""
    text = path.read_text(encoding="ascii").strip() if path.is_file() else ""
    return int(text) if text.isdigit() else None
