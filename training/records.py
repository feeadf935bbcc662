"""A run's folder: what was asked for, how it stands, what happened, and the adapter it made.

``run.json`` is replaced atomically, ``events.jsonl`` only grows; screens, commands and the doctor read nothing else.
"""

from __future__ import annotations

import fcntl
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.errors import FinetoothError
from core.files import read_json, write_json
from core.jobs import JobContext, events

RUN_FILE = "run.json"
JOB_FILE = "job.json"
LOCK_FILE = "lock"

OF_THE_ADAPTER = (
    "Adapter of step",
    "Hold-out loss after",
    "Loss on general questions after",
    "Adapted layers",
    "Largest change of a logit",
)
"""Facts about the weights that a run has left, not about its course."""


@dataclass(frozen=True, slots=True)
class Run:
    """A training run as stored in ``run.json``.

    Attributes:
        status: ``queued``, ``running``, ``done``, ``stopped`` (on request; what it had learnt is kept),
            ``cancelled`` (on request; nothing was saved at the end) or ``failed``.
        job_id: The job that does, or did, the work.
        adapter_hash: SHA-256 of the adapter's weights once there are any.
        facts: What was measured: counts, losses, speed, predicted and actual memory.
    """

    id: str
    revision_id: str
    base_model: str
    config: dict[str, Any]
    seed: int
    status: str = "queued"
    job_id: str = ""
    who: str = ""
    created_at: str = ""
    ended_at: str = ""
    message: str = ""
    adapter_hash: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def write_run(folder: Path, run: Run) -> None:
    """Store a run's state in one step."""
    write_json(folder / RUN_FILE, finite(asdict(run)))


def read_run(folder: Path) -> Run:
    """Read a run's state.

    Raises:
        FinetoothError: There is no run in that folder.
    """
    if not (folder / RUN_FILE).is_file():
        raise FinetoothError(f"There is no run {folder.name} in this workspace.", "See `finetooth runs`.")
    stored = read_json(folder / RUN_FILE)
    known = set(Run.__dataclass_fields__)
    values = {"id": folder.name, "seed": 0, **{key: value for key, value in stored.items() if key in known}}
    if (folder / JOB_FILE).is_file():  # a file of its own, since the worker writes run.json while the job is submitted
        values["job_id"] = str(read_json(folder / JOB_FILE)["job_id"])
    return Run(**values)


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Hold a run's folder for one process.

    Raises:
        FinetoothError: Another process already works on this run.
    """
    with open(folder / LOCK_FILE, "a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FinetoothError(
                f"Another process already works on run {folder.name}.", "See `finetooth runs`."
            ) from error
        yield


def beside_kept(facts: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a run that ended without saving, where the adapter of an earlier stop (``kept``) is still there.

    What they say of the adapter is what was said of it then.
    """
    own = {name: value for name, value in facts.items() if name not in OF_THE_ADAPTER}
    return own | {name: kept[name] for name in OF_THE_ADAPTER if name in kept}


class RunLog:
    """Appends to a run's events; a number that is not finite is stored as null and named in the event's text."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._writer = JobContext(folder, {})

    def event(self, kind: str, **fields: Any) -> None:
        """Append one event: start, resume, step, eval, sample, checkpoint, save, warning, stopping, adapter or end."""
        self._writer.event(kind, **finite(fields))

    def events(self) -> list[dict[str, Any]]:
        """All events so far, oldest first."""
        return events(self._folder)


def finite(value: Any) -> Any:
    """The same JSON-like value with null in place of NaN and infinities, which JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
