"""Accepting what checks propose: many proposals become one batch of changes, with one undo."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.ledger import Draft
from core.revisions import example_of
from core.types import Example, Finding
from core.workspace import Workspace
from curation import apply, cache, decisions, lineage, records, resolutions


@dataclass(frozen=True, slots=True)
class Applied:
    """What accepting many proposals changed; ``batch`` undoes all of it. ``skipped`` says what had to wait, and why."""

    batch: str
    n_findings: int
    n_dropped: int
    n_edited: int
    skipped: tuple[str, ...]


def carry_out(workspace: Workspace, accepted: Sequence[Finding], who: str, batch: str, seen: int) -> Applied:
    """Carry out the proposals of these findings as one batch.

    Raises:
        OvertakenError: Somebody else has changed one of the rows since ledger entry ``seen``; nothing is recorded.
    """
    drafts, plan, ids = planned(workspace, accepted, batch)
    since = lineage.standing(workspace, ids, resolutions.unchanged(ids, seen))
    workspace.ledger.append_all(drafts, who=who, since=since)
    n_dropped = sum(1 for change in plan.changes if change.becomes is None)
    return Applied(
        batch,
        len(accepted) - len(plan.left),
        n_dropped,
        len(plan.changes) - n_dropped,
        tuple(f"{f.message} (another accepted change touches the same text; run the checks again)" for f in plan.left),
    )


def planned(
    workspace: Workspace, accepted: Sequence[Finding], batch: str
) -> tuple[list[Draft], apply.Plan, frozenset[str]]:
    """What :func:`carry_out` would record, the changes it makes, and the ids of all examples that it looks at."""
    ids = frozenset(target for f in accepted if f.proposal for target in (f.example_id, *f.proposal.targets))
    plan = apply.plan(_present(workspace, ids), accepted)
    drafts: list[Draft] = []
    for number, change in enumerate(plan.changes):
        finding = records.finding_id(change.findings[0])
        action_id = f"{batch}:{number}"
        note = "; ".join(f.message for f in change.findings)
        if change.becomes is None:
            drafts.append(
                decisions.draft(
                    change.example.id,
                    "drop",
                    action_id=action_id,
                    note=note,
                    finding_id=finding,
                    batch=batch,
                    checks=[f.check for f in change.findings],
                    fix=True,
                )
            )
            continue
        drafts.append(
            decisions.draft(
                change.example.id,
                "edit",
                action_id=action_id,
                note=note,
                finding_id=finding,
                becomes=change.becomes.id,
                messages=change.becomes.messages,
                meta=change.becomes.meta,
                batch=batch,
                checks=[f.check for f in change.findings],
                fix=True,
            )
        )
        drafts += restoring(workspace, change.becomes.id, action_id, batch)
    for number, finding_done in enumerate(plan.collapsed):
        drafts.append(
            decisions.draft(
                finding_done.example_id,
                "keep",
                action_id=f"{batch}:c{number}",
                note="identical rows count once",
                finding_id=records.finding_id(finding_done),
                batch=batch,
                fix=True,
            )
        )
    return drafts, plan, ids


def _present(workspace: Workspace, example_ids: Collection[str]) -> dict[str, Example]:
    """Those of the examples that are in the dataset now, by id."""
    query = "SELECT id, messages, meta FROM examples WHERE state = 'in' AND id IN (SELECT value FROM json_each(?))"
    with cache.synced(workspace).reading() as connection:
        rows = connection.execute(query, (json.dumps(sorted(example_ids)),))
        return {row["id"]: example_of(dict(row)) for row in rows}


def restoring(workspace: Workspace, example_id: str, action_id: str, batch: str) -> list[Draft]:
    """Where an edit arrives at a text that was dropped or replaced before, that text comes back with it."""
    stand = decisions.standing(workspace.ledger.entries(decisions.KIND, example_id))
    if stand.state == "in":
        return []
    return [decisions.draft(example_id, "keep", action_id=f"{action_id}:back", note="edited back to", batch=batch)]
