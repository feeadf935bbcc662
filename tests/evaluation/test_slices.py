"""Figures by tag: what each slice says is what its own examples say."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation.rating import next_item, record_rating
from evaluation.slices import evaluation_slices, slices_of, study_slices
from evaluation.study import create_study, load_study
from tests.evaluation.workspace_with_run import evaluation_frame, stored_evaluation

N = 24


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def evaluation_id(workspace: Workspace) -> str:
    """24 examples: half about gout; the rare ones among them have a tag, and an id each that sorts nothing."""
    rows = [
        {
            **{"id": f"example-{k}", "split": "holdout", "messages": "[]", "source": "", "line": k},
            "meta": json.dumps(
                {"topic": "gout" if k % 2 else "asthma", "case": k, "tags": ["rare", "new"] if k < 2 else ["common"]}
            ),
        }
        for k in range(N)
    ]
    revision = workspace.objects.put("revision", {}, pl.DataFrame(rows), "r")
    manifest = workspace.objects.manifest(stored_evaluation(workspace, N))
    frame = evaluation_frame(N).with_columns(
        tuned_nll=pl.when(pl.int_range(pl.len()) % 2 == 1).then(30.0 + pl.int_range(pl.len())).otherwise(10.0),
        base_exact_match=pl.lit(0.0),
        tuned_exact_match=(pl.int_range(pl.len()) % 3 == 0).cast(pl.Float64),
    )
    none = {"value": None, "low": None, "high": None, "n": 0, "method": "", "reason": "not of interest here"}
    metric = {
        "exact_match": {
            **{"title": "Exact match", "better": "higher", "n": N, "n_not_scored": 0},
            **{"base": none, "tuned": none, "difference": none},
        }
    }
    summary = manifest["summary"] | {"metrics": metric}
    made = {**manifest, "revision_id": revision, "summary": summary}
    return workspace.objects.put("evaluation", made, frame, "sliced")


def test_fields_that_sort_the_hold_out_make_slices_and_the_others_are_named(
    workspace: Workspace, evaluation_id: str
) -> None:
    found, notes = slices_of(workspace, workspace.objects.manifest(evaluation_id)["revision_id"])
    assert {name: len(ids) for name, ids in found.items()} == {
        "tags: common": 22,
        "topic: asthma": 12,
        "topic: gout": 12,
    }
    assert "case has 24 different values, too many for slices." in notes
    assert "2 values of tags have fewer than 3 examples and make no slice." in notes
    assert slices_of(workspace, "rev-1") == ({}, [])


def test_perplexity_and_metrics_are_said_for_each_slice(workspace: Workspace, evaluation_id: str) -> None:
    rows = {row["slice"]: row for row in evaluation_slices(workspace, evaluation_id)["slices"]}
    assert (rows["all"]["n"], rows["topic: gout"]["n"]) == (24, 12)
    assert rows["topic: gout"]["ratio"]["low"] > 1 > rows["topic: asthma"]["ratio"]["high"]
    assert rows["topic: gout"]["metrics"]["exact_match"]["difference"]["value"] == pytest.approx(4 / 12)


def test_a_model_that_wins_overall_can_be_seen_to_lose_in_a_slice(workspace: Workspace, evaluation_id: str) -> None:
    study_id = create_study(workspace, evaluation_id, n_items=N)
    items = load_study(workspace, study_id).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            side, other = ("left", "right") if shown.left == items[shown.item_id].tuned else ("right", "left")
            k = int(items[shown.item_id].example_id.split("-")[1])
            verdict = side if k % 2 == 0 else other
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, verdict))
    found = study_slices(workspace, study_id)
    rows = {row["slice"]: row for row in found["slices"]}
    assert rows["topic: asthma"]["preference"]["win_rate"]["value"] == 1
    assert rows["topic: gout"]["preference"]["win_rate"]["value"] == 0
    assert rows["topic: gout"]["p_holm"] == pytest.approx(3 * rows["topic: gout"]["preference"]["p_value"], rel=0.6)
    assert rows["topic: gout"]["p_holm"] > rows["topic: gout"]["preference"]["p_value"]
    assert any("Holm" in note for note in found["notes"])
