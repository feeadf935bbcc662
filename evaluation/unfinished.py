"""Work with models that was interrupted: what is kept of it, how it goes on, and how it is thrown away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import event_file
from core.errors import InputError
from core.files import json_text, make_folder, read_json, write_json, write_jsonl
from core.workspace import Workspace

FOLDER = "unfinished"
"""Folder of a workspace with one folder for each piece of work that has not ended."""
ABOUT = "about.json"


@dataclass(frozen=True, slots=True)
class Left:
    """A piece of work that has not ended.

    Attributes:
        id: Its folder.
        title: What it is, in words.
        kind, target, spec: The job that goes on with it; empty where an earlier version kept no note of it.
        n_kept: Answers kept.
        n_wanted: Answers wanted; None where it is not known.
        since: When it was begun (UTC); empty where it is not known.
    """

    id: str
    title: str
    kind: str
    target: str
    spec: Mapping[str, Any]
    n_kept: int
    n_wanted: int | None
    since: str

    def sentence(self) -> str:
        """What is kept of it."""
        of = "" if self.n_wanted is None else f" of {self.n_wanted:,}"
        since = f" since {self.since[:16].replace('T', ' ')} UTC" if self.since else ""
        return f"{self.title}: {self.n_kept:,}{of} answers kept{since}."


@contextmanager
def work(
    workspace: Workspace,
    work_id: str,
    title: str,
    *,
    kind: str,
    target: str,
    spec: Mapping[str, Any],
    n_wanted: int | None,
) -> Iterator[Path]:
    """The folder for the answers of a piece of work, with a note on what it is; one that is there is gone on with.

    The folder is removed when the block ends, or fails before anything was kept.

    Args:
        workspace: Where it is.
        work_id: The id of what it will make.
        title: What it is, in words.
        kind, target, spec: The job that goes on with it.
        n_wanted: Answers wanted in all; None = that is not known beforehand.
    """
    folder = workspace.path / FOLDER / work_id
    if not (folder / ABOUT).is_file():
        make_folder(folder)
        note = {"title": title, "kind": kind, "target": target, "spec": dict(spec), "n_wanted": n_wanted}
        write_json(folder / ABOUT, {**note, "since": workspace.clock()})
    done = False
    try:
        yield folder
        done = True
    finally:
        if done or not _n_kept(folder):
            end(workspace, work_id)


def end(workspace: Workspace, work_id: str) -> None:
    """Remove what was kept of a piece of work: it has ended, or a person does not want it any more."""
    shutil.rmtree(workspace.path / FOLDER / work_id, ignore_errors=True)


def left(workspace: Workspace) -> list[Left]:
    """All pieces of work that have not ended, oldest first; those of earlier versions, which kept no note, too."""
    found: list[Left] = []
    root = workspace.path / FOLDER
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        known = path.is_dir() and (path / ABOUT).is_file()
        about: dict[str, Any] = read_json(path / ABOUT) if known else {"title": "Answers that an earlier version kept"}
        found.append(
            Left(
                path.name,
                about["title"],
                about.get("kind", ""),
                about.get("target", ""),
                about.get("spec", {}),
                _n_kept(path),
                about.get("n_wanted"),
                about.get("since", ""),
            )
        )
    return sorted(found, key=lambda one: one.since)


def _n_kept(path: Path) -> int:
    """Answers kept in a folder, or in a file."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    return sum(file.read_bytes().count(b"\n") for file in files)


def discard(workspace: Workspace, work_id: str) -> None:
    """Throw away what was kept of a piece of work.

    Raises:
        InputError: There is no such piece of work.
    """
    one = next((one for one in left(workspace) if one.id == work_id), None)
    if one is None:
        raise InputError("There is no such unfinished work any more.", "Look again.")
    path = workspace.path / FOLDER / one.id
    if path.is_dir():
        end(workspace, one.id)
    else:
        path.unlink()


def kept_records(path: Path) -> list[dict[str, Any]]:
    """The records of a file of kept answers; a line that a power cut tore is cut off the file."""
    if not path.is_file():
        return []
    records: list[dict[str, Any]] = []
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    for line in lines[:-1]:
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    if lines[-1] or len(records) < len(lines) - 1:
        write_jsonl(path, records)
    return records


def keep(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Add records to a file of kept answers, all of them or none."""
    event_file.append(path, "".join(json_text(one, None) + "\n" for one in records).encode())
