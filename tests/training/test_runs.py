"""Runs in their own process: started, watched, stopped, and called lost when killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import jobs
from core.errors import FinetoothError, InputError
from core.workspace import Workspace
from tests.training.builders import conversations, frozen, tiny_config
from training import actions, checkpoints, estimate, queries
from training.records import owned
from training.sft import run_training


def test_a_run_does_its_work_in_another_process_and_can_be_read_from_its_folder(
    workspace: Workspace, tiny_base: Path
) -> None:
    revision = frozen(workspace, conversations(12), conversations(4, start=100))
    started = actions.start_run(workspace, revision, tiny_config(tiny_base), who="ada")
    state = jobs.wait(queries.job_of(workspace, started.id))
    assert state.status == "done", state.message
    view = queries.run(workspace, started.id[:18])
    assert view.status == "done" and view.step == view.total_steps == 6 and view.adapter_hash
    assert view.facts == state.result
    assert "hold-out loss" in view.sentence()
    assert queries.newest_done(workspace).id == started.id
    points = queries.curve(workspace, started.id)
    assert [p["step"] for p in points if "loss" in p] == [1, 2, 3, 4, 5, 6]
    assert [p["step"] for p in points if "eval_loss" in p] == [0, 3, 6]
    assert queries.run_events(workspace, started.id, after=3)[0]["seq"] == 4
    assert workspace.ledger.entries("run.started")[0].who == "ada"


def test_a_run_stops_on_request_and_keeps_its_adapter(workspace: Workspace, tiny_base: Path) -> None:
    revision = frozen(workspace, conversations(40), [])
    started = actions.start_run(workspace, revision, tiny_config(tiny_base, epochs=900))
    _wait_for_a_step(workspace, started.id)
    actions.stop_run(workspace, started.id)
    assert jobs.wait(queries.job_of(workspace, started.id)).status == "cancelled"
    view = queries.run(workspace, started.id)
    assert view.status == "stopped" and view.adapter_hash and view.ended
    with pytest.raises(FinetoothError, match="already ended"):
        actions.stop_run(workspace, started.id)


def test_a_killed_run_shows_as_lost(workspace: Workspace, tiny_base: Path) -> None:
    revision = frozen(workspace, conversations(40), [])
    started = actions.start_run(workspace, revision, tiny_config(tiny_base, epochs=900))
    _wait_for_a_step(workspace, started.id)
    jobs.kill(queries.job_of(workspace, started.id))
    for _ in range(100):
        if (view := queries.run(workspace, started.id)).ended:
            break
        time.sleep(0.05)
    assert view.status == "lost" and view.hint


def test_a_run_is_saved_cancelled_resumed_and_stopped_on_command(workspace: Workspace, tiny_base: Path) -> None:
    revision = frozen(workspace, conversations(40), [])
    run_id = actions.start_run(workspace, revision, tiny_config(tiny_base, epochs=900, checkpoint_every=2000)).id
    folder = workspace.runs_dir / run_id
    _wait_for_a_step(workspace, run_id)
    with pytest.raises(FinetoothError, match="need not be resumed"):
        actions.resume_run(workspace, run_id)
    actions.save_run(workspace, run_id, who="ada")
    _until(lambda: _events(workspace, run_id, "save"))
    (saved,) = checkpoints.listing(folder)
    assert saved.complete and _events(workspace, run_id, "save")[0]["step"] == saved.step > 0

    actions.cancel_run(workspace, run_id)
    _until(lambda: queries.run(workspace, run_id).ended, within_s=15)
    view = queries.run(workspace, run_id)
    assert view.status == "cancelled" and view.adapter_hash is None and not (folder / "adapter").exists()
    assert [one.step for one in checkpoints.listing(folder)] == [saved.step]
    with pytest.raises(FinetoothError, match="already ended"):
        actions.save_run(workspace, run_id)

    actions.resume_run(workspace, run_id)
    _until(lambda: _events(workspace, run_id, "resume"))
    assert _events(workspace, run_id, "resume")[0]["from_step"] == saved.step
    _until(lambda: queries.run(workspace, run_id).step > saved.step)
    actions.stop_run(workspace, run_id)
    assert jobs.wait(queries.job_of(workspace, run_id)).status == "cancelled"
    view = queries.run(workspace, run_id)
    assert view.status == "stopped" and view.adapter_hash and checkpoints.listing(folder)[0].step == view.step
    kinds = ["run.started", "run.saved", "run.cancelled", "run.resumed", "run.stopped"]
    assert [entry.kind for entry in workspace.ledger.entries() if entry.kind in kinds] == kinds


def test_a_second_run_waits_for_the_first_and_can_be_taken_out_of_the_queue(
    workspace: Workspace, tiny_base: Path
) -> None:
    revision = frozen(workspace, conversations(40), [])
    long = tiny_config(tiny_base, epochs=900)
    first = actions.start_run(workspace, revision, long).id
    _wait_for_a_step(workspace, first)
    second, third = (actions.start_run(workspace, revision, long).id for _ in range(2))
    for run_id in (second, third):
        _until(lambda run_id=run_id: "Queued behind run" in queries.run(workspace, run_id).message)  # type: ignore[misc]
        assert queries.run(workspace, run_id).status == "queued"
    assert {queries.run(workspace, one).message.split()[-1] for one in (second, third)} >= {f"{first}."}
    actions.cancel_run(workspace, second)
    _until(lambda: queries.run(workspace, second).status == "cancelled")
    jobs.kill(queries.job_of(workspace, first))
    _wait_for_a_step(workspace, third)
    actions.cancel_run(workspace, third)
    _until(lambda: queries.run(workspace, third).ended, within_s=15)


def test_two_processes_never_train_in_one_folder(workspace: Workspace, tiny_base: Path, tmp_path: Path) -> None:
    run, spec = actions.prepare_run(workspace, frozen(workspace, conversations(4), []), tiny_config(tiny_base))
    with (
        owned(workspace.runs_dir / run.id),
        pytest.raises(FinetoothError, match="Another process already works on run"),
    ):
        run_training(jobs.InlineContext(spec, tmp_path / "job"))


def test_a_run_that_pre_flight_forbids_says_why(workspace: Workspace, tiny_base: Path, tmp_path: Path) -> None:
    revision = frozen(workspace, conversations(4), conversations(4))
    run, spec = actions.prepare_run(workspace, revision, tiny_config(tiny_base))
    with pytest.raises(FinetoothError, match="in training and in the hold-out"):
        run_training(jobs.InlineContext(spec, tmp_path / "job"))
    view = queries.run(workspace, run.id)
    assert view.status == "failed" and "hold-out" in view.message


def test_a_revision_without_training_examples_is_refused(workspace: Workspace, tiny_base: Path) -> None:
    with pytest.raises(InputError, match="no example to train on"):
        actions.start_run(workspace, frozen(workspace, [], conversations(3)), tiny_config(tiny_base))
    assert queries.runs(workspace) == []


def test_unknown_runs_are_named_in_the_error(workspace: Workspace) -> None:
    with pytest.raises(FinetoothError, match="0 runs have an id that starts with nope"):
        queries.run(workspace, "nope")
    with pytest.raises(FinetoothError, match="No training run has ended"):
        queries.newest_done(workspace)


def test_a_planned_run_learns_its_speed_from_a_finished_one(
    workspace: Workspace, tiny_base: Path, tmp_path: Path
) -> None:
    revision = frozen(workspace, conversations(12), conversations(4, start=100))
    config = tiny_config(tiny_base)
    before = estimate.plan_run(workspace, revision, config)
    assert before.seconds is None and before.steps == 6 and "time unknown" in before.sentence()
    _, spec = actions.prepare_run(workspace, revision, config)
    run_training(jobs.InlineContext(spec, tmp_path / "job"))
    after = estimate.plan_run(workspace, revision, config)
    assert after.seconds is not None and after.seconds > 0 and "measured in run" in after.sentence()


def _events(workspace: Workspace, run_id: str, kind: str) -> list[dict[str, Any]]:
    return [event for event in queries.run_events(workspace, run_id) if event["type"] == kind]


def _until(condition: Callable[[], object], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _wait_for_a_step(workspace: Workspace, run_id: str) -> None:
    for _ in range(600):
        if queries.run(workspace, run_id).step:
            return
        time.sleep(0.1)
    raise AssertionError(queries.run(workspace, run_id))
