"""Which frozen examples people have rated: such a prompt is spent for training until it is retired on the record."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import FinetoothError, InputError
from core.ledger import Entry
from core.workspace import Workspace

RATING, RETIREMENT = "rating", "retirement"


def rated(workspace: Workspace, upto: int | None = None) -> list[str]:
    """Ids of the examples whose prompts were rated in a study and not retired since, sorted.

    A vote that was withdrawn counts: somebody has seen the answers.

    Args:
        workspace: The open workspace.
        upto: Number of the last ledger entry that counts; None = all.
    """
    retired: dict[str, int] = {}
    for entry in retirements(workspace):
        if upto is None or entry.seq <= upto:
            retired.update(dict.fromkeys(entry.payload["examples"], entry.seq))
    last: dict[tuple[str, str], int] = {}
    for entry in workspace.ledger.entries(RATING):
        if upto is None or entry.seq <= upto:
            last[str(entry.payload.get("study_id") or entry.subject.rpartition(".")[0]), entry.subject] = entry.seq
    found: set[str] = set()
    for study_id in dict.fromkeys(study_id for study_id, _ in last):
        frame = workspace.objects.frame(study_id)
        example_of = dict(frame.select("item_id", "example_id").iter_rows())
        for (of_study, item), seq in last.items():
            if of_study == study_id and item in example_of and seq > retired.get(example_of[item], 0):
                found.add(example_of[item])
    return sorted(found)


def retire(workspace: Workspace, example_ids: Sequence[str], reason: str, *, who: str) -> Entry:
    """Let rated prompts into training again, on the record: no result may be measured on them any more.

    Raises:
        InputError: No reason was given.
        FinetoothError: There is nothing to retire.
    """
    if not reason.strip():
        raise InputError("A retirement needs a reason.", "Say why these prompts may be trained on from now.")
    if not example_ids:
        raise FinetoothError("No rated prompt is held out for that.", "Nothing has to be retired.")
    payload = {"examples": sorted(set(example_ids)), "reason": reason.strip()}
    return workspace.ledger.append(RETIREMENT, "rated", payload, who=who)


def retirements(workspace: Workspace) -> list[Entry]:
    """All retirements, oldest first; ``payload`` holds ``examples`` and ``reason``."""
    return workspace.ledger.entries(RETIREMENT)
