"""Train: pre-flight first, launched once, watched from the files, stopped on request, diagnosed at its end."""

from __future__ import annotations

import fcntl
import inspect
import json
from pathlib import Path

import pytest

from core import jobs
from core.files import write_json
from core.revisions import examples_of
from core.workspace import Workspace
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import RUN, Submitted, add_run, ended_job, frozen, labels
from training import queries
from training.config import read_config
from ui import runs

REPORT = {
    "counts": {
        **{"examples": 48, "holdout_examples": 12, "tokens": 6_000, "supervised_tokens": 900},
        **{"longest_tokens": 192, "median_tokens": 130, "over_long": 0},
    },
    "blocks": [],
    "warnings": [
        {"name": "few", "message": "48 examples are few.", "hint": "Collect 50.", "count": 48, "examples": []}
    ],
    "over_long": [],
}


@pytest.fixture
def ready(tmp_path: Path) -> tuple[Workspace, str]:
    return frozen(tmp_path / "project")


def test_without_a_revision_the_page_sends_to_the_dataset(open_page: OpenPage, empty: Workspace) -> None:
    assert "no frozen revision to train on" in texts(open_page(empty, "train"))


def test_one_press_starts_one_run_in_a_process_of_its_own(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted
) -> None:
    workspace, revision_id = ready
    app = press(open_page(workspace, "train"), "Start training")
    [(kind, target, spec)] = submitted.asked
    [run] = queries.runs(workspace)
    assert (kind, target) == ("train", "training.sft:run_training")
    assert spec == {"workspace": str(workspace.path), "run_id": run.id}
    assert (run.revision_id, run.settings["method"]) == (revision_id, "qlora")
    assert "Start training" not in labels(app), "one run at a time"
    assert app.query_params["run"] in (run.id, [run.id])


def test_looking_first_is_a_job_and_its_report_is_shown(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted
) -> None:
    workspace, revision_id = ready
    press(open_page(workspace, "train"), "Look first")
    [(kind, target, spec)] = submitted.asked
    assert (kind, target) == ("preflight", "training.first_look:preflight_job")
    ended_job(workspace, "preflight", spec, {"report": REPORT}, number=999_999)
    for folder in workspace.jobs_dir.glob("2027*"):
        (folder / "spec.json").unlink()
    said = texts(open_page(workspace, "train")).replace("\\", "")
    assert "48 examples with 900 trained tokens of 6,000" in said
    assert "48 examples are few." in said and "Nothing forbids the run" in said
    assert spec["revision_id"] == revision_id


TOKENS = {
    **{"id": "ab" * 16, "place": "chats.jsonl, line 7", "n_tokens": 30, "n_trained": 4, "refused": ""},
    "pieces": [
        {"text": "<|im_start|>user\nWho <b>?", "kind": "context", "n_tokens": 26},
        {"text": "I am", "kind": "trained", "n_tokens": 3},
        {"text": "<|im_end|>", "kind": "end", "n_tokens": 1},
    ],
}


def test_the_trained_tokens_of_a_row_are_shown_in_colour_and_any_row_can_be_fetched(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted
) -> None:
    workspace, revision_id = ready
    config = read_config({}).to_dict()
    spec = {"workspace": str(workspace.path), "revision_id": revision_id, "config": config}
    ended_job(workspace, "preflight", spec, {"report": REPORT, "tokens": [TOKENS]})
    app = open_page(workspace, "train")
    [shown] = [one for one in app.get("html") if "ft-tok" in one.proto.body]
    assert '<span class="ft-trained" title="3 tokens">I am</span>' in shown.proto.body
    assert "&lt;b&gt;" in shown.proto.body and "<b>" not in shown.proto.body
    assert "4 of 30 tokens are trained." in texts(app)
    box = next(one for one in app.text_input if one.label == "Another row")
    box.set_value("chats.jsonl:9").run()
    assert submitted.asked == [
        ("tokens", "training.first_look:tokens_job", {**spec, "rows": ["chats.jsonl:9"]}),
    ]


def test_what_pre_flight_forbids_cannot_be_started(open_page: OpenPage, ready: tuple[Workspace, str]) -> None:
    workspace, revision_id = ready
    block = {"name": "x", "message": "3 examples have no answer.", "hint": "Drop them.", "count": 3, "examples": ["ab"]}
    spec = {"workspace": str(workspace.path), "revision_id": revision_id, "config": read_config({}).to_dict()}
    ended_job(workspace, "preflight", spec, {"report": {**REPORT, "blocks": [block]}})
    app = open_page(workspace, "train")
    assert "3 examples have no answer." in texts(app).replace("\\", "") and "Examples: ab" in texts(app)
    start = next(button for button in app.button if button.label == "Start training")
    assert start.disabled


def test_a_running_run_shows_how_far_it_is_and_can_be_stopped(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted
) -> None:
    workspace, revision_id = ready
    job = submitted(workspace.jobs_dir, "train", "training.sft:run_training", {})
    write_json(job.folder / "state.json", {"status": "running"})
    add_run(workspace, revision_id, status="running", steps=7, job_id=job.id, facts={})
    with open(job.folder / "lock", "a") as lock:  # as its worker would hold it
        fcntl.flock(lock, fcntl.LOCK_EX)
        _watch_and_stop(open_page, workspace, job)


def _watch_and_stop(open_page: OpenPage, workspace: Workspace, job: jobs.Job) -> None:
    app = open_page(workspace, "train")
    assert "7 of 12 steps · about 80 s left" in str(app.get("progress")[0].proto.text)
    assert {m.label: m.value for m in app.metric}["Speed"] == "321"
    press(app, "Stop and save")
    assert (job.folder / "stop").exists()


def test_the_whole_curve_comes_back_from_the_files(open_page: OpenPage, ready: tuple[Workspace, str]) -> None:
    workspace, revision_id = ready
    add_run(workspace, revision_id)
    app = open_page(workspace, "train")
    chart, *small = app.get("vega_lite_chart")
    assert len(small) == 3, "learning rate, gradient norm and speed"
    spec = json.loads(chart.proto.spec)
    assert {layer["mark"]["type"] for layer in spec["layer"]} == {"line", "circle"}
    shown = {metric.label: metric.value for metric in app.metric}
    assert (shown["Hold-out loss"], shown["Took"]) == ("0.700", "75 s")
    assert "from 2.000 before the first step" in texts(app) and "Healthy." in texts(app)
    assert list(app.dataframe[-1].value["Steps"]) == ["12 of 12"]


def test_the_holdout_loss_is_that_of_the_adapter_that_was_kept(
    open_page: OpenPage, ready: tuple[Workspace, str]
) -> None:
    workspace, revision_id = ready
    facts = {"Hold-out loss before": 2.0, "Hold-out loss after": 0.65, "Adapter of step": 6, "Seconds": 75.0}
    add_run(workspace, revision_id, facts=facts)
    app = open_page(workspace, "train")
    assert {metric.label: metric.value for metric in app.metric}["Hold-out loss"] == "0.650"
    assert "adapter of step 6, from 2.000 before the first step" in texts(app)


def test_the_table_of_runs_follows_a_run_at_work(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, revision_id = ready
    within: list[bool] = []
    real = runs.table

    def table(known: list[queries.RunView]) -> None:
        within.append(any(frame.filename.endswith("streamlit/runtime/fragment.py") for frame in inspect.stack(0)))
        real(known)

    monkeypatch.setattr(runs, "table", table)
    job = live(workspace, revision_id, submitted, {"status": "running", "stage": "train"})
    with open(job.folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        open_page(workspace, "train")
    assert within and all(within), "in the part of the page that is drawn again by itself"


def test_a_killed_run_is_given_one_advice(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted
) -> None:
    workspace, revision_id = ready
    job = live(workspace, revision_id, submitted, {"status": "running", "stage": "train"})
    assert jobs.read(job).hint.endswith("then resume the run.")
    app = open_page(workspace, "train")
    said = texts(app) + " ".join(error.value for error in app.error)
    assert "Resume it: it goes on" in said.replace("\\", "") and "start it again" not in said


def test_a_failed_run_says_why_and_what_forbade_it(open_page: OpenPage, ready: tuple[Workspace, str]) -> None:
    workspace, revision_id = ready
    add_run(workspace, revision_id, status="failed", steps=0, facts={}, message="The loss was not finite.")
    blocks = [{"name": "x", "message": "Two start tokens.", "hint": "Mend the template.", "count": 1, "examples": []}]
    path = workspace.runs_dir / RUN / "preflight.json"
    path.write_text(json.dumps({**REPORT, "blocks": blocks}), encoding="utf-8")
    app = open_page(workspace, "train")
    assert any("not finite" in error.value for error in app.error)
    assert "Two start tokens." in texts(app).replace("\\", "")
    assert "Start training" in labels(app), "another run can be started"
    assert "Resume" not in labels(app), "the same settings would be refused again"
    app = press(app, "Change the plan")
    assert not app.exception and "Train with this" in labels(app)


def test_a_run_that_nothing_forbade_does_not_repeat_its_pre_flight_below_the_error(
    open_page: OpenPage, ready: tuple[Workspace, str]
) -> None:
    workspace, revision_id = ready
    add_run(workspace, revision_id, status="failed", steps=7, facts={}, message="The loss was not finite.")
    (workspace.runs_dir / RUN / "preflight.json").write_text(json.dumps(REPORT), encoding="utf-8")
    assert "Nothing forbids the run" not in texts(open_page(workspace, "train"))


def test_why_a_run_ended_early_and_all_it_warned_of_stand_on_the_page(
    open_page: OpenPage, ready: tuple[Workspace, str]
) -> None:
    workspace, revision_id = ready
    names = ("paged optimiser", "torn checkpoint", "other machine", "full disk")
    warned = [{"type": "warning", "name": name, "message": f"About the {name}.", "count": 0} for name in names]
    add_run(workspace, revision_id, steps=7, extra=warned, message="Ended early after 7 of 12 steps.")
    shown = texts(open_page(workspace, "train")).replace("\\", "")
    assert "Ended early after 7 of 12 steps." in shown
    assert all(f"About the {name}." in shown for name in names)


def live(workspace: Workspace, revision_id: str, submitted: Submitted, state: dict[str, str]) -> jobs.Job:
    """A run at work, whose job's lock is to be held by the caller."""
    job = submitted(workspace.jobs_dir, "train", "training.sft:run_training", {})
    write_json(job.folder / "state.json", state)
    add_run(workspace, revision_id, status="running", steps=7, job_id=job.id, facts={})
    return job


@pytest.mark.parametrize(
    ("label", "file", "said"),
    [
        ("Stop and save", "stop", "Stopping after the forward pass"),
        ("Cancel the run", "cancel", "Ending without saving."),
        ("Save now", "save", "Saving at the next forward pass."),
    ],
)
def test_each_command_reaches_the_run_and_is_shown_until_it_is_obeyed(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted, label: str, file: str, said: str
) -> None:
    workspace, revision_id = ready
    job = live(workspace, revision_id, submitted, {"status": "running", "stage": "eval"})
    with open(job.folder / "lock", "a") as lock:  # as its worker would hold it
        fcntl.flock(lock, fcntl.LOCK_EX)
        app = open_page(workspace, "train")
        assert "measuring the hold-out" in str(app.get("progress")[0].proto.text)
        press(app, label)
        assert (job.folder / file).exists()
        later = open_page(workspace, "train")
        assert said in texts(later) and label not in labels(later)


def test_a_run_in_the_queue_says_what_it_waits_for_and_another_can_join(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted
) -> None:
    workspace, revision_id = ready
    waiting = {"status": "queued", "stage": "queued", "message": "Queued behind run 20260101-120000-aaaaaa."}
    job = live(workspace, revision_id, submitted, waiting)
    with open(job.folder / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        app = open_page(workspace, "train")
        assert "Queued behind run 20260101" in texts(app).replace("\\", "")
        [toggle] = [one for one in app.toggle if one.label.startswith("Queue another run")]
        app = press(toggle.set_value(True).run(), "Queue it")
    assert "in the queue" in app.toast[0].value
    assert len(submitted.asked) == 2 and len(queries.runs(workspace)) == 2


@pytest.mark.parametrize("status", ["stopped", "cancelled", "failed", "lost"])
def test_a_run_that_ended_before_its_last_step_can_be_resumed(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted, status: str
) -> None:
    workspace, revision_id = ready
    run_id = add_run(workspace, revision_id, status=status, steps=7)
    press(open_page(workspace, "train"), "Resume")
    [(_, _, spec)] = submitted.asked
    assert spec["run_id"] == run_id and spec["resume"] is True


def test_a_run_that_came_to_its_end_cannot(open_page: OpenPage, ready: tuple[Workspace, str]) -> None:
    workspace, revision_id = ready
    add_run(workspace, revision_id)
    assert "Resume" not in labels(open_page(workspace, "train"))


def test_samples_stand_beside_the_reference_and_the_base(open_page: OpenPage, ready: tuple[Workspace, str]) -> None:
    workspace, revision_id = ready
    example = examples_of(workspace, revision_id, "holdout")[0]
    shown = {"type": "sample", "prompt": 0, "example": example.id, "truncated": False, "seconds": 1.0}
    said = [
        {**shown, "step": 0, "model": "base", "text": "The <b>base</b> rambles."},
        {**shown, "step": 6, "model": "tuned", "text": "Half learnt."},
        {**shown, "step": 12, "model": "tuned", "text": "All learnt.", "truncated": True},
    ]
    add_run(workspace, revision_id, extra=said)
    app = open_page(workspace, "train")
    assert "All learnt." in texts(app) and "&lt;b&gt;base" in texts(app) and "Half learnt." not in texts(app)
    assert example.answer in texts(app) and "The tuned model's answer was cut there" in texts(app)
    app.select_slider[0].set_value(6).run()
    assert "Half learnt." in texts(app) and "All learnt." not in texts(app)


def test_the_doctors_change_opens_the_plan_with_that_change_made(
    open_page: OpenPage, ready: tuple[Workspace, str]
) -> None:
    workspace, revision_id = ready
    out = {"type": "warning", "name": "out-of-memory", "message": "The memory ran out in a training step.", "step": 7}
    add_run(workspace, revision_id, status="failed", steps=7, extra=[out], message=out["message"])
    app = open_page(workspace, "train")
    assert "Out of memory" in texts(app)
    app = press(app, "Plan with batch size 4, gradient accumulation 2")
    numbers = {one.label: one.value for one in app.number_input}
    assert numbers["Conversations a pass"] == 4 and numbers["Passes a step"] == 2


def test_runs_stand_on_one_chart(open_page: OpenPage, ready: tuple[Workspace, str]) -> None:
    workspace, revision_id = ready
    add_run(workspace, revision_id)
    add_run(workspace, revision_id, run_id="20260102-120000-bbbbbb", status="stopped", steps=9)
    app = open_page(workspace, "train")
    assert "Compare runs" in texts(app)
    compared = app.multiselect(key="compare-runs")
    assert not any("stopped" in words or "done" in words for words in compared.options), "they would go stale"
    spec = json.loads(app.get("vega_lite_chart")[-1].proto.spec)
    assert spec["encoding"]["color"]["field"] == "run"


def test_a_model_is_exported_by_a_job_of_its_own(
    open_page: OpenPage, ready: tuple[Workspace, str], submitted: Submitted
) -> None:
    workspace, revision_id = ready
    run_id = add_run(workspace, revision_id)
    press(open_page(workspace, "train"), "Export the model")
    [(kind, target, spec)] = submitted.asked
    assert (kind, target, spec["run_id"]) == ("export-model", "training.model_export:export_job", run_id)
