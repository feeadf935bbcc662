"""Reads a run's own events and says what went wrong: the likeliest cause first, with the evidence and one change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace
from training import queries, symptoms, symptoms_end, timeline
from training.config import TrainConfig, read_config

WORDS = {
    "failed": "failed for the reason that it gave; nothing in its curves adds to it",
    "stopped": "stopped on request; nothing in its events points to a fault",
    "cancelled": "cancelled on request; nothing in its events points to a fault",
}
"""The verdict on a run that did not come to its end and shows no symptom."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong.

    Attributes:
        name: Of the cause.
        evidence: The figures that show it, as a sentence.
        change: One concrete change, as a sentence.
        settings: The same change as settings that replace those of the run; empty where it is none of the settings.
    """

    name: str
    evidence: str
    change: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``healthy`` with no complaint, or the complaints, the most probable cause first; few steps are not judged."""

    verdict: str
    complaints: tuple[Complaint, ...]


def examine(workspace: Workspace, run_id: str) -> Diagnosis:
    """Diagnose a run that has ended, or died, from what lies in its folder and its job's.

    Raises:
        FinetoothError: There is no such run.
    """
    view = queries.run(workspace, run_id)
    try:
        stage = jobs.read(queries.job_of(workspace, view.id)).stage
    except FinetoothError:
        stage = ""
    return diagnose(queries.run_events(workspace, view.id), view.status, config=read_config(view.settings), stage=stage)


def diagnose(
    events: Sequence[Mapping[str, Any]], status: str = "done", *, config: TrainConfig | None = None, stage: str = ""
) -> Diagnosis:
    """Judge a finished, failed or dead run.

    What ended the run comes first, then what its answers show, then what its curves show.

    Args:
        events: The run's events, oldest first.
        status: As ``RunView.status`` has it; ``lost`` adds that the process died.
        config: Its settings; the defaults where None.
        stage: What its process was last known to do (``load``, ``train``, ``eval``, ``sample``, ``save``).
    """
    chart = symptoms.Chart.of(timeline.fold(events), status, config or TrainConfig(), stage)
    found = [Complaint(*symptom) for rule in (*symptoms_end.RULES, *symptoms.RULES) for symptom in rule(chart)]
    named: dict[str, Complaint] = {}
    for one in found:
        named.setdefault(one.name, one)
    complaints = tuple(named.values())
    if complaints:
        return Diagnosis(complaints[0].name, complaints)
    taken = len(chart.steps)
    if status == "done" and taken < symptoms.ENOUGH_STEPS:
        return Diagnosis(f"too few steps to tell: {taken} of at least {symptoms.ENOUGH_STEPS}", ())
    return Diagnosis(WORDS.get(status, "healthy"), ())
