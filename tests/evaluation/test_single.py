"""Answers shown one at a time and scored by the rubric: blind, balanced, and read as pairs afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.rated import rated
from core.types import Rating
from core.workspace import Workspace
from evaluation import queries
from evaluation.guesses import next_guess
from evaluation.rating import DeskItem, next_item, progress, record_rating, undo_rating, votes
from evaluation.report import report
from evaluation.results import study_results
from evaluation.round_files import export_round
from evaluation.slices import study_slices
from evaluation.study import close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation

N = 12
CRITERIA = ("accuracy", "safety")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def study_id(workspace: Workspace) -> str:
    """12 prompts, 2 of them answered alike; both answers of each are shown."""
    stored = stored_evaluation(workspace, N, same=2)
    return create_study(workspace, stored, n_items=N, raters_per_item=2, criteria=CRITERIA, single=True)


def shown(workspace: Workspace, study_id: str, who: str) -> DeskItem:
    item = next_item(workspace, study_id, who)
    assert item is not None
    return item


def score(workspace: Workspace, item: DeskItem, who: str, accuracy: int | None, safety: int | None = 5) -> bool:
    scores = {"left.accuracy": accuracy, "left.safety": safety}
    return record_rating(workspace, Rating(f"{who}-{item.item_id}", item.item_id, who, None, scores)).stored


def score_all(workspace: Workspace, study_id: str, who: str) -> list[DeskItem]:
    """Score until nothing is left: 4 for what the tuned model wrote, 2 for what the base wrote, 3 for the same text."""
    seen = []
    while (item := next_item(workspace, study_id, who)) is not None:
        assert next_item(workspace, study_id, who) == item, "a reload shows the same answer"
        assert score(workspace, item, who, 4 if item.left.startswith("Second") else 2 if item.left[0] == "F" else 3)
        seen.append(item)
    return seen


def test_both_answers_to_each_prompt_are_shown_alone_the_second_only_after_all_first_ones(
    workspace: Workspace, study_id: str
) -> None:
    seen = {who: score_all(workspace, study_id, who) for who in ("ann", "bob")}
    for items in seen.values():
        assert len(items) == 2 * N and all(item.right == "" and item.single for item in items)
        assert len({item.item_id for item in items}) == 2 * N
        assert [item.prompt for item in items[:N]] == [item.prompt for item in items[N:]]
        assert items[0].mine_total == 2 * N
    kinds = load_study(workspace, study_id).items
    first = {who: {item.prompt: kinds[item.item_id].model for item in items[:N]} for who, items in seen.items()}
    for models in first.values():
        assert sorted(models.values()).count("tuned") == N / 2, "each model comes first in half of the prompts"
    assert all(first["ann"][prompt] != first["bob"][prompt] for prompt in first["ann"]), "and balanced over raters"
    assert next_guess(workspace, study_id, "ann") is None, "there is no side to guess"


def test_scores_are_read_as_pairs_with_both_models_means(workspace: Workspace, study_id: str) -> None:
    for who in ("ann", "bob"):
        score_all(workspace, study_id, who)
    found = study_results(workspace, study_id)
    accuracy = found["rubric"]["accuracy"]
    assert accuracy["tuned"]["value"] == pytest.approx((10 * 4 + 2 * 3) / 12)
    assert accuracy["base"]["value"] == pytest.approx((10 * 2 + 2 * 3) / 12)
    assert accuracy["difference"]["value"] == pytest.approx(20 / 12) and accuracy["difference"]["n"] == N
    assert found["rubric"]["safety"]["critical"]["tuned"] == {
        **found["rubric"]["safety"]["critical"]["tuned"],
        "failures": 0,
        "n": N,
    }
    assert found["progress"] == {"votes": 48, "wanted": 48, "skips": 0, "n_items": N}
    assert found["preference"]["win_rate"]["value"] is None, "nobody said which is better"
    assert any("one at a time" in note for note in found["notes"])
    assert found["decision"] == "inconclusive", "what was not asked is not passed"
    assert study_slices(workspace, study_id)["slices"] == []


def test_an_answer_that_must_not_be_sent_is_a_failure_to_trace(workspace: Workspace, study_id: str) -> None:
    item = shown(workspace, study_id, "ann")
    while load_study(workspace, study_id).items[item.item_id].model != "tuned":
        score(workspace, item, "ann", 3)
        item = shown(workspace, study_id, "ann")
    assert score(workspace, item, "ann", 3, safety=1)
    worst = study_results(workspace, study_id)["worst"]
    example = load_study(workspace, study_id).items[item.item_id].example_id
    assert [(row["example_id"], row["why"]) for row in worst] == [(example, ["critical: safety"])]


def test_a_score_left_out_a_verdict_or_a_right_side_is_refused_and_a_skip_is_not(
    workspace: Workspace, study_id: str
) -> None:
    item = shown(workspace, study_id, "ann")
    for verdict, scores in (
        (None, {"left.accuracy": 4}),
        (None, {"left.accuracy": 4, "right.safety": 4}),
        ("left", {"left.accuracy": 4, "left.safety": 4}),
    ):
        with pytest.raises(InputError):
            record_rating(workspace, Rating("a", item.item_id, "ann", verdict, scores))
    assert not votes(workspace, study_id).held
    assert record_rating(workspace, Rating("b", item.item_id, "ann", "skip")).stored
    assert shown(workspace, study_id, "ann").item_id != item.item_id
    assert progress(workspace, study_id, "ann").all_done == 0, "a skip is no judgement"


def test_undo_brings_back_the_last_answer_and_leaves_the_others(workspace: Workspace, study_id: str) -> None:
    first = shown(workspace, study_id, "ann")
    score(workspace, first, "ann", 3, safety=None)
    second = shown(workspace, study_id, "ann")
    score(workspace, second, "ann", 1)
    assert not score(workspace, second, "ann", 5), "a second press changes nothing"
    assert undo_rating(workspace, study_id, "ann") == second.item_id
    assert shown(workspace, study_id, "ann").item_id == second.item_id
    assert [item for item, _ in votes(workspace, study_id).held] == [first.item_id]


def test_scored_prompts_are_spent_and_no_file_of_an_open_study_names_a_model(
    workspace: Workspace, study_id: str, tmp_path: Path
) -> None:
    score_all(workspace, study_id, "ann")
    assert len(rated(workspace)) == N
    state = queries.study(workspace, study_id)
    assert state["single"] and (state["votes"], state["wanted"]) == (24, 48)
    for path in export_round(workspace, study_id, tmp_path / "open"):
        text = path.read_text(encoding="utf-8").lower()
        assert "tuned" not in text and '"base' not in text, path.name
    close_study(workspace, study_id)
    names = {path.name for path in export_round(workspace, study_id, tmp_path / "closed")}
    assert {"metrics.json", "decision.json"} <= names
    assert "one at a time" in report(workspace, load_study(workspace, study_id).evaluation_id, study_id=study_id)


def test_a_study_of_single_answers_has_criteria_and_no_pairs_that_test(workspace: Workspace) -> None:
    stored = stored_evaluation(workspace, N)
    with pytest.raises(InputError, match="criteria"):
        create_study(workspace, stored, criteria=(), single=True)
    with pytest.raises(InputError, match="repeats"):
        create_study(workspace, stored, n_items=N, single=True, n_repeats=1)
