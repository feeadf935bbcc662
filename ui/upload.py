"""Keeps a file that was handed over on a page in the workspace, so that a job can read it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.files import make_folder, write_atomic
from core.workspace import Workspace

FOLDER = "uploads"


def stored(workspace: Workspace, purpose: str, data: bytes) -> Path:
    """Where the data is kept, under its hash; handing over the same again changes nothing."""
    path = workspace.path / FOLDER / f"{purpose}-{hashlib.sha256(data).hexdigest()[:16]}.jsonl"
    make_folder(path.parent)
    write_atomic(path, data)
    return path
