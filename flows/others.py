"""Measures another model's answers as the tuned model's: with the dataset's checks and its training answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.revisions import examples_of
from core.workspace import Workspace
from evaluation import replies_others
from flows.looking import look


def bring_in(workspace: Workspace, evaluation_id: str, path: Path, *, source: str) -> dict[str, Any]:
    """Store another model's answers beside an evaluation; see :func:`evaluation.replies_others.bring_in`."""
    revision_id = str(workspace.objects.manifest(evaluation_id)["revision_id"])
    known = workspace.objects.holds(revision_id)
    training = [e.answer for e in examples_of(workspace, revision_id, "train")] if known else []
    return replies_others.bring_in(
        workspace, evaluation_id, path, source=source, training=training, look=look(workspace) if known else None
    )
