"""From a failed answer back to the data: the training examples that stand nearest to it in meaning."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import embeddings
from core.jobs import JobContext, Progress, no_progress
from core.revisions import examples_of
from core.types import spoken
from core.workspace import Workspace
from curation import queries
from evaluation.rating import votes
from evaluation.results import worst_prompts
from evaluation.study import load_study


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A training example near a failed prompt. ``score`` is the cosine of their MiniLM embeddings, in [-1, 1]."""

    example_id: str
    score: float
    open_findings: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One failed hold-out prompt, why it failed, and the training examples nearest in meaning, nearest first."""

    example_id: str
    why: tuple[str, ...]
    neighbours: tuple[Neighbour, ...]


def failed(workspace: Workspace, study_id: str) -> list[dict[str, Any]]:
    """Prompts that people judged lost, both bad or critical, the clearest first."""
    return worst_prompts(load_study(workspace, study_id), votes(workspace, study_id))


def trace(workspace: Workspace, study_id: str, *, k: int = 5, progress: Progress = no_progress) -> list[Trace]:
    """For each failed prompt of a study, the ``k`` training examples nearest in meaning (prompt and answer together).

    The hold-out prompt itself is never among them: it is not in training.
    """
    failures = failed(workspace, study_id)
    if not failures:
        return []
    study = load_study(workspace, study_id)
    revision_id = workspace.objects.manifest(study.evaluation_id)["revision_id"]
    held = {e.id: e for e in examples_of(workspace, revision_id, "holdout")}
    train = examples_of(workspace, revision_id, "train")
    wanted = [held[f["example_id"]] for f in failures]
    vectors = embeddings.embed([spoken(e.messages) for e in (*train, *wanted)], progress=progress)
    similarity = vectors[len(train) :] @ vectors[: len(train)].T
    found = []
    for failure, row in zip(failures, similarity, strict=True):
        nearest = np.argsort(-row, kind="stable")[:k].tolist()
        neighbours = tuple(
            Neighbour(
                train[i].id,
                round(float(row[i]), 4),
                queries.findings(workspace, example_id=train[i].id, limit=1).total,
            )
            for i in nearest
        )
        found.append(Trace(failure["example_id"], tuple(failure["why"]), neighbours))
    return found


def trace_job(context: JobContext) -> dict[str, Any]:
    """Worker target: trace a study's failures. Spec: ``workspace``, ``study_id`` and, if wanted, ``k``.

    Raises:
        CancelledError: A stop was asked for.
    """
    workspace = Workspace.open(Path(context.spec["workspace"]))
    study_id = str(context.spec["study_id"])

    def report(stage: str, done: int, total: int | None) -> None:
        context.check_stop()
        context.progress(stage, done, total)

    found = trace(workspace, study_id, k=int(context.spec.get("k", 5)), progress=report)
    return {"study_id": study_id, "traces": [asdict(one) for one in found]}
