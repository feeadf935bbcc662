"""How recorded decisions add up: which of them still hold, and what they make of an example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError
from core.ids import example_id as id_of
from core.ledger import Draft, Entry
from core.types import Decision, Message, Verdict

KIND = "decision"
AS_IT_WAS = "as it was"
"""In place of ``restores``: the example comes back, and nobody has looked at it (see ``curation.restore``)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the decisions about one example amount to.

    Attributes:
        state: ``in``, ``dropped`` or ``replaced``, from its own decisions alone.
        becomes: The id of the example it was edited into, where the state is ``replaced``.
        kept: Whether somebody looked at it and kept it.
        settled: Ids of the findings that were settled by name.
        resolved: Keys of what a clash says, where both sides were kept on purpose (see ``records.clash_key``).
        ways: How each of ``settled`` was settled: ``kept``, ``dropped``, ``edited`` or ``fixed`` (a proposal was
            accepted); and, under an empty id, how the example itself was.
        added_by: Who wrote it from scratch; empty where nobody did, or that was taken back.
    """

    state: str
    becomes: str | None
    kept: bool
    settled: frozenset[str]
    resolved: frozenset[str] = frozenset()
    ways: Mapping[str, str] = field(default_factory=dict)
    added_by: str = ""


def decision_of(entry: Entry) -> Decision:
    """The decision that a ledger entry records."""
    p = entry.payload
    return Decision(
        action_id=entry.action_id,
        example_id=entry.subject,
        verdict=p["verdict"],
        becomes=p.get("becomes"),
        note=p.get("note", ""),
        who=entry.who,
        at=p.get("decided_at", entry.at),
        finding_id=p.get("finding"),
        undoes=p.get("undoes"),
        batch=p.get("batch"),
        checks=tuple(p.get("checks", ())),
    )


def draft(
    example_id: str,
    verdict: Verdict,
    *,
    action_id: str | None = None,
    note: str = "",
    finding_id: str | None = None,
    becomes: str | None = None,
    messages: Sequence[Message] | None = None,
    meta: Mapping[str, Any] | None = None,
    undoes: str | None = None,
    batch: str | None = None,
    checks: Sequence[str] = (),
    resolution: Mapping[str, Any] | None = None,
    restores: bool = False,
    fix: bool = False,
    settles: Sequence[str] = (),
) -> Draft:
    """A decision ready for the ledger; an edit or an added example carries its whole text: nothing else holds it.

    ``resolution`` says how a clash was settled (see ``curation.resolutions``); a ``keep`` that ``restores`` brings a
    dropped example back, although it names a finding. ``fix`` says that a check's proposal was accepted; ``settles``
    names the decisions that differed, where this one is the last word on them (see ``curation.disagreements``).
    """
    payload: dict[str, Any] = {"verdict": verdict}
    optional = {
        **{"becomes": becomes, "note": note, "finding": finding_id, "undoes": undoes, "batch": batch},
        **{"checks": list(dict.fromkeys(checks)), "resolution": dict(resolution or {}), "restores": restores},
        **{"fix": fix, "settles": list(settles)},
    }
    payload.update({name: value for name, value in optional.items() if value})
    if messages is not None:
        payload["messages"] = [{"role": m.role, "content": m.content} for m in messages]
        payload["meta"] = dict(meta or {})
    return Draft(KIND, example_id, payload, action_id)


def edited_id(example_id: str, messages: Sequence[Message]) -> str:
    """The id of the text that an edit would put in an example's place.

    Raises:
        InputError: There is no turn, or nothing was changed.
    """
    if not messages:
        raise InputError("An example needs at least one turn.", "Drop the example instead.")
    made = id_of(messages)
    if made == example_id:
        raise InputError("Nothing was changed.", "Keep the example instead.")
    return made


def holding(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that no later undo takes back; an undo of an undo restores."""
    taken_back: set[str] = set()
    kept: list[Entry] = []
    for entry in reversed(list(entries)):
        if entry.action_id in taken_back:
            continue
        if entry.payload["verdict"] == "undo":
            taken_back.add(entry.payload["undoes"])
        kept.append(entry)
    return kept[::-1]


def acts(entries: Iterable[Entry]) -> list[Entry]:
    """The decisions that hold, without the undos."""
    return [entry for entry in holding(entries) if entry.payload["verdict"] != "undo"]


def way(entry: Entry) -> str:
    """How a decision settles what it is about: ``kept``, ``dropped``, ``edited`` or ``fixed``."""
    if entry.payload.get("fix"):
        return "fixed"
    return {"keep": "kept", "drop": "dropped", "edit": "edited"}[entry.payload["verdict"]]


def standing(entries: Iterable[Entry]) -> Standing:
    """Fold the decisions about one example, oldest first; the last one that holds wins."""
    state, becomes, kept = "in", None, False
    settled: set[str] = set()
    resolved: set[str] = set()
    ways: dict[str, str] = {}
    added_by = ""
    for entry in acts(entries):
        verdict, finding = entry.payload["verdict"], entry.payload.get("finding")
        if verdict == "add":
            state, becomes, added_by = "in", None, entry.who or "somebody"
            continue
        if finding:
            settled.add(finding)
            ways[finding] = way(entry)
        if verdict != "keep" or not finding:
            ways[""] = way(entry)
        resolution = entry.payload.get("resolution", {})
        if resolution.get("outcome") == "both":
            resolved.add(resolution["key"])
        else:
            resolved.discard(resolution.get("key", ""))
        if verdict == "drop":
            state, becomes, kept = "dropped", None, False
        elif verdict == "edit":
            state, becomes, kept = "replaced", entry.payload["becomes"], False
        elif entry.payload.get("restores") == AS_IT_WAS:
            state, becomes = "in", None
        elif not finding:  # a keep that names a finding settles that finding and nothing else
            state, becomes, kept = "in", None, True
        elif entry.payload.get("restores"):
            state, becomes = "in", None
    return Standing(state, becomes, kept, frozenset(settled), frozenset(resolved), ways, added_by)
