"""One decision for a whole selection: counted and previewed before, carried out as it was counted, undone as one."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from core.errors import FinetoothError, InputError
from core.ids import digest, new_action_id
from core.ledger import Draft, Since
from core.types import Finding, Message
from core.workspace import Workspace
from curation import accepting, cache, decisions, disputes, lineage, records, resolutions
from curation.found import Filter

Verdict = Literal["keep", "drop", "accept"]
T = TypeVar("T")
PREVIEWED = 20
SEED = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch would do to one example.

    Attributes:
        example_id: The example.
        messages: Its turns now.
        becomes: Its turns afterwards; empty where it is dropped, the same where it is kept.
        checks: What was found on it.
    """

    example_id: str
    messages: tuple[Message, ...]
    becomes: tuple[Message, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What a filter selects now, and what one decision on all of it would do.

    Attributes:
        verdict: ``keep`` settles each finding, ``drop`` drops each finding's own example, ``accept`` carries out each
            proposal.
        n_findings: Selected.
        n_left_out: Those of them that stay open: they propose nothing (``accept``), or are clashes (``keep``), where
            each pair needs a reason of its own.
        n_waiting: Those whose proposal has to wait, since another one touches the same words (they stay open).
        n_kept, n_dropped, n_edited: Examples that stay as they are, that go, and that get another text.
        sample: Up to 20 of the examples concerned, drawn by a seed over all of them, in report order.
        key: Identity of what was counted: findings, verdict, and the texts they are about.
        seen: Number of the last ledger entry that went into the count.
    """

    verdict: Verdict
    n_findings: int
    n_left_out: int
    n_waiting: int
    n_kept: int
    n_dropped: int
    n_edited: int
    sample: tuple[Change, ...]
    key: str
    seen: int

    @property
    def n_examples(self) -> int:
        """How many examples the decision concerns."""
        return self.n_kept + self.n_dropped + self.n_edited


class ChangedError(FinetoothError):
    """The selection is no longer what was counted; nothing was recorded."""


def select(workspace: Workspace, which: Filter, verdict: Verdict, *, sample: int = PREVIEWED) -> Selection:
    """Count what one decision on all findings of a filter would do, and draw a sample of it.

    Raises:
        InputError: The filter shows settled findings too: only open ones can be decided at once.
    """
    return _planned(workspace, which, verdict, "preview", sample)[0]


def apply_to_all(
    workspace: Workspace, which: Filter, counted: Selection, *, who: str, note: str = "", action_id: str | None = None
) -> Selection:
    """Carry out what was counted, as one batch with one undo.

    Args:
        workspace: The open workspace.
        which: The filter that was counted.
        counted: From :func:`select`.
        who: The person.
        note: Why; stands beside each decision.
        action_id: The identity of the batch, by which it is undone; the same one again changes nothing.

    Raises:
        ChangedError: The filter selects something else than was counted.
        OvertakenError: Somebody else has decided about one of the examples at this very moment.
        InputError: There is nothing to do.
    """
    batch = action_id or new_action_id()
    if action_id and _known(workspace, batch):
        return counted
    now, drafts, ids = _planned(workspace, which, counted.verdict, batch, 0, note)
    if now.key != counted.key:
        raise ChangedError(
            f"The selection has changed since it was counted ({counted.n_findings:,} findings then, "
            f"{now.n_findings:,} now). Nothing was recorded.",
            "Look at the new count, then decide again.",
        )
    if not drafts:
        raise InputError("There is nothing to decide in this selection.", "Choose another filter or decision.")
    guard: Since = (
        resolutions.unchanged(ids, now.seen)
        if counted.verdict == "accept"
        else disputes.undisputed(sorted(ids), counted.verdict, who=who, seen=now.seen)
    )
    workspace.ledger.append_all(drafts, who=who, since=lineage.standing(workspace, ids, guard))
    return now


def _planned(
    workspace: Workspace, which: Filter, verdict: Verdict, batch: str, sample: int, note: str = ""
) -> tuple[Selection, list[Draft], frozenset[str]]:
    if which.state != "open":
        raise InputError("Only open findings can be decided all at once.", "Set the state to open.")
    seen = workspace.ledger.head()[0]
    found = _selected(workspace, which)
    if verdict == "accept":
        return _accepting(workspace, found, batch, sample, seen)
    if verdict == "drop":
        present = _present(workspace, [one.example_id for one in found])
        taken = [one for one in found if one.example_id in present]
        drafts = _drops(taken, batch, note)
    else:
        taken = [one for one in found if one.family != "contradictions"]
        drafts = _keeps(taken, batch, note)
    by = dict(_by(taken))
    drawn = _drawn(list(by), sample)
    texts = _texts(workspace, drawn)
    sampled = tuple(
        Change(i, texts[i], () if verdict == "drop" else texts[i], tuple(dict.fromkeys(f.check for f in by[i])))
        for i in drawn
    )
    n_dropped = len(by) if verdict == "drop" else 0
    left_out = len(found) - len(taken)
    key = _key(found, verdict)
    made = Selection(verdict, len(found), left_out, 0, len(by) - n_dropped, n_dropped, 0, sampled, key, seen)
    return made, drafts, frozenset(by)


def _accepting(
    workspace: Workspace, found: Sequence[Finding], batch: str, sample: int, seen: int
) -> tuple[Selection, list[Draft], frozenset[str]]:
    proposing = [one for one in found if one.proposal]
    drafts, plan, ids = accepting.planned(workspace, proposing, batch)
    drawn = {id(change) for change in _drawn(plan.changes, sample)}
    changes = tuple(
        Change(
            c.example.id,
            c.example.messages,
            c.becomes.messages if c.becomes else (),
            tuple(dict.fromkeys(f.check for f in c.findings)),
        )
        for c in plan.changes
        if id(c) in drawn
    )
    n_dropped = sum(1 for change in plan.changes if change.becomes is None)
    made = Selection(
        "accept",
        len(found),
        len(found) - len(proposing),
        len(plan.left),
        len(plan.collapsed),
        n_dropped,
        len(plan.changes) - n_dropped,
        changes,
        _key(found, "accept"),
        seen,
    )
    return made, drafts, ids


def _keeps(found: Sequence[Finding], batch: str, note: str) -> list[Draft]:
    return [
        decisions.draft(
            one.example_id,
            "keep",
            action_id=f"{batch}:{n}",
            note=note,
            finding_id=records.finding_id(one),
            batch=batch,
        )
        for n, one in enumerate(found)
    ]


def _drops(found: Sequence[Finding], batch: str, note: str) -> list[Draft]:
    """A drop for each example; a further one for each finding that other rows would keep open."""
    drafts: list[Draft] = []
    for example_id, found_on in _by(found):
        named = [found_on[0], *(one for one in found_on[1:] if one.related)]
        drafts += [
            decisions.draft(
                example_id,
                "drop",
                action_id=f"{batch}:{len(drafts) + place}",
                note=note or one.message,
                finding_id=records.finding_id(one),
                batch=batch,
                checks=[each.check for each in found_on],
            )
            for place, one in enumerate(named)
        ]
    return drafts


def _selected(workspace: Workspace, which: Filter) -> list[Finding]:
    where, values = which.clause()
    query = f"SELECT body FROM findings WHERE {where} ORDER BY severity, position, id"
    with cache.synced(workspace).reading() as connection:
        return [records.from_json(row["body"]) for row in connection.execute(query, values)]


def _by(found: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    by: dict[str, list[Finding]] = {}
    for one in found:
        by.setdefault(one.example_id, []).append(one)
    return list(by.items())


def _drawn(items: Sequence[T], n: int) -> list[T]:
    """Up to ``n`` of them, drawn by the seed over all, in their order."""
    if len(items) <= n:
        return list(items)
    return [items[place] for place in sorted(random.Random(SEED).sample(range(len(items)), n))]


def _present(workspace: Workspace, example_ids: Sequence[str]) -> frozenset[str]:
    """Those of the examples that are in the dataset now."""
    query = "SELECT id FROM examples WHERE state = 'in' AND id IN (SELECT value FROM json_each(?))"
    with cache.synced(workspace).reading() as connection:
        return frozenset(row[0] for row in connection.execute(query, (json.dumps(list(example_ids)),)))


def _texts(workspace: Workspace, example_ids: Sequence[str]) -> dict[str, tuple[Message, ...]]:
    with cache.synced(workspace).reading() as connection:
        return cache.messages_of(connection, example_ids)


def _key(found: Sequence[Finding], verdict: str) -> str:
    return digest([verdict.encode(), *(records.finding_id(one).encode() for one in found)])


def _known(workspace: Workspace, batch: str) -> bool:
    return any(workspace.ledger.find(f"{batch}:{first}") for first in ("0", "c0"))
