"""The history of one example as people read it: who did what, when, why, and from what to what; nothing is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core import wording
from core.ledger import Entry
from core.revisions import messages_from_json
from core.types import Message
from core.workspace import Workspace
from curation import cache, decisions, sources
from curation.checks import CHECKS, OTHER_TITLES

_TITLES = {check.name: check.title for check in CHECKS} | OTHER_TITLES
_RESOLVED = {
    "both": "kept both sides of a contradiction",
    "left": "kept one side of a contradiction and dropped the other",
    "right": "kept one side of a contradiction and dropped the other",
    "neither": "dropped both sides of a contradiction",
    "side": "kept one side of a contradiction and dropped the other",
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that was done to an example, or to a text that it was edited from.

    Attributes:
        action_id: By which it can be undone; empty for an import.
        at: When, UTC, ISO 8601.
        who: The person.
        verb: ``import``, ``add``, ``keep``, ``drop`` or ``edit``.
        sentence: The same in words, without the reason.
        why: The person's note; empty where they gave none.
        checks: Names of the checks that led to it.
        before, after: The turns, for an edit.
        undone_by, undone_at: Who took it back, and when; empty while it holds.
    """

    action_id: str
    at: str
    who: str
    verb: str
    sentence: str
    why: str = ""
    checks: tuple[str, ...] = ()
    before: tuple[Message, ...] = ()
    after: tuple[Message, ...] = ()
    undone_by: str = ""
    undone_at: str = ""

    @property
    def undone(self) -> bool:
        """Whether somebody took it back."""
        return bool(self.undone_at)

    @property
    def titles(self) -> tuple[str, ...]:
        """What the checks that led to it look for."""
        return tuple(_TITLES.get(name, name) for name in self.checks)


def of(workspace: Workspace, example_id: str) -> tuple[Act, ...]:
    """All that was done to an example, to the texts it was edited from and to those it became, oldest first.

    An undo is no act of its own: what it took back says so. An undo that was undone (a redo) leaves no trace here; the
    ledger holds all of it.
    """
    ids, texts, placed = _family(workspace, example_id)
    known = [entry for one in ids for entry in workspace.ledger.entries(decisions.KIND, one)]
    entries = sorted(known, key=lambda entry: entry.seq)
    held = decisions.holding(entries)
    taken_back = {entry.payload["undoes"]: entry for entry in held if entry.payload["verdict"] == "undo"}
    acts = [_act(entry, texts, taken_back) for entry in entries if entry.payload["verdict"] != "undo"]
    return (*_imports(workspace, placed), *acts)


def _family(
    workspace: Workspace, example_id: str
) -> tuple[list[str], dict[str, tuple[Message, ...]], dict[str, list[int]]]:
    """The example, its ancestors and what they became: ids, their texts, and the lines that they stand on by source."""
    ids: dict[str, None] = {}
    with cache.synced(workspace).reading() as connection:
        for query in ("SELECT old_id FROM edits WHERE new_id = ?", "SELECT new_id FROM edits WHERE old_id = ?"):
            waiting = [example_id]
            while waiting:
                one = waiting.pop()
                ids[one] = None
                waiting += [row[0] for row in connection.execute(query, (one,)) if row[0] not in ids]
        texts: dict[str, tuple[Message, ...]] = {}
        placed: dict[str, list[int]] = {}
        for one in ids:
            row = connection.execute("SELECT messages FROM examples WHERE id = ?", (one,)).fetchone()
            texts[one] = messages_from_json(row[0]) if row else ()
            for source, line in connection.execute("SELECT source, line FROM rows WHERE example_id = ?", (one,)):
                placed.setdefault(source, []).append(line)
    return list(ids), texts, placed


def _imports(workspace: Workspace, placed: Mapping[str, Sequence[int]]) -> Iterable[Act]:
    for source_id, lines in placed.items():
        entry = next(iter(workspace.ledger.entries("import", source_id)), None)
        if entry is not None:
            listed = ", ".join(f"{line:,}" for line in sorted(lines)[:3]) + (" …" if len(lines) > 3 else "")
            where = f"{sources.load(workspace, source_id).name}, {'line' if len(lines) == 1 else 'lines'} {listed}"
            yield Act("", entry.at, entry.who, "import", f"{entry.who or 'Somebody'} imported it: {where}.")


def _act(entry: Entry, texts: Mapping[str, tuple[Message, ...]], taken_back: Mapping[str, Entry]) -> Act:
    payload = entry.payload
    verb = payload["verdict"]
    after = tuple(Message(m["role"], m["content"]) for m in payload.get("messages", ()))
    before = texts.get(entry.subject, ()) if verb == "edit" else ()
    undo = taken_back.get(entry.action_id)
    return Act(
        entry.action_id,
        payload.get("decided_at", entry.at),
        entry.who,
        verb,
        f"{entry.who or 'Somebody'} {_said(payload, before, after)}.",
        payload.get("note", ""),
        tuple(payload.get("checks", ())),
        before,
        after if verb == "edit" else (),
        (undo.who or "Somebody") if undo else "",
        undo.payload.get("decided_at", undo.at) if undo else "",
    )


def _said(payload: Mapping[str, object], before: Sequence[Message], after: Sequence[Message]) -> str:
    """What was done, as the end of a sentence that begins with a name."""
    verb = payload["verdict"]
    resolution = payload.get("resolution")
    if isinstance(resolution, Mapping) and resolution.get("outcome") in _RESOLVED:
        done = {"keep": "kept this row", "drop": "dropped this row"}.get(str(verb), "")
        return f"{_RESOLVED[resolution['outcome']]}{f' ({done})' if done else ''}"
    if verb == "edit":
        changed = sum(a != b for a, b in zip(before, after, strict=False)) + abs(len(before) - len(after))
        how = "accepted a fix, which changed" if payload.get("fix") else "edited it and changed"
        return f"{how} {wording.many(changed, 'turn')}"
    if verb == "keep" and payload.get("finding"):
        return "looked at a finding and kept the example as it is"
    return {"add": "wrote it from scratch", "keep": "kept it", "drop": "dropped it"}[str(verb)]
