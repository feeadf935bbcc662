"""The verbs on runs: all figures, every command, the diagnosis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import command_line
from core import jobs
from core.workspace import Workspace
from tests.pages.workspaces import Submitted, add_run, frozen
from tests.tiny_model import tiny

Ready = tuple[Workspace, str]


@pytest.fixture
def ready(tmp_path: Path) -> Ready:
    return frozen(tmp_path / "project")


def said(workspace: Workspace, *words: str, code: int = 0) -> str:
    """What the command line prints."""
    from typer.testing import CliRunner

    result = CliRunner().invoke(command_line(words), [*words, "--workspace", str(workspace.path)])
    if code == 0:
        assert result.exit_code == 0, result.output
    return result.output


def test_a_run_is_shown_with_curve_samples_and_diagnosis_either_way(ready: Ready) -> None:
    workspace, revision_id = ready
    shown = {"type": "sample", "prompt": 0, "example": "ab" * 16, "truncated": False, "seconds": 1.0}
    answers = [
        {**shown, "step": 0, "model": "base", "text": "The base\nrambles.\x1b[31m"},
        {**shown, "step": 12, "model": "tuned", "text": "Learnt."},
    ]
    run_id = add_run(workspace, revision_id, extra=answers)
    text = said(workspace, "runs", run_id)
    assert text == said(workspace, "runs", "show", run_id)
    assert "grad_norm 1" in text and "step 12: hold-out loss 0.7000" in text and "Diagnosis: healthy." in text
    assert "base: The base rambles. [31m" in text and "step 12: Learnt." in text and "\x1b" not in text
    told = json.loads(said(workspace, "runs", run_id, "--json"))
    assert len(told["curve"]) == 14 and told["samples"][0]["base"] == answers[0]["text"]
    assert told["diagnosis"] == {"verdict": "healthy", "complaints": []}


def test_what_a_run_warned_of_and_why_it_ended_early_are_said(ready: Ready) -> None:
    workspace, revision_id = ready
    warned = {"type": "warning", "name": "optimizer-replaced", "message": "AdamW is used.", "count": 0}
    run_id = add_run(workspace, revision_id, steps=7, extra=[warned], message="Ended early after 7 of 12 steps.")
    text = said(workspace, "runs", run_id)
    assert "  warning: AdamW is used." in text and "Ended early after 7 of 12 steps." in text
    assert json.loads(said(workspace, "runs", run_id, "--json"))["warnings"] == ["AdamW is used."]


def test_a_resumed_run_does_not_say_how_its_earlier_end_was(ready: Ready) -> None:
    workspace, revision_id = ready
    run_id = add_run(workspace, revision_id, steps=7, status="lost")
    text = said(workspace, "runs", run_id)
    assert "in all" not in text and "tokens/s" not in text and "Hold-out loss after" not in text
    assert "Hold-out loss before: 2.0" in text


def test_a_resumed_run_that_died_tells_the_loss_of_the_adapter_that_its_stop_left(ready: Ready) -> None:
    workspace, revision_id = ready
    facts = {"Hold-out loss before": 2.0, "Hold-out loss after": 0.9, "Adapter of step": 6, "Steps": 6}
    run_id = add_run(workspace, revision_id, steps=9, status="lost", adapter_hash="1" * 64, facts=facts)
    text = said(workspace, "runs", run_id)
    assert "hold-out loss 2.000 to 0.900 nats a token (adapter of step 6)" in text and "  Steps: 6" not in text


def test_the_diagnosis_names_the_change_as_settings(ready: Ready) -> None:
    workspace, revision_id = ready
    out = {"type": "warning", "name": "out-of-memory", "message": "The memory ran out in a training step.", "step": 7}
    run_id = add_run(workspace, revision_id, status="failed", steps=7, extra=[out])
    told = json.loads(said(workspace, "runs", run_id, "--json"))
    assert told["diagnosis"]["complaints"][0]["settings"] == {"batch_size": 4, "gradient_accumulation": 2}


def test_a_stopped_run_is_resumed_in_a_process_of_its_own(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, revision_id = ready
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    run_id = add_run(workspace, revision_id, status="stopped", steps=7)
    words = said(workspace, "runs", run_id, "--resume", "--detach")
    assert f"Stop it: finetooth runs {run_id} --stop" in words
    [(_, _, spec)] = submitted.asked
    assert spec["run_id"] == run_id and spec["resume"] is True


def test_a_detached_run_is_named_with_its_warnings_before_it_starts(
    ready: Ready, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    workspace, _ = ready
    monkeypatch.setattr(jobs, "submit", Submitted())
    given = ("train", "--model", str(tiny(tmp_path / "mine")), "--learning-rate", "0.005", "--epochs", "60", "--detach")
    words = said(workspace, *given)
    (run_id,) = [folder.name for folder in workspace.runs_dir.iterdir()]
    assert (
        f"Run {run_id} goes on by itself." in words and f"finetooth runs {run_id} --stop -w {workspace.path}" in words
    )
    assert "Warning: The learning rate 0.005 is high for qlora" in words and "Warning: 60 epochs often" in words
    assert words.index("Warning: ") < words.index("goes on by itself")
    told = said(workspace, *given, "--json")
    assert json.loads(told[told.index("{") :])["run"] in [folder.name for folder in workspace.runs_dir.iterdir()]
