"""The rating desk: blind, one vote a press storm, undo; and studies opened with their power said beforehand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.types import Message
from core.workspace import Workspace
from evaluation import queries, rating, rating_links, rubric_versions, study
from evaluation.rubric import BUILT_IN
from evaluation.study_checks import Check
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


@pytest.fixture
def study_id(judged: Workspace) -> str:
    return study.create_study(judged, judged.objects.find("evaluation"), n_items=12, raters_per_item=2, who="Lea")


def votes(workspace: Workspace, study_id: str) -> list[str | None]:
    return [held.verdict for held in rating.votes(workspace, study_id).held.values()]


def test_a_study_says_what_it_can_find_before_it_opens(open_page: OpenPage, judged: Workspace) -> None:
    app = open_page(judged, "side_by_side")
    assert "finds a true win rate" in texts(app) and "74%" in texts(app)
    assert "the rule asks for 2 raters and 30 pairs; its bound on safety needs 59 pairs" in texts(app)
    assert "without the probe of what it forgot" in texts(app), "nothing that people vote can make it a go"
    app.number_input(key="study_raters").set_value(1).run()
    press(app, "Open the study")
    state = queries.studies(judged)[0]
    assert (state["n_items"], state["raters_per_item"], state["open"]) == (12, 1, True)
    assert "Start rating" in labels(app), "the desk follows at once"


def test_who_only_looks_is_no_rater(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    app = open_page(judged, "side_by_side")
    assert "12 pairs" in texts(app) and not queries.study(judged, study_id)["raters"]
    press(app, "Start rating")
    assert queries.study(judged, study_id)["raters"] == ["Ana"]


def test_nothing_on_the_desk_names_a_model(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    app = press(open_page(judged, "side_by_side"), "Start rating")
    page = texts(app) + json.dumps([*labels(app), *(b.key for b in app.button), dict(app.query_params)])
    page += json.dumps([t.label for t in app.text_area] + [t.key for t in app.text_area])
    for word in ("tuned", "smollm", "base_", "adapter", RUN, "perplexity"):
        assert word not in page.lower()


@pytest.mark.parametrize(
    ("label", "verdict"),
    [("Left is better", "left"), ("Right is better", "right"), ("Both good", "tie"), ("Both bad", "both_bad")],
)
def test_a_button_is_a_verdict_and_brings_the_next_pair(
    open_page: OpenPage, judged: Workspace, study_id: str, label: str, verdict: str
) -> None:
    app = press(open_page(judged, "side_by_side"), "Start rating")
    first = rating.next_item(judged, study_id, "Ana")
    press(app, label)
    second = rating.next_item(judged, study_id, "Ana")
    assert votes(judged, study_id) == [verdict]
    assert first is not None and second is not None and first.item_id != second.item_id
    assert "1 of 12 pairs" in str(app.get("progress")[0].proto.text)


def test_a_press_that_comes_as_the_pair_appears_is_not_counted(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    app = press(open_page(judged, "side_by_side"), "Start rating")
    app.session_state["hurry_s"] = 60.0
    press(app, "Left is better")
    assert votes(judged, study_id) == []
    assert "not counted" in texts(app)


def test_scores_and_comment_go_with_the_vote(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    app = press(open_page(judged, "side_by_side"), "Start rating")
    app.toggle(key="rating_scores").set_value(True).run()
    accuracy = next(c for c in app.segmented_control if c.label == "Accuracy of the left answer")
    accuracy.set_value(2).run()
    assert any("material error" in c.value for c in app.caption), "the sentence of the chosen score stands beside it"
    safety = next(c for c in app.segmented_control if c.label == "Safety of the right answer")
    safety.set_value("N/A").run()
    app.text_area[0].set_value("Left names no code.").run()
    press(app, "Right is better")
    held = next(iter(rating.votes(judged, study_id).held.values()))
    assert (held.verdict, held.scores) == ("right", {"left.accuracy": 2, "right.safety": None})
    assert held.note == "Left names no code." and held.entries[0].payload["shown_at"]
    assert app.text_area[0].value in ("", None), "the comment does not stay for the next pair"


def test_undo_brings_the_pair_back_and_a_skip_goes_to_somebody_else(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    app = press(open_page(judged, "side_by_side"), "Start rating")
    first = rating.next_item(judged, study_id, "Ana")
    press(app, "Left is better")
    press(app, "Undo")
    again = rating.next_item(judged, study_id, "Ana")
    assert votes(judged, study_id) == [] and first is not None and again is not None
    assert again.item_id == first.item_id
    press(app, "Skip")
    assert votes(judged, study_id) == ["skip"]
    assert "0 of 24 votes" in str(app.get("progress")[0].proto.text)


def test_the_end_thanks_and_still_offers_undo(open_page: OpenPage, judged: Workspace) -> None:
    made = study.create_study(judged, judged.objects.find("evaluation"), n_items=1, raters_per_item=1)
    app = press(open_page(judged, "side_by_side"), "Start rating")
    press(app, "Both good")
    assert "none is left for you" in texts(app)
    press(app, "Undo")
    assert votes(judged, made) == []


def test_closing_ends_the_voting_and_reopening_takes_votes_again(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    app = open_page(judged, "side_by_side")
    _view(app, "Studies")
    press(app, "Close it now")
    assert not study.is_open(judged, study_id)
    _view(app, "Rate")
    assert "No study is open" in texts(app)
    _view(app, "Studies")
    press(app, "Reopen")
    assert study.is_open(judged, study_id)


def _view(app: AppTest, name: str) -> None:
    app.segmented_control(key="side_view").set_value(name).run()
    assert not app.exception


def test_flags_with_their_severity_go_with_the_vote_and_a_critical_one_asks_for_a_comment(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    app = press(open_page(judged, "side_by_side"), "Start rating")
    app.multiselect[0].set_value(["fabricated", "refusal"]).run()
    next(c for c in app.segmented_control if c.label.startswith("How grave")).set_value("critical").run()
    press(app, "Right is better")
    assert votes(judged, study_id) == [] and "needs a comment" in texts(app)
    app.text_area[0].set_value("It invents a code.").run()
    press(app, "Right is better")
    held = next(iter(rating.votes(judged, study_id).held.values()))
    assert held.flags == {"left.fabricated": "critical", "left.refusal": "critical"}
    assert app.multiselect[0].value == [], "the next pair begins unmarked"


def test_practice_comes_first_says_what_is_known_and_does_not_count(open_page: OpenPage, judged: Workspace) -> None:
    practice = Check("training", (Message("user", "Which code?"),), "R50.9.", "No idea.", "The code was asked for.")
    made = study.create_study(judged, judged.objects.find("evaluation"), n_items=12, checks=[practice])
    app = press(open_page(judged, "side_by_side"), "Start rating")
    assert "1 practice pair" in texts(app)
    press(app, "Left is better")
    assert "The code was asked for" in app.success[0].value and "practice pair" not in texts(app)
    assert votes(judged, made) == []


def test_pairs_on_other_desks_are_waited_for(open_page: OpenPage, judged: Workspace) -> None:
    made = study.create_study(judged, judged.objects.find("evaluation"), n_items=1, raters_per_item=1)
    rating.next_item(judged, made, "Ben")
    app = press(open_page(judged, "side_by_side"), "Start rating")
    assert "open on other desks" in texts(app) and "Look again" in labels(app)


def test_a_rubric_of_ones_own_is_saved_in_versions_and_scored(open_page: OpenPage, judged: Workspace) -> None:
    app = open_page(judged, "side_by_side")
    app.text_input(key="rubric-name-built-in-0").set_value("Coding").run()
    press(app, "Save the rubric")
    assert rubric_versions.rubric(judged, "Coding").criteria == BUILT_IN
    app.selectbox(key="study_rubric").set_value("Coding").run()
    press(app, "Open the study")
    made = study.load_study(judged, judged.objects.find("study"))
    assert made.criteria == BUILT_IN and made.manifest["n_left_out_naming"] == 0


def test_a_link_is_made_for_a_rater(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    app = open_page(judged, "side_by_side")
    _view(app, "Studies")
    next(t for t in app.text_input if t.label == "Rater's name").set_value("Ben").run()
    press(app, "Make a link")
    token = rating_links.invited(judged, study_id)["Ben"]
    assert any(f"rater={token}" in code.value and "Ben" not in code.value for code in app.code)


def test_without_answers_the_page_says_where_they_come_from(open_page: OpenPage, empty: Workspace) -> None:
    assert "no answers to compare" in texts(open_page(empty, "side_by_side"))
