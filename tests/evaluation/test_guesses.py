"""Whether raters could tell the models apart: guesses at the end, on pairs that they judged, with their interval."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import FinetoothError, InputError
from core.types import Rating
from core.workspace import Workspace
from evaluation.guesses import PER_RATER, guessed, next_guess, record_guess, told_sentence
from evaluation.rating import next_item, record_rating, votes
from evaluation.results import study_results
from evaluation.study import close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def study_id(workspace: Workspace) -> str:
    made = create_study(workspace, stored_evaluation(workspace, 14), n_items=14, raters_per_item=2)
    for who in ("ann", "bob"):
        while (item := next_item(workspace, made, who)) is not None:
            record_rating(workspace, Rating(f"{who}-{item.item_id}", item.item_id, who, "left"))
    return made


def guess_all(workspace: Workspace, study_id: str, who: str, *, knows: bool) -> int:
    """Guess every pair: the right side, or always the left one."""
    count = 0
    while (asked := next_guess(workspace, study_id, who)) is not None:
        assert next_guess(workspace, study_id, who) == asked, "a reload asks the same"
        assert asked.done == count
        side = votes(workspace, study_id).held[asked.item_id, who].tuned
        assert record_guess(workspace, asked.item_id, who, side if knows else "left")
        assert not record_guess(workspace, asked.item_id, who, "right"), "the first guess stands"
        count += 1
    return count


def test_a_rater_is_asked_about_ten_pairs_that_they_judged_on_the_sides_they_saw(
    workspace: Workspace, study_id: str
) -> None:
    asked = next_guess(workspace, study_id, "ann")
    assert asked is not None and asked.total == PER_RATER
    item = load_study(workspace, study_id).items[asked.item_id]
    side = votes(workspace, study_id).held[asked.item_id, "ann"].tuned
    assert getattr(asked, side) == item.tuned
    assert guess_all(workspace, study_id, "ann", knows=True) == PER_RATER
    assert next_guess(workspace, study_id, "carl") is None, "who did not rate is not asked"


def test_guesses_that_are_right_show_that_the_study_was_not_blind(workspace: Workspace, study_id: str) -> None:
    before = study_results(workspace, study_id)
    assert before["blinding"]["guesses"]["share"]["value"] is None and not before["blinding"]["known"]
    guess_all(workspace, study_id, "ann", knows=True)
    guess_all(workspace, study_id, "bob", knows=True)
    found = guessed(workspace, load_study(workspace, study_id))
    assert (found["right"], found["n"], found["told"]) == (20, 20, True)
    assert found["share"]["low"] == pytest.approx(0.8389, abs=1e-4), "Wilson of 20 of 20"
    assert [row["rater"] for row in found["raters"]] == ["ann", "bob"] and found["raters"][0]["n"] == 10
    after = study_results(workspace, study_id)
    assert any("20 of 20 guesses" in one for one in after["blinding"]["known"])
    gate = {one["name"]: one["outcome"] for one in after["gate"]}
    assert gate["blinding"] == "inconclusive", "such votes decide nothing"
    assert after["preference"] == before["preference"], "a guess changes no vote"


def test_guesses_at_random_say_that_nobody_could_tell(workspace: Workspace, study_id: str) -> None:
    guess_all(workspace, study_id, "ann", knows=False)
    guess_all(workspace, study_id, "bob", knows=False)
    found = guessed(workspace, load_study(workspace, study_id))
    assert found["n"] == 20 and found["told"] is False and told_sentence(found) == ""
    assert found["share"]["low"] < 0.5 < found["share"]["high"]


def test_who_cannot_tell_counts_for_neither(workspace: Workspace, study_id: str) -> None:
    asked = next_guess(workspace, study_id, "ann")
    assert asked is not None
    record_guess(workspace, asked.item_id, "ann", "unsure")
    found = guessed(workspace, load_study(workspace, study_id))
    assert (found["n"], found["unsure"], found["share"]["value"]) == (0, 1, None)


def test_wrong_guesses_are_refused(workspace: Workspace, study_id: str) -> None:
    asked = next_guess(workspace, study_id, "ann")
    assert asked is not None
    with pytest.raises(InputError):
        record_guess(workspace, asked.item_id, "ann", "tuned")
    with pytest.raises(InputError):
        record_guess(workspace, asked.item_id, "carl", "left")
    close_study(workspace, study_id)
    assert next_guess(workspace, study_id, "ann") is None
    with pytest.raises(FinetoothError):
        record_guess(workspace, asked.item_id, "ann", "left")
