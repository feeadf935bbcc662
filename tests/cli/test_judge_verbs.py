"""The verbs of judging: the rule is said beforehand, the decision is signed, and a study leaves as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import command_line
from core.errors import InputError
from core.types import Rating
from core.workspace import Workspace
from evaluation import queries, rating_links, study
from evaluation.rating import next_item, record_rating, votes
from tests.evaluation.workspace_with_run import stored_evaluation


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    stored_evaluation(made, 12)
    return made


def said(workspace: Workspace, *words: str, code: int = 0) -> str:
    """What the command line prints on standard output."""
    from typer.testing import CliRunner

    result = CliRunner().invoke(command_line(words), [*words, "--workspace", str(workspace.path)])
    assert (result.exit_code == 0) == (code == 0), result.output
    return result.stdout


def judge(workspace: Workspace) -> str:
    """Both raters prefer the tuned model throughout, and the study is closed."""
    study_id = str(queries.studies(workspace)[0]["id"])
    items = study.load_study(workspace, study_id).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            side = "left" if shown.left == items[shown.item_id].tuned else "right"
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, side))
    study.close_study(workspace, study_id)
    return study_id


def test_the_rule_for_a_go_is_said_before_anyone_votes(workspace: Workspace) -> None:
    assert "above 50%" in (opened := said(workspace, "study", "--items", "12")) and "no more" not in opened
    assert "its bound on safety needs 59 pairs scored for safety" in opened
    assert "above 45%" in said(workspace, "study", "--items", "12", "--not-worse")
    rules = {study.load_study(workspace, one["id"]).rule.win_rate_above for one in queries.studies(workspace)}
    assert rules == {0.5, 0.45}


def test_a_study_takes_gold_pairs_repeats_and_raters_by_link_and_a_vote_takes_flags(
    workspace: Workspace, tmp_path: Path
) -> None:
    gold = tmp_path / "gold.jsonl"
    row = {"prompt": "Which code?", "better": "R50.9", "worse": "None.", "why": "It was asked for.", "kind": "training"}
    gold.write_text(json.dumps(row), encoding="utf-8")
    words = ("--items", "12", "--repeats", "2", "--gold", str(gold), "--rater", "Ben", "--json")
    made = json.loads(said(workspace, "study", *words))
    assert (made["n_repeats"], len(made["checks"])) == (2, 1)
    assert rating_links.rater_of(workspace, made["study_id"], made["links"]["Ben"]) == "Ben"
    practice = json.loads(said(workspace, "rate", "--who", "Ben", "--json"))
    assert practice["practice"] == 1
    assert "It was asked for." in said(workspace, "rate", practice["item_id"], "left", "--who", "Ben")
    item = json.loads(said(workspace, "rate", "--who", "Ben", "--json"))["item_id"]
    said(workspace, "rate", item, "left", "--who", "Ben", "--flags", '{"right.tone": "huge"}', code=2)
    said(workspace, "rate", item, "left", "--who", "Ben", "--flags", '{"right.tone": "minor"}')
    assert votes(workspace, made["study_id"]).held[item, "Ben"].flags == {"right.tone": "minor"}


def test_fewer_pairs_than_were_asked_for_are_said_and_a_vote_on_no_pair_is_refused_plainly(
    workspace: Workspace,
) -> None:
    assert "500 were asked for; there are no more." in said(workspace, "study", "--items", "500")
    with pytest.raises(InputError, match="names no pair"):
        record_rating(workspace, Rating("a", "nope", "ann", "left"))


def test_several_models_are_ranked_from_a_file(workspace: Workspace, tmp_path: Path) -> None:
    pairs = (["tuned", "base"], ["tuned", "early"], ["early", "base"])
    rows = [{"item": k, "rater": "x", "verdict": "left", "models": pair} for k in range(12) for pair in pairs]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, rows)))
    from typer.testing import CliRunner

    words = ["stats", str(tmp_path / "r.jsonl")]
    shown = CliRunner().invoke(command_line(words), words).stdout
    assert [line.split(":")[0] for line in shown.splitlines()[-3:]] == ["1. tuned", "2. early", "3. base"]


def test_an_open_study_leaves_blind_files_and_no_result(workspace: Workspace, tmp_path: Path) -> None:
    said(workspace, "study", "--items", "12")
    assert "name no model" in said(workspace, "results", "--folder", str(tmp_path / "out"))
    assert not (tmp_path / "out" / "metrics.json").exists()
    assert said(workspace, "results", code=1) == ""


def test_a_decision_is_signed_shown_and_exported(workspace: Workspace, tmp_path: Path) -> None:
    said(workspace, "study", "--items", "12")
    judge(workspace)
    assert said(workspace, "results", "--sign", "go", code=1) == ""
    signed = said(workspace, "results", "--sign", "go", "--reason", "A pilot.", "--who", "Lea", "--slices")
    assert "Signed go by Lea" in signed and "A pilot." in signed and "at equal length" in signed
    found = json.loads(said(workspace, "results", "--slices", "--folder", str(tmp_path / "out"), "--json"))
    assert found["signed"][0]["overrides"] is True and "slices" in found["by_slice"]
    assert json.loads((tmp_path / "out" / "decision.json").read_text())["signed"] == found["signed"]
