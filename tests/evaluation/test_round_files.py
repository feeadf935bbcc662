"""A study as a folder: blind while it is open, whole once it is closed, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation.rating import next_item, record_rating
from evaluation.results import study_results
from evaluation.round_files import export_round
from evaluation.signing import sign
from evaluation.study import close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation

OPEN = ["round.json", "items.jsonl", "ratings.jsonl", "ratings_wide.csv"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def study_id(workspace: Workspace) -> str:
    """Two raters prefer the tuned answer, except that both find the third pair bad; one writes a formula."""
    made = create_study(workspace, stored_evaluation(workspace, 12), n_items=12)
    items = load_study(workspace, made).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, made, who)) is not None:
            side = "left" if shown.left == items[shown.item_id].tuned else "right"
            bad = items[shown.item_id].example_id == "example-3"
            scores = {f"{side}.accuracy": 4}
            note = "=HYPERLINK(1)" if bad else ""
            verdict = "both_bad" if bad else side
            flags = {f"{side}.fabricated": "minor"} if bad else {}
            rating = Rating(f"{who}{shown.item_id}", shown.item_id, who, verdict, scores, note, flags=flags)
            record_rating(workspace, rating)
    return made


def wide(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_while_it_is_open_no_file_names_a_model(workspace: Workspace, study_id: str, tmp_path: Path) -> None:
    written = export_round(workspace, study_id, tmp_path / "out")
    assert [path.name for path in written] == OPEN
    for path in written:
        text = path.read_text("utf-8-sig")
        assert not any(word in text for word in ("tuned", "base", "Second answer", "First answer", '"seed"', "adapter"))
    assert len(wide(tmp_path / "out" / "ratings_wide.csv")) == 24


def test_a_closed_round_holds_design_votes_figures_and_decision(
    workspace: Workspace, study_id: str, tmp_path: Path
) -> None:
    close_study(workspace, study_id)
    sign(workspace, study_id, "inconclusive", who="Lea")
    written = export_round(workspace, study_id, tmp_path)
    assert [path.name for path in written[4:]] == [
        "metrics.json", "decision.json", "llm_comparator.json", "model_index.md", "items.parquet", "ratings.parquet",
        "README.md",
    ]  # fmt: skip
    found = study_results(workspace, study_id)
    design, decision, metrics = (
        json.loads((tmp_path / name).read_text()) for name in ("round.json", "decision.json", "metrics.json")
    )
    assert design["seed"] == 0 and design["adapter_sha256"] == "1" * 64 and design["rule_hash"] == decision["rule_hash"]
    assert decision["decision"] == found["decision"] and decision["signed"][0]["who"] == "Lea"
    assert metrics["study"]["preference"] == found["preference"]
    assert metrics["by_slice"]["evaluation"]["slices"][0]["n"] == 12 and len(metrics["per_item"]) == 12
    assert "value: 0.4" in (tmp_path / "model_index.md").read_text()


def test_the_wide_table_has_one_row_a_vote_and_no_formula(workspace: Workspace, study_id: str, tmp_path: Path) -> None:
    close_study(workspace, study_id)
    export_round(workspace, study_id, tmp_path)
    rows = wide(tmp_path / "ratings_wide.csv")
    assert len(rows) == 24 and {row["tuned"] for row in rows} == {"left", "right"}
    assert {row["note"] for row in rows} == {"", "'=HYPERLINK(1)"}
    assert all(row[f"{row['tuned']}.accuracy"] == "4" for row in rows)
    assert {row["flags"] for row in rows if row["note"]} == {"left.fabricated=minor", "right.fabricated=minor"}


def test_the_viewers_scores_are_above_zero_where_the_tuned_model_won(
    workspace: Workspace, study_id: str, tmp_path: Path
) -> None:
    close_study(workspace, study_id)
    export_round(workspace, study_id, tmp_path)
    found = json.loads((tmp_path / "llm_comparator.json").read_text())
    assert [one["name"] for one in found["models"]] == ["tuned", "base"]
    assert sorted(one["score"] for one in found["examples"]) == [0.0] + [1.0] * 11
    first = found["examples"][0]
    assert first["output_text_a"].startswith("Second") and first["input_text"].startswith("user: Question")
    assert {vote["is_flipped"] for one in found["examples"] for vote in one["individual_rater_scores"]} == {True, False}


def test_datasets_reads_the_folder_of_a_closed_round(workspace: Workspace, study_id: str, tmp_path: Path) -> None:
    from datasets import load_dataset

    close_study(workspace, study_id)
    export_round(workspace, study_id, tmp_path / "round")
    items, ratings = (
        load_dataset(str(tmp_path / "round" / "dataset"), name, split="train", cache_dir=str(tmp_path / "cache"))
        for name in ("items", "ratings")
    )
    assert len(items) == 12 and items[0]["prompt"][0]["role"] == "user" and items[0]["tuned"].startswith("Second")
    assert len(ratings) == 24
    outcomes = [row["outcome"] for row in ratings]
    assert (outcomes.count("win"), outcomes.count("both_bad")) == (22, 2)
    assert all(row["verdict"] == row["tuned_side"] for row in ratings if row["outcome"] == "win")
    assert all(row[f"{row['tuned_side']}.accuracy"] == 4 for row in ratings)
