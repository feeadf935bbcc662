"""The queue of disagreements: two people decided differently, and a third act says what holds.

Until somebody settles it, the later decision holds, and both stand in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.errors import FinetoothError, InputError
from core.ids import new_action_id
from core.ledger import Draft, Entry, Since
from core.types import Decision, Message
from core.workspace import Workspace
from curation import accepting, cache, decisions, disputes, queries
from curation.overtaken import OvertakenError

Side = Literal["one", "other"]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two decisions that stand against each other.

    Attributes:
        id: By which it is known on screen and in the address.
        example_ids: The rows that both decided about (one, or the two rows of a clash).
        one, other: The decisions about the first of them, the earlier first.
        finding_id: The finding that both name, if they name one.
    """

    id: str
    example_ids: tuple[str, ...]
    one: Decision
    other: Decision
    finding_id: str | None


@dataclass(frozen=True, slots=True)
class DisagreementPage:
    """Some disagreements of ``total``."""

    items: tuple[Disagreement, ...]
    total: int


def count(workspace: Workspace) -> int:
    """How many disagreements wait for somebody to settle them."""
    with cache.synced(workspace).reading() as connection:
        found: int = connection.execute("SELECT COUNT(DISTINCT bundle) FROM disputes").fetchone()[0]
    return found


def listed(workspace: Workspace, *, offset: int = 0, limit: int = 50) -> DisagreementPage:
    """The disagreements, the oldest first."""
    query = "SELECT bundle, MIN(seq) AS first FROM disputes GROUP BY bundle ORDER BY first, bundle LIMIT ? OFFSET ?"
    with cache.synced(workspace).reading() as connection:
        bundles = [row["bundle"] for row in connection.execute(query, (limit, offset))]
    items = tuple(found for found in (_read(workspace, bundle) for bundle in bundles) if found)
    return DisagreementPage(items, count(workspace))


def settle(
    workspace: Workspace,
    wanted: Disagreement,
    side: Side,
    *,
    who: str,
    note: str = "",
    seen: int | None = None,
    action_id: str | None = None,
) -> list[Decision]:
    """Say whose decision holds: it is made once more, as the last word on both.

    Args:
        workspace: The open workspace.
        wanted: The disagreement.
        side: Whose decision.
        who: The person who settles it: a third one, or one of the two who gives way or insists.
        note: Why.
        seen: Number of the last ledger entry that they had seen (None = they see all).
        action_id: The same one again changes nothing.

    Raises:
        InputError: It was settled already.
        OvertakenError: Somebody else has decided about these rows since; nothing is recorded.
    """
    if action_id and (known := workspace.ledger.find(f"{action_id}:0")):
        return [decisions.decision_of(known)]
    now = workspace.ledger.head()[0]
    batch = action_id or new_action_id()
    drafts: list[Draft] = []
    for example_id in wanted.example_ids:
        entries = workspace.ledger.entries(decisions.KIND, example_id)
        pair = disputes.found(entries)
        if pair is None:
            raise InputError("This disagreement was settled already.", "Go on to the next one.")
        meant = pair[0] if side == "one" else pair[1]
        drafts += _again(workspace, meant, pair, entries, note, batch, len(drafts))
    since = Since(now if seen is None else seen, _nobody_else(wanted.example_ids, who))
    return [decisions.decision_of(entry) for entry in workspace.ledger.append_all(drafts, who=who, since=since)]


def edit(
    workspace: Workspace,
    example_id: str,
    messages: Sequence[Message],
    *,
    wanted: Disagreement,
    who: str,
    note: str = "",
    finding_id: str | None = None,
    seen: int | None = None,
    action_id: str | None = None,
) -> Decision:
    """Settle a disagreement with a text that is neither's: an edit of one of its rows, as the last word on all.

    The other row of a clash stays in the dataset, or comes back. Arguments as in :func:`settle`, and ``example_id``,
    the row whose place ``messages`` take.

    Raises:
        InputError: It was settled already, the row is none of its rows, there is no turn, or nothing was changed.
        OvertakenError: Somebody else has decided about these rows since; nothing is recorded.
    """
    if action_id and (known := workspace.ledger.find(f"{action_id}:0")):
        return decisions.decision_of(known)
    if example_id not in wanted.example_ids:
        raise InputError("Nobody disagrees about that example.", "Edit it on the Review page.")
    now, batch = workspace.ledger.head()[0], action_id or new_action_id()
    about = finding_id or wanted.finding_id
    drafts: list[Draft] = []
    for number, one in enumerate((example_id, *(i for i in wanted.example_ids if i != example_id))):
        entries = workspace.ledger.entries(decisions.KIND, one)
        pair = disputes.found(entries)
        if pair is None:
            raise InputError("This disagreement was settled already.", "Go on to the next one.")
        text = messages if one == example_id else None
        drafts += _otherwise(workspace, one, text, pair, entries, about, note, batch, number)
    since = Since(now if seen is None else seen, _nobody_else(wanted.example_ids, who))
    return decisions.decision_of(workspace.ledger.append_all(drafts, who=who, since=since)[0])


def text_of(workspace: Workspace, decision: Decision) -> tuple[Message, ...] | None:
    """The text that an edit put in place; None for other decisions."""
    entry = workspace.ledger.find(decision.action_id)
    if entry is None or "messages" not in entry.payload:
        return None
    return tuple(Message(m["role"], m["content"]) for m in entry.payload["messages"])


def _again(
    workspace: Workspace,
    meant: Entry,
    pair: tuple[Entry, Entry],
    entries: Sequence[Entry],
    note: str,
    batch: str,
    number: int,
) -> list[Draft]:
    p, action_id = meant.payload, f"{batch}:{number}"
    texts = [Message(m["role"], m["content"]) for m in p["messages"]] if "messages" in p else None
    comes_back = p["verdict"] == "keep" and decisions.standing(entries).state != "in"
    drafts = [
        decisions.draft(
            meant.subject,
            p["verdict"],
            action_id=action_id,
            note=note or f"settled as {meant.who} decided",
            finding_id=p.get("finding"),
            becomes=p.get("becomes"),
            messages=texts,
            meta=p.get("meta"),
            batch=batch,
            checks=p.get("checks", ()),
            resolution=p.get("resolution"),
            restores=comes_back,
            fix=p.get("fix", False),
            settles=[e.action_id for e in pair],
        )
    ]
    if p.get("becomes"):
        drafts += accepting.restoring(workspace, p["becomes"], action_id, batch)
    return drafts


def _otherwise(
    workspace: Workspace,
    example_id: str,
    messages: Sequence[Message] | None,
    pair: tuple[Entry, Entry],
    entries: Sequence[Entry],
    finding_id: str | None,
    note: str,
    batch: str,
    number: int,
) -> list[Draft]:
    """A row gets a third text; without one, it stays."""
    said = [e.payload.get("resolution", {}) for e in pair]
    clash = next(({"outcome": "edit", "key": r["key"], "rows": r["rows"]} for r in said if r), None)
    action_id = f"{batch}:{number}"
    becomes = None if messages is None else decisions.edited_id(example_id, messages)
    drafts = [
        decisions.draft(
            example_id,
            "keep" if becomes is None else "edit",
            action_id=action_id,
            note=note or ("settled with another text" if becomes else "settled by an edit of the other row"),
            finding_id=finding_id,
            becomes=becomes,
            messages=messages,
            meta=queries.example(workspace, example_id).example.meta if becomes else None,
            batch=batch,
            checks=[check for e in pair for check in e.payload.get("checks", ())],
            resolution=clash,
            restores=becomes is None and decisions.standing(entries).state == "dropped",
            settles=[e.action_id for e in pair],
        )
    ]
    return drafts + (accepting.restoring(workspace, becomes, action_id, batch) if becomes else [])


def _read(workspace: Workspace, bundle: str) -> Disagreement | None:
    with cache.synced(workspace).reading() as connection:
        rows = connection.execute("SELECT * FROM disputes WHERE bundle = ? ORDER BY seq", (bundle,)).fetchall()
    if not rows:
        return None
    pair = [workspace.ledger.find(rows[0][end]) for end in ("one", "other")]
    if pair[0] is None or pair[1] is None:
        raise FinetoothError("The ledger lacks a decision that differs from another.", "Run: finetooth audit verify")
    one, other = decisions.decision_of(pair[0]), decisions.decision_of(pair[1])
    named = one.finding_id if one.finding_id == other.finding_id else one.finding_id or other.finding_id
    return Disagreement(
        f"{one.action_id[:16]}-{other.action_id[:16]}", tuple(r["example_id"] for r in rows), one, other, named
    )


def _nobody_else(example_ids: Sequence[str], who: str) -> Callable[[Sequence[Entry]], None]:
    ours = frozenset(example_ids)

    def look(later: Sequence[Entry]) -> None:
        others = [e for e in later if e.kind == decisions.KIND and e.subject in ours and e.who != who]
        if others:
            raise OvertakenError(
                f"{others[-1].who or 'Somebody'} decided about this example while you looked at it. "
                "Yours was not recorded.",
                "It is shown as it stands now; decide again if you disagree.",
            )

    return look
