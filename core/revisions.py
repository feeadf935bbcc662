"""Reading a frozen revision: the examples of a split, exactly as frozen."""

from __future__ import annotations

import json

import polars as pl

from core.errors import FinetoothError, InputError
from core.files import read_json
from core.ledger import Entry
from core.types import Example, Message
from core.workspace import Workspace

SCHEMA = {
    "id": pl.String,
    "split": pl.String,  # "train", "holdout", "test" or "quarantine"
    "messages": pl.String,  # JSON list of {"role", "content"}
    "meta": pl.String,  # JSON object
    "source": pl.String,
    "line": pl.Int64,
}


def messages_to_json(messages: tuple[Message, ...]) -> str:
    """Turns as stored: a JSON list of ``{"role", "content"}``."""
    return json.dumps([{"role": m.role, "content": m.content} for m in messages], ensure_ascii=False)


def messages_from_json(text: str) -> tuple[Message, ...]:
    """The inverse of :func:`messages_to_json`."""
    return tuple(Message(m["role"], m["content"]) for m in json.loads(text))


def example_of(row: dict[str, str]) -> Example:
    """One stored row (``id``, ``messages``, ``meta``) as an example."""
    return Example(row["id"], messages_from_json(row["messages"]), json.loads(row["meta"]))


def examples_of(workspace: Workspace, revision_id: str, split: str | None = None) -> list[Example]:
    """The examples of a frozen revision in their order, all or those of one split.

    Raises:
        FinetoothError: There is no such revision.
    """
    frame = workspace.objects.frame(revision_id)
    if split is not None:
        frame = frame.filter(pl.col("split") == split)
    return [example_of(row) for row in frame.iter_rows(named=True)]


def places_of(workspace: Workspace, revision_id: str) -> dict[str, str]:
    """Where each example of a frozen revision stands, by its id: ``chats.jsonl, line 12``.

    An example that nobody imported (one that was added by hand) has no place, nor has one whose source is gone.

    Raises:
        FinetoothError: There is no such revision.
    """
    frame = workspace.objects.frame(revision_id).select("id", "source", "line")
    names: dict[str, str] = {}
    for source in frame["source"].unique():
        manifest = workspace.sources_dir / str(source) / "manifest.json"
        if source and manifest.is_file():
            names[source] = str(read_json(manifest)["name"])
    return {name: f"{names[source]}, line {line}" for name, source, line in frame.iter_rows() if source in names}


def frozen(workspace: Workspace) -> list[Entry]:
    """The ledger's freezes, newest first, one for each revision: the last time it was frozen.

    A revision that the ledger tells of but that is not in the workspace (one that a replay could not make anew) is left
    out.
    """
    last: dict[str, Entry] = {}
    for entry in reversed(workspace.ledger.entries("freeze")):
        last.setdefault(entry.subject, entry)
    return [entry for entry in last.values() if workspace.objects.holds(entry.subject)]


def find_revision(workspace: Workspace, prefix: str | None = None) -> str:
    """The revision that was frozen last, or the one whose id starts with ``prefix``.

    Raises:
        InputError: No revision, or more than one, starts with ``prefix``.
        FinetoothError: Nothing has been frozen yet.
    """
    known = [entry.subject for entry in frozen(workspace)]
    if not known:
        raise FinetoothError("Nothing has been frozen yet.", "Freeze a revision first: finetooth freeze")
    if prefix is None:
        return known[0]
    fitting = [revision_id for revision_id in known if revision_id.startswith(prefix)]
    if len(fitting) != 1:
        raise InputError(f"{len(fitting)} revisions have an id that starts with {prefix}.", "See the Dataset page.")
    return fitting[0]
