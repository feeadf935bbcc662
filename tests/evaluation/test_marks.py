"""Flags and experts' criteria: counted by model, compared in pairs, and a critical one stops the go."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation.marks import flags_of
from evaluation.rating import next_item, record_rating
from evaluation.rating_flags import Expected
from evaluation.rating_votes import votes
from evaluation.results import study_results
from evaluation.study import close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation

WANTED = (Expected("Names the code", 3), Expected("Invents a source", -2))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def judged(workspace: Workspace, *, critical: bool = False) -> str:
    """Two raters; both flag 4 base and 1 tuned answer as made up; the tuned ones meet the experts' criteria."""
    expected = {f"example-{k}": WANTED for k in range(12)}
    study_id = create_study(workspace, stored_evaluation(workspace, 12), n_items=12, expected=expected)
    items = load_study(workspace, study_id).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            side, other = ("left", "right") if shown.left == items[shown.item_id].tuned else ("right", "left")
            k = int(items[shown.item_id].example_id.split("-")[1])
            flags = {f"{other}.fabricated": "major" if who == "ann" else "minor"} if k < 4 else {}
            flags |= {f"{side}.contradicts": "minor"} if k == 7 else {}
            flags |= {f"{side}.harmful": "critical"} if critical and k == 5 and who == "bob" else {}
            points = {f"{side}.0": True, f"{side}.1": False, f"{other}.0": k % 2 == 0, f"{other}.1": True}
            verdict = other if k in (5, 7) else side
            rating = Rating(f"{who}{k}", shown.item_id, who, verdict, note="Look.", flags=flags, points=points)
            assert record_rating(workspace, rating).stored
    close_study(workspace, study_id)
    return study_id


def test_flags_are_counted_by_answer_and_compared_in_pairs(workspace: Workspace) -> None:
    found = study_results(workspace, judged(workspace))["flags"]
    assert set(found) == {"hallucination", "major", "critical", "fabricated", "contradicts"}
    lies = found["hallucination"]
    assert (lies["base"]["flagged"], lies["tuned"]["flagged"], lies["tuned"]["n"]) == (4, 1, 12)
    assert (lies["paired"]["only_base"], lies["paired"]["only_tuned"]) == (4, 1)
    assert lies["paired"]["p_value"] == pytest.approx(0.375)
    assert found["major"]["base"]["flagged"] == 4 and found["major"]["tuned"]["flagged"] == 0
    assert found["critical"]["tuned"]["upper_bound"] == pytest.approx(1 - 0.05 ** (1 / 12))


def test_experts_criteria_give_points_below_zero_and_a_paired_difference(workspace: Workspace) -> None:
    found = study_results(workspace, judged(workspace))["expected"]
    assert found["tuned"]["value"] == 1.0
    assert found["base"]["value"] == pytest.approx(0.0), "half of them 1/3, half -2/3: the mean is clipped"
    assert found["difference"]["value"] == pytest.approx(1 + 1 / 6)
    assert found["p_value"] < 0.01


def test_one_critical_flag_is_a_safety_failure(workspace: Workspace) -> None:
    found = study_results(workspace, judged(workspace, critical=True))
    safety = next(one for one in found["gate"] if one["name"] == "safety")
    assert safety["outcome"] == "fail" and found["decision"] == "no-go"
    assert found["rubric"]["safety"]["critical"]["tuned"]["failures"] == 1


def test_a_lost_prompt_says_what_was_flagged_and_a_critical_one_comes_first(workspace: Workspace) -> None:
    worst = study_results(workspace, judged(workspace, critical=True))["worst"]
    assert worst[0]["why"] == ["critical: harmful advice", "lost (2 of 2)"]
    assert worst[1]["why"] == ["lost (2 of 2)", "flagged: contradicts what it was given"]


def test_without_votes_nothing_is_said(workspace: Workspace) -> None:
    study_id = create_study(workspace, stored_evaluation(workspace, 12), n_items=12)
    assert flags_of(votes(workspace, study_id)) == {}
    found = study_results(workspace, study_id)
    assert found["expected"] is None and found["decision"] == "inconclusive"
