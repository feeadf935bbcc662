"""Imported files as the workspace stores them: the bytes, the rows that were read, and the lines that were not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.errors import FinetoothError, InputError
from core.files import copy_atomic, read_json, sha256_file, write_json
from core.jobs import Progress, no_progress
from core.revisions import messages_to_json
from core.tables import read_table, write_table
from core.types import Reject
from core.workspace import Workspace
from curation import readers


@dataclass(frozen=True, slots=True)
class Source:
    """One imported file."""

    id: str
    name: str
    format: str
    size_bytes: int
    n_rows: int
    n_examples: int
    n_rejects: int
    notes: tuple[str, ...]

    def folder(self, workspace: Workspace) -> Path:
        """Where its files are."""
        return workspace.sources_dir / self.id


def store(
    workspace: Workspace, path: Path, *, name: str | None = None, progress: Progress = no_progress
) -> tuple[Source, bool]:
    """Read a file and keep its bytes, rows and rejected lines; the manifest is written last.

    Returns:
        The source, and whether the same bytes had been stored before.

    Raises:
        InputError: Nothing in the file can be read, or it was changed meanwhile; no source is stored then.
    """
    progress("reading", 0, None)
    source_id = _identity(path)
    if source_id and (workspace.sources_dir / source_id / "manifest.json").exists():
        return load(workspace, source_id), True
    result = readers.read(path)
    source_id = source_id or sha256_file(path)
    folder = workspace.sources_dir / source_id
    progress("storing", 0, len(result.rows))
    kept = folder / f"original{''.join(path.suffixes[-2:])}"
    copy_atomic(path, kept)
    if sha256_file(kept) != source_id:
        kept.unlink()
        raise InputError(f"{path} was changed while it was read.", "Import it again when nothing writes to it.")
    frame = pl.DataFrame(
        {
            "line": [row.line for row in result.rows],
            "id": [row.example.id for row in result.rows],
            "messages": [messages_to_json(row.example.messages) for row in result.rows],
            "meta": [json.dumps(dict(row.example.meta), ensure_ascii=False) for row in result.rows],
        },
        schema={"line": pl.Int64, "id": pl.String, "messages": pl.String, "meta": pl.String},
    )
    write_table(frame, folder / "rows.parquet")
    write_json(
        folder / "manifest.json",
        {
            "id": source_id,
            "name": name or path.name,
            "format": result.format,
            "size_bytes": kept.stat().st_size,
            "n_rows": len(result.rows),
            "n_examples": frame["id"].n_unique(),
            "n_rejects": len(result.rejects),
            "rejects": [[r.line, r.reason, r.start, r.end] for r in result.rejects],
            "notes": list(result.notes),
        },
    )
    return load(workspace, source_id), False


def _identity(path: Path) -> str:
    """The hash of a file; empty where it cannot be read, of which the reader tells better."""
    try:
        return sha256_file(path) if path.is_file() else ""
    except OSError:
        return ""


def load(workspace: Workspace, source_id: str) -> Source:
    """A stored source by its id."""
    m = read_json(workspace.sources_dir / source_id / "manifest.json")
    return Source(
        m["id"],
        m["name"],
        m["format"],
        m["size_bytes"],
        m["n_rows"],
        m["n_examples"],
        m["n_rejects"],
        tuple(m["notes"]),
    )


def rejects(workspace: Workspace, source_id: str) -> list[Reject]:
    """The lines that could not be read, with their reasons."""
    manifest = read_json(workspace.sources_dir / source_id / "manifest.json")
    return [Reject(*fields) for fields in manifest["rejects"]]


def original(workspace: Workspace, source_id: str) -> Path:
    """The stored bytes of a source.

    Raises:
        FinetoothError: They are gone.
    """
    folder = workspace.sources_dir / source_id
    found = next(folder.glob("original*"), None)
    if found is None:
        raise FinetoothError(f"The imported file is no longer in {folder}.", "Restore the folder from a copy.")
    return found


def rows(workspace: Workspace, source_id: str) -> Iterator[tuple[int, str, str, str]]:
    """(line, example id, messages as JSON, meta as JSON) of every row that was read, in file order."""
    frame = read_table(workspace.sources_dir / source_id / "rows.parquet")
    yield from frame.select("line", "id", "messages", "meta").iter_rows()


def ids(workspace: Workspace, source_id: str) -> list[str]:
    """The example ids of its rows, in file order."""
    found: list[str] = read_table(workspace.sources_dir / source_id / "rows.parquet", ["id"])["id"].to_list()
    return found
