"""A study against another model is opened by the model's name, and the result names it; the files for raters do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.workspace import Workspace
from evaluation import study
from evaluation.report import report
from evaluation.round_files import export_round
from tests.cli.test_judge_verbs import judge, said
from tests.evaluation.test_opponents import N, with_replies
from tests.evaluation.workspace_with_run import stored_evaluation


@pytest.fixture(name="workspace")
def workspace_(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    stored_evaluation(made, N)
    return made


def test_the_result_of_a_study_names_the_other_model_and_ranks_all_three(workspace: Workspace, tmp_path: Path) -> None:
    said(workspace, "study", "--items", "20", "--against", "Rival-7", code=1)
    with_replies(workspace, tmp_path)
    said(workspace, "study", "--items", "20", "--against", "Rival-7")
    judge(workspace)
    assert "Win rate of the tuned model over Rival-7: 100.0%" in said(workspace, "results")
    said(workspace, "study", "--items", "20")
    judge(workspace)
    found = json.loads(said(workspace, "results", "--json"))
    assert found["study"]["against"] == "base"
    assert found["ranking"][0]["model"] == "tuned"
    assert {one["model"] for one in found["ranking"]} == {"tuned", "base", "Rival-7"}


def test_an_open_study_leaves_files_that_do_not_name_the_other_model(workspace: Workspace, tmp_path: Path) -> None:
    with_replies(workspace, tmp_path)
    said(workspace, "study", "--items", "20", "--against", "Rival-7")
    study_id = workspace.objects.find(study.KIND)
    (tmp_path / "open").mkdir()
    for path in export_round(workspace, study_id, tmp_path / "open"):
        assert b"Rival" not in path.read_bytes(), path.name
    judge(workspace)
    (tmp_path / "closed").mkdir()
    written = {path.name: path.read_bytes() for path in export_round(workspace, study_id, tmp_path / "closed")}
    assert any(b"Rival-7" in data for data in written.values())


def test_the_report_names_the_other_model_and_its_figures(workspace: Workspace, tmp_path: Path) -> None:
    with_replies(workspace, tmp_path)
    said(workspace, "study", "--items", "20", "--against", "Rival-7")
    study_id = judge(workspace)
    evaluation_id = workspace.objects.find("evaluation")
    page = report(workspace, evaluation_id, "md", study_id=study_id)
    assert "votes for tuned, 0 for Rival-7" in page
    assert "## Other models" in page and "Rival-7" in page.split("## Other models")[1]
