"""What a model said as judge stands in the report with its agreement, apart from what people said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workspace import Workspace
from evaluation.report import Form, report
from evaluation.study import reopen_study
from tests.evaluation.test_judge import closed, run, tuned_wins
from tests.evaluation.workspace_with_run import stored_evaluation
from tests.fake_endpoint import serving


@pytest.mark.parametrize("form", ["html", "md"])
def test_the_report_says_what_the_judge_is_worth_apart_from_the_people(form: Form, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    evaluation_id = stored_evaluation(workspace, 12)
    study_id = closed(workspace, n_for_base=6)
    before = report(workspace, evaluation_id, form, study_id=study_id)
    with serving(tuned_wins) as (url, _):
        run(workspace, study_id, url, tmp_path)
    page = report(workspace, evaluation_id, form, study_id=study_id)
    assert "said as judge" not in before
    people, judge = page.split("What a model said as judge")
    assert "The judge says what a person says in 50% of votes (95 % interval" in judge
    assert "two people agree in 100%" in judge and "Krippendorff" in judge
    assert people.count(">big<") == 0 and "big: The judge" not in people, "the judge is not among the people"
    reopen_study(workspace, study_id)
    assert "said as judge" not in report(workspace, evaluation_id, form, study_id=study_id)
