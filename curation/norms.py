"""The norms of the last check, kept beside its pairs (``index/norms.json``) for the Consistency page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.errors import FinetoothError
from core.files import read_json, write_json
from core.workspace import Workspace
from curation import cache, queries, thresholds
from curation.evidence.norms import LearnedNorm

FILE = "norms.json"


def write(workspace: Workspace, norms: Sequence[LearnedNorm], dataset_key: str, checks: Sequence[str]) -> None:
    """Keep what the checks learned, beside what other checks learned from the same state of the dataset.

    Args:
        workspace: The open workspace.
        norms: In report order.
        dataset_key: The state of the dataset that the checks looked at.
        checks: Names of the checks that ran; what they learned before is replaced.
    """
    known = _read(workspace)
    before = known["norms"] if known and known["dataset_key"] == dataset_key else []
    kept = [norm for norm in before if norm["check"] not in checks]
    folder = workspace.path / thresholds.FOLDER
    write_json(folder / FILE, {"dataset_key": dataset_key, "norms": kept + [asdict(norm) for norm in norms]})


def load(workspace: Workspace, *, current: bool = True) -> tuple[LearnedNorm, ...] | None:
    """The norms of the last check; None where there are none, or they cannot be read.

    Args:
        workspace: The open workspace.
        current: Whether norms of another state of the dataset count as none.
    """
    known = _read(workspace)
    if known is None:
        return None
    if current:
        with cache.synced(workspace).reading() as connection:
            if known["dataset_key"] != queries.dataset_key(connection):
                return None
    return tuple(LearnedNorm(**norm) for norm in known["norms"])


def _read(workspace: Workspace) -> dict[str, Any] | None:
    """The stored document, if it is whole."""
    path = workspace.path / thresholds.FOLDER / FILE
    if not path.is_file():
        return None
    try:
        document: dict[str, Any] = read_json(path)
        for norm in document["norms"]:
            LearnedNorm(**norm)
        str(document["dataset_key"])
    except (FinetoothError, KeyError, TypeError):
        return None  # damaged: the next check writes it anew
    return document
