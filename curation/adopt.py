"""Takes the decisions of another workspace over: they follow what the rows say, wherever those stand."""

from __future__ import annotations

from itertools import groupby

from core.errors import InputError
from core.ledger import Draft
from core.workspace import Workspace
from curation import decisions


def adopt(workspace: Workspace, other: Workspace) -> int:
    """Record here what people decided there: drops, edits, reasons and undos, in order and under their names.

    Decisions about texts that this workspace does not hold wait until a file brings them. Asked again, it takes over
    what has come since, and nothing twice. When it was decided there is kept beside the time of taking over.

    Returns:
        The number of decisions that are new here.

    Raises:
        InputError: Both are one workspace.
    """
    if workspace.path.resolve() == other.path.resolve():
        raise InputError("A workspace cannot take over its own decisions.", "Name another workspace.")
    known = {entry.action_id for entry in workspace.ledger.entries(decisions.KIND)}
    fresh = [entry for entry in other.ledger.entries(decisions.KIND) if entry.action_id not in known]
    for who, run in groupby(fresh, key=lambda entry: entry.who):
        drafts = [Draft(e.kind, e.subject, {"decided_at": e.at, **e.payload}, e.action_id) for e in run]
        workspace.ledger.append_all(drafts, who=who)
    return len(fresh)
