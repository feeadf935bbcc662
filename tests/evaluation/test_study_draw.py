"""What a study draws by itself: pairs of equal answers, gold from earlier rounds, and an order balanced by tag."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.types import Rating
from core.workspace import Workspace
from evaluation.assign import item_order, sample
from evaluation.corrections import correct
from evaluation.rating import next_item, record_rating
from evaluation.rating_quality import quality
from evaluation.results import study_results
from evaluation.study import agreed, close_study, create_study, load_study
from evaluation.study_draw import strata
from tests.evaluation.workspace_with_run import stored_evaluation


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def rate_all(workspace: Workspace, study_id: str, who: str, verdict_of: object = "left") -> int:
    """Vote on every pair with a fixed verdict, or with what a function of the pair says."""
    count = 0
    while (item := next_item(workspace, study_id, who)) is not None:
        verdict = verdict_of(item) if callable(verdict_of) else str(verdict_of)
        assert record_rating(workspace, Rating(f"{who}-{count}", item.item_id, who, verdict)).stored
        count += 1
    return count


def test_pairs_of_equal_answers_lie_unseen_among_the_others_and_are_counted_apart(workspace: Workspace) -> None:
    evaluation_id = stored_evaluation(workspace, 26, same=4)
    made = create_study(workspace, evaluation_id, n_items=20, raters_per_item=2, n_equals=5)
    study = load_study(workspace, made)
    probes = [check for check in study.checks.values() if check.kind == "equal"]
    assert len(probes) == 5 and all(check.better == check.worse for check in probes)
    assert sum(check.better == "The same." for check in probes) == 4, "what both models answered alike comes first"
    shown = {item.prompt for item in study.items.values()}
    assert all(check.prompt not in shown for check in probes), "no prompt is shown twice"
    assert rate_all(workspace, made, "ann", lambda item: "tie" if item.left == item.right else "left") == 25
    assert rate_all(workspace, made, "bob", "left") == 25
    ann, bob = quality(workspace, made)
    assert (ann.equals_seen.value, bob.equals_seen.value, ann.equals_seen.n) == (1.0, 0.0, 5)
    assert ann.gold_right.value is None, "an equal pair is no gold pair"
    assert study_results(workspace, made)["preference"]["n_ratings"] == 40, "nor a vote on a model"


def test_more_equal_pairs_than_spare_prompts_are_refused(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="2 answered prompts are left"):
        create_study(workspace, stored_evaluation(workspace, 12), n_items=10, n_equals=3)


def test_gold_is_drawn_from_closed_studies_where_all_raters_agreed(workspace: Workspace) -> None:
    evaluation_id = stored_evaluation(workspace, 30)
    first = create_study(workspace, evaluation_id, n_items=12, raters_per_item=2, seed=1)
    items = load_study(workspace, first).items
    sure = sorted(items)[:5]

    def verdict_of(who: str, item_id: str) -> str:
        item = next_item(workspace, first, who)
        assert item is not None
        better = "left" if item.left == items[item_id].tuned else "right"
        return better if item_id in sure or who == "ann" else "tie"

    for who in ("ann", "bob"):
        rate_all(workspace, first, who, lambda item, who=who: verdict_of(who, item.item_id))
    with pytest.raises(InputError, match="hold 0 other pairs"):
        create_study(workspace, evaluation_id, n_items=5, seed=2, n_gold=1)
    close_study(workspace, first)
    spare = [one for one in sure if items[one].example_id not in _picked(evaluation_id, workspace, 5, 2)]
    second = create_study(workspace, evaluation_id, n_items=5, seed=2, n_gold=len(spare))
    gold = [check for check in load_study(workspace, second).checks.values() if check.kind == "gold"]
    assert sorted(check.prompt[0].content for check in gold) == sorted(items[one].prompt[0].content for one in spare)
    assert all(check.better.startswith("Second") and check.worse.startswith("First") for check in gold)
    shown = {item.prompt for item in load_study(workspace, second).items.values()}
    assert not shown & {check.prompt for check in gold}
    assert "All 2 raters" in gold[0].why


def test_an_answer_that_an_expert_corrected_makes_gold_too(workspace: Workspace) -> None:
    stored = stored_evaluation(workspace, 12)
    correct(workspace, stored, "example-3", "The right answer.", who="Lea")
    correct(workspace, stored, "example-4", "Taken back.", who="Lea")
    correct(workspace, stored, "example-4", "", who="Lea")
    (gold,) = agreed(workspace)
    assert (gold.better, gold.worse) == ("The right answer.", "Second answer to 3.") and "Lea" in gold.why
    assert agreed(workspace, without=["example-3"]) == [], "a prompt that the study shows itself is no gold"


def _picked(evaluation_id: str, workspace: Workspace, n: int, seed: int) -> set[str]:
    return set(sample(seed, workspace.objects.frame(evaluation_id)["example_id"].to_list(), n))


def test_a_raters_order_holds_of_each_tag_its_share_from_the_start(workspace: Workspace) -> None:
    topics = ["asthma"] * 6 + ["heart"] * 12 + ["skin"] * 18
    revision = pl.DataFrame(
        {
            "id": [f"example-{k}" for k in range(36)],
            "split": ["holdout"] * 36,
            "messages": ["[]"] * 36,
            "source": [""] * 36,
            "line": list(range(36)),
            "meta": [json.dumps({"topic": topic}) for topic in topics],
        }
    )
    revision_id = workspace.objects.put("revision", {}, revision, "made")
    stored = stored_evaluation(workspace, 36)
    frame = workspace.objects.frame(stored)
    manifest = {**workspace.objects.manifest(stored), "revision_id": revision_id}
    evaluation_id = workspace.objects.put("evaluation", manifest, frame, "with tags")
    made = create_study(workspace, evaluation_id, n_items=36, raters_per_item=1)
    study = load_study(workspace, made)
    assert Counter(item.stratum for item in study.items.values()) == {
        "topic: asthma": 6,
        "topic: heart": 12,
        "topic: skin": 18,
    }
    seen: list[str] = []
    while (item := next_item(workspace, made, "ann")) is not None:
        seen.append(study.items[item.item_id].stratum)
        record_rating(workspace, Rating(f"ann-{len(seen)}", item.item_id, "ann", "left"))
    for length in range(1, 37):
        for kind, size in (("topic: asthma", 6), ("topic: heart", 12), ("topic: skin", 18)):
            assert abs(seen[:length].count(kind) - length * size / 36) < 2, (length, kind)


@given(st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=30), st.integers(0, 99))
def test_an_order_holds_each_item_once_and_one_kind_alone_is_a_plain_shuffle(kinds: list[str], seed: int) -> None:
    items = [f"i{k}" for k in range(len(kinds))]
    assert sorted(item_order(seed, items, "ann", kinds)) == sorted(items)
    assert item_order(seed, items, "ann") == item_order(seed, items, "ann", ["x"] * len(items))


def test_a_source_sorts_only_where_there_is_no_other_field() -> None:
    ids = ["1", "2", "3", "4"]
    slices = {"source: a": frozenset("12"), "source: b": frozenset("34")}
    assert strata(slices, ids)["1"] == "source: a"
    assert strata({**slices, "topic: x": frozenset("13"), "topic: y": frozenset("2")}, ids) == {
        "1": "topic: x",
        "2": "topic: y",
        "3": "topic: x",
    }
    assert strata({}, ids) == {} and strata({"topic: x": frozenset("12")}, ids) == {}
