"""Training examples that somebody sent to review because a trace led there from an answer that people judged wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import InputError
from core.ids import content_id
from core.ledger import Draft, Entry
from core.rated import rated
from core.types import Finding
from core.workspace import Workspace
from curation import cache, queries, records
from curation.found import insert, remove

KIND = "traced"
CHECK = "trace.failure"


@dataclass(frozen=True, slots=True)
class Origin:
    """From which failed answer a finding comes, and who sent it when. ``study_id`` is empty where nobody rated it."""

    study_id: str
    evaluation_id: str
    item_id: str
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending did: how many were ``new`` for this answer, and how many of those named now wait for review.

    The others were decided about already, such as by a "keep" of the example as a whole.
    """

    new: int
    waiting: int


def send(
    workspace: Workspace,
    example_ids: Sequence[str],
    *,
    study_id: str,
    evaluation_id: str,
    item_id: str,
    reasons: Mapping[str, str],
    who: str,
    action_id: str | None = None,
) -> Sent:
    """Send training examples to the review queue, each with the reason; on the record, all of them or none.

    The same example sent again for the same answer changes nothing. A prompt that was rated is never among them: it
    is kept out of training.

    Args:
        workspace: The open workspace.
        example_ids: Examples of the dataset.
        study_id, evaluation_id, item_id: The failed answer that led to them; the study may be empty.
        reasons: One sentence for the reviewer by example id, without words of the failed prompt.
        who: The person.
        action_id: Identity of the act.

    Raises:
        InputError: There is none, or one of them is a prompt that was rated.
        FinetoothError: The workspace holds no such example.
    """
    if not example_ids:
        raise InputError("There is no example to send to review.", "Trace the failed prompt first.")
    for example_id in example_ids:
        queries.example(workspace, example_id)
    if held := set(example_ids) & set(rated(workspace)):
        raise InputError(
            f"{len(held)} of these examples are prompts that people rated; they are not part of training.",
            "Trace against the revision that the run was trained on.",
        )
    there = {(entry.subject, entry.payload["item_id"]) for entry in workspace.ledger.entries(KIND)}
    new = [one for one in dict.fromkeys(example_ids) if (one, item_id) not in there]
    drafts = [
        Draft(
            KIND,
            one,
            {"study_id": study_id, "evaluation_id": evaluation_id, "item_id": item_id, "reason": reasons[one]},
            None if action_id is None else content_id([action_id, one]),
        )
        for one in new
    ]
    if drafts:
        workspace.ledger.append_all(drafts, who=who)
    publish(workspace)
    ids = (records.finding_id(_found(one, item_id, "")) for one in dict.fromkeys(example_ids))
    return Sent(len(new), sum(queries.finding(workspace, one).state == "open" for one in ids))


def publish(workspace: Workspace) -> int:
    """Put all that was sent into the review queue, in place of what stood there. Returns the number of findings."""
    entries = workspace.ledger.entries(KIND)
    with cache.synced(workspace).writing() as connection:
        known = {row[0] for row in connection.execute("SELECT id FROM examples")} if entries else set()
        found = [_finding(entry) for entry in entries if entry.subject in known]
        remove(connection, [CHECK])
        first = connection.execute("SELECT COALESCE(MAX(position), 0) + 1 FROM findings").fetchone()[0]
        insert(connection, found, {}, first)
        cache.settle(connection)
    return len(found)


def origin(workspace: Workspace, found: Finding) -> Origin | None:
    """Where a finding of this kind comes from; None for any other."""
    if found.check != CHECK:
        return None
    for entry in workspace.ledger.entries(KIND, found.example_id):
        if _slug(entry.payload["item_id"]) == found.reason:
            said = entry.payload
            return Origin(said["study_id"], said["evaluation_id"], said["item_id"], entry.who, entry.at)
    return None


def sent(workspace: Workspace, item_id: str) -> frozenset[str]:
    """The examples that were sent to review for one answer."""
    return frozenset(e.subject for e in workspace.ledger.entries(KIND) if e.payload["item_id"] == item_id)


def _finding(entry: Entry) -> Finding:
    return _found(entry.subject, str(entry.payload["item_id"]), str(entry.payload["reason"]))


def _found(example_id: str, item_id: str, why: str) -> Finding:
    return Finding(example_id, CHECK, "warn", _slug(item_id), why)


def _slug(item_id: str) -> str:
    """One an answer, so that what is settled for one is still open for another."""
    return f"wrong-answer-{content_id([item_id])[:8]}"
