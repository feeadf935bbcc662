"""Whether the history of a workspace is whole: its ledger, and all that names an entry of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core import heads
from core.db import StorageError
from core.errors import FinetoothError, InputError
from core.ledger import BOTH, Ledger
from core.workspace import LEDGER, Workspace

HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Audit:
    """A history that holds.

    Attributes:
        entries: Number of entries.
        head: Number and hash of the last one, as ``48:9f3c...``; kept elsewhere, it proves later that nothing was cut.
        heads_compared: Recorded heads that the ledger was compared with.
        revisions_compared: Revisions whose last decision was found in the ledger.
        notes: What could not be looked at, as sentences.
    """

    entries: int
    head: str
    heads_compared: int
    revisions_compared: int
    notes: tuple[str, ...]


def audit_folder(path: Path, head: str | None = None) -> Audit:
    """The same for a workspace that need not open.

    Raises:
        FinetoothError: Besides, the ledger's file is damaged; the last entry that can be read is named.
    """
    try:
        return audit(Workspace.open(path), head)
    except StorageError as error:
        if error.path.name != LEDGER or not error.damaged:
            raise
        count, most = Ledger.readable(error.path), max(heads.read(error.path).by_seq, default=0)
        known = f" of {most}" if most > count else ""
        raise FinetoothError(
            f"The ledger is damaged after entry {count}{known}: {error.message}", f"Restore {BOTH} from a copy."
        ) from error


def audit(workspace: Workspace, head: str | None = None) -> Audit:
    """Prove what can be proven about a workspace's ledger.

    The chain of hashes shows a changed, moved or missing entry; the list of heads beside the ledger, the revisions and
    a head kept elsewhere (``head``) show a cut end and a chain that was computed anew.

    Raises:
        InputError: ``head`` is not such as ``48:9f3c...``.
        FinetoothError: The history was altered; the entry is named.
    """
    count = workspace.ledger.verify()
    noted = heads.read(workspace.ledger.path)
    if head is not None:
        _kept(workspace, head, count)
    compared = 0
    for revision_id in workspace.objects.ids("revision"):
        decided_upto = workspace.objects.manifest(revision_id).get("decided_upto")
        if isinstance(decided_upto, str) and not workspace.ledger.holds(decided_upto):
            raise FinetoothError(
                f"The ledger does not hold the entry up to which revision {revision_id[:12]} was decided: "
                f"it was cut off before that, after entry {count}, or belongs to another workspace.",
                "Restore the whole workspace from one copy.",
            )
        compared += 1
    notes = []
    if count and not noted.exists:
        notes.append(f"{heads.NAME} is missing, so entries cut off at the end would show only through revisions.")
    elif count and (not noted.by_seq or max(noted.by_seq) < count):
        notes.append(f"{heads.NAME} ends before entry {count}: a cut after its last line would not show there.")
    if noted.n_unreadable:
        notes.append(f"{heads.NAME} has {noted.n_unreadable} lines that cannot be read; they prove nothing.")
    return Audit(count, f"{count}:{workspace.ledger.hash_at(count)}", len(noted.by_seq), compared, tuple(notes))


def _kept(workspace: Workspace, head: str, count: int) -> None:
    """Compare with a head that was kept elsewhere."""
    matched = HEAD.fullmatch(head.strip())
    if matched is None:
        raise InputError("That is no head of a ledger.", "Give it as audit verify prints it: NUMBER:HASH.")
    seq = int(matched[1])
    found = workspace.ledger.hash_at(seq)
    if found is None:
        raise FinetoothError(
            f"The ledger was cut off after entry {count}: entries {count + 1} to {seq} are missing.",
            "Restore the whole workspace from one copy.",
        )
    if found != matched[2]:
        raise FinetoothError(
            f"The ledger was altered at entry {seq} or before: its hash is not the one that was kept.",
            "Restore the whole workspace from one copy.",
        )
