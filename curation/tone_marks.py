"""What reviewers said about the tone of single answers, kept in the ledger like every decision of a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import FinetoothError
from core.ledger import Entry
from core.workspace import Workspace
from curation import queries

KIND = "tone-mark"


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark that holds. ``on_tone`` None = somebody looked and would not say."""

    action_id: str
    example_id: str
    on_tone: bool | None
    who: str
    at: str


def mark(workspace: Workspace, example_id: str, on_tone: bool | None, who: str, action_id: str | None = None) -> Mark:
    """Say whether an example's answer has the right tone; the same ``action_id`` again changes nothing.

    Marks are about content: they hold for the same conversation in any file and after any re-import. A later mark of
    the same example, whoever makes it, takes the place of an earlier one.

    Args:
        workspace: The open workspace.
        example_id: Which example; it need not be in the dataset any more.
        on_tone: None = skipped: it counts for neither side, and is not offered again.
        who: The person.
        action_id: Identity of the act.

    Raises:
        FinetoothError: The workspace holds no such example, or it has no answer.
    """
    if not queries.example(workspace, example_id).example.answer.strip():
        raise FinetoothError("This example has no answer whose tone could be marked.", "Choose another one.")
    entry = workspace.ledger.append(KIND, example_id, {"on_tone": on_tone}, who=who, action_id=action_id)
    return _mark(entry)


def unmark(workspace: Workspace, who: str, action_id: str | None = None) -> Mark | None:
    """Take back this person's last mark that holds; None where there is none. What it replaced holds again."""
    if action_id and any(entry.action_id == action_id for entry in workspace.ledger.entries(KIND)):
        return None
    own = [entry for entry in _holding(workspace.ledger.entries(KIND)) if entry.who == who]
    if not own:
        return None
    last = own[-1]
    workspace.ledger.append(KIND, last.subject, {"undoes": last.action_id}, who=who, action_id=action_id)
    return _mark(last)


def marks(workspace: Workspace) -> dict[str, Mark]:
    """Example id to the mark that holds for it, skipped ones included, in the order in which they were made."""
    found: dict[str, Mark] = {}
    for entry in _holding(workspace.ledger.entries(KIND)):
        found.pop(entry.subject, None)
        found[entry.subject] = _mark(entry)
    return found


def _holding(entries: Iterable[Entry]) -> list[Entry]:
    """The marks that no later entry takes back."""
    listed = list(entries)
    gone = {entry.payload["undoes"] for entry in listed if "undoes" in entry.payload}
    return [entry for entry in listed if "undoes" not in entry.payload and entry.action_id not in gone]


def _mark(entry: Entry) -> Mark:
    return Mark(entry.action_id, entry.subject, entry.payload["on_tone"], entry.who, entry.at)
