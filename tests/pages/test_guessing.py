"""What surrounds the pairs: the question at the end which side is which, and pairs that a study draws by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation import guesses, rating, study
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import RUN, add_evaluation, add_run, frozen, labels


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a study of two pairs; votes count at once."""
    monkeypatch.setattr(rating, "SHORTEST_LOOK_S", 0.0)
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    add_evaluation(workspace, revision_id)
    study.create_study(workspace, workspace.objects.find("evaluation"), n_items=2, raters_per_item=1, who="Lea")
    return workspace


def test_who_is_done_is_asked_which_side_is_which_and_the_page_stays_blind(
    open_page: OpenPage, judged: Workspace
) -> None:
    study_id = judged.objects.find("study")
    app = press(open_page(judged, "side_by_side"), "Start rating")
    assert "The left one" not in labels(app), "not before the votes are cast"
    press(app, "Left is better")
    press(app, "Right is better")
    assert "0 of 2 questions" in texts(app) and "newly trained model" in texts(app)
    page = texts(app) + " ".join([*labels(app), *(str(button.key) for button in app.button)])
    for word in ("tuned", "smollm", "adapter", RUN):
        assert word not in page.lower()
    press(app, "The left one")
    assert "1 of 2 questions" in texts(app)
    press(app, "I cannot tell")
    assert "questions" not in texts(app) and "none is left for you" in texts(app)
    found = guesses.guessed(judged, study.load_study(judged, study_id))
    assert (found["n"], found["unsure"]) == (1, 1)
    app.segmented_control(key="side_view").set_value("Studies").run()
    assert "raters were right in" in texts(app) and "could not tell 1 time" in texts(app)


def test_pairs_of_equal_answers_and_drawn_gold_are_asked_for_on_the_page(
    open_page: OpenPage, judged: Workspace
) -> None:
    study_id = judged.objects.find("study")
    for who in ("Ana", "Ben"):
        while (item := rating.next_item(judged, study_id, who)) is not None:
            rating.record_rating(judged, Rating(f"{who}-{item.item_id}", item.item_id, who, "tie"))
    study.close_study(judged, study_id)
    app = open_page(judged, "side_by_side")
    app.number_input(key=next(i.key for i in app.number_input if i.label == "Pairs")).set_value(10).run()
    equals = next(i for i in app.number_input if i.label == "Pairs of equal answers")
    assert "left for them" in equals.help
    equals.set_value(1).run()
    agreed = next(i for i in app.number_input if i.label == "Gold pairs from earlier work")
    assert agreed.max == 0, "nobody preferred a side in the earlier study"
    press(app, "Open the study")
    made = study.load_study(judged, judged.objects.find("study"))
    assert [check.kind for check in made.checks.values()] == ["equal"] and len(made.items) == 10
