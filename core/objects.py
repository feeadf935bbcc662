"""Immutable, content-addressed objects: a table and a manifest; the manifest is written last, so it means complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from core.errors import FinetoothError, InputError
from core.files import read_json, write_json
from core.ids import content_id
from core.tables import read_table, write_table


class Objects:
    """Objects under ``objects/<aa>/<id>/``: ``data.parquet``, then ``manifest.json``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, object_id: str) -> Path:
        """Where an object lives, whether or not it exists."""
        return self.root / object_id[:2] / object_id

    def put(self, kind: str, manifest: Mapping[str, Any], frame: pl.DataFrame, key: object) -> str:
        """Store an object under the hash of ``key``; storing it again changes nothing. Returns the id."""
        object_id = content_id([kind, key])
        folder = self.folder(object_id)
        if not (folder / "manifest.json").exists():
            write_table(frame, folder / "data.parquet")
            write_json(folder / "manifest.json", {"kind": kind, "id": object_id, **manifest})
        return object_id

    def holds(self, object_id: str) -> bool:
        """Whether there is such a complete object."""
        return (self.folder(object_id) / "manifest.json").is_file()

    def manifest(self, object_id: str) -> dict[str, Any]:
        """An object's manifest.

        Raises:
            FinetoothError: There is no such complete object.
        """
        path = self.folder(object_id) / "manifest.json"
        if not path.is_file():
            raise FinetoothError(f"There is no complete object {object_id} in this workspace.", "Check the id.")
        document: dict[str, Any] = read_json(path)
        return document

    def frame(self, object_id: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """An object's table, or some of its columns.

        Raises:
            FinetoothError: There is no such complete object, or its table is missing or damaged.
        """
        self.manifest(object_id)
        return read_table(self.folder(object_id) / "data.parquet", columns)

    def ids(self, kind: str) -> list[str]:
        """Ids of the complete objects of a kind, oldest first."""
        found = []
        for path in self.root.glob("??/*/manifest.json"):
            if read_json(path).get("kind") == kind:
                found.append((path.stat().st_mtime_ns, path.parent.name))
        return [object_id for _, object_id in sorted(found)]

    def find(self, kind: str, prefix: str | None = None) -> str:
        """The newest object of a kind, or the one whose id starts with ``prefix``.

        Raises:
            InputError: The prefix fits none, or several.
            FinetoothError: There is none of this kind.
        """
        ids = self.ids(kind)
        fitting = [i for i in ids if i.startswith(prefix)] if prefix else ids[-1:]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise InputError(f"{len(fitting)} {kind}s start with {prefix}.", "Give more of the id.")
        if prefix:
            raise InputError(f"There is no {kind} {prefix} in this workspace.", "See `finetooth status`.")
        raise FinetoothError(f"There is no {kind} in this workspace yet.", "See `finetooth status` for the next step.")
