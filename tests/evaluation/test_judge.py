"""A model as judge: the same rubric, both orders, apart from people's votes, and worth what its agreement shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import command_line
from core.errors import CancelledError, FinetoothError, InputError
from core.jobs import InlineContext
from core.types import Rating
from core.workspace import Workspace
from evaluation import judge, unfinished
from evaluation.rating import next_item, record_rating
from evaluation.results import study_results
from evaluation.rubric import BUILT_IN
from evaluation.study import close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation
from tests.fake_endpoint import serving


def answer(verdict: str, a: int = 4, b: int = 2) -> str:
    scores = {side: {c.name: score for c in BUILT_IN} for side, score in (("A", a), ("B", b))}
    return f"Here it is: {json.dumps({'verdict': verdict, 'scores': scores})}"


def tuned_wins(body: dict[str, Any]) -> str:
    """The tuned model's answers begin with "Second": the judge prefers these wherever they stand."""
    first = body["messages"][1]["content"].split("Response A\n")[1]
    return answer("A", 5, 1) if first.startswith("Second") else answer("B", 1, 5)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    space = Workspace.create(tmp_path / "w")
    stored_evaluation(space, 12)
    return space


def closed(workspace: Workspace, *, n_for_base: int = 0) -> str:
    """A closed study of twelve pairs with two raters, who prefer tuned but for the first pairs."""
    evaluation_id = workspace.objects.ids("evaluation")[0]
    study_id = create_study(workspace, evaluation_id, n_items=12)
    items = load_study(workspace, study_id).items
    against = set(sorted(items)[:n_for_base])
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            item = items[shown.item_id]
            liked = item.base if shown.item_id in against else item.tuned
            side = "left" if shown.left == liked else "right"
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, side))
    close_study(workspace, study_id)
    return study_id


def run(workspace: Workspace, study_id: str, url: str, folder: Path) -> dict[str, Any]:
    spec = {"workspace": str(workspace.path), "study_id": study_id, "url": url, "model": "big"}
    return judge.run_judge(InlineContext(spec, folder))


def test_each_pair_is_asked_in_both_orders_with_the_raters_rubric_and_no_models_name(
    workspace: Workspace, tmp_path: Path
) -> None:
    study_id = closed(workspace)
    with serving(tuned_wins) as (url, heard):
        done = run(workspace, study_id, url, tmp_path)
    assert len(heard) == 24
    one, other = (body["messages"][1]["content"] for body in heard[:2])
    a, b = one.split("Response A\n")[1].split("\n\nResponse B\n")
    assert other.endswith(f"Response A\n{b}\n\nResponse B\n{a}")
    study = load_study(workspace, study_id)
    for criterion in study.criteria:
        assert all(sentence in heard[0]["messages"][0]["content"] for sentence in criterion.anchors)
    assert "tuned" not in json.dumps(heard[0]["messages"]) and "base" not in json.dumps(heard[0]["messages"])
    summary = done["summary"]
    assert summary["preference"]["wins"] == 12 and summary["consistent"]["value"] == 1.0
    assert summary["first_chosen"]["value"] == 0.5
    assert summary["rubric"]["accuracy"]["tuned"]["value"] == 5 and summary["rubric"]["accuracy"]["base"]["value"] == 1


def test_a_judge_that_likes_the_first_answer_says_tie(workspace: Workspace, tmp_path: Path) -> None:
    study_id = closed(workspace)
    with serving(lambda body: answer("A")) as (url, _):
        summary = run(workspace, study_id, url, tmp_path)["summary"]
    assert summary["preference"]["ties"] == 12 and summary["preference"]["win_rate"]["value"] == 0.5
    assert summary["consistent"]["value"] == 0.0 and summary["first_chosen"]["value"] == 1.0


def test_people_and_judge_are_never_mixed(workspace: Workspace, tmp_path: Path) -> None:
    study_id = closed(workspace)
    before, entries = study_results(workspace, study_id), len(workspace.ledger.entries())
    with serving(lambda body: answer("both_bad")) as (url, _):
        run(workspace, study_id, url, tmp_path)
    assert study_results(workspace, study_id) == before and len(workspace.ledger.entries()) == entries
    assert [one["model"] for one in judge.judgements(workspace, study_id)] == ["big"]


def test_agreement_with_the_people_is_said_with_its_interval(workspace: Workspace, tmp_path: Path) -> None:
    study_id = closed(workspace, n_for_base=6)
    with serving(tuned_wins) as (url, _):
        done = run(workspace, study_id, url, tmp_path)
    found = judge.with_people(workspace, done["judgement_id"])
    assert found["agrees"]["value"] == 0.5 and 0 < found["agrees"]["low"] < 0.5 < found["agrees"]["high"] < 1
    assert found["agrees_decisive"]["value"] == 0.5 and found["people"]["value"] == 1.0 and found["n"] == 12
    assert found["alpha"]["value"] is not None and found["alpha"]["value"] < 0.1
    assert found["sentence"].endswith(
        "two people agree in 100%: it agrees with people less than they do with each other."
    )


def test_an_answer_without_a_verdict_is_counted_and_a_judge_without_any_is_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    study_id = closed(workspace)
    (tmp_path / "a").mkdir()
    with (
        serving(lambda body: "I cannot say.") as (url, _),
        pytest.raises(FinetoothError, match="no verdict on any of 12"),
    ):
        run(workspace, study_id, url, tmp_path / "a")
    said = iter(["{not json}", *[answer("tie")] * 22])
    with serving(lambda body: next(said)) as (url, _):
        summary = run(workspace, study_id, url, tmp_path)["summary"]
    assert summary["n_judged"] == 11 and summary["not_judged"] == {"its answer holds no JSON object": 1}


@pytest.mark.parametrize(
    "text", ['{"verdict": "C"}', '{"verdict": ["A"]}', "[1]", "", '{"verdict": "A"', "{" * 100_000 + "}" * 100_000]
)
def test_what_is_no_verdict_is_no_opinion(text: str) -> None:
    assert isinstance(judge.read_opinion(text, BUILT_IN), str)


def test_scores_off_the_scale_are_left_out() -> None:
    found = judge.read_opinion('{"verdict": "B", "scores": {"A": {"accuracy": 9, "tone": 3}, "B": 4}}', BUILT_IN)
    assert found == judge.Opinion("B", {"A.tone": 3})


def test_an_open_study_is_not_judged(workspace: Workspace, tmp_path: Path) -> None:
    study_id = create_study(workspace, workspace.objects.ids("evaluation")[0], n_items=12)
    with pytest.raises(InputError, match="still judge it blindly"):
        run(workspace, study_id, "http://127.0.0.1:9/v1", tmp_path)


def test_the_command_says_what_the_judge_is_worth(workspace: Workspace) -> None:
    closed(workspace)
    with serving(tuned_wins) as (url, _):
        words = ["judge", "--url", url, "--model", "big", "--workspace", str(workspace.path)]
        result = CliRunner().invoke(command_line(words), words)
    assert result.exit_code == 0, result.output
    assert "The judge says what a person says in 100% of votes" in result.stdout
    assert "prefers the tuned model on 100% of 12 pairs; both orders agree on 100%" in result.stdout


def test_a_judge_that_was_interrupted_goes_on_where_it_stopped(workspace: Workspace, tmp_path: Path) -> None:
    study_id = closed(workspace)
    with serving(tuned_wins) as (url, heard):
        spec = {"workspace": str(workspace.path), "study_id": study_id, "url": url, "model": "big"}

        class Interrupted(InlineContext):
            def progress(self, stage: str, done: int, total: int | None) -> None:
                if done == 7:
                    raise CancelledError("stopped")

        with pytest.raises(CancelledError):
            judge.run_judge(Interrupted(spec, tmp_path / "a"))
        assert len(heard) == 14
        (one,) = unfinished.left(workspace)
        assert (one.title, one.n_kept, one.n_wanted) == ("Judgement by big", 7, 12)
        done = judge.run_judge(InlineContext(spec, tmp_path / "b"))
    assert len(heard) == 24 and done["summary"]["n_judged"] == 12
    assert unfinished.left(workspace) == []
    whole = closed(workspace, n_for_base=0)
    assert whole == study_id and done["summary"]["rubric"]["accuracy"]["tuned"]["value"] == 5
