"""The desk of a study that shows one answer at a time: every criterion scored, one act an answer, still blind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.types import Rating
from core.workspace import Workspace
from evaluation import queries, rating, study
from evaluation.rating_flags import Expected
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import RUN, add_evaluation, add_run, frozen, labels


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with an evaluation; votes count at once."""
    monkeypatch.setattr(rating, "SHORTEST_LOOK_S", 0.0)
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    add_evaluation(workspace, revision_id)
    return workspace


def score(app: AppTest, title: str, value: int | str) -> None:
    next(c for c in app.segmented_control if c.label == f"{title} of the answer").set_value(value).run()


def test_answers_are_scored_one_at_a_time_and_a_criterion_left_out_is_said(
    open_page: OpenPage, judged: Workspace
) -> None:
    app = open_page(judged, "side_by_side")
    app.segmented_control(key="study_shown").set_value("One answer at a time, and score it").run()
    assert "no win rate" in texts(app)
    next(i for i in app.number_input if i.label == "Prompts").set_value(3).run()
    press(app, "Open the study")
    assert "6 answers wait to be scored" in texts(app)
    state = queries.studies(judged)[0]
    assert state["single"] and state["n_items"] == 6
    press(app, "Start rating")
    assert "Left is better" not in labels(app) and "0 of 6 answers" in str(app.get("progress")[0].proto.text)
    page = texts(app) + json.dumps([*labels(app), *(b.key for b in app.button), dict(app.query_params)])
    for word in ("tuned", "smollm", "base_", "adapter", RUN):
        assert word not in page.lower()
    score(app, "Accuracy", 4)
    press(app, "Scored, next")
    assert "Tone, Safety" in app.error[0].value
    score(app, "Tone", "N/A")
    score(app, "Safety", 5)
    press(app, "Scored, next")
    held = next(iter(rating.votes(judged, state["id"]).held.values()))
    assert held.scores == {"left.accuracy": 4, "left.tone": None, "left.safety": 5} and held.verdict is None
    assert "1 of 6 answers" in str(app.get("progress")[0].proto.text)
    press(app, "Undo")
    assert not rating.votes(judged, state["id"]).held
    press(app, "Skip")
    assert "0 of 12 votes" in str(app.get("progress")[0].proto.text)


def test_experts_criteria_stand_beside_the_answer(open_page: OpenPage, judged: Workspace) -> None:
    evaluation_id = judged.objects.find("evaluation")
    wanted = {one: [Expected("Names the code", 3)] for one in judged.objects.frame(evaluation_id)["example_id"]}
    made = study.create_study(judged, evaluation_id, n_items=1, criteria=("accuracy",), single=True, expected=wanted)
    app = press(open_page(judged, "side_by_side"), "Start rating")
    met = next(c for c in app.segmented_control if c.label == "Criterion 1 in the answer")
    met.set_value("Met").run()
    score(app, "Accuracy", 5)
    press(app, "Scored, next")
    assert [held.points for held in rating.votes(judged, made).held.values()] == [{"left.0": True}]


def test_the_result_of_single_answers_has_means_and_says_that_there_is_no_win_rate(
    open_page: OpenPage, judged: Workspace
) -> None:
    made = study.create_study(
        judged, judged.objects.find("evaluation"), n_items=10, criteria=("accuracy",), single=True
    )
    models = {one.id: one.model for one in study.load_study(judged, made).items.values()}
    for who in ("Ana", "Ben"):
        while (item := rating.next_item(judged, made, who)) is not None:
            value = 4 if models[item.item_id] == "tuned" else 3
            vote = Rating(f"{who}-{item.item_id}", item.item_id, who, None, {"left.accuracy": value})
            assert rating.record_rating(judged, vote).stored
    study.close_study(judged, made)
    app = open_page(judged, "results")
    assert not app.exception and not app.error
    assert "one at a time" in texts(app) and "Inconclusive" in texts(app)
    assert "40 of 40 answers scored" in texts(app) and "No vote is in yet" not in texts(app)
    app = open_page(judged, "side_by_side")
    app.segmented_control(key="side_view").set_value("Studies").run()
    assert not app.exception and "shown one at a time" in texts(app)
