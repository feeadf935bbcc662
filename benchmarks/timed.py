"""Run one command and print its wall time and its peak memory, as a process that holds next to nothing itself.

Usage: ``python -m benchmarks.timed OUTPUT COMMAND [ARGUMENT ...]``. Standard output of the command goes to OUTPUT; one
line of JSON with ``wall_s`` and ``peak_bytes`` is printed when it has ended. Imports nothing heavy, for see
``harness.run_process``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path

EVERY_S = 0.2


def children_of(pid: int) -> list[int]:
    """All processes below ``pid``, at any depth (Linux)."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *children_of(child)]
    return found


def proportional_bytes(pid: int) -> int:
    """Memory of a process, with each shared page divided among those that share it; 0 if it has gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


class _Watch(threading.Thread):
    """Sums the memory of a process and its children while it has any; alone, the kernel's own peak is exact."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_bytes = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(EVERY_S):
            if below := children_of(self.pid):
                self.peak_bytes = max(self.peak_bytes, sum(map(proportional_bytes, [self.pid, *below])))


def main(arguments: list[str]) -> int:
    """Run the command and print what was measured; returns the command's exit code."""
    output, *command = arguments
    with open(output, "wb") as sink:
        started = time.perf_counter()
        pid = os.posix_spawnp(
            command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, sink.fileno(), sys.stdout.fileno())]
        )
        watch = _Watch(pid)
        watch.start()
        _, status, usage = os.wait4(pid, 0)
        wall_s = time.perf_counter() - started
        watch.done.set()
        watch.join()
    unit = 1 if sys.platform == "darwin" else 1024
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"wall_s": wall_s, "peak_bytes": max(usage.ru_maxrss * unit, watch.peak_bytes)}))
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
