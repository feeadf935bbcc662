"""A run's events kept in memory while a page watches them: each look reads only what is new in the file."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import jobs
from training import timeline

RUNS_KEPT = 32
"""Runs whose events stay in memory; those looked at longest ago go first."""


@dataclass(slots=True)
class _Seen:
    identity: tuple[int, int]
    size_bytes: int
    events: list[dict[str, Any]]
    folded: list[dict[str, Any]]


_kept: OrderedDict[Path, _Seen] = OrderedDict()
_lock = threading.Lock()


def events(folder: Path) -> list[dict[str, Any]]:
    """All events of a run, oldest first; the list must not be changed."""
    return _look(folder).events


def course(folder: Path) -> list[dict[str, Any]]:
    """The events that count, see ``timeline.fold``; the list must not be changed."""
    return _look(folder).folded


def _look(folder: Path) -> _Seen:
    path = (folder / "events.jsonl").absolute()
    with _lock:
        if not path.exists():
            return _Seen((0, 0), 0, [], [])
        stat = path.stat()
        identity, seen = (stat.st_dev, stat.st_ino), _kept.get(path)
        if seen is None or seen.identity != identity or seen.size_bytes > stat.st_size:
            seen = _Seen(identity, 0, [], [])
        if seen.size_bytes < stat.st_size:
            after = seen.events[-1]["seq"] if seen.events else 0
            found = seen.events + jobs.events(folder, after)
            seen = _Seen(identity, stat.st_size, found, timeline.fold(found))
        _kept[path] = seen
        _kept.move_to_end(path)
        while len(_kept) > RUNS_KEPT:
            _kept.popitem(last=False)
        return seen
