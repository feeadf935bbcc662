"""Where a text came from by edits, and whether it stands: nobody decides about a text that an undo has taken away."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from core.errors import InputError
from core.ledger import Entry, Since
from core.workspace import Workspace
from curation import cache, decisions
from curation.overtaken import OvertakenError

_ORIGINS = """
WITH RECURSIVE origin(id) AS (
    SELECT old_id FROM edits WHERE new_id IN (SELECT value FROM json_each(?1))
    UNION SELECT old_id FROM edits JOIN origin ON new_id = origin.id)
SELECT id FROM origin WHERE id NOT IN (SELECT value FROM json_each(?1))
"""
_GONE = "SELECT id FROM examples WHERE state = 'withdrawn' AND id IN (SELECT value FROM json_each(?)) LIMIT 1"


def origins(workspace: Workspace, example_ids: Collection[str]) -> frozenset[str]:
    """All texts that these were ever edited from, themselves left out."""
    with cache.synced(workspace).reading() as connection:
        return frozenset(row[0] for row in connection.execute(_ORIGINS, (json.dumps(sorted(example_ids)),)))


def require_standing(workspace: Workspace, example_ids: Collection[str]) -> None:
    """Refuse to decide about a text that an undo has taken away: the decision would change nothing.

    One that was dropped may be brought back; one that was edited may be decided about, and where somebody else had
    edited it, that is a disagreement (see ``curation.disagreements``).

    Raises:
        InputError: The edit or the act that brought one of the texts in was taken back.
    """
    with cache.synced(workspace).reading() as connection:
        row = connection.execute(_GONE, (json.dumps(sorted(example_ids)),)).fetchone()
    if row is not None:
        raise InputError(
            f"Example {row['id'][:12]} is not in the dataset: what had brought its text in was taken back.",
            "Redo that, or decide about the text that stands now.",
        )


def standing(workspace: Workspace, example_ids: Collection[str], since: Since) -> Since:
    """What ``since`` looks for, and besides: raises where somebody took away a text that these were edited from.

    An undo of that edit would leave a decision about the edited text without effect.
    """
    above = origins(workspace, example_ids)
    if not above:
        return since

    def look(later: Sequence[Entry]) -> None:
        since.look(later)
        about = [e for e in later if e.kind == decisions.KIND and e.subject in above]
        back = [e for e in about if e.payload["verdict"] != "keep" or e.payload.get("restores")]
        if back:
            raise OvertakenError(
                f"{back[-1].who or 'Somebody'} changed the text that this one was edited from. Yours was not recorded.",
                "It is shown as it stands now; decide again if you disagree.",
            )

    return Since(since.seq, look)


def unwatched(seen: int) -> Since:
    """For an act of somebody who sees all: looks for nothing by itself."""
    return Since(seen, lambda later: None)
