"""Evaluate, further: metrics by name, context, own questions, other models, and work that has not ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import jobs
from core.workspace import Workspace
from evaluation import opponents, unfinished
from evaluation.actions import TARGET
from flows.others import run_replies
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import Submitted, add_evaluation, add_run, frozen, labels


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Workspace, str]:
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    return workspace, revision_id


def test_the_form_takes_further_metrics_context_and_own_questions(
    open_page: OpenPage, trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    app = open_page(trained[0], "evaluate")
    app.text_input(key="evaluate_metrics").set_value("bleu, /somewhere/dose ").run()
    app.number_input(key="evaluate_context").set_value(256).run()
    app.number_input(key="evaluate_samples").set_value(3).run()
    question = json.dumps({"prompt": "How many?", "answer": "Two."})
    app.file_uploader(key="evaluate_own").set_value(
        ("own.jsonl", f"{question}\nnonsense\n".encode(), "text/plain")
    ).run()
    press(app, "Evaluate")
    (_, target, spec), *others = submitted.asked
    assert target == "flows.probing:run_evaluation" and not others
    assert spec["metrics"] == ["bleu", "/somewhere/dose"] and spec["context"] == 256
    assert (spec["samples"], spec["temperature"]) == (3, 0.7)
    assert Path(spec["questions"]).read_text().startswith(question)
    assert "1 question of your own, 1 line left out" in texts(app)


def test_drawn_answers_stand_below_the_greedy_ones(open_page: OpenPage, trained: tuple[Workspace, str]) -> None:
    evaluation_id = add_evaluation(*trained)
    path = trained[0].objects.folder(evaluation_id) / "manifest.json"
    manifest = json.loads(path.read_text())
    summary = manifest["summary"]
    settings = {"temperature": 0.7, "top_p": 0.95, "seed": 0}
    summary["sampled"] = {"n_samples": 3, "settings": settings, "metrics": summary["metrics"]}
    path.write_text(json.dumps(manifest))
    said = texts(open_page(trained[0], "evaluate")).replace("\\", "")
    assert "3 answers drawn to each prompt at temperature 0.7" in said
    assert "0.50 s an answer, 40 tokens a second" in said, "speed stands beside the results"


def test_questions_that_are_none_start_nothing(
    open_page: OpenPage, trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    app = open_page(trained[0], "evaluate")
    app.file_uploader(key="evaluate_own").set_value(("own.jsonl", b"nonsense\n", "text/plain")).run()
    press(app, "Evaluate")
    assert "holds no question" in texts(app) and not submitted.asked


def test_another_models_answers_are_uploaded_and_stand_beside_the_tuned_ones(
    open_page: OpenPage, trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    evaluation_id = add_evaluation(*trained)
    frame = trained[0].objects.frame(evaluation_id, ["example_id", "reference"])
    lines = [json.dumps({"prompt_id": name, "text": text, "seconds": 2.0}) for name, text in frame.head(11).iter_rows()]
    app = open_page(trained[0], "evaluate")
    app.text_input(key="others_name").set_value("Rival-7").run()
    data = "\n".join([*lines, "nonsense"]).encode()
    app.file_uploader(key="others_file").set_value(("theirs.jsonl", data, "text/plain")).run()
    press(app, "Bring it in")
    ((_, target, spec),) = submitted.asked
    assert target == "flows.others:run_replies" and "being brought in" in texts(app)
    run_replies(jobs.InlineContext(spec, tmp_path))
    for job in trained[0].jobs_dir.iterdir():
        (job / "state.json").write_text('{"status": "done"}')
    (one,) = opponents.brought(trained[0], evaluation_id)
    assert one["source"] == "Rival-7" and one["metrics"]["exact_match"]["other"]["value"] == 1.0
    assert "privacy_leaks" in one["metrics"], "the dataset's checks look at them too"
    said = texts(open_page(trained[0], "evaluate")).replace("\\", "")
    assert "11 answers, 1 prompt without one, 2.00 s an answer; 1 line of its file held no answer" in said


def test_an_endpoint_is_asked_by_a_job_and_a_name_of_ones_own_is_refused(
    open_page: OpenPage, trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    evaluation_id = add_evaluation(*trained)
    app = open_page(trained[0], "evaluate")
    app.text_input(key="others_name").set_value("tuned").run()
    app.text_input(key="others_url").set_value("http://127.0.0.1:9/v1").run()
    press(app, "Bring it in")
    assert "cannot be the name" in texts(app) and not submitted.asked
    app.text_input(key="others_name").set_value("Rival-7").run()
    press(app, "Bring it in")
    spec = {"workspace": str(trained[0].path), "evaluation_id": evaluation_id, "source": "Rival-7", "model": "Rival-7"}
    spec |= {"url": "http://127.0.0.1:9/v1", "max_new_tokens": 64}
    assert submitted.asked == [("replies", "flows.others:run_replies", spec)]


def test_work_that_has_not_ended_is_said_and_goes_on_or_away(
    open_page: OpenPage, trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    spec = {"workspace": str(trained[0].path), "run_id": "r"}
    work = unfinished.work(
        *(trained[0], "abc", "Evaluation of run r"), kind="evaluate", target=TARGET, spec=spec, n_wanted=None
    )
    with pytest.raises(KeyError), work as folder:
        unfinished.keep(folder / "base.jsonl", [{"n": 1}])
        raise KeyError
    app = open_page(trained[0], "evaluate")
    assert "Not ended" in texts(app) and "Evaluation of run r" in texts(app) and "1 answers kept" in texts(app)
    press(app, "Go on")
    assert submitted.asked == [("evaluate", "flows.probing:run_evaluation", spec)]
    assert "Go on" not in labels(app), "the job is at it"
    for job in trained[0].jobs_dir.iterdir():
        (job / "state.json").write_text('{"status": "failed"}')
    press(open_page(trained[0], "evaluate"), "Throw away")
    assert unfinished.left(trained[0]) == []
