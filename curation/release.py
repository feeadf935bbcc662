"""A revision leaves the workspace: the data, its card, and a manifest with hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.files import sha256_file, write_atomic, write_json
from core.revisions import examples_of
from core.workspace import Workspace
from curation import card, export, sources


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, and the hash of the data."""

    path: Path
    card_path: Path
    manifest_path: Path
    n_examples: int
    sha256: str


def export_revision(
    workspace: Workspace, revision_id: str, out: Path, format: str = "messages", *, who: str
) -> ExportReport:
    """Write a revision's examples, beside them a data card and a manifest.

    The data is the same, byte for byte, on every machine; the hold-out is written beside it as ``NAME.holdout.EXT``.

    Raises:
        FinetoothError: The format is unknown or cannot hold these conversations, or the disk is full.
    """
    manifest = workspace.objects.manifest(revision_id)
    train = examples_of(workspace, revision_id, "train")
    holdout = examples_of(workspace, revision_id, "holdout")
    held_path = out.with_stem(f"{out.stem}.holdout")
    export.write(train, out, format)
    export.write(holdout, held_path, format)
    card_path = out.with_suffix(".card.md")
    write_atomic(card_path, card.data_card(facts(workspace, revision_id)))
    manifest_path = out.with_suffix(".manifest.json")
    files = {path.name: sha256_file(path) for path in (out, held_path)}
    write_json(
        manifest_path,
        {
            "revision": revision_id,
            "format": format,
            "files": files,
            "splits": manifest["splits"],
            "certificate": manifest["certificate"],
        },
    )
    workspace.ledger.append("export", revision_id, {"format": format, "files": files}, who=who)
    return ExportReport(out, card_path, manifest_path, len(train) + len(holdout), files[out.name])
