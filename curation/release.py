"""A revision leaves the workspace: the data, its card, its certificate, its change list, and a manifest with hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FinetoothError, InputError
from core.files import read_json, sha256_file, write_json, writing_together
from core.jobs import Progress, no_progress
from core.revisions import examples_of
from core.types import Example
from core.workspace import Workspace
from curation import changes, export, hub, licences, sources
from curation.card import CardCheck, CardFacts, CardSource, data_card
from curation.certificate import write_certificate

HUGGINGFACE = "huggingface"
FORMATS = (*export.FORMATS, HUGGINGFACE)
SPLITS = ("train", "holdout", "test", "quarantine")
MISLEADING = frozenset(
    (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".gz", ".bz2", ".xz", ".zst", ".zip")
)
"""Ends of names that say what is inside; the data is never compressed."""
ENDINGS = {".jsonl": {".jsonl", ".ndjson", ".json"}, ".parquet": {".parquet"}}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written: the data (a file, or a folder for Hugging Face), and what goes with it.

    ``sha256`` is that of the training data, ``files`` has those of all files by name; ``passed`` says whether the leak
    certificate holds.
    """

    path: Path
    card_path: Path
    manifest_path: Path
    n_examples: int
    sha256: str
    certificate_path: Path
    changes_path: Path
    files: Mapping[str, str]
    passed: bool


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the parts of an export go, and which format the data has there."""

    data: Mapping[str, Path]
    card: Path
    certificate: Path
    changes: Path
    manifest: Path
    format: str

    @classmethod
    def at(cls, out: Path, format: str, splits: Sequence[str]) -> _Places:
        if format == HUGGINGFACE:
            data = {name: out / "data" / f"{name}.parquet" for name in splits}
            names = {"card": "README.md", "certificate": "certificate.json", "changes": "changes.csv"}
            inside = {part: out / name for part, name in names.items()}
            return cls(data=data, **inside, manifest=out / "manifest.json", format="parquet")
        data = {name: out if name == "train" else out.with_stem(f"{out.stem}.{name}") for name in splits}
        suffixes = {"card": ".card.md", "certificate": ".certificate.json", "changes": ".changes.csv"}
        beside = {part: out.with_suffix(suffix) for part, suffix in suffixes.items()}
        return cls(data=data, **beside, manifest=out.with_suffix(".manifest.json"), format=format)

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file, the manifest last."""
        return (*self.data.values(), self.card, self.certificate, self.changes, self.manifest)


def export_revision(
    workspace: Workspace,
    revision_id: str,
    out: Path,
    format: str = "messages",
    *,
    who: str,
    progress: Progress = no_progress,
) -> ExportReport:
    """Write a revision's examples with a data card, the leak certificate, the change list and a manifest.

    Where the manifest stands, all are there and fit each other. The data is the same, byte for byte, on every machine;
    the hold-out is written beside the training data as ``NAME.holdout.EXT``, a test set as ``NAME.test.EXT``. The
    format ``huggingface`` makes a folder that ``datasets.load_dataset`` reads.

    Args:
        workspace: The open workspace.
        revision_id: The revision.
        out: The file, or for ``huggingface`` the folder.
        format: One of :data:`FORMATS`.
        who: The person.
        progress: Told what is done.

    Raises:
        FinetoothError: The format is unknown or cannot hold these conversations, or the disk is full.
    """
    if format not in FORMATS:
        raise InputError(f"There is no export format named {format}.", f"Choose one of: {', '.join(FORMATS)}.")
    if format != HUGGINGFACE and (not out.name or out.is_dir()):
        raise InputError(f"{out} is a folder, not a file.", "Name a file inside it.")
    if format != HUGGINGFACE and out.suffix.lower() in MISLEADING.difference(ENDINGS[export.SUFFIXES[format]]):
        right = out.with_name(f"{out.name.partition('.')[0]}{export.SUFFIXES[format]}")
        raise InputError(
            f"{out.name} is no name for the format {format}: programs would take it for something else.",
            f"Name it {right.name}, or choose another --format.",
        )
    if format == HUGGINGFACE and out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file, not a folder.", "Name a folder.")
    progress("reading the revision", 0, None)
    manifest = workspace.objects.manifest(revision_id)
    by_split: dict[str, list[Example]] = {name: examples_of(workspace, revision_id, name) for name in SPLITS}
    written = [name for name in SPLITS if by_split[name] or name in ("train", "holdout")]
    places = _Places.at(out, format, written)
    export.require_fit([example for name in written for example in by_split[name]], places.format)
    progress("listing the changes", 0, None)
    told = facts(workspace, revision_id)
    listed = changes.since_import(workspace, revision_id).changes
    outdated = _outdated(places)
    with writing_together(places.all) as paths:
        temporary = dict(zip(places.all, paths, strict=True))
        for done, (name, path) in enumerate(places.data.items()):
            progress("writing the data", done, len(places.data))
            export.write(by_split[name], temporary[path], places.format)
        head = hub.front_matter(told, list(places.data)) if format == HUGGINGFACE else ""
        temporary[places.card].write_text(head + data_card(told), encoding="utf-8")
        write_certificate(temporary[places.certificate], revision_id, manifest["certificate"])
        temporary[places.changes].write_bytes(changes.as_csv(workspace, listed))
        progress("storing", 0, None)
        root = places.manifest.parent
        files = {
            path.relative_to(root).as_posix(): sha256_file(temporary[path])
            for path in places.all
            if path != places.manifest
        }
        write_json(
            temporary[places.manifest],
            {
                "revision": revision_id,
                "format": format,
                "files": files,
                "splits": manifest["splits"],
                "certificate": manifest["certificate"],
            },
        )
    for path in outdated:
        with suppress(OSError):
            path.unlink()
    data = {name: files[path.relative_to(root).as_posix()] for name, path in places.data.items()}
    payload = {"format": format, "files": files}
    workspace.ledger.append("export", revision_id, payload, who=who)
    return ExportReport(
        path=out,
        card_path=places.card,
        manifest_path=places.manifest,
        n_examples=sum(map(len, by_split.values())),
        sha256=data["train"],
        certificate_path=places.certificate,
        changes_path=places.changes,
        files=files,
        passed=bool(manifest["certificate"]["passed"]),
    )


def _outdated(places: _Places) -> list[Path]:
    """Files of the export that stands there now, such as those of a test set, which the new one does not have."""
    if not places.manifest.is_file():
        return []
    try:
        listed = read_json(places.manifest)["files"]
    except (FinetoothError, KeyError, TypeError):
        return []
    root = places.manifest.parent
    known = [root / str(name) for name in listed] if isinstance(listed, dict) else []
    return [path for path in known if path not in places.all and path.parent in {p.parent for p in places.all}]


def facts(workspace: Workspace, revision_id: str) -> CardFacts:
    """What the data card of a revision says."""
    manifest: dict[str, Any] = workspace.objects.manifest(revision_id)
    frozen = manifest["facts"]
    named = licences.said(workspace)
    return CardFacts(
        name=workspace.name,
        revision_id=revision_id,
        n_rows=frozen["n_rows"],
        n_imported=frozen["n_imported"],
        n_examples=manifest["n_examples"],
        splits=manifest["splits"],
        sources=[_source(workspace, source_id, named.get(source_id)) for source_id in manifest["sources"]],
        dropped=frozen["dropped"],
        edited=frozen["edited"],
        clashes=frozen.get("clashes", {}),
        added=frozen.get("added", {}),
        checks=[CardCheck(c["check"], c["title"], c["open"] + c["settled"], c["settled"]) for c in frozen["findings"]],
        norms=frozen.get("norms", {}),
        certificate=manifest["certificate"],
        limits=_limits(manifest),
    )


def _limits(manifest: Mapping[str, Any]) -> list[str]:
    frozen, said = manifest["facts"], []
    if frozen["stale"]:
        said.append("The dataset was changed after the last run of the checks.")
    if frozen.get("counted_upto", manifest.get("upto")) != manifest.get("upto"):
        said.append("People went on deciding while it was frozen: the counts of this card may include later decisions.")
    return said


def _source(workspace: Workspace, source_id: str, licence: str | None) -> CardSource:
    source = sources.load(workspace, source_id)
    return CardSource(source.name, source.id, source.format, source.n_rows, source.n_rejects, licence, source.notes)
