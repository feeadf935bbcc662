"""Examples that people write from scratch: ledger entries that can be undone, and part of the set like any other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from core.errors import FinetoothError, InputError
from core.ids import example_id as id_of
from core.ids import new_action_id
from core.ledger import Entry, Since
from core.types import Decision, Message
from core.workspace import Workspace
from curation import cache, decisions, queries
from curation.neighbours import place_of
from curation.overtaken import OvertakenError

VERDICT: Literal["add"] = "add"


class TwinError(InputError):
    """The text to be added is that of another example; ``twin`` is its id."""

    def __init__(self, twin: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.twin = twin


def add(
    workspace: Workspace,
    messages: Sequence[Message],
    *,
    who: str,
    meta: Mapping[str, Any] | None = None,
    note: str = "",
    action_id: str | None = None,
) -> Decision:
    """Put an example into the dataset that stands in no file. The same ``action_id`` again changes nothing.

    Raises:
        TwinError: The dataset holds this very text already, or held it until somebody dropped or edited it.
        InputError: There is no turn with a text.
        OvertakenError: Somebody else brought the same text in at the same time; nothing is recorded.
    """
    if action_id and (known := workspace.ledger.find(action_id)):
        return decisions.decision_of(known)
    if not any(message.content.strip() for message in messages):
        raise InputError("An example needs at least one turn with a text.", "Write what is asked and what is answered.")
    seen = workspace.ledger.head()[0]
    new_id = id_of(messages)
    refuse_twin(workspace, messages)
    drafted = decisions.draft(
        new_id, VERDICT, action_id=action_id or new_action_id(), note=note, messages=messages, meta=meta
    )
    return decisions.decision_of(
        workspace.ledger.append_all([drafted], who=who, since=Since(seen, _look_for(new_id)))[0]
    )


def refuse_twin(workspace: Workspace, messages: Sequence[Message]) -> None:
    """Raise where the workspace holds this very text, and say where and in which state.

    A text that was taken back (an edit or an added example that somebody has undone) may be added.

    Raises:
        TwinError: Names the row.
    """
    twin = id_of(messages)
    try:
        view = queries.example(workspace, twin)
    except FinetoothError:
        return
    if view.state == "withdrawn":
        return
    several = len(queries.imported(workspace)) > 1
    where = place_of(view.lines, edited=False, several=several) if view.lines else _elsewhere(view)
    told = {
        "in": ("", "Change the text, or edit that one."),
        "dropped": (", which was dropped", "Bring that one back: keep it, or undo the drop."),
        "replaced": (", which was edited into something else", "Undo that edit if the old text was right."),
    }
    state, hint = told[view.state]
    raise TwinError(twin, f"This very text is {where}{state}.", hint)


def _elsewhere(view: queries.ExampleView) -> str:
    return f"an example that {view.added_by} added" if view.added_by else "in the dataset already, as an edited example"


def _look_for(example_id: str) -> Any:
    """Raises where the entries that came meanwhile bring the same text in."""

    def look(later: Sequence[Entry]) -> None:
        same = [
            e
            for e in later
            if e.kind == decisions.KIND
            and (
                (e.subject == example_id and e.payload["verdict"] == VERDICT) or e.payload.get("becomes") == example_id
            )
        ]
        if same:
            raise OvertakenError(
                f"{same[-1].who or 'Somebody'} brought this very text in at the same time. Yours was not recorded.",
                "It is in the dataset once.",
            )

    return look


ORIGINS = """
WITH RECURSIVE origin(id, who) AS (
    SELECT id, added_by FROM examples WHERE added_by <> ''
    UNION SELECT new_id, who FROM edits JOIN origin ON origin.id = edits.old_id)
SELECT examples.id, MIN(origin.who) AS who, MAX(examples.position) AS place
FROM origin JOIN examples ON examples.id = origin.id
WHERE examples.state = 'in' AND NOT examples.imported GROUP BY examples.id ORDER BY place DESC, examples.id
"""


def counted(workspace: Workspace) -> dict[str, int]:
    """How many of the examples that are in the dataset now were written by whom, edited since or not; by name.

    An added example that was edited counts for who wrote it first.
    """
    with cache.synced(workspace).reading() as connection:
        found = Counter(row["who"] for row in connection.execute(ORIGINS))
    return dict(sorted(found.items()))


def newest(workspace: Workspace, limit: int) -> list[queries.ExampleView]:
    """Those that were added last, the newest first; where one was edited, its text of now."""
    with cache.synced(workspace).reading() as connection:
        ids = [row["id"] for row in connection.execute(f"{ORIGINS} LIMIT ?", (limit,))]
    return [queries.example(workspace, one) for one in ids]
