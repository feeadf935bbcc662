"""A model as judge on the Results page: asked for by a form, shown with its agreement, never while a study is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import jobs
from core.jobs import InlineContext
from core.types import Rating
from core.workspace import Workspace
from evaluation import judge, rating, study
from tests.fake_endpoint import serving
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import Submitted, add_evaluation, add_run, frozen, labels


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made, revision_id = frozen(tmp_path / "project")
    add_run(made, revision_id)
    add_evaluation(made, revision_id)
    return made


@pytest.fixture
def study_id(workspace: Workspace) -> str:
    """A study of which one person judged every pair for the left side."""
    made = study.create_study(workspace, workspace.objects.find("evaluation"), n_items=12, raters_per_item=1)
    while (shown := rating.next_item(workspace, made, "Ben")) is not None:
        rating.record_rating(workspace, Rating(shown.item_id, shown.item_id, "Ben", "left"))
    return made


def test_a_closed_study_is_judged_by_a_job_with_the_words_of_the_form(
    open_page: OpenPage, workspace: Workspace, study_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.close_study(workspace, study_id)
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    app = open_page(workspace, "results")
    app.segmented_control(key="results_view").set_value("judge").run()
    app.text_input(key="judge_url").set_value("http://127.0.0.1:1/v1").run()
    app.text_input(key="judge_model").set_value("big").run()
    press(app, "Judge all pairs")
    spec = {"workspace": str(workspace.path), "study_id": study_id, "url": "http://127.0.0.1:1/v1", "model": "big"}
    assert submitted.asked == [("judge", "evaluation.judge:run_judge", spec)]


def test_a_judgement_is_shown_with_its_agreement(
    open_page: OpenPage, workspace: Workspace, study_id: str, tmp_path: Path
) -> None:
    study.close_study(workspace, study_id)
    with serving(lambda body: '{"verdict": "tie"}') as (url, _):
        spec = {"workspace": str(workspace.path), "study_id": study_id, "url": url, "model": "big"}
        judge.run_judge(InlineContext(spec, tmp_path))
    app = open_page(workspace, "results")
    app.segmented_control(key="results_view").set_value("judge").run()
    assert not app.exception
    said = texts(app).replace("\\", "")
    assert "The judge says what a person says in 0% of votes (95 % interval 0% to" in said
    assert "no pair was judged by two people" in said


def test_an_open_study_offers_no_judge(open_page: OpenPage, workspace: Workspace, study_id: str) -> None:
    app = open_page(workspace, "results")
    assert "Judge all pairs" not in labels(app)
    app.session_state[f"peeked-{study_id}"] = True
    app.run()
    app.segmented_control(key="results_view").set_value("judge").run()
    assert "A model judges it once it is closed." in texts(app) and "Judge all pairs" not in labels(app)
