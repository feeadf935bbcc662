"""The acts whose disk ``benchmarks.power_cut`` cuts, and what must be seen afterwards of all that they confirmed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.audit import audit
from core.files import read_json, sha256_file
from core.ids import content_id
from core.types import Message
from core.workspace import Workspace
from curation import actions, cache, freeze, queries, release, restore, sources


def act(folder: Path, file: Path, rows: int) -> None:
    """Make a workspace, import, decide, edit, freeze, export, go back; confirm each act by a line."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)[: 2 * rows]
    first, second = folder / "first.jsonl", folder / "second.jsonl"
    first.write_text("".join(lines[:rows]), encoding="utf-8")
    second.write_text("".join(lines[rows:]), encoding="utf-8")
    workspace = Workspace.create(folder / "w")
    confirm(workspace, "made")
    actions.import_file(workspace, first, who="Ana")
    confirm(workspace, "imported")
    ids = [view.example.id for view in queries.examples(workspace, limit=rows).items]
    for number, one in enumerate(ids[:3]):
        actions.decide(workspace, one, "drop" if number % 2 else "keep", who="Ana")
        confirm(workspace, "decided")
    *before, last = queries.example(workspace, ids[5]).example.messages
    actions.edit(workspace, ids[5], [*before, Message(last.role, f"{last.content} Edited.")], who="Ben")
    confirm(workspace, "edited")
    actions.decide_all(workspace, ids[8:14], "drop", who="Ben")
    confirm(workspace, "decided")
    made = freeze.freeze(workspace, who="Ana").revision.id
    confirm(workspace, "frozen")
    release.export_revision(workspace, made, folder / "out" / "chats.jsonl", who="Ana")
    confirm(workspace, "exported")
    actions.import_file(workspace, second, who="Ana")
    confirm(workspace, "imported")
    actions.undo(workspace, who="Ben")
    confirm(workspace, "undone")
    other = freeze.freeze(workspace, who="Ana", test_share=0.1).revision.id
    confirm(workspace, "frozen")
    release.export_revision(workspace, other, folder / "out" / "chats.jsonl", who="Ana")
    confirm(workspace, "exported")
    restore.restore(workspace, made, who="Ana")
    confirm(workspace, "restored")


def confirm(workspace: Workspace, done: str) -> None:
    """What a person sees once an act is done."""
    sys.stdout.write(json.dumps({"done": done, "head": workspace.ledger.head()}) + "\n")
    sys.stdout.flush()


def look(folder: Path, confirmed: Sequence[dict[str, Any]]) -> str:
    """Open what a cut has left in a folder, and say what does not hold; empty where all does.

    Raises:
        FinetoothError: Something cannot be read.
    """
    place = folder / "w"
    if not confirmed and not (place / "workspace.json").exists():
        Workspace.create(place)  # it was not made yet: making it is possible now
        return ""
    workspace = Workspace.open(place)
    audit(workspace)
    seq, link = confirmed[-1]["head"] if confirmed else (0, "")
    if confirmed and workspace.ledger.hash_at(seq) != link:
        return f"entry {seq}, which was confirmed, is gone: the ledger ends at {workspace.ledger.head()[0]}"
    for source_id in queries.imported(workspace):
        source = sources.load(workspace, source_id)
        if sha256_file(sources.original(workspace, source_id)) != source_id:
            return f"the bytes of {source.name} are not those that were imported"
        if len(list(sources.rows(workspace, source_id))) != source.n_rows:
            return f"rows of {source.name} are missing"
    for entry in workspace.ledger.entries("freeze"):
        frame = workspace.objects.frame(entry.subject)
        if content_id(["revision", frame.select("id", "split", "messages", "meta").rows()]) != entry.subject:
            return f"revision {entry.subject[:12]} is not what was frozen"
    for made in workspace.objects.ids("revision"):
        workspace.objects.frame(made)
    done = [one["done"] for one in confirmed]
    manifest = folder / "out" / "chats.manifest.json"
    if manifest.exists():
        files = read_json(manifest)["files"]
        if any(sha256_file(manifest.parent / name) != sha256 for name, sha256 in files.items()):
            return "an export with a manifest is not whole"
    elif (known := done.count("exported")) and known >= done.count("frozen"):  # no other was on its way
        return "an export that was confirmed is gone"
    if queries.overview(workspace).n_in:
        actions.decide(workspace, queries.examples(workspace, limit=1).items[0].example.id, "keep", who="Cleo")
    cache._open.pop(workspace.cache_path, None)  # or its file stays open, for each of a thousand cuts
    return ""
