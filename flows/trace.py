"""From a failed answer back to the data: the training examples that stand nearest in meaning and pulled it that way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import CancelledError, FinetoothError
from core.jobs import JobContext, Progress, no_progress
from core.rated import pair_id
from core.revisions import examples_of
from core.types import Example
from core.workspace import Workspace
from curation import queries, traced
from evaluation.corrections import corrections
from evaluation.results import worst_prompts
from evaluation.single import study_for_results
from evaluation.study import load_study
from flows.trace_ranking import Asked, By, Ranked, gradients_of, rank, trained_on

WEAKER = {
    "wrong": "Nobody has said what the right answer is; with a correction the trace is stronger.",
    "right": "The tuned model was not asked, so the examples are those that speak against the reference.",
}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training example behind a failed prompt.

    ``score`` is the cosine of their MiniLM embeddings, ``influence`` the whitened cosine of its gradient with the
    answer's contrast; both in [-1, 1], None = not measured.
    """

    example_id: str
    score: float
    open_findings: int
    influence: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One failed hold-out prompt, why it failed, and the training examples behind it, the likeliest first.

    Attributes:
        example_id: The hold-out prompt.
        why: Why it counts as failed.
        neighbours: Never the prompt itself: it is not in training.
        by: From what they were ranked, see ``flows.trace_ranking.Ranked``.
        notes: What was not done or done otherwise, a sentence each.
        correction: The right answer that was used; empty where nobody wrote one.
        n_train: Examples that the run was trained on.
    """

    example_id: str
    why: tuple[str, ...]
    neighbours: tuple[Neighbour, ...]
    by: By = "meaning"
    notes: tuple[str, ...] = ()
    correction: str = ""
    n_train: int = 0


def failed(workspace: Workspace, study_id: str) -> list[dict[str, Any]]:
    """Prompts that people judged lost, both bad or critical, the clearest first."""
    return worst_prompts(*study_for_results(workspace, study_id))


def trace(workspace: Workspace, study_id: str, *, k: int = 5, progress: Progress = no_progress) -> list[Trace]:
    """For each failed prompt of a study, the ``k`` training examples behind the tuned model's answer.

    The hold-out prompt itself is never among them: it is not in training.
    """
    study = load_study(workspace, study_id)
    why = {row["example_id"]: tuple(row["why"]) for row in failed(workspace, study_id)}
    return _traced(workspace, study.evaluation_id, why, k, progress)


def trace_worse(
    workspace: Workspace,
    evaluation_id: str,
    example_ids: Sequence[str],
    *,
    k: int = 5,
    progress: Progress = no_progress,
) -> list[Trace]:
    """The same for hold-out prompts of an evaluation whose reference became less likely.

    Raises:
        FinetoothError: One of them is not in the evaluation.
    """
    columns = ["example_id", "base_nll", "tuned_nll", "base_tokens"]
    rows = {row["example_id"]: row for row in workspace.objects.frame(evaluation_id, columns).iter_rows(named=True)}
    why = {}
    for one in example_ids:
        if one not in rows:
            raise FinetoothError(f"The prompt {one[:12]} is not in this evaluation.", "Choose one of its rows.")
        change = (rows[one]["tuned_nll"] - rows[one]["base_nll"]) / rows[one]["base_tokens"]
        why[one] = (f"the reference became {'less' if change > 0 else 'more'} likely ({change:+.3f} nats a token)",)
    return _traced(workspace, evaluation_id, why, k, progress)


def _traced(
    workspace: Workspace, evaluation_id: str, why: Mapping[str, tuple[str, ...]], k: int, progress: Progress
) -> list[Trace]:
    if not why:
        return []
    manifest = workspace.objects.manifest(evaluation_id)
    run_id, revision_id = str(manifest["run_id"]), manifest["revision_id"]
    train = trained_on(workspace, run_id, examples_of(workspace, revision_id, "train"))
    asked, corrected = _asked(workspace, evaluation_id, revision_id, list(why))
    gradients, reason = gradients_of(workspace, run_id, str(manifest["base_model"]))
    try:
        ranked = rank(train, asked, gradients, k=k, progress=progress)
    except CancelledError:
        raise
    except FinetoothError as error:
        if gradients is None:
            raise
        reason = f"Influence could not be measured, so only nearness in meaning was used: {error.message}"
        ranked = rank(train, asked, None, k=k, progress=progress)
    found = []
    for (example_id, reasons), one in zip(why.items(), ranked, strict=True):
        notes = _notes(one, reason, len(train), bool(corrected.get(example_id)))
        neighbours = _neighbours(workspace, train, one)
        said = corrected.get(example_id, "")
        found.append(Trace(example_id, reasons, neighbours, one.by, notes, said, len(train)))
    return found


def _asked(
    workspace: Workspace, evaluation_id: str, revision_id: str, example_ids: Sequence[str]
) -> tuple[list[Asked], dict[str, str]]:
    """What the tuned model said to each prompt and what it should have said; and the corrections by example id."""
    held = {e.id: e for e in examples_of(workspace, revision_id, "holdout")}
    frame = workspace.objects.frame(evaluation_id, ["example_id", "tuned_reply"])
    said: dict[str, str | None] = dict(frame.iter_rows())
    corrected = {one: found.text for one, found in corrections(workspace, evaluation_id).items()}
    asked = []
    for example_id in example_ids:
        wrong = said.get(example_id)
        right = corrected.get(example_id) or (None if wrong else held[example_id].answer)
        asked.append(Asked(held[example_id].prompt, wrong, right))
    return asked, corrected


def _neighbours(workspace: Workspace, train: Sequence[Example], one: Ranked) -> tuple[Neighbour, ...]:
    pulled = one.influence or (None,) * len(one.places)
    return tuple(
        Neighbour(
            train[place].id,
            near,
            queries.findings(workspace, example_id=train[place].id, limit=1).total,
            influence,
        )
        for place, near, influence in zip(one.places, one.meaning, pulled, strict=True)
    )


def _notes(one: Ranked, reason: str, n_train: int, corrected: bool) -> tuple[str, ...]:
    notes = [reason] if reason else []
    if one.by in WEAKER:
        notes.append(WEAKER[one.by])
    if one.by == "meaning" and not reason:
        notes.append(
            "The correction is the answer itself, so only nearness in meaning was used."
            if corrected
            else "The model reads neither answer whole, so only nearness in meaning was used."
        )
    if one.by != "meaning" and one.compared < n_train:
        notes.append(
            f"Gradients were compared for the {one.compared:,} of {n_train:,} training examples nearest in meaning; "
            "the others cannot be in this list."
        )
    if one.left_out:
        notes.append(f"{one.left_out:,} of these have no gradient: the model does not read them whole.")
    return tuple(notes)


def send_to_review(
    workspace: Workspace,
    found: Trace,
    *,
    study_id: str | None,
    evaluation_id: str,
    who: str,
    action_id: str | None = None,
) -> traced.Sent:
    """Put the training examples of a trace into the review queue, each with the reason; the prompt itself stays out.

    Raises:
        InputError: There is none, or one of them is a prompt that was rated.
        FinetoothError: The dataset no longer holds one of them.
    """
    item_id = pair_id(study_id or evaluation_id, found.example_id)
    reasons = {one.example_id: reason_of(found, place) for place, one in enumerate(found.neighbours)}
    return traced.send(
        workspace, list(reasons), study_id=study_id or "", evaluation_id=evaluation_id, item_id=item_id,
        reasons=reasons, who=who, action_id=action_id,
    )  # fmt: skip


def reason_of(found: Trace, place: int) -> str:
    """Why a training example is sent to review, in a sentence that quotes no hold-out prompt."""
    one = found.neighbours[place]
    told = f"nearness in meaning {one.score:.2f}"
    told += "" if one.influence is None else f", influence {one.influence:+.2f}"
    return (
        f"Number {place + 1} of {found.n_train:,} training examples behind an answer that failed "
        f"({'; '.join(found.why)}): {told} of 1. Is it right?"
    )


def trace_job(context: JobContext) -> dict[str, Any]:
    """Worker target. Spec: ``workspace``, ``study_id`` or ``evaluation_id`` with ``example_ids``, and ``k`` if wanted.

    Raises:
        CancelledError: A stop was asked for; the gradients made by then are kept for the next time.
    """
    spec = context.spec
    workspace = Workspace.open(Path(spec["workspace"]))

    def report(stage: str, done: int, total: int | None) -> None:
        context.check_stop()
        context.progress(stage, done, total)

    k = int(spec.get("k", 5))
    if "study_id" in spec:
        found = trace(workspace, str(spec["study_id"]), k=k, progress=report)
        return {"study_id": spec["study_id"], "traces": [asdict(one) for one in found]}
    evaluation_id, wanted = str(spec["evaluation_id"]), [str(one) for one in spec["example_ids"]]
    found = trace_worse(workspace, evaluation_id, wanted, k=k, progress=report)
    return {"evaluation_id": evaluation_id, "traces": [asdict(one) for one in found]}


def from_json(stored: Mapping[str, Any]) -> Trace:
    """A trace as ``trace_job`` returned it; those of earlier versions have fewer fields."""
    neighbours = tuple(Neighbour(**one) for one in stored["neighbours"])
    rest = {name: value for name, value in stored.items() if name not in ("why", "neighbours", "notes")}
    return Trace(**rest, why=tuple(stored["why"]), neighbours=neighbours, notes=tuple(stored.get("notes", ())))
