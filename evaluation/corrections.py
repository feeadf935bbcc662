"""What a tuned model should have answered to a hold-out prompt, as an expert wrote it: on the record, never trained on.

A correction serves the trace of a wrong answer back to the data. It belongs to a hold-out prompt, so it never becomes
a training example.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputError
from core.rated import pair_id
from core.workspace import Workspace

KIND = "correction"


@dataclass(frozen=True, slots=True)
class Correction:
    """The answer that holds now for one prompt of an evaluation. An empty one was taken back."""

    example_id: str
    text: str
    who: str
    at: str


def correct(
    workspace: Workspace, evaluation_id: str, example_id: str, text: str, *, who: str, action_id: str | None = None
) -> Correction:
    """Say what the right answer would have been; a later one takes the place of an earlier one, an empty one ends it.

    Raises:
        InputError: The evaluation does not hold this example.
    """
    if example_id not in set(workspace.objects.frame(evaluation_id, ["example_id"])["example_id"]):
        raise InputError("This prompt is not part of the evaluation.", "Choose one of its hold-out prompts.")
    known = corrections(workspace, evaluation_id).get(example_id)
    if known is not None and known.text == text.strip():
        return known
    payload = {"evaluation_id": evaluation_id, "example_id": example_id, "text": text.strip()}
    subject = pair_id(evaluation_id, example_id)
    entry = workspace.ledger.append(KIND, subject, payload, who=who, action_id=action_id)
    return Correction(example_id, text.strip(), entry.who, entry.at)


def corrections(workspace: Workspace, evaluation_id: str) -> dict[str, Correction]:
    """The corrections that hold for an evaluation, by example id."""
    found: dict[str, Correction] = {}
    for entry in workspace.ledger.entries(KIND):
        said = entry.payload
        if said["evaluation_id"] == evaluation_id:
            found[said["example_id"]] = Correction(said["example_id"], said["text"], entry.who, entry.at)
    return {example_id: one for example_id, one in found.items() if one.text}
