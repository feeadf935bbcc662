"""What was done to the data between two states, example by example: who, when, what, from what, to what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from core import text_diff
from core.ledger import Entry
from core.revisions import messages_from_json
from core.spreadsheet import csv_bytes
from core.types import Message
from core.workspace import Workspace
from curation import cache, decisions, sources
from curation.checks import CHECKS, OTHER_TITLES

What = Literal["added", "dropped", "edited"]
COLUMNS = ("who", "when", "what", "example", "source", "line", "from", "to", "why", "check")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two states of the dataset.

    Attributes:
        what: ``added``, ``dropped`` or ``edited``.
        example_id: What it is about; for an edit the text before.
        becomes: The id of the text after an edit.
        source, line: Where the example stood in a file; empty and 0 where it did not.
        why: The note or the message of the accepted finding; of several edits in a row, one after the other.
        checks: Names of the checks behind it.
        who, at: Who did it last, and when (UTC); empty where nobody decided it.
    """

    what: What
    example_id: str
    becomes: str | None
    source: str
    line: int
    why: str
    checks: tuple[str, ...]
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """Ids by which two revisions differ; ``edited`` pairs the old id with the new one; ``changes`` says why."""

    added: tuple[str, ...]
    dropped: tuple[str, ...]
    edited: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A state of the dataset: its ids in order, and the number of the last ledger entry that it knows of."""

    ids: Sequence[str]
    upto: int


def state_of(workspace: Workspace, revision_id: str) -> State:
    """The state that a revision froze."""
    manifest = workspace.objects.manifest(revision_id)
    upto = manifest.get("upto")
    if not isinstance(upto, int):  # frozen by an older version, which kept the hash alone
        link = manifest.get("decided_upto")
        upto = next((e.seq for e in reversed(workspace.ledger.entries()) if e.hash == link), 0)
    return State(workspace.objects.frame(revision_id, ["id"])["id"].to_list(), upto)


def imported(workspace: Workspace, upto: int) -> State:
    """All that had been imported up to an entry of the ledger, before anybody decided anything."""
    ids: dict[str, None] = {}
    for entry in workspace.ledger.entries("import"):
        if entry.seq <= upto:
            ids.update(dict.fromkeys(sources.ids(workspace, entry.subject)))
    return State(list(ids), upto)


def diff(workspace: Workspace, before: str, after: str) -> RevisionDiff:
    """What changed from one revision to another, by example, and why."""
    return between(workspace, state_of(workspace, before), state_of(workspace, after))


def since_import(workspace: Workspace, revision_id: str) -> RevisionDiff:
    """What people changed in the imported data until a revision was frozen: its change list."""
    state = state_of(workspace, revision_id)
    return between(workspace, imported(workspace, state.upto), state)


def between(workspace: Workspace, before: State, after: State) -> RevisionDiff:
    """What changed from one state to another; the order is that of the dataset, edits and drops first."""
    old, new = dict.fromkeys(before.ids), dict.fromkeys(after.ids)
    decided = _Decided(workspace, before.upto, after.upto)
    edited: dict[str, str] = {}
    for example_id in old:
        if example_id not in new:
            target = decided.later_text(example_id, new)
            if target is not None and target not in old:
                edited[example_id] = target
    arrived = set(edited.values())
    dropped = tuple(i for i in old if i not in new and i not in edited)
    added = tuple(i for i in new if i not in old and i not in arrived)
    decided.look_up(workspace, [*(i for i in old if i not in new), *added])
    changes = [
        decided.change("edited", i, edited[i]) if i in edited else decided.change("dropped", i)
        for i in old
        if i not in new
    ]
    changes += [decided.change("added", i) for i in added]
    return RevisionDiff(added, dropped, tuple(edited.items()), tuple(changes))


class _Decided:
    """The decisions up to two states, for looking up what became of an example and why."""

    def __init__(self, workspace: Workspace, before: int, after: int) -> None:
        self.back = before > after
        last, first = max(before, after), min(before, after)
        self.since: dict[str, list[Entry]] = {}
        known: dict[int, dict[str, list[Entry]]] = {first: {}, last: {}}
        for entry in workspace.ledger.entries(decisions.KIND):
            for upto, by_subject in known.items():
                if entry.seq <= upto:
                    by_subject.setdefault(entry.subject, []).append(entry)
            if first < entry.seq <= last:
                self.since.setdefault(entry.subject, []).append(entry)
        self.all = known[last]
        # going back, an edit leads from the text after it to the text before it
        self.became: dict[str, list[str]] = {}
        for subject, entries in known[last].items():
            target = decisions.standing(entries).becomes
            if target is not None:
                one, other = (target, subject) if self.back else (subject, target)
                self.became.setdefault(one, []).append(other)
        self.edits = {
            (e.subject, e.payload["becomes"]): e
            for es in self.all.values()
            for e in es
            if e.payload["verdict"] == "edit"
        }
        self.imports = {e.subject: e for e in workspace.ledger.entries("import")}
        self.names = {source_id: sources.load(workspace, source_id).name for source_id in self.imports}
        self.places: dict[str, tuple[str, int]] = {}

    def look_up(self, workspace: Workspace, example_ids: Iterable[str]) -> None:
        """Learn where some examples stand, before their changes are told."""
        with cache.synced(workspace).reading() as connection:
            for example_id in example_ids:
                row = connection.execute("SELECT source, line FROM examples WHERE id = ?", (example_id,)).fetchone()
                if row:
                    self.places[example_id] = row["source"], row["line"]

    def later_text(self, example_id: str, among: Mapping[str, None]) -> str | None:
        """The text that stands for this one in the other state, along the edits."""
        path = self.path(example_id, among)
        return path[-1] if path else None

    def path(self, example_id: str, among: Mapping[str, None]) -> list[str]:
        """The texts on the way there, this one first; empty where there is no way."""
        ways, seen = [[example_id]], {example_id}
        while ways:
            way = ways.pop(0)
            for target in self.became.get(way[-1], ()):
                if target in among:
                    return [*way, target]
                if target not in seen:
                    seen.add(target)
                    ways.append([*way, target])
        return []

    def change(self, what: What, example_id: str, becomes: str | None = None) -> Change:
        """One change with the decisions behind it."""
        entries: list[Entry] = []
        if becomes is not None:
            way = self.path(example_id, {becomes: None})
            pairs = ((b, a) if self.back else (a, b) for a, b in pairwise(way))
            entries = [self.edits[pair] for pair in pairs if pair in self.edits]
        else:
            entries = (self.since.get(example_id) or self.all.get(example_id, []))[-1:]
        source, line = self.places.get(example_id, ("", 0))
        name = self.names.get(source, "")
        why = "; ".join(dict.fromkeys(_why(entry) for entry in entries))
        who, at = (entries[-1].who, entries[-1].at) if entries else ("", "")
        if what == "added" and not entries and source in self.imports:
            found = self.imports[source]
            why, who, at = f"imported from {name}", found.who, found.at
        checks = tuple(dict.fromkeys(check for entry in entries for check in entry.payload.get("checks", ())))
        return Change(
            what,
            example_id,
            becomes,
            name,
            line if name else 0,
            f"taken back: {why}" if self.back and why else why,
            checks,
            who,
            at,
        )


def _why(entry: Entry) -> str:
    if entry.payload["verdict"] == "undo":
        return "a decision was taken back"
    if entry.payload["verdict"] == "add":
        return str(entry.payload.get("note") or "written from scratch")
    titles = {check.name: check.title for check in CHECKS} | OTHER_TITLES
    names = "; ".join(titles.get(check, check) for check in entry.payload.get("checks", ()))
    return str(entry.payload.get("note") or names or "decided by hand")


def texts(workspace: Workspace, changes: Iterable[Change]) -> dict[str, tuple[Message, ...]]:
    """The turns of all examples that some changes are about, by id."""
    wanted = dict.fromkeys(i for c in changes for i in (c.example_id, c.becomes) if i)
    with cache.synced(workspace).reading() as connection:
        query = "SELECT messages FROM examples WHERE id = ?"
        found = ((i, connection.execute(query, (i,)).fetchone()) for i in wanted)
        return {i: messages_from_json(row["messages"]) for i, row in found if row}


def word_diff(before: Sequence[Message], after: Sequence[Message]) -> list[dict[str, Any]]:
    """Two conversations turn by turn: ``same``, ``gone`` and ``new`` runs of text that make up both, in order.

    A turn that only one of them has is wholly gone or new; ``role`` is that after the edit.
    """
    result = []
    for turn in range(max(len(before), len(after))):
        old = before[turn] if turn < len(before) else None
        new = after[turn] if turn < len(after) else None
        if old == new:
            continue
        left, right = (old.content if old else ""), (new.content if new else "")
        role = new.role if new else old.role if old else ""
        entry: dict[str, Any] = {
            "turn": turn,
            "role": role,
            "parts": [list(part) for part in text_diff.parts(left, right)],
        }
        if old and new and old.role != new.role:
            entry["role_before"] = old.role
        result.append(entry)
    return result


def as_csv(workspace: Workspace, changes: Sequence[Change]) -> bytes:
    """The change list as CSV (RFC 4180, UTF-8 with a byte-order mark, as spreadsheets want it), all cells harmless."""
    turns = texts(workspace, changes)
    return csv_bytes(COLUMNS, (_cells(change, turns) for change in changes))


def _cells(change: Change, turns: Mapping[str, Sequence[Message]]) -> tuple[str, ...]:
    before = "" if change.what == "added" else _plain(turns.get(change.example_id, ()))
    after = _plain(turns.get(change.becomes or change.example_id, ())) if change.what != "dropped" else ""
    return (
        change.who, change.at, change.what, change.example_id, change.source,
        str(change.line or ""), before, after, change.why, ", ".join(change.checks),
    )  # fmt: skip


def _plain(messages: Sequence[Message]) -> str:
    return "\n\n".join(f"{message.role}: {message.content}" for message in messages)
