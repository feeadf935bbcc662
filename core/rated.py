"""Which frozen examples people have rated: such a prompt is spent for training until it is retired on the record."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import FinetoothError, InputError
from core.ids import content_id
from core.ledger import Entry
from core.workspace import Workspace

RATING, RETIREMENT = "rating", "retirement"
MODELS = ("base", "tuned")


def rated(workspace: Workspace, upto: int | None = None) -> list[str]:
    """Ids of the examples whose prompts were rated in a study and not retired since, sorted.

    A vote that was withdrawn counts: somebody has seen the answers. In a workspace that was made anew from its sources
    and its ledger, a study is not there; its pairs are then known by their ids among all that was ever frozen.

    Args:
        workspace: The open workspace.
        upto: Number of the last ledger entry that counts; None = all.

    Raises:
        FinetoothError: A rated pair is of no example that was frozen here.
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
        mine = {item: seq for (of_study, item), seq in last.items() if of_study == study_id}
        example_of = _pairs(workspace, study_id) if workspace.objects.holds(study_id) else _known(workspace, study_id)
        if not workspace.objects.holds(study_id) and (unknown := mine.keys() - example_of.keys()):
            raise FinetoothError(
                f"{len(unknown)} rated pairs are of study {study_id[:12]}, which is not in this workspace.",
                f"Copy the folder objects/{study_id[:2]}/{study_id} from the workspace in which they were rated.",
            )
        rated_now = {example_of[item]: seq for item, seq in mine.items() if item in example_of}
        found.update(one for one, seq in rated_now.items() if seq > retired.get(one, 0))
    return sorted(found)


def pair_id(study_id: str, example_id: str) -> str:
    """By which a pair of a study is known in the ledger; it says nothing about the example."""
    return f"{study_id}.{content_id([study_id, example_id])[:12]}"


def answer_id(study_id: str, example_id: str, model: str) -> str:
    """By which one answer of a study that shows one at a time is known in the ledger; it tells nothing."""
    return pair_id(study_id, f"{example_id}/{model}")


def _pairs(workspace: Workspace, study_id: str) -> dict[str, str]:
    """The example of each pair of a study."""
    return dict(workspace.objects.frame(study_id, ["item_id", "example_id"]).iter_rows())


def _known(workspace: Workspace, study_id: str) -> dict[str, str]:
    """The same for all examples that were ever frozen, whether or not they are in the study."""
    ids = {one for made in workspace.objects.ids("revision") for one in workspace.objects.frame(made, ["id"])["id"]}
    alone = {answer_id(study_id, one, model): one for one in ids for model in MODELS}
    return alone | {pair_id(study_id, one): one for one in ids}


def retire(workspace: Workspace, example_ids: Sequence[str], reason: str, *, who: str) -> Entry:
    """Let rated prompts into training again, on the record: no result may be measured on them any more.

    Raises:
        InputError: No reason was given.
        FinetoothError: There is nothing to retire.
    """
    if not reason.strip():
        raise InputError("A retirement needs a reason.", "Say why these prompts may be trained on from now.")
    if not example_ids:
        raise FinetoothError(
            "No rated prompt is kept out of training, so there is none to retire.", "Nothing has to be done."
        )
    payload = {"examples": sorted(set(example_ids)), "reason": reason.strip()}
    return workspace.ledger.append(RETIREMENT, "rated", payload, who=who)


def retirements(workspace: Workspace) -> list[Entry]:
    """All retirements, oldest first; ``payload`` holds ``examples`` and ``reason``."""
    return workspace.ledger.entries(RETIREMENT)
