"""Where a project stands on the walk from raw chats to a judged model, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.wording import many, of
from core.workspace import Workspace
from curation.queries import Overview
from evaluation import queries as evaluation
from evaluation import rating, study
from training import queries as training

State = Literal["done", "now", "later"]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the walk.

    Attributes:
        page: File of the page where a person goes on.
        command: What to type instead.
        title: Its name.
        state: ``done``, ``now`` (the one to go on with) or ``later``.
        line: Where it stands, in counts.
        todo: What to do there.
    """

    page: str
    command: str
    title: str
    state: State
    line: str
    todo: str


def steps(workspace: Workspace, o: Overview) -> tuple[Step, ...]:
    """The stages in order; the first that is not done is the one to go on with."""
    runs = training.runs(workspace)
    n_done = sum(run.status == "done" for run in runs)
    n_evaluations = len(workspace.objects.ids(evaluation.EVALUATION))
    n_studies = len(workspace.objects.ids(study.KIND))
    n_ratings = len(workspace.ledger.entries(rating.KIND))
    settled = sum(c.settled for c in o.counts)
    n_found = settled + o.n_open
    drafts = [
        (
            "import_data.py",
            "finetooth import FILE",
            "Import",
            o.n_rows > 0,
            f"{many(o.n_rows, 'row')} from {many(len(o.sources), 'file')}, {many(o.n_rejects, 'line')} rejected"
            if o.sources
            else "no file yet",
            "Bring in a file of chats.",
        ),
        (
            "review.py",
            "finetooth findings",
            "Review",
            o.checked and not o.stale and o.n_open == 0,
            ("out of date: " if o.stale else "") + f"{of(settled, n_found, 'findings')} settled"
            if o.checked
            else "the checks have not run",
            "Settle the findings: accept what is safe, look at the rest."
            if o.checked
            else "Run the checks to see duplicates, inconsistencies and contradictions.",
        ),
        (
            "dataset.py",
            "finetooth freeze",
            "Freeze",
            bool(o.revisions),
            many(len(o.revisions), "revision") if o.revisions else "nothing frozen yet",
            "Freeze a revision with a leak-free hold-out split.",
        ),
        (
            "train.py",
            "finetooth train",
            "Train",
            n_done > 0,
            f"{of(n_done, len(runs), 'runs')} done" if runs else "no run yet",
            "Fine-tune a model on the frozen revision.",
        ),
        (
            "evaluate.py",
            "finetooth evaluate",
            "Evaluate",
            n_evaluations > 0,
            many(n_evaluations, "evaluation") if n_evaluations else "not measured yet",
            "Measure base and tuned model on the hold-out.",
        ),
        (
            "side_by_side.py",
            "finetooth study",
            "Judge",
            n_ratings > 0,
            f"{many(n_studies, 'study', 'studies')}, {many(n_ratings, 'rating')}" if n_studies else "no study yet",
            "Rate blind pairs, then read the result.",
        ),
    ]
    found: list[Step] = []
    for page, command, title, done, line, todo in drafts:
        now = not done and not any(step.state == "now" for step in found)
        found.append(Step(page, command, title, "done" if done else "now" if now else "later", line, todo))
    return tuple(found)


def next_step(found: tuple[Step, ...]) -> Step | None:
    """The stage to go on with; None where everything is done."""
    return next((step for step in found if step.state == "now"), None)
