"""On Evaluate, a reference that became less likely is traced to the data without a study."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from core import jobs
from core.workspace import Workspace
from curation import checking, freeze
from curation import queries as curated
from evaluation import queries
from flows.trace import Neighbour, Trace
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import Submitted, add_evaluation, add_run, ended_job, frozen


@pytest.fixture
def evaluated(tmp_path: Path) -> tuple[Workspace, str, str]:
    """A workspace with an evaluation, and the row that got worse most."""
    workspace, revision_id = frozen(tmp_path / "project")
    checking.check(workspace)
    add_run(workspace, revision_id)
    evaluation_id = add_evaluation(workspace, revision_id)
    return workspace, evaluation_id, queries.evaluation(workspace, evaluation_id, sort="worse")["rows"][0]["example_id"]


def test_a_row_that_got_worse_is_traced_by_a_job_of_its_own(
    open_page: OpenPage, evaluated: tuple[Workspace, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, evaluation_id, example_id = evaluated
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    app = open_page(workspace, "evaluate")
    assert "Without a correction the trace is weaker" in texts(app)
    press(app, "Trace it to the data")
    spec = {"workspace": str(workspace.path), "evaluation_id": evaluation_id, "example_ids": [example_id]}
    assert submitted.asked == [("trace", "flows.trace:trace_job", spec)]


def test_its_training_examples_are_sent_to_review_and_lead_back_to_the_evaluation(
    open_page: OpenPage, evaluated: tuple[Workspace, str, str]
) -> None:
    workspace, evaluation_id, example_id = evaluated
    frame = workspace.objects.frame(freeze.revisions(workspace)[0].revision.id)
    near = str(frame.row(frame["split"].to_list().index("train"), named=True)["id"])
    found = Trace(example_id, ("the reference became less likely",), (Neighbour(near, 0.9, 0, 0.3),), "wrong")
    spec = {"workspace": str(workspace.path), "evaluation_id": evaluation_id, "example_ids": [example_id]}
    ended_job(workspace, "trace", spec, {"evaluation_id": evaluation_id, "traces": [asdict(found)]})
    app = press(open_page(workspace, "evaluate"), "Send them to review")
    assert "1 example sent to review" in texts(app)
    view = curated.findings(workspace, checks=("trace.failure",)).items[0]
    assert view.finding.example_id == near and "became less likely" in view.finding.message
    desk = open_page(workspace, "review", finding=view.id)
    assert "The evaluation" in [one.proto.label for one in desk.get("page_link")]
