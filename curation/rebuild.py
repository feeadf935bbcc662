"""The same sources and the same ledger give the same revisions: a workspace is made anew from them to prove it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.errors import FinetoothError, InputError
from core.files import sha256_file
from core.jobs import Progress, no_progress
from core.ledger import Entry
from core.ledger_copy import History
from core.workspace import LEDGER, Workspace
from curation import freeze, sources
from curation.splits import METHOD, SplitPlan

MADE = ("objects", "runs", "jobs", "exports", "index")
"""Folders of a workspace that hold what was made of the sources, and no source."""

Outcome = Literal["same", "different", "not recorded", "other rules"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A revision as it was frozen, and what came out.

    Attributes:
        revision_id: As the ledger has it.
        outcome: ``same``; ``different`` (``became`` is the other id); ``not recorded``: an older version froze it and
            did not record how it was split; ``other rules``: it was split by the rules of another version.
        became: The id that came out; empty where nothing did.
        copied: Whether it was taken from the old workspace as it stands, since it could not be made anew.
        version: Of the program that froze it; empty where unknown.
    """

    revision_id: str
    outcome: Outcome
    became: str
    copied: bool
    version: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay made: how many ledger entries and sources it took, and each revision, in the order of freezing."""

    workspace: Path
    n_entries: int
    n_sources: int
    revisions: tuple[Replayed, ...]

    @property
    def holds(self) -> bool:
        """Whether every revision that could be made anew has its id again."""
        return all(one.outcome != "different" for one in self.revisions)


def rebuild(origin: Path, target: Path, *, progress: Progress = no_progress) -> Replay:
    """Make a workspace anew from the sources and the ledger of another one, and compare the ids of the revisions.

    Args:
        origin: A workspace, or a folder with a copy of its ``ledger.sqlite`` and the imported files, under any names.
        target: A new or empty folder.
        progress: Told what is done.

    Raises:
        InputError: There is no ledger, an imported file is missing, or ``target`` is not empty.
        FinetoothError: The ledger was altered.
    """
    history = History(origin / LEDGER)
    if (target / "workspace.json").exists() or target.resolve() == origin.resolve():
        raise InputError(f"{target} is a workspace already.", "Name a new or an empty folder.")
    imports = [entry for entry in history.entries if entry.kind == "import"]
    files = _originals(origin, {entry.subject for entry in imports}, progress)
    missing = [entry for entry in imports if entry.subject not in files]
    if missing:
        names = ", ".join(dict.fromkeys(str(entry.payload.get("name", "")) for entry in missing))
        raise InputError(
            f"{len({e.subject for e in missing})} of the imported files are not in {origin}: {names}.",
            "Copy them there; they are found by their content, whatever their names.",
        )
    workspace = Workspace.create(target)
    for entry in imports:
        sources.store(workspace, files[entry.subject], name=str(entry.payload.get("name") or ""), progress=progress)
    first: dict[str, Entry] = {}
    for entry in history.entries:
        if entry.kind == "freeze":
            first.setdefault(entry.subject, entry)
    done: dict[str, Replayed] = {}
    reached = 0
    for entry in sorted(first.values(), key=_upto):
        upto = _upto(entry)
        history.copy(workspace.ledger, reached, upto)
        reached = max(reached, upto)
        done[entry.subject] = _again(workspace, entry, origin, progress)
    history.copy(workspace.ledger, reached, len(history.entries))
    n_entries = workspace.ledger.verify()
    for revision_id, one in done.items():
        if one.outcome != "same" and workspace.objects.holds(revision_id) is False:
            copied = _copied(workspace, revision_id, origin)
            done[revision_id] = replace(one, copied=copied)
    return Replay(workspace.path, n_entries, len(files), tuple(done[revision_id] for revision_id in first))


def _upto(entry: Entry) -> int:
    """The last entry that a freeze knew of."""
    return int(entry.payload.get("upto", entry.seq - 1))


def _again(workspace: Workspace, entry: Entry, origin: Path, progress: Progress) -> Replayed:
    recorded = entry.payload.get("split")
    if not isinstance(recorded, Mapping):
        return Replayed(entry.subject, "not recorded", "", False)
    wanted = dict(recorded)
    if wanted.pop("method", None) != METHOD:
        return Replayed(entry.subject, "other rules", "", False)
    plan = SplitPlan(**wanted)
    made = freeze.assemble(workspace, plan, entry.payload.get("rated", ()), progress)
    became = freeze.store(workspace, made, plan)
    outcome: Outcome = "same" if became == entry.subject else "different"
    return Replayed(entry.subject, outcome, became, False, str(entry.payload.get("version", "")))


def _copied(workspace: Workspace, revision_id: str, origin: Path) -> bool:
    """Take a revision that cannot be made anew from the old workspace, where it is there."""
    folder = origin / "objects" / revision_id[:2] / revision_id
    if not (folder / "manifest.json").is_file():
        return False
    target = workspace.objects.folder(revision_id)
    try:
        shutil.copytree(folder, target)
    except OSError as error:
        raise FinetoothError(f"{target} cannot be written.", "Check the folder and the disk.") from error
    return True


def _originals(origin: Path, wanted: set[str], progress: Progress) -> dict[str, Path]:
    """The imported files below a folder, by the hash of their bytes."""
    found: dict[str, Path] = {}
    for number, path in enumerate(_files(origin)):
        if len(found) == len(wanted):
            break
        progress("looking for the imported files", number, None)
        sha256 = sha256_file(path)
        if sha256 in wanted:
            found.setdefault(sha256, path)
    return found


def _files(origin: Path) -> Iterator[Path]:
    for folder, inside, names in os.walk(origin):
        if Path(folder) == origin:
            inside[:] = [name for name in inside if name not in MADE]
        inside.sort()
        for name in sorted(names):
            path = Path(folder) / name
            made = name.startswith(("ledger.", "cache.", ".")) or name in ("workspace.json", "rows.parquet")
            if path.is_file() and not made:
                yield path
