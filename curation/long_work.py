"""Imports, freezes and exports as jobs: what a page starts, follows and finds again after a reload.

Each takes a job's context and returns what a page says at its end. A stop is heeded until the result is stored.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import CancelledError, FinetoothError, InputError
from core.files import writing
from core.ids import new_action_id
from core.jobs import JobContext, Progress
from core.workspace import Workspace
from curation import actions, freeze, release

KEPT_S = 86_400
UPLOADS = "uploads"
"""The folder below ``jobs/`` for uploaded bytes until they are imported."""


def import_job(context: JobContext) -> dict[str, Any]:
    """Bring a file in. The report, without the rejected lines themselves.

    Spec: ``workspace``, ``path``, ``name``, ``who``, and ``uploaded`` (whether the file is ours, to be removed).
    """
    spec = context.spec
    workspace, path = _workspace(spec), Path(spec["path"])
    try:
        report = actions.import_file(
            workspace, path, who=spec["who"], name=spec["name"], progress=_until(context, "indexing")
        )
    except CancelledError:
        raise
    except FinetoothError as error:  # the person knows the file by its name only
        if not spec.get("uploaded"):
            raise
        raise InputError(error.message.replace(f"{path.parent}/", ""), error.hint) from error
    finally:
        if spec.get("uploaded"):
            shutil.rmtree(path.parent, ignore_errors=True)
    return {**asdict(report), "rejects": []}


def freeze_job(context: JobContext) -> dict[str, Any]:
    """Freeze a revision.

    Spec: ``workspace``, ``who``, and ``plan``: the arguments of ``freeze.freeze`` that say how to split.
    """
    spec = context.spec
    made = freeze.freeze(_workspace(spec), who=spec["who"], progress=_until(context, "storing"), **spec["plan"])
    return {"revision": made.revision.id, "already": made.already, "passed": bool(made.certificate["passed"])}


def export_job(context: JobContext) -> dict[str, Any]:
    """Export a revision.

    Spec: ``workspace``, ``who``, ``revision``, ``out`` (path) and ``format``.
    """
    spec = context.spec
    made = release.export_revision(
        _workspace(spec),
        spec["revision"],
        Path(spec["out"]),
        spec["format"],
        who=spec["who"],
        progress=_until(context, "storing"),
    )
    return {"revision": spec["revision"], "format": spec["format"], "n_examples": made.n_examples}


def store_upload(workspace: Workspace, name: str, content: bytes | memoryview) -> Path:
    """Keep uploaded bytes until they are imported, in a folder of their own.

    What an import that was killed left there is removed after a day.

    Raises:
        FinetoothError: The disk is full or the folder cannot be written.
    """
    root = workspace.jobs_dir / UPLOADS
    for left in root.glob("*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > KEPT_S:
                shutil.rmtree(left)
    path = root / new_action_id()[:12] / (re.sub(r"[^\w.\- ]", "_", name).lstrip(".") or "upload")
    with writing(path) as temporary:
        temporary.write_bytes(content)
    return path


def _workspace(spec: Mapping[str, Any]) -> Workspace:
    return Workspace.open(Path(spec["workspace"]))


def _until(context: JobContext, stored: str) -> Progress:
    """Progress that heeds a stop until the stage named ``stored``: from there on, the work is finished whole."""
    storing = False

    def progress(stage: str, done: int, total: int | None) -> None:
        nonlocal storing
        storing = storing or stage == stored
        if not storing:
            context.check_stop()
        context.progress(stage, done, total)

    return progress
