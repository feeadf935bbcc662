"""How clashes were settled: which side stays, why both stay, and who said so; remembered by what the rows say.

A resolution is one act in the ledger with an entry for each row concerned, so that one undo takes it back and the
history of each row shows it. Both sides kept on purpose stay settled for the pair of texts, whichever rule flags it, in
whichever file it comes again; only a change of one of the texts (white space aside) opens it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.errors import InputError
from core.ids import new_action_id
from core.ledger import Draft, Entry, Since
from core.types import Finding
from core.workspace import Workspace
from curation import cache, decisions, lineage, records
from curation.found import FindingView, finding
from curation.overtaken import OvertakenError as OvertakenError  # noqa: PLC0414  # raised here, caught by its callers

Outcome = Literal["left", "right", "both", "neither", "edit", "side"]
REASONS: Mapping[str, str] = {
    "cases": "both are right: different cases",
    "wording": "they differ in wording only",
    "time": "each was right at its time",
    "practice": "both are accepted practice",
    "mistaken": "the check is mistaken here",
}
"""Ready reasons for keeping both sides, by the slug that the ledger holds."""
OWN_WORDS = "words"
"""The slug of a reason that a person gave in words of their own."""
_SAID = {
    "left": "kept the left one, dropped the right one",
    "right": "kept the right one, dropped the left one",
    "both": "kept both",
    "neither": "dropped both",
    "edit": "edited one of them",
    "side": "kept the side with more rows",
}


@dataclass(frozen=True, slots=True)
class Resolution:
    """How somebody settled a clash.

    Attributes:
        outcome: ``left`` or ``right`` stayed, ``both``, ``neither``; one was ``edit``-ed; a whole ``side`` stayed.
        key: Identity of what clashes (see ``records.clash_key``).
        rows: Ids of the rows that clash; the left one first.
        kept, dropped: Ids of the rows that stayed and that went.
        reason: A slug of :data:`REASONS`, :data:`OWN_WORDS`, or empty where none was given.
        words: What the person added.
        who, at: Who did it, and when (UTC).
        batch: Its identity, by which it is undone.
        finding_id: The finding on screen at the time.
        holds: Whether nobody has taken it back.
    """

    outcome: Outcome
    key: str
    rows: tuple[str, ...]
    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    reason: str
    words: str
    who: str
    at: str
    batch: str
    finding_id: str
    holds: bool = True

    @property
    def sentence(self) -> str:
        """What was done and why: ``kept both: both are right: different cases. (Seen by Dr Lee.)``"""
        reason = REASONS.get(self.reason, "")
        done = "kept it" if self.outcome == "both" and len(self.rows) == 1 else _SAID[self.outcome]
        return done + (f" ({reason})" if reason else "") + (f": {self.words}" if self.words else "")

    def same_as(self, other: Resolution) -> bool:
        """Whether two people decided the same: nothing is lost if both are recorded."""
        return (self.outcome, set(self.kept), set(self.dropped)) == (other.outcome, set(other.kept), set(other.dropped))


def resolve(
    workspace: Workspace,
    finding_id: str,
    outcome: Outcome,
    *,
    who: str,
    reason: str = "",
    words: str = "",
    kept: Sequence[str] = (),
    dropped: Sequence[str] = (),
    seen: int | None = None,
    action_id: str | None = None,
) -> Resolution:
    """Settle a clash as one act with one undo.

    Args:
        workspace: The open workspace.
        finding_id: A finding of the family ``contradictions``.
        outcome: ``left``, ``right``, ``both`` or ``neither`` of its two rows (of one row, ``both`` keeps it and
            ``neither`` drops it), or ``side`` with ``kept`` and ``dropped``.
        who: The person.
        reason: Why both stay: a slug of :data:`REASONS`, or empty.
        words: What they add in their own words.
        kept, dropped: The rows of the side that stays and of those that go; for ``side`` only.
        seen: Number of the last ledger entry that they had seen; None = do not look what others did since.
        action_id: The same one again changes nothing.

    Raises:
        OvertakenError: Somebody else has settled these rows otherwise since ``seen``; nothing was recorded.
        InputError: The finding is no clash, the reason is unknown, or a row has been edited since.
    """
    if reason and reason not in REASONS and reason != OWN_WORDS:
        raise InputError(f"There is no ready reason named {reason}.", f"Known reasons: {', '.join(REASONS)}.")
    view = finding(workspace, finding_id)
    found, batch = view.finding, action_id or new_action_id()
    made = _resolution(workspace, found, finding_id, outcome, kept, dropped)
    made = replace(made, reason=reason or (OWN_WORDS if words else ""), words=words, who=who, batch=batch)
    restored = _dropped_now(workspace, (*made.kept, *made.dropped))
    rows = (*made.kept, *made.dropped)
    drafts = [_draft(made, found, n, one, restored) for n, one in enumerate(rows)]
    since = None if seen is None else lineage.standing(workspace, rows, Since(seen, _looking(made, found)))
    entries = workspace.ledger.append_all(drafts, who=who, since=since)
    return replace(made, at=entries[0].at)


def note_edit(workspace: Workspace, finding_id: str, example_id: str) -> dict[str, Any] | None:
    """What the ledger holds beside an edit that settles a clash; None where the finding is no clash."""
    found = finding(workspace, finding_id).finding
    if found.family != "contradictions" or example_id not in found.members:
        return None
    return _payload(Resolution("edit", _key(workspace, found), found.members, (), (), "", "", "", "", "", finding_id))


def guard(workspace: Workspace, finding_id: str, seen: int) -> Since:
    """For an edit that settles a clash: raises where others have acted on it since ``seen``."""
    found = finding(workspace, finding_id).finding
    made = Resolution("edit", _key(workspace, found), found.members, (), (), "", "", "", "", "", finding_id)
    return Since(seen, _looking(made, found))


def unchanged(example_ids: Collection[str], seen: int) -> Since:
    """For an act on the texts of these examples: raises where one was dropped, edited or taken back since ``seen``.

    The act is then recorded nowhere, since it was made of a text that no longer stands.
    """
    mine = frozenset(example_ids)

    def look(later: Sequence[Entry]) -> None:
        changes = [
            e for e in later if e.kind == decisions.KIND and e.subject in mine and e.payload["verdict"] != "keep"
        ]
        if changes:
            last = changes[-1]
            verb = {"drop": "dropped", "edit": "edited", "undo": "took back a decision on", "add": "added"}[
                last.payload["verdict"]
            ]
            raise OvertakenError(
                f"{last.who or 'Somebody'} {verb} this example at the same time. Yours was not recorded.",
                "It is shown as it stands now; decide again if you disagree.",
            )

    return Since(seen, look)


def earlier(workspace: Workspace, view: FindingView) -> tuple[Resolution, ...]:
    """The resolutions of what this finding tells of that nobody has taken back, the latest first.

    They are found by what the rows say: another rule, another file or other white space makes no difference.
    """
    with cache.synced(workspace).reading() as connection:
        row = connection.execute("SELECT key FROM clashes WHERE finding_id = ?", (view.id,)).fetchone()
    key = row["key"] if row else _key(workspace, view.finding)
    return tuple(one for one in reversed(listed(workspace)) if one.key == key)


def listed(workspace: Workspace, *, undone: bool = False) -> tuple[Resolution, ...]:
    """All resolutions, oldest first; those that were taken back only where asked for."""
    entries = workspace.ledger.entries(decisions.KIND)
    held = {entry.action_id for entry in decisions.holding(entries)}
    made = _read(entries, held)
    return tuple(one for one in made if one.holds or undone)


def counted(workspace: Workspace) -> dict[str, int]:
    """How many clashes were settled in which way and for which reason, the most frequent first; for the data card."""
    latest: dict[str, Resolution] = {one.key: one for one in listed(workspace)}
    counts: dict[str, int] = {}
    for one in latest.values():
        reason = REASONS.get(one.reason) or ("a reason in their own words" if one.words else "no reason given")
        name = f"Kept both: {reason}" if one.outcome == "both" else _SAID[one.outcome].capitalize()
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _resolution(
    workspace: Workspace,
    found: Finding,
    finding_id: str,
    outcome: Outcome,
    kept: Sequence[str],
    dropped: Sequence[str],
) -> Resolution:
    if found.family != "contradictions":
        raise InputError("This finding is no contradiction.", "Keep, edit or drop its examples.")
    rows = found.members[:2]
    if len(rows) == 1 and outcome not in ("both", "neither"):
        raise InputError("This finding is about one example only.", "Keep it, drop it or edit it.")
    if outcome != "side":
        left, right = rows[0], rows[-1]
        stay = {"left": (left,), "right": (right,), "both": rows, "neither": ()}
        if outcome not in stay:
            raise InputError(f"There is no outcome named {outcome}.", f"Choose one of: {', '.join(stay)}, side.")
        kept = stay[outcome]
        dropped = [one for one in rows if one not in kept]
    elif not kept or not dropped or set(kept) & set(dropped):
        raise InputError("A side needs rows that stay and rows that go.", "Keep or drop the rows one by one.")
    key = _key(workspace, found)
    return Resolution(outcome, key, rows, tuple(kept), tuple(dropped), "", "", "", "", "", finding_id)


def _draft(made: Resolution, found: Finding, number: int, example_id: str, restored: frozenset[str]) -> Draft:
    stays = example_id in made.kept
    return decisions.draft(
        example_id,
        "keep" if stays else "drop",
        action_id=f"{made.batch}:{number}",
        note=f"{found.message} {made.sentence[:1].upper()}{made.sentence[1:]}.",
        finding_id=made.finding_id,
        batch=made.batch,
        checks=() if stays else (found.check,),
        resolution=_payload(made),
        restores=stays and example_id in restored,
    )


def _payload(made: Resolution) -> dict[str, Any]:
    payload = {
        **{"outcome": made.outcome, "key": made.key, "rows": list(made.rows), "kept": list(made.kept)},
        **{"dropped": list(made.dropped), "reason": made.reason, "words": made.words},
    }
    return {name: value for name, value in payload.items() if value}


def _read(entries: Iterable[Entry], held: frozenset[str] | set[str]) -> list[Resolution]:
    found: dict[str, Resolution] = {}
    for entry in entries:
        payload = entry.payload.get("resolution")
        if not payload:
            continue
        batch = entry.payload.get("batch") or entry.action_id
        found.setdefault(
            batch,
            Resolution(
                payload["outcome"],
                payload["key"],
                tuple(payload["rows"]),
                tuple(payload.get("kept", ())),
                tuple(payload.get("dropped", ())),
                payload.get("reason", ""),
                payload.get("words", ""),
                entry.who,
                entry.payload.get("decided_at", entry.at),
                batch,
                entry.payload.get("finding", ""),
                entry.action_id in held,
            ),
        )
    return list(found.values())


def _looking(made: Resolution, found: Finding) -> Callable[[Sequence[Entry]], None]:
    """Raises where the entries hold another's decision on these rows that is not the same as this one."""
    mine = {*made.rows, *made.kept, *made.dropped}

    def look(later: Sequence[Entry]) -> None:
        ours = [e for e in later if e.kind == decisions.KIND and (e.subject in mine or _about(e) == made.key)]
        others = [e for e in decisions.holding(ours) if e.payload["verdict"] != "undo"]
        told = _read(others, frozenset(e.action_id for e in others))
        agreed = {one.batch for one in told if one.same_as(made) and one.outcome != "edit"}
        against = [e for e in others if (e.payload.get("batch") or e.action_id) not in agreed]
        if not against:
            return
        last = against[-1]
        done = next((one for one in told if one.batch == (last.payload.get("batch") or last.action_id)), None)
        verb = {"keep": "kept it", "drop": "dropped one of its rows", "edit": "edited one of its rows"}
        what = done.sentence if done else verb[last.payload["verdict"]]
        it = "this pair" if found.related else "this example"
        raise OvertakenError(
            f"{last.who or 'Somebody'} settled {it} while you looked at it: {what}. Yours was not recorded.",
            "It is shown as it stands now; decide again if you disagree.",
        )

    return look


def _about(entry: Entry) -> str:
    key: str = entry.payload.get("resolution", {}).get("key", "")
    return key


def _dropped_now(workspace: Workspace, example_ids: Sequence[str]) -> frozenset[str]:
    """Those of the rows that are dropped now.

    Raises:
        InputError: One of them has been edited or is gone, so that what the finding says is about an old text.
    """
    marks = ",".join("?" * len(example_ids))
    with cache.synced(workspace).reading() as connection:
        query = f"SELECT id, state FROM examples WHERE id IN ({marks})"
        states = dict(connection.execute(query, list(example_ids)).fetchall())
    if any(states.get(one) not in ("in", "dropped") for one in example_ids):
        raise InputError("A row of this finding has been edited since.", "Run the checks again, or undo the edit.")
    return frozenset(one for one in example_ids if states[one] == "dropped")


def _key(workspace: Workspace, found: Finding) -> str:
    with cache.synced(workspace).reading() as connection:
        return records.clash_key(found, cache.messages_of(connection, found.members[:2]))
