"""Blind studies: balanced sides, one vote per press storm, undo, and nothing on the desk that names a model."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FinetoothError, InputError
from core.types import Rating
from core.workspace import Workspace
from evaluation.assign import item_order, tuned_sides
from evaluation.exports import export_design, export_ratings, ratings_rows
from evaluation.queries import studies, study
from evaluation.rating import next_item, record_rating, undo_rating, votes
from evaluation.results import study_results
from evaluation.rubric import BUILT_IN
from evaluation.stats import stats_of_ratings
from evaluation.study import close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def study_id(workspace: Workspace) -> str:
    return create_study(workspace, stored_evaluation(workspace, 12), n_items=12, raters_per_item=2, seed=3)


def vote(workspace: Workspace, study_id: str, who: str, verdict: str = "left", **more: object) -> str:
    """Vote on the pair shown next; returns its id."""
    item = next_item(workspace, study_id, who)
    assert item is not None
    rating = Rating(f"{who}-{item.item_id}", item.item_id, who, verdict)
    assert record_rating(workspace, replace(rating, **more)).stored
    return item.item_id


def vote_for(workspace: Workspace, study_id: str, who: str, model: str, **more: object) -> None:
    """Vote for a model, wherever it stands (only a test may know)."""
    item = next_item(workspace, study_id, who)
    assert item is not None
    text = getattr(load_study(workspace, study_id).items[item.item_id], model)
    side = "left" if item.left == text else "right"
    rating = Rating(f"{who}-{item.item_id}", item.item_id, who, side)
    assert record_rating(workspace, replace(rating, **more)).stored


@given(st.integers(0, 50), st.integers(1, 41), st.integers(1, 7))
def test_sides_are_balanced_for_each_rater_and_for_each_prompt(seed: int, n_items: int, n_raters: int) -> None:
    items = [f"item-{k}" for k in range(n_items)]
    raters = [f"rater-{k}" for k in range(n_raters)]
    sides = {rater: tuned_sides(seed, items, raters, rater) for rater in raters}
    for rater in raters:
        left = sum(side == "left" for side in sides[rater].values())
        assert abs(left - (n_items - left)) <= 1
    even = raters[: n_raters - n_raters % 2]
    for item in items:
        assert sum(sides[rater][item] == "left" for rater in even) * 2 == len(even)


def test_a_later_rater_does_not_move_the_sides_of_an_earlier_one() -> None:
    items = [f"item-{k}" for k in range(9)]
    assert tuned_sides(1, items, ["a"], "a") == tuned_sides(1, items, ["a", "b", "c"], "a")
    assert tuned_sides(1, items, ["a"], "a") == tuned_sides(1, items[::-1], ["a"], "a")


def test_each_rater_has_an_order_of_their_own_that_a_reload_keeps() -> None:
    items = [f"item-{k}" for k in range(20)]
    assert item_order(1, items, "ann") == item_order(1, items[::-1], "ann")
    assert item_order(1, items, "ann") != item_order(1, items, "bob")


def test_the_desk_shows_no_model_and_no_side_map(workspace: Workspace, study_id: str) -> None:
    item = next_item(workspace, study_id, "ann")
    assert item is not None
    shown = json.dumps(asdict(item)).lower()
    for word in ("tuned", "base", "tiny", "model", "seed", "example-"):
        assert word not in shown
    assert {item.left.split()[0], item.right.split()[0]} == {"First", "Second"}
    assert (item.mine_done, item.mine_total, item.all_done, item.all_total) == (0, 12, 0, 24)


def test_a_reload_shows_the_same_pair_on_the_same_sides(workspace: Workspace, study_id: str) -> None:
    assert next_item(workspace, study_id, "ann") == next_item(workspace, study_id, "ann")


def test_three_presses_record_one_vote(workspace: Workspace, study_id: str) -> None:
    item = next_item(workspace, study_id, "ann")
    assert item is not None
    first = Rating("press-1", item.item_id, "ann", "left")
    stored = [record_rating(workspace, replace(first, action_id=f"press-{k}")).stored for k in (1, 1, 2, 3)]
    assert stored == [True, False, False, False]
    assert len(workspace.ledger.entries("rating")) == 1


def test_a_vote_in_the_first_quarter_second_is_not_counted(workspace: Workspace, study_id: str) -> None:
    item = next_item(workspace, study_id, "ann")
    assert item is not None
    rating = Rating("a", item.item_id, "ann", "left", shown_at="2026-01-01T00:00:00.000000Z")
    early = record_rating(workspace, replace(rating, answered_at="2026-01-01T00:00:00.100000Z"))
    assert not early.stored and "250 ms" in early.reason
    assert record_rating(workspace, replace(rating, answered_at="2026-01-01T00:00:01.000000Z")).stored


def test_undo_brings_the_last_pair_back_and_a_new_vote_counts(workspace: Workspace, study_id: str) -> None:
    vote(workspace, study_id, "ann")
    second = vote(workspace, study_id, "ann", "tie")
    assert undo_rating(workspace, study_id, "ann") == second
    item = next_item(workspace, study_id, "ann")
    assert item is not None and item.item_id == second and item.mine_done == 1
    record_rating(workspace, Rating("again", second, "ann", "both_bad"))
    assert votes(workspace, study_id).held[(second, "ann")].verdict == "both_bad"
    assert undo_rating(workspace, study_id, "bob") is None
    assert len(workspace.ledger.entries("rating")) == 4 and workspace.ledger.verify()


def test_a_replayed_vote_does_not_come_back_after_its_undo(workspace: Workspace, study_id: str) -> None:
    item = next_item(workspace, study_id, "ann")
    assert item is not None
    rating = Rating("once", item.item_id, "ann", "left")
    record_rating(workspace, rating)
    undo_rating(workspace, study_id, "ann")
    assert not record_rating(workspace, rating).stored
    assert not votes(workspace, study_id).held


def test_scores_may_follow_the_verdict_and_both_are_kept(workspace: Workspace, study_id: str) -> None:
    item = vote(workspace, study_id, "ann", "left", note="clearer")
    scores = {"left.accuracy": 5, "right.accuracy": 3, "left.safety": None}
    assert record_rating(workspace, Rating("scores", item, "ann", scores=scores)).stored
    held = votes(workspace, study_id).held[(item, "ann")]
    assert (held.verdict, held.scores, held.note) == ("left", scores, "clearer")


@pytest.mark.parametrize(
    "wrong", [{"verdict": "maybe"}, {"scores": {"left.accuracy": 6}}, {"scores": {"left.beauty": 3}}, {"verdict": None}]
)
def test_a_vote_off_the_scale_is_refused(workspace: Workspace, study_id: str, wrong: dict[str, object]) -> None:
    item = next_item(workspace, study_id, "ann")
    assert item is not None
    with pytest.raises(InputError):
        record_rating(workspace, replace(Rating("a", item.item_id, "ann", "left"), **wrong))
    assert not workspace.ledger.entries("rating")


def test_two_raters_never_lose_a_vote_and_each_pair_is_judged_as_often_as_planned(
    workspace: Workspace, study_id: str
) -> None:
    for _ in range(12):
        vote(workspace, study_id, "ann")
        vote(workspace, study_id, "bob", "right")
    assert next_item(workspace, study_id, "ann") is None
    assert next_item(workspace, study_id, "cyd") is None
    state = study(workspace, study_id)
    assert (state["votes"], state["wanted"], state["raters"]) == (24, 24, ["ann", "bob", "cyd"])


def test_a_skipped_pair_goes_to_somebody_else(workspace: Workspace, study_id: str) -> None:
    for _ in range(12):
        vote(workspace, study_id, "ann", "skip")
    assert next_item(workspace, study_id, "ann") is None
    item = next_item(workspace, study_id, "bob")
    assert item is not None and item.all_done == 0


def test_identical_answers_are_left_out_and_counted(workspace: Workspace) -> None:
    study_id = create_study(workspace, stored_evaluation(workspace, 14, same=4), n_items=14)
    state = study(workspace, study_id)
    assert (state["n_items"], state["n_identical"]) == (10, 4)
    assert any("4 of 14" in note for note in study_results(workspace, study_id)["notes"])
    with pytest.raises(InputError, match="no pair to compare"):
        create_study(workspace, stored_evaluation(workspace, 3, same=3))


def test_the_same_arguments_open_the_same_study_once(workspace: Workspace, study_id: str) -> None:
    again = create_study(workspace, stored_evaluation(workspace, 12), n_items=12, raters_per_item=2, seed=3)
    assert again == study_id and len(studies(workspace)) == 1
    assert len(workspace.ledger.entries("study", study_id)) == 1


def test_a_closed_study_takes_no_vote(workspace: Workspace, study_id: str) -> None:
    item = vote(workspace, study_id, "ann")
    close_study(workspace, study_id)
    assert next_item(workspace, study_id, "ann") is None
    with pytest.raises(FinetoothError, match="closed"):
        record_rating(workspace, Rating("late", item, "bob", "left"))
    with pytest.raises(FinetoothError, match="closed"):
        undo_rating(workspace, study_id, "ann")


def test_exports_name_no_model_while_the_study_is_open(workspace: Workspace, study_id: str, tmp_path: Path) -> None:
    for _ in range(3):
        vote(workspace, study_id, "ann")
    export_ratings(workspace, study_id, tmp_path / "r.jsonl")
    export_design(workspace, study_id, tmp_path / "d.json")
    for name in ("r.jsonl", "d.json"):
        text = (tmp_path / name).read_text()
        assert not any(word in text for word in ("tuned", "base", "seed", "First answer"))


def test_the_export_of_a_closed_study_gives_stats_the_same_win_rate(
    workspace: Workspace, study_id: str, tmp_path: Path
) -> None:
    for k in range(12):
        vote_for(workspace, study_id, "ann", "tuned" if k % 4 else "base")
        vote_for(workspace, study_id, "bob", "tuned")
    close_study(workspace, study_id)
    assert {row["tuned"] for row in ratings_rows(workspace, study_id)} == {"left", "right"}
    export_ratings(workspace, study_id, tmp_path / "r.jsonl")
    stats = stats_of_ratings(tmp_path / "r.jsonl")
    results = study_results(workspace, study_id)
    assert stats["win_rate"]["of"] == "tuned"
    assert stats["win_rate"]["value"] == pytest.approx(results["preference"]["win_rate"]["value"]) == 21 / 24
    assert stats["alpha_nominal"] == pytest.approx(results["agreement"]["alpha_nominal"]["value"])


def test_results_turn_sides_back_into_models(workspace: Workspace, study_id: str) -> None:
    for _ in range(12):
        item = next_item(workspace, study_id, "ann")
        assert item is not None
        tuned = "left" if item.left.startswith("Second") else "right"
        base = "right" if tuned == "left" else "left"
        scores = {f"{tuned}.accuracy": 5, f"{base}.accuracy": 2, f"{tuned}.safety": 5, f"{base}.safety": 1}
        record_rating(workspace, Rating(item.item_id, item.item_id, "ann", tuned, scores))
    results = study_results(workspace, study_id)
    assert results["preference"]["win_rate"]["value"] == 1.0
    assert results["preference"]["win_rate"]["low"] > 0.7
    assert results["rubric"]["accuracy"]["tuned"]["value"] == 5
    assert results["rubric"]["accuracy"]["base"]["value"] == 2
    assert results["rubric"]["safety"]["critical"]["tuned"] == {
        "failures": 0,
        "n": 12,
        "upper_bound": pytest.approx(1 - 0.05 ** (1 / 12)),
    }
    assert results["rubric"]["safety"]["critical"]["base"]["failures"] == 12
    assert results["side_bias"]["left"] == results["side_bias"]["right"] == 6


def test_lost_and_bad_prompts_are_listed_for_the_trace(workspace: Workspace, study_id: str) -> None:
    lost = next_item(workspace, study_id, "ann")
    vote_for(workspace, study_id, "ann", "base", note="wrong code")
    bad = vote(workspace, study_id, "ann", "both_bad")
    vote_for(workspace, study_id, "ann", "tuned")
    worst = study_results(workspace, study_id)["worst"]
    assert lost is not None and {row["item_id"] for row in worst} == {lost.item_id, bad}
    assert any(row["notes"] == ["wrong code"] for row in worst)


def test_every_criterion_has_a_sentence_for_each_score() -> None:
    assert [one.name for one in BUILT_IN] == ["accuracy", "tone", "safety", "instruction_following", "groundedness"]
    for criterion in BUILT_IN:
        assert len(set(criterion.anchors)) == 5 and all(text.endswith(".") for text in criterion.anchors)
