"""What a person does to the dataset: import, decide, edit, accept, undo. Every act is one ledger batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import FinetoothError
from core.ids import new_action_id
from core.jobs import Progress, no_progress
from core.ledger import Draft, Entry, Since
from core.types import Decision, Finding, Message, Reject
from core.workspace import Workspace
from curation import accepting, cache, decisions, disputes, lineage, queries, resolutions, sources
from curation.accepting import Applied as Applied  # noqa: PLC0414  # for those who call accept_all

CHUNK = 5_000
TRIES = 5
"""How often all proposals are worked out anew while others change their rows."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import brought. ``n_new`` counts conversations that the workspace did not hold before."""

    source_id: str
    name: str
    format: str
    n_rows: int
    n_examples: int
    n_new: int
    n_rejects: int
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]
    already: bool


def import_file(
    workspace: Workspace, path: Path, *, who: str, name: str | None = None, progress: Progress = no_progress
) -> ImportReport:
    """Bring a file into the workspace; the same bytes again change nothing.

    Raises:
        InputError: Nothing in the file can be read.
    """
    before = _count(workspace)
    source, _ = sources.store(workspace, path, name=name, progress=progress)
    already = (
        workspace.ledger.find(f"import:{source.id}") is not None
    )  # stored is not yet imported: a kill came between
    workspace.ledger.append(
        "import", source.id, {"name": source.name, "format": source.format}, who=who, action_id=f"import:{source.id}"
    )
    progress("indexing", 0, None)
    return ImportReport(
        source.id,
        source.name,
        source.format,
        source.n_rows,
        source.n_examples,
        _count(workspace) - before,
        source.n_rejects,
        tuple(sources.rejects(workspace, source.id)),
        source.notes,
        already,
    )


def decide(
    workspace: Workspace,
    example_id: str,
    verdict: Literal["keep", "drop"],
    *,
    who: str,
    action_id: str | None = None,
    note: str = "",
    finding_id: str | None = None,
    seen: int | None = None,
) -> Decision:
    """Keep or drop one example. The same ``action_id`` again changes nothing.

    Raises:
        OvertakenError: Somebody else has decided otherwise since ledger entry ``seen`` (None = do not look).
        InputError: What had brought its text in was taken back: the decision would change nothing.
    """
    if action_id and (known := workspace.ledger.find(action_id)):
        return decisions.decision_of(known)
    now = workspace.ledger.head()[0]
    queries.example(workspace, example_id)
    drafted = decisions.draft(
        example_id,
        verdict,
        action_id=action_id,
        note=note,
        finding_id=finding_id,
        checks=_checks_behind(workspace, finding_id),
    )
    since = _undisputed(workspace, [example_id], verdict, who, seen, now, finding_id)
    return decisions.decision_of(workspace.ledger.append_all([drafted], who=who, since=since)[0])


def _undisputed(
    workspace: Workspace,
    example_ids: Sequence[str],
    verdict: str,
    who: str,
    seen: int | None,
    now: int,
    finding_id: str | None,
) -> Since:
    """Nobody decided otherwise since ``seen``, and each text stands: at ``now``, and when the act is recorded."""
    since = lineage.unwatched(now)
    if seen is not None:
        since = disputes.undisputed(example_ids, verdict, who=who, seen=seen, finding_id=finding_id)
    since = lineage.standing(workspace, example_ids, since)
    since.look(workspace.ledger.entries(after=since.seq))  # what others did since is told before what it leads to
    lineage.require_standing(workspace, example_ids)
    return since


def decide_all(
    workspace: Workspace,
    example_ids: Sequence[str],
    verdict: Literal["keep", "drop"],
    *,
    who: str,
    action_id: str | None = None,
    note: str = "",
    finding_id: str | None = None,
    seen: int | None = None,
) -> list[Decision]:
    """Keep or drop several examples as one batch with one undo; ``seen`` and what is raised as in :func:`decide`."""
    if action_id and workspace.ledger.find(f"{action_id}:0"):
        known = (workspace.ledger.find(f"{action_id}:{n}") for n in range(len(example_ids)))
        return [decisions.decision_of(entry) for entry in known if entry]
    batch, now = action_id or new_action_id(), workspace.ledger.head()[0]
    queries.require_known(workspace, example_ids)
    drafts = [
        decisions.draft(example_id, verdict, action_id=f"{batch}:{n}", note=note, finding_id=finding_id, batch=batch)
        for n, example_id in enumerate(example_ids)
    ]
    since = _undisputed(workspace, example_ids, verdict, who, seen, now, finding_id)
    return [decisions.decision_of(entry) for entry in workspace.ledger.append_all(drafts, who=who, since=since)]


def edit(
    workspace: Workspace,
    example_id: str,
    messages: Sequence[Message],
    *,
    who: str,
    action_id: str | None = None,
    note: str = "",
    finding_id: str | None = None,
    seen: int | None = None,
) -> Decision:
    """Put a new text in an example's place; the old one stays readable and comes back with an undo.

    ``seen`` is the number of the last ledger entry that the person had seen when they began (default: they see all).

    Raises:
        InputError: There is no turn, or nothing was changed.
        OvertakenError: Somebody else has changed the example or settled the clash since ``seen``; nothing is recorded.
    """
    if action_id and (known := workspace.ledger.find(action_id)):
        return decisions.decision_of(known)
    now = workspace.ledger.head()[0]
    view = queries.example(workspace, example_id)
    becomes = decisions.edited_id(example_id, messages)
    batch = action_id or new_action_id()
    drafts = [
        decisions.draft(
            example_id,
            "edit",
            action_id=action_id,
            note=note,
            finding_id=finding_id,
            becomes=becomes,
            messages=messages,
            meta=view.example.meta,
            batch=batch,
            checks=_checks_behind(workspace, finding_id),
            resolution=resolutions.note_edit(workspace, finding_id, example_id) if finding_id else None,
        )
    ]
    drafts += accepting.restoring(workspace, becomes, batch, batch)
    lineage.require_standing(workspace, [example_id])
    since = resolutions.unchanged([example_id], now if seen is None else seen)
    if finding_id and seen is not None and drafts[0].payload.get("resolution"):
        since = resolutions.guard(workspace, finding_id, seen)
    since = lineage.standing(workspace, [example_id], since)
    return decisions.decision_of(workspace.ledger.append_all(drafts, who=who, since=since)[0])


def _checks_behind(workspace: Workspace, finding_id: str | None) -> tuple[str, ...]:
    return (queries.finding(workspace, finding_id).finding.check,) if finding_id else ()


def keep_finding(
    workspace: Workspace,
    finding_id: str,
    *,
    who: str,
    action_id: str | None = None,
    note: str = "",
    seen: int | None = None,
) -> Decision:
    """Settle one finding without changing anything: somebody looked, and it stays (of a clash: both sides).

    Raises:
        OvertakenError: Somebody else has decided otherwise since ledger entry ``seen`` (None = do not look).
    """
    view = queries.finding(workspace, finding_id)
    if view.finding.family == "contradictions":
        made = resolutions.resolve(workspace, finding_id, "both", who=who, words=note, action_id=action_id, seen=seen)
        entries = workspace.ledger.entries(decisions.KIND, view.finding.example_id)
        return next(decisions.decision_of(e) for e in entries if e.payload.get("batch") == made.batch)
    drafts = [decisions.draft(view.finding.example_id, "keep", action_id=action_id, note=note, finding_id=finding_id)]
    members, since = view.finding.members, None
    if seen is not None:
        since = disputes.undisputed(members, "keep", who=who, seen=seen, finding_id=finding_id)
    return decisions.decision_of(workspace.ledger.append_all(drafts, who=who, since=since)[0])


def accept(
    workspace: Workspace, finding_id: str, *, who: str, action_id: str | None = None, seen: int | None = None
) -> int:
    """Carry out a finding's proposal. Returns the number of examples changed.

    ``seen`` is the number of the last ledger entry that the person had seen (default: they see all).

    Raises:
        FinetoothError: The finding proposes nothing.
        OvertakenError: Somebody else has just changed one of its rows; nothing is recorded.
    """
    now = workspace.ledger.head()[0]
    view = queries.finding(workspace, finding_id)
    if view.finding.proposal is None:
        raise FinetoothError("This finding proposes no change.", "Keep, edit or drop the example.")
    applied = accepting.carry_out(
        workspace, [view.finding], who, action_id or new_action_id(), now if seen is None else seen
    )
    return applied.n_dropped + applied.n_edited


def accept_all(
    workspace: Workspace,
    *,
    who: str,
    checks: Sequence[str] = (),
    safe_only: bool = True,
    action_id: str | None = None,
) -> Applied:
    """Carry out all open proposals (of some checks) as one batch with one undo; by default only the safe ones.

    Where somebody else changes one of the rows meanwhile, it is worked out anew.

    Raises:
        OvertakenError: This happened again and again; nothing is recorded.
    """
    batch = action_id or new_action_id()
    for _ in range(TRIES - 1):
        with suppress(resolutions.OvertakenError):
            return _accept_all(workspace, who, checks, safe_only, batch)
    return _accept_all(workspace, who, checks, safe_only, batch)


def _accept_all(workspace: Workspace, who: str, checks: Sequence[str], safe_only: bool, batch: str) -> Applied:
    now = workspace.ledger.head()[0]
    accepted: list[Finding] = []
    offset = 0
    while True:
        page = queries.findings(workspace, checks=checks, safe=True if safe_only else None, offset=offset, limit=CHUNK)
        accepted += [v.finding for v in page.items if v.finding.proposal]
        offset += CHUNK
        if offset >= page.total:
            break
    return accepting.carry_out(workspace, accepted, who, batch, now)


def undo(workspace: Workspace, *, who: str, action_id: str | None = None, target: str | None = None) -> list[Decision]:
    """Take back an act: the one named by action or batch id, or this person's last that still holds.

    Returns:
        The decisions taken back (several for a batch, none where there is nothing to take back).

    Raises:
        FinetoothError: The named act is unknown or was already undone.
    """
    return _taking_back(workspace, lambda entries: _to_undo(entries, who, action_id, target), who, action_id)


def _to_undo(entries: Sequence[Entry], who: str, action_id: str | None, target: str | None) -> list[Entry]:
    if action_id and any(e.payload.get("batch") == action_id and e.payload["verdict"] == "undo" for e in entries):
        return []
    standing = [e for e in decisions.holding(entries) if e.payload["verdict"] != "undo"]
    if target is not None:
        chosen = [e for e in standing if target in (e.action_id, e.payload.get("batch"))]
        if chosen:
            return chosen
        meant = {e.action_id for e in entries if target in (e.action_id, e.payload.get("batch"))}
        undone = [e for e in entries if e.payload.get("undoes") in meant]
        if undone:
            by = f" by {undone[-1].who}" if undone[-1].who else ""
            raise FinetoothError(f"That act was taken back already{by}.", "See the history of the example.")
        raise FinetoothError(f"There is no act {target} to undo.", "See the history of the example.")
    own = [e for e in standing if e.who == who]
    last = own[-1:] if own else []
    batch = last[0].payload.get("batch") if last else None
    return [e for e in own if e.payload.get("batch") == batch] if batch else last


def redo(workspace: Workspace, *, who: str, action_id: str | None = None) -> list[Decision]:
    """Take back this person's last undo, where nothing was decided since. Returns the decisions that hold again."""
    chosen = _taking_back(workspace, lambda entries: _to_redo(entries, who), who, action_id)
    restored = {undone.undoes for undone in chosen}
    entries = workspace.ledger.entries(decisions.KIND)
    return [decisions.decision_of(e) for e in entries if e.action_id in restored]


def _to_redo(entries: Sequence[Entry], who: str) -> list[Entry]:
    undos = {e.action_id for e in entries if e.payload["verdict"] == "undo"}
    own = [e for e in decisions.holding(entries) if e.who == who and e.payload.get("undoes") not in undos]
    if not own or own[-1].payload["verdict"] != "undo":
        return []
    batch = own[-1].payload.get("batch")
    return [e for e in own if e.payload.get("batch") == batch]


def _taking_back(
    workspace: Workspace, choose: Callable[[Sequence[Entry]], list[Entry]], who: str, action_id: str | None
) -> list[Decision]:
    """Take back what ``choose`` picks of all decisions, those included that others record at this very moment."""
    batch = action_id or new_action_id()
    known = workspace.ledger.entries(decisions.KIND)
    chosen: list[Entry] = []

    def drafts(later: Sequence[Entry]) -> list[Draft]:
        chosen[:] = choose([*known, *(e for e in later if e.kind == decisions.KIND)])
        return [
            decisions.draft(e.subject, "undo", action_id=f"{batch}:{n}", undoes=e.action_id, batch=batch)
            for n, e in enumerate(chosen)
        ]

    workspace.ledger.append_after(known[-1].seq if known else 0, drafts, who=who)
    return [decisions.decision_of(entry) for entry in chosen]


def _count(workspace: Workspace) -> int:
    with cache.synced(workspace).reading() as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM examples").fetchone()[0]
    return count
