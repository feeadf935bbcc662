"""Where a project stands on the walk, and what to do next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from core.workspace import Workspace
from curation import freeze, queries
from evaluation import queries as judged
from training import queries as trained


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the walk. ``page`` is where a person goes on, ``command`` what to type instead."""

    title: str
    page: str
    command: str
    done: bool
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All stages in order; the first that is not done is the next one."""

    steps: tuple[Step, ...]

    @property
    def next(self) -> Step | None:
        """The first stage that is not done."""
        return next((step for step in self.steps if not step.done), None)

    @property
    def next_step(self) -> str:
        """What to do next, in one line."""
        step = self.next
        return f"{step.title} ({step.command})" if step else "everything is done; see the Results page"

    def to_json(self) -> list[dict[str, Any]]:
        """The stages as plain data."""
        return [asdict(step) for step in self.steps]


def of(workspace: Workspace) -> Standing:
    """Look at the workspace and say how far it is."""
    seen = queries.overview(workspace)
    frozen = freeze.revisions(workspace)
    runs = trained.runs(workspace)
    finished = [run for run in runs if run.status == "done"]
    evaluations = judged.evaluations(workspace)
    studies = judged.studies(workspace)
    n_ratings = len({e.subject for e in workspace.ledger.entries("rating")})
    settled = sum(count.settled for count in seen.counts)
    return Standing(
        (
            Step(
                "Import",
                "import",
                "finetooth import FILE",
                seen.n_rows > 0,
                f"{seen.n_rows:,} rows, {seen.n_examples:,} different conversations, {seen.n_rejects:,} lines rejected",
            ),
            Step(
                "Check",
                "duplicates",
                "finetooth check",
                seen.checked and not seen.stale,
                _checked(seen),
            ),
            Step(
                "Review",
                "review",
                "finetooth findings",
                seen.checked and seen.n_open == 0,
                f"{settled:,} of {settled + seen.n_open:,} findings settled, {seen.n_blocking:,} that block are open",
            ),
            Step(
                "Freeze",
                "dataset",
                "finetooth freeze",
                bool(frozen),
                f"{len(frozen):,} revisions"
                + (f", the newest with {frozen[0].revision.n_examples:,} examples" if frozen else ""),
            ),
            Step(
                "Train", "train", "finetooth train", bool(finished), f"{len(finished):,} of {len(runs):,} runs finished"
            ),
            Step("Evaluate", "evaluate", "finetooth evaluate", bool(evaluations), f"{len(evaluations):,} evaluations"),
            Step(
                "Rate",
                "side_by_side",
                "finetooth rate",
                n_ratings > 0,
                f"{len(studies):,} studies, {n_ratings:,} pairs rated",
            ),
        )
    )


def _checked(seen: queries.Overview) -> str:
    if not seen.checked:
        return "not run yet"
    return f"{seen.n_open:,} findings open" + (", but the dataset has changed since" if seen.stale else "")
