"""When two people decided differently about the same example or finding, and when one decides too late.

A keep of one finding and a drop for another are no disagreement: they answer different questions. Somebody who changes
their mind and now says the same as the other ends the disagreement; so does a later act that settles it by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.ledger import Entry, Since
from curation import decisions
from curation.overtaken import OvertakenError

_DONE = {"keep": "kept", "drop": "dropped", "edit": "edited"}


def found(entries: Sequence[Entry]) -> tuple[Entry, Entry] | None:
    """The two decisions about one example that stand against each other, the earlier first; None where all agree.

    Args:
        entries: All decisions about it, oldest first.
    """
    said: list[Entry] = []
    for entry in decisions.acts(entries):
        if entry.payload["verdict"] == "add":
            continue
        if entry.payload.get("settles"):
            said = [entry]
            continue
        said = [e for e in said if e.who != entry.who or not _same_question(e, entry)]
        said.append(entry)
    pairs = [(one, other) for n, other in enumerate(said) for one in said[:n] if differ(one, other)]
    return max(pairs, key=lambda pair: (pair[1].seq, pair[0].seq)) if pairs else None


def differ(one: Entry, other: Entry) -> bool:
    """Whether two people said different things about the same."""
    if one.who == other.who or _verdict(one) == _verdict(other):
        return False
    return _same_question(one, other)


def bundle(one: Entry, other: Entry) -> str:
    """What is settled as one: a clash of two rows has a dispute about each, and they are the same one."""
    if one.payload.get("resolution") or other.payload.get("resolution"):
        return "|".join(e.payload.get("batch") or e.action_id for e in (one, other))
    return one.subject


def undisputed(
    example_ids: Sequence[str], verdict: str, *, who: str, seen: int, finding_id: str | None = None
) -> Since:
    """For a keep or a drop: raises where somebody else decided otherwise about one of the examples since ``seen``.

    The act is then recorded nowhere: the person sees what the other did, and decides again if they disagree. The same
    decision by two people is recorded twice, and harms nobody.

    Args:
        example_ids: What the act is about.
        verdict: ``keep`` or ``drop``.
        who: The person who acts.
        seen: Number of the last ledger entry that they had seen.
        finding_id: The finding that the act names.

    Raises:
        OvertakenError: From :meth:`Ledger.append_all`.
    """
    mine = frozenset(example_ids)

    def look(later: Sequence[Entry]) -> None:
        about = [e for e in later if e.kind == decisions.KIND and e.subject in mine]
        theirs = [e for e in decisions.acts(about) if e.who != who and e.payload["verdict"] != "add"]
        against = [e for e in theirs if _against(e, verdict, finding_id)]
        if against:
            last = against[-1]
            raise OvertakenError(
                f"{last.who or 'Somebody'} {_DONE[last.payload['verdict']]} this example while you looked at it. "
                "Yours was not recorded.",
                "It is shown as it stands now; decide again if you disagree.",
            )

    return Since(seen, look)


def _against(entry: Entry, verdict: str, finding_id: str | None) -> bool:
    theirs = entry.payload["verdict"]
    if theirs != "keep" or verdict == "keep":
        return bool(theirs != verdict)
    named = entry.payload.get("finding")
    return named is None or named == finding_id


def _same_question(one: Entry, other: Entry) -> bool:
    """Two drops or edits are about the example as a whole; a keep that names a finding is about that finding only."""
    kept = [e for e in (one, other) if e.payload["verdict"] == "keep" and e.payload.get("finding")]
    return not kept or one.payload.get("finding") == other.payload.get("finding")


def _verdict(entry: Entry) -> tuple[str, str]:
    return entry.payload["verdict"], entry.payload.get("becomes", "")
