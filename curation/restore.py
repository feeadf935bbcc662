"""Going back to a frozen revision: decisions that make the dataset what it was, recorded as one act with one undo."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import FinetoothError
from core.ids import new_action_id
from core.ledger import Draft, Entry
from core.revisions import messages_from_json
from core.workspace import Workspace
from curation import cache, changes, decisions, resolutions


@dataclass(frozen=True, slots=True)
class Restored:
    """What going back changed; ``batch`` undoes all of it (empty where nothing had to be changed)."""

    revision_id: str
    batch: str
    n_brought_back: int
    n_dropped: int
    n_edited: int


def restore(workspace: Workspace, revision_id: str, *, who: str, action_id: str | None = None) -> Restored:
    """Make the dataset equal to a revision. Nothing is lost: later decisions stay in the history, and an undo
    brings what they had made.

    Files imported since stay imported; their examples are dropped.

    Args:
        workspace: The open workspace.
        revision_id: Of the revision.
        who: The person.
        action_id: The batch's id; the same again changes nothing.

    Raises:
        FinetoothError: There is no such revision, or it cannot be reached.
        OvertakenError: Somebody else has just changed one of the examples; nothing is recorded.
    """
    batch = action_id or new_action_id()
    wanted = changes.state_of(workspace, revision_id)
    note = f"back to revision {revision_id[:12]}"
    now = workspace.ledger.head()[0]
    drafts = [*_differing(workspace, wanted.upto, batch, note)]
    _record(workspace, drafts, now, who)
    # what the decisions of then do not explain: rows that came with later files, and whatever else stands elsewhere
    now = workspace.ledger.head()[0]
    present, target = set(_present(workspace)), set(wanted.ids)
    rest = [
        decisions.draft(i, "drop", action_id=f"{batch}:x:{i}", note=note, batch=batch) for i in sorted(present - target)
    ]
    rest += [_brought_back(i, f"{batch}:k:{i}", note, batch, looked_at=False) for i in sorted(target - present)]
    _record(workspace, rest, now, who)
    if set(_present(workspace)) != target:
        raise FinetoothError(
            f"The dataset could not be made equal to revision {revision_id[:12]}.",
            f"Take the attempt back with `finetooth undo {batch}`, and export the revision instead.",
        )
    verdicts = [draft.payload["verdict"] for draft in (*drafts, *rest)]
    done = {verdict: verdicts.count(verdict) for verdict in ("keep", "drop", "edit")}
    return Restored(revision_id, batch if verdicts else "", done["keep"], done["drop"], done["edit"])


def _record(workspace: Workspace, drafts: Sequence[Draft], seen: int, who: str) -> None:
    if drafts:
        since = resolutions.unchanged([draft.subject for draft in drafts], seen)
        workspace.ledger.append_all(drafts, who=who, since=since)


def _differing(workspace: Workspace, upto: int, batch: str, note: str) -> list[Draft]:
    """Decisions that give each example the standing that it had at an entry of the ledger."""
    by_subject: dict[str, list[Entry]] = {}
    for entry in workspace.ledger.entries(decisions.KIND):
        by_subject.setdefault(entry.subject, []).append(entry)
    known = set(changes.imported(workspace, upto).ids)  # a text that came later is dropped or forgotten with its origin
    known.update(
        str(entry.payload.get("becomes") or entry.subject)
        for entries in by_subject.values()
        for entry in entries
        if entry.seq <= upto and entry.payload["verdict"] in ("edit", "add")
    )
    changed = {i: entries for i, entries in by_subject.items() if entries[-1].seq > upto and i in known}
    made: list[Draft] = []
    for example_id, entries in changed.items():
        was = decisions.standing([entry for entry in entries if entry.seq <= upto])
        stands = decisions.standing(entries)
        action_id = f"{batch}:{len(made)}"
        if was.added_by and not stands.added_by:  # written from scratch, and taken back since
            added = next(e.payload for e in entries if e.payload["verdict"] == "add")
            made.append(Draft(decisions.KIND, example_id, {**added, "note": note, "batch": batch}, action_id))
            continue
        if (was.state, was.becomes) == (stands.state, stands.becomes):
            continue
        if was.state == "dropped":
            made.append(decisions.draft(example_id, "drop", action_id=action_id, note=note, batch=batch))
        elif was.becomes is not None:
            text = _edit_into(entries, was.becomes)
            messages = messages_from_json(json.dumps(text["messages"]))
            made.append(
                decisions.draft(
                    example_id,
                    "edit",
                    action_id=action_id,
                    note=note,
                    becomes=was.becomes,
                    messages=messages,
                    meta=text.get("meta", {}),
                    batch=batch,
                )
            )
        else:
            made.append(_brought_back(example_id, action_id, note, batch, looked_at=was.kept))
    return made


def _brought_back(example_id: str, action_id: str, note: str, batch: str, *, looked_at: bool) -> Draft:
    draft = decisions.draft(example_id, "keep", action_id=action_id, note=note, batch=batch)
    if looked_at:
        return draft
    return Draft(draft.kind, example_id, {**draft.payload, "restores": decisions.AS_IT_WAS}, action_id)


def _edit_into(entries: Sequence[Entry], becomes: str) -> Mapping[str, Any]:
    return next(entry.payload for entry in reversed(entries) if entry.payload.get("becomes") == becomes)


def _present(workspace: Workspace) -> list[str]:
    with cache.synced(workspace).reading() as connection:
        return [row[0] for row in connection.execute("SELECT id FROM examples WHERE state = 'in'")]
