"""The evaluation job on a tiny model: real weights, real adapter, real answers, stored once."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from core import models
from core.chat import encode
from core.errors import CancelledError, FinetoothError, InputError
from core.jobs import InlineContext
from core.workspace import Workspace
from evaluation.actions import run_evaluation
from evaluation.queries import answers, evaluation, evaluations
from tests.evaluation.workspace_with_run import conversation, examples, revision, run_with_adapter
from tests.tiny_model import tiny


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Workspace:
    space = Workspace.create(tmp_path_factory.mktemp("ws") / "w")
    too_long = conversation("Long?", "word " * 2000)
    run_with_adapter(space, base, revision(space, [*examples(12), too_long]))
    return space


def spec(workspace: Workspace, **more: object) -> dict[str, object]:
    return {"workspace": str(workspace.path), "run_id": "run-1", "n_replies": 5, "max_new_tokens": 6, **more}


@pytest.fixture(scope="module")
def result(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return run_evaluation(InlineContext(spec(workspace), tmp_path_factory.mktemp("job")))


def test_an_evaluation_measures_both_models_on_the_same_tokens(
    workspace: Workspace, result: dict[str, object], base: Path
) -> None:
    page = evaluation(workspace, str(result["evaluation_id"]))
    summary, rows = page["manifest"]["summary"], page["rows"]
    tokenizer = models.load_tokenizer(base)
    expected = sum(encode(tokenizer, e.messages).n_supervised for e in examples(12))
    assert summary["base"]["tokens"] == summary["tuned"]["tokens"] == expected
    assert len(rows) == page["total"] == 12
    nll = {name: math.fsum(row[f"{name}_nll"] for row in rows) for name in ("base", "tuned")}
    assert summary["base"]["perplexity"] == pytest.approx(math.exp(nll["base"] / expected))
    assert summary["ratio"]["value"] == pytest.approx(math.exp((nll["tuned"] - nll["base"]) / expected))
    assert summary["ratio"]["low"] < summary["ratio"]["value"] < summary["ratio"]["high"]
    assert page["manifest"]["precision"] == "stored"


def test_the_base_is_the_model_without_its_adapter(workspace: Workspace, result: dict[str, object], base: Path) -> None:
    from evaluation.perplexity import score

    rows = evaluation(workspace, str(result["evaluation_id"]))["rows"]
    alone = score(models.load_model(base, "stored"), models.load_tokenizer(base), examples(12))
    assert [row["base_nll"] for row in rows] == pytest.approx([one.nll for one in alone], rel=1e-5)
    assert rows[0]["tuned_nll"] != pytest.approx(rows[0]["base_nll"], rel=1e-3)


def test_what_could_not_be_scored_is_named_not_dropped_in_silence(
    workspace: Workspace, result: dict[str, object]
) -> None:
    manifest = workspace.objects.manifest(str(result["evaluation_id"]))
    assert manifest["summary"]["n_excluded"] == 1
    assert "hold-out example 13" in manifest["excluded"][0]["reason"].lower()


def test_answers_and_metrics_are_kept_for_the_prompts_that_were_asked(
    workspace: Workspace, result: dict[str, object]
) -> None:
    page = answers(workspace, str(result["evaluation_id"]))
    assert page["total"] == 5
    manifest = workspace.objects.manifest(str(result["evaluation_id"]))
    assert manifest["summary"]["replies"]["tuned"]["n"] == 5
    assert manifest["summary"]["replies"]["base"]["seconds_per_answer"] > 0
    assert {row["base_code_match"] for row in page["rows"]} <= {0.0, 1.0}
    assert manifest["summary"]["metrics"]["code_match"]["n"] == 5


def test_the_same_evaluation_is_not_run_twice(workspace: Workspace, result: dict[str, object], tmp_path: Path) -> None:
    again = run_evaluation(InlineContext(spec(workspace), tmp_path))
    assert again["evaluation_id"] == result["evaluation_id"]
    assert len(evaluations(workspace)) == 1


def test_rows_come_with_the_answers_that_got_worse_first(workspace: Workspace, result: dict[str, object]) -> None:
    rows = evaluation(workspace, str(result["evaluation_id"]), sort="worse", limit=4)["rows"]
    changes = [row["change_nats_per_token"] for row in rows]
    assert len(rows) == 4 and changes == sorted(changes, reverse=True)


def test_a_stop_ends_the_job_and_stores_nothing(workspace: Workspace, tmp_path: Path) -> None:
    context = InlineContext(spec(workspace, seed=99), tmp_path)
    (tmp_path / "stop").touch()
    with pytest.raises(CancelledError):
        run_evaluation(context)
    assert len(evaluations(workspace)) == 1


def test_a_missing_run_and_an_unknown_setting_are_named(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(FinetoothError, match="no run nowhere"):
        run_evaluation(InlineContext(spec(workspace, run_id="nowhere"), tmp_path))
    with pytest.raises(InputError, match="no setting colour"):
        run_evaluation(InlineContext(spec(workspace, colour="red"), tmp_path))


def test_answers_made_before_an_interruption_are_not_made_again(workspace: Workspace, tmp_path: Path) -> None:
    asked = spec(workspace, n_replies=6, batch_size=2, seed=7)

    class Interrupted(InlineContext):
        def progress(self, stage: str, done: int, total: int | None) -> None:
            if stage == "answers of tuned" and done >= 2:
                raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        run_evaluation(Interrupted(asked, tmp_path / "first"))
    (folder,) = (workspace.path / "unfinished").iterdir()
    assert len((folder / "base.jsonl").read_text().splitlines()) == 6
    assert len((folder / "tuned.jsonl").read_text().splitlines()) == 2
    begun: dict[str, int] = {}

    def note(stage: str, done: int, _total: int | None) -> None:
        begun.setdefault(stage, done)

    done = run_evaluation(InlineContext(asked, tmp_path / "second", note))
    assert (begun["answers of base"], begun["answers of tuned"]) == (6, 2)
    assert done["summary"]["replies"]["tuned"]["n"] == 6
    assert not folder.exists()


def test_long_conversations_are_scored_in_windows_where_that_is_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    done = run_evaluation(InlineContext(spec(workspace, n_replies=0, context=256), tmp_path))
    assert (done["summary"]["n_examples"], done["summary"]["n_in_windows"]) == (13, 1)


def test_metrics_that_could_not_run_are_named_and_any_other_is_taken_by_path(
    workspace: Workspace, tmp_path: Path
) -> None:
    from evaluation.given import Looked
    from evaluation.metrics_loader import FOLDER

    copied = tmp_path / "mine" / "mine.py"
    copied.parent.mkdir()
    source = (FOLDER / "exact_match" / "exact_match.py").read_text()
    copied.write_text(source.replace("class ExactMatch", "class Mine").replace('"exact_match"', '"mine"'))
    asked = spec(workspace, n_replies=3, metrics=[str(copied)], seed=3)
    done = run_evaluation(
        InlineContext(asked, tmp_path / "job"), look_in=lambda _: lambda example: Looked(None, len(example.answer) % 2)
    )
    summary = done["summary"]
    assert summary["metrics"]["mine"]["n"] == 3
    assert summary["metrics"]["privacy_leaks"]["n"] == 3
    assert set(summary["metrics_not_run"]) == {"Form that the dataset taught", "Words recited from training answers"}
    with pytest.raises(InputError, match="no metric"):
        run_evaluation(InlineContext(spec(workspace, metrics=["/nowhere/at/all.py"]), tmp_path / "other"))
