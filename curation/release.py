"""A revision leaves the workspace: the data, its card, and a manifest with hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.files import sha256_file, write_json, writing_together
from core.revisions import examples_of
from core.workspace import Workspace
from curation import export, sources
from curation.card import CardCheck, CardFacts, CardSource, data_card


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
    """Write a revision's examples, beside them a data card and a manifest; where that stands, all are there.

    The data is the same, byte for byte, on every machine; the hold-out is written beside it as ``NAME.holdout.EXT``.

    Raises:
        FinetoothError: The format is unknown or cannot hold these conversations, or the disk is full.
    """
    if not out.name or out.is_dir():
        raise InputError(f"{out} is a folder, not a file.", "Name a file inside it.")
    manifest = workspace.objects.manifest(revision_id)
    train = examples_of(workspace, revision_id, "train")
    holdout = examples_of(workspace, revision_id, "holdout")
    held_path = out.with_stem(f"{out.stem}.holdout")
    export.require_fit((*train, *holdout), format)
    card_path, manifest_path = out.with_suffix(".card.md"), out.with_suffix(".manifest.json")
    with writing_together((out, held_path, card_path, manifest_path)) as (data, held, card, proof):
        export.write(train, data, format)
        export.write(holdout, held, format)
        card.write_text(data_card(facts(workspace, revision_id)), encoding="utf-8")
        files = {out.name: sha256_file(data), held_path.name: sha256_file(held)}
        write_json(
            proof,
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


def facts(workspace: Workspace, revision_id: str) -> CardFacts:
    """What the data card of a revision says."""
    manifest: dict[str, Any] = workspace.objects.manifest(revision_id)
    frozen = manifest["facts"]
    return CardFacts(
        name=workspace.name,
        revision_id=revision_id,
        n_rows=frozen["n_rows"],
        n_imported=frozen["n_imported"],
        n_examples=manifest["n_examples"],
        splits=manifest["splits"],
        sources=[_source(workspace, source_id) for source_id in manifest["sources"]],
        dropped=frozen["dropped"],
        edited=frozen["edited"],
        clashes=frozen.get("clashes", {}),
        added=frozen.get("added", {}),
        checks=[CardCheck(c["check"], c["title"], c["open"] + c["settled"], c["settled"]) for c in frozen["findings"]],
        certificate=manifest["certificate"],
        limits=["The dataset was changed after the last run of the checks."] if frozen["stale"] else [],
    )


def _source(workspace: Workspace, source_id: str) -> CardSource:
    source = sources.load(workspace, source_id)
    return CardSource(source.name, source.id, source.format, source.n_rows, source.n_rejects, None, source.notes)
