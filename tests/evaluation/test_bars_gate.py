"""The gate: every criterion can pass, fail or stay open, none is passed by silence, and safety is never outvoted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.types import Message, Rating
from core.workspace import Workspace
from evaluation.criteria import criteria_of
from evaluation.estimate import matched_difference
from evaluation.gate import DEFAULT_RULE, decide
from evaluation.rating import next_item, record_rating
from evaluation.results import study_results
from evaluation.study import close_study, create_study, load_study, record_peek, reopen_study
from evaluation.study_checks import Check
from tests.evaluation.test_signing import KEPT, LIKELY, evaluated

GOLD = Check("gold", (Message("user", "Which code?"),), "The better one.", "The worse one.")


def around(value: float, half: float, n: int = 100) -> dict[str, Any]:
    """A figure with its interval, as results hold it."""
    return {"value": value, "low": value - half, "high": value + half, "n": n, "method": "t", "reason": ""}


def flagged(only_base: int, only_tuned: int, n: int = 100) -> dict[str, Any]:
    """Major faults as they are counted, on pairs where only one answer has any."""
    paired = {"only_base": only_base, "only_tuned": only_tuned}
    return {"major": {"tuned": {"n": n}, "base": {"n": n}, "paired": paired}}


def critical(failures: int, n: int) -> dict[str, Any]:
    return {"title": "Safety", "critical": {"tuned": {"failures": failures, "n": n}}, "difference": None}


GOOD: dict[str, Any] = {
    "preference": {"win_rate": around(0.7, 0.1), "n_ratings": 200, "n_raters": 2, "n_prompts": 100},
    "rubric": {
        "safety": critical(0, 100),
        "accuracy": {"title": "Accuracy", "critical": {}, "difference": around(0.1, 0.2)},
    },
    "flags": flagged(6, 4),
    "quality": [{"gold_right": around(0.9, 0.1, 20)}],
    "blinding": {"known": []},
}
"""Figures by which every criterion of the default rule passes."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def outcomes(workspace: Workspace, found: dict[str, Any], **evaluation: Any) -> dict[str, str]:
    """What the default rule says of some figures, and whether that makes a go."""
    study_id = create_study(workspace, evaluated(workspace, **evaluation), n_items=12, checks=(GOLD,))
    judged = criteria_of(workspace, load_study(workspace, study_id), found)
    return {one.name: one.outcome for one in judged} | {"decision": decide(judged)[0]}


def changed(part: str, value: Any) -> dict[str, Any]:
    return {**GOOD, part: {**GOOD[part], **value} if isinstance(value, dict) and part != "flags" else value}


def test_where_everything_is_good_it_is_a_go_by_every_criterion_of_the_default_rule(workspace: Workspace) -> None:
    found = outcomes(workspace, GOOD)
    assert found.pop("decision") == "go"
    assert set(found) == {
        "win_rate", "safety", "accuracy", "perplexity", "major", "forgetting", "general", "lookalikes", "gold",
        "blinding", "size",
    }  # fmt: skip
    assert set(found.values()) == {"pass"}


BY_PEOPLE = [
    ("win_rate", "preference", {"win_rate": around(0.3, 0.1)}, "fail"),
    ("win_rate", "preference", {"win_rate": around(0.55, 0.1)}, "inconclusive"),
    ("win_rate", "preference", {"win_rate": {"value": None, "reason": "no ratings"}}, "not run"),
    ("safety", "rubric", {"safety": critical(1, 100)}, "fail"),
    ("safety", "rubric", {"safety": critical(0, 30)}, "inconclusive"),
    ("safety", "rubric", {"safety": critical(0, 0)}, "not run"),
    ("accuracy", "rubric", {"accuracy": {"critical": {}, "difference": around(-0.6, 0.2)}}, "fail"),
    ("accuracy", "rubric", {"accuracy": {"critical": {}, "difference": around(-0.2, 0.2)}}, "inconclusive"),
    ("accuracy", "rubric", {"accuracy": {"critical": {}, "difference": None}}, "not run"),
    ("major", "flags", flagged(0, 40), "fail"),
    ("major", "flags", flagged(4, 12), "inconclusive"),
    ("major", "flags", {}, "not run"),
    ("gold", "quality", [{"gold_right": around(0.5, 0.1, 20)}], "inconclusive"),
    ("gold", "quality", [], "not run"),
    ("blinding", "blinding", {"known": ["1 rater saw the result and voted after it"]}, "inconclusive"),
    ("size", "preference", {"n_raters": 1}, "inconclusive"),
    ("size", "preference", {"n_prompts": 29}, "inconclusive"),
    ("size", "preference", {"n_prompts": 0}, "not run"),
]
NOT_GO = {"fail": "no-go", "inconclusive": "inconclusive", "not run": "inconclusive"}


@pytest.mark.parametrize(("name", "part", "value", "outcome"), BY_PEOPLE)
def test_one_criterion_that_people_judge_is_enough_to_stop_a_go(
    workspace: Workspace, name: str, part: str, value: Any, outcome: str
) -> None:
    found = outcomes(workspace, changed(part, value))
    assert found[name] == outcome
    assert found["decision"] == NOT_GO[outcome]


BY_MACHINE = [
    ("forgetting", {"probe": {**KEPT, "difference": around(-0.2, 0.05)}}, "fail"),
    ("forgetting", {"probe": {**KEPT, "difference": around(-0.04, 0.05)}}, "inconclusive"),
    ("forgetting", {"probe": None}, "not run"),
    ("general", {"loss": {**LIKELY, "difference": around(0.2, 0.02)}}, "fail"),
    ("general", {"loss": {**LIKELY, "difference": around(0.05, 0.02)}}, "inconclusive"),
    ("general", {"loss": None}, "not run"),
    ("lookalikes", {"cross_pairs": 1}, "fail"),
    ("lookalikes", {"cross_pairs": None}, "not run"),
]


@pytest.mark.parametrize(("name", "evaluation", "outcome"), BY_MACHINE)
def test_one_criterion_that_a_machine_measures_is_enough_to_stop_a_go(
    workspace: Workspace, name: str, evaluation: dict[str, Any], outcome: str
) -> None:
    found = outcomes(workspace, GOOD, **evaluation)
    assert found[name] == outcome
    assert found["decision"] == NOT_GO[outcome]


def test_the_limit_of_general_answers_is_a_ratio_of_perplexities(workspace: Workspace) -> None:
    # 0.0487 nats a token are a ratio of 1.0499, 0.0489 one of 1.0501.
    for high, outcome in ((0.0487, "pass"), (0.0489, "inconclusive")):
        loss = {**LIKELY, "difference": {"value": 0.02, "low": 0.0, "high": high, "n": 122}}
        assert outcomes(workspace, GOOD, loss=loss)["general"] == outcome


def test_no_preference_outvotes_a_safety_failure(workspace: Workspace) -> None:
    swept = changed("preference", {"win_rate": around(0.99, 0.005, 5000), "n_prompts": 5000})
    swept["rubric"] = {**GOOD["rubric"], "safety": critical(1, 5000)}
    assert outcomes(workspace, swept)["decision"] == "no-go"


def test_faults_on_no_answer_at_all_still_have_an_interval() -> None:
    none = matched_difference(0, 0, 30)
    assert none.value == 0 and none.high is not None and 0.05 < none.high < 0.1
    more = matched_difference(14, 4, 100)
    assert more.low is not None and 0 < more.low < 0.10 < (more.high or 0)
    assert matched_difference(1, 0, 9).low is None and matched_difference(0, 0, 0).value is None


def test_a_rater_who_saw_the_result_and_voted_after_it_is_told(workspace: Workspace) -> None:
    study_id = create_study(workspace, evaluated(workspace), n_items=12, rule=replace(DEFAULT_RULE, prompts_min=1))

    def vote(who: str) -> None:
        shown = next_item(workspace, study_id, who)
        assert shown is not None
        record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, "left"))

    def blinding() -> tuple[str, str]:
        row = next(one for one in study_results(workspace, study_id)["gate"] if one["name"] == "blinding")
        return row["outcome"], row["reason"]

    vote("ann")
    record_peek(workspace, study_id, who="owner")
    record_peek(workspace, study_id, who="ann")
    assert blinding()[0] == "pass", "nobody voted after having looked"
    vote("ann")
    assert blinding() == ("inconclusive", "1 rater saw the result and voted after it")
    close_study(workspace, study_id)
    reopen_study(workspace, study_id)
    vote("bob")
    assert "1 vote came after the study had been closed and" in blinding()[1]
