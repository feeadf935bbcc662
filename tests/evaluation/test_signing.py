"""The decision: every criterion can pass, fail or stay open; a person signs; safety is never outvoted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import FinetoothError, InputError
from core.types import Message, Rating
from core.workspace import Workspace
from curation import decisions, queries
from evaluation.gate import DEFAULT_RULE, NOT_WORSE, Rule, judge_lookalikes
from evaluation.rating import next_item, record_rating
from evaluation.results import study_results
from evaluation.rubric import SAFETY
from evaluation.signing import sign, signatures
from evaluation.study import close_study, create_study, load_study, reopen_study
from evaluation.study_checks import Check
from tests.evaluation.workspace_with_run import evaluation_frame, stored_evaluation

SMALL = replace(DEFAULT_RULE, prompts_min=12, safety_bound_max=0.25, major_rise_max=0.2)
KEPT = {"title": "Forgetting", "n": 122, "difference": {"value": 0.0, "low": -0.02, "high": 0.02, "n": 122}}
"""General abilities as a probe reports them: paired change of accuracy with its interval."""
LIKELY = {"title": "Loss", "n": 122, "difference": {"value": 0.01, "low": 0.0, "high": 0.02, "n": 122}}
"""The paired change of the loss on general answers, in nats a token."""


def evaluated(
    workspace: Workspace,
    *,
    probe: dict[str, Any] | None = KEPT,
    loss: dict[str, Any] | None = LIKELY,
    cross_pairs: int | None = 0,
) -> str:
    """An evaluation with a revision's certificate and the probes of forgetting, or without them (None)."""
    manifest = workspace.objects.manifest(stored_evaluation(workspace, 12))
    revision = workspace.objects.put(
        "revision", {} if cross_pairs is None else {"certificate": {"cross_pairs": cross_pairs}}, evaluation_frame(1), 1
    )
    probes = {name: one for name, one in (("forgetting", probe), ("forgetting_loss", loss)) if one}
    summary = manifest["summary"] | ({"probes": probes} if probes else {})
    made = {**manifest, "summary": summary, "revision_id": revision}
    return workspace.objects.put("evaluation", made, evaluation_frame(12), ["judged", cross_pairs, probe, loss])


def judged(workspace: Workspace, evaluation_id: str, *, rule: Rule = SMALL, critical: bool = False) -> str:
    """A closed study in which two raters prefer the tuned model throughout; one of its answers may be critical."""
    study_id = create_study(workspace, evaluation_id, n_items=12, rule=rule)
    items = load_study(workspace, study_id).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            side, other = ("left", "right") if shown.left == items[shown.item_id].tuned else ("right", "left")
            bad = critical and items[shown.item_id].example_id == "example-3"
            accuracy = 4 + int(items[shown.item_id].example_id.split("-")[1]) % 2
            scores = {f"{side}.accuracy": accuracy, f"{other}.accuracy": 3, f"{side}.safety": 1 if bad else 5}
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, side, scores))
    close_study(workspace, study_id)
    return study_id


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def outcomes(workspace: Workspace, study_id: str) -> dict[str, str]:
    return {one["name"]: one["outcome"] for one in study_results(workspace, study_id)["gate"]}


def test_where_every_criterion_passes_the_decision_is_go(workspace: Workspace) -> None:
    study_id = judged(workspace, evaluated(workspace))
    assert set(outcomes(workspace, study_id).values()) == {"pass"}
    assert study_results(workspace, study_id)["decision"] == "go"


@pytest.mark.parametrize(
    ("difference", "outcome", "decision"),
    [((-0.2, -0.3, -0.1), "fail", "no-go"), ((-0.04, -0.1, 0.02), "inconclusive", "inconclusive")],
)
def test_forgetting_is_judged_by_its_interval(
    workspace: Workspace, difference: tuple[float, float, float], outcome: str, decision: str
) -> None:
    value, low, high = difference
    probe = {**KEPT, "difference": {"value": value, "low": low, "high": high, "n": 122}}
    study_id = judged(workspace, evaluated(workspace, probe=probe))
    assert outcomes(workspace, study_id)["forgetting"] == outcome
    assert study_results(workspace, study_id)["decision"] == decision


def test_what_was_not_measured_is_not_passed(workspace: Workspace) -> None:
    study_id = judged(workspace, evaluated(workspace, probe=None, loss=None, cross_pairs=None))
    found = outcomes(workspace, study_id)
    assert (found["forgetting"], found["lookalikes"]) == ("not run", "not run")
    assert study_results(workspace, study_id)["decision"] == "inconclusive"


def test_a_hold_out_that_leaked_is_no_go(workspace: Workspace) -> None:
    assert study_results(workspace, judged(workspace, evaluated(workspace, cross_pairs=2)))["decision"] == "no-go"
    assert judge_lookalikes(0, 0).outcome == "pass"


def test_a_study_opened_under_an_older_rule_is_judged_by_that_rule_alone(workspace: Workspace) -> None:
    older = Rule(prompts_min=12, safety_bound_max=0.25)
    study_id = judged(workspace, stored_evaluation(workspace, 12), rule=older)
    assert set(outcomes(workspace, study_id)) == {"win_rate", "safety", "accuracy", "perplexity", "size"}
    stored = {k: v for k, v in older.as_dict().items() if k in Rule.__dataclass_fields__ and v not in (None, False)}
    assert Rule(**stored) == older


def test_one_critical_answer_outweighs_every_vote_and_cannot_be_signed_away(workspace: Workspace) -> None:
    study_id = judged(workspace, evaluated(workspace), critical=True)
    found = study_results(workspace, study_id)
    assert found["preference"]["losses"] == 0 and found["decision"] == "no-go"
    with pytest.raises(FinetoothError, match="nothing outvotes"):
        sign(workspace, study_id, "go", who="Lea", reason="It is fine.")
    assert sign(workspace, study_id, "no-go", who="Lea").overrides is False


def test_a_person_signs_and_going_against_the_rule_needs_a_reason(workspace: Workspace) -> None:
    study_id = judged(workspace, evaluated(workspace))
    assert not sign(workspace, study_id, "go", who="Lea").overrides
    sign(workspace, study_id, "go", who="Lea")
    with pytest.raises(InputError, match="needs a reason"):
        sign(workspace, study_id, "no-go", who="Max")
    against = sign(workspace, study_id, "no-go", who="Max", reason="Too slow for the ward.")
    assert against.overrides and against.reason == "Too slow for the ward."
    signed = signatures(workspace, study_id, study_results(workspace, study_id))
    assert [(one.who, one.decision, one.stale) for one in signed] == [("Lea", "go", False), ("Max", "no-go", False)]


def test_an_open_study_cannot_be_signed_and_new_votes_make_a_signature_stale(workspace: Workspace) -> None:
    study_id = judged(workspace, evaluated(workspace), rule=replace(SMALL, raters_min=3))
    sign(workspace, study_id, "inconclusive", who="Lea")
    reopen_study(workspace, study_id)
    with pytest.raises(FinetoothError, match="is open"):
        sign(workspace, study_id, "inconclusive", who="Lea")
    for word, who in (("maybe", "Lea"), ("go", " ")):
        with pytest.raises(InputError):
            sign(workspace, study_id, word, who=who)
    found = study_results(workspace, study_id)
    changed = {**found, "preference": found["preference"] | {"wins": 23}}
    assert [one.stale for one in signatures(workspace, study_id, changed)] == [True]


def test_a_critical_line_of_ones_own_rubric_stops_the_go_as_safety_does(workspace: Workspace) -> None:
    privacy = replace(SAFETY, name="privacy", title="Privacy")
    study_id = create_study(workspace, evaluated(workspace), n_items=12, criteria=("accuracy", "safety", privacy))
    items = load_study(workspace, study_id).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            side = "left" if shown.left == items[shown.item_id].tuned else "right"
            scores = {f"{side}.privacy": 1 if items[shown.item_id].example_id == "example-2" else 5}
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, side, scores))
    close_study(workspace, study_id)
    assert outcomes(workspace, study_id)["critical.privacy"] == "fail"
    with pytest.raises(FinetoothError, match="nothing outvotes"):
        sign(workspace, study_id, "go", who="Lea", reason="It is fine.")


@pytest.mark.parametrize(("right", "outcome"), [(True, "pass"), (False, "inconclusive"), (None, "not run")])
def test_raters_who_miss_the_gold_pairs_decide_nothing(workspace: Workspace, right: bool | None, outcome: str) -> None:
    gold = Check("gold", (Message("user", "Which code?"),), "The better one.", "The worse one.")
    study_id = create_study(workspace, evaluated(workspace), n_items=12, raters_per_item=1, checks=(gold,))
    while right is not None and (shown := next_item(workspace, study_id, "ann")) is not None:
        better = "left" if shown.left == "The better one." else "right"
        other = {"left": "right", "right": "left"}[better]
        verdict = better if right else other
        record_rating(workspace, Rating(f"ann{shown.item_id}", shown.item_id, "ann", verdict))
    close_study(workspace, study_id)
    assert outcomes(workspace, study_id)["gold"] == outcome
    assert "gold" not in outcomes(workspace, judged(workspace, evaluated(workspace)))


def test_the_rule_says_in_words_what_it_asks_for() -> None:
    assert "above 50%" in DEFAULT_RULE.sentence() and "above 45%" in NOT_WORSE.sentence()
    assert "5 points of 100" in DEFAULT_RULE.sentence() and "general" not in Rule().sentence()
    assert DEFAULT_RULE.digest() != NOT_WORSE.digest()


def test_a_signature_is_no_decision_about_an_example(workspace: Workspace) -> None:
    study_id = judged(workspace, evaluated(workspace))
    sign(workspace, study_id, "go", who="Lea")
    assert not workspace.ledger.entries(decisions.KIND)
    assert queries.overview(workspace).n_examples == 0, "the dataset is still read"
