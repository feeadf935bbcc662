"""finetooth evaluate: which probes are asked for; a wrong file of questions is told before the work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import command_line
from core import jobs
from core.workspace import Workspace
from tests.pages.workspaces import Submitted, add_run, frozen


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made, revision_id = frozen(tmp_path / "project")
    add_run(made, revision_id)
    return made


def run(workspace: Workspace, *words: str) -> Any:
    command = ["evaluate", *words, "--detach", "--workspace", str(workspace.path)]
    return CliRunner().invoke(command_line(command), command)


def asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Any, dict[str, Any]]:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    result = run(workspace, *words)
    [(_, target, spec)] = submitted.asked
    assert target == "flows.probing:run_evaluation"
    return result, spec


def test_all_probes_are_asked_unless_some_or_none_are_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(workspace, monkeypatch)[1]["probes"] == ["forgetting", "grounding", "bias", "instructions"]
    assert asked(workspace, monkeypatch, "--probes", "bias, grounding")[1]["probes"] == ["bias", "grounding"]
    assert asked(workspace, monkeypatch, "--probes", "none")[1]["probes"] == []


def test_further_metrics_and_windows_are_handed_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("")
    _, spec = asked(workspace, monkeypatch, "--metric", str(mine), "--metric", "bleu", "--context", "64")
    assert (spec["metrics"], spec["context"]) == ([str(mine), "bleu"], 64)


def test_own_questions_are_handed_on_and_their_bad_lines_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps({"prompt": "Which ward?", "answer": "Ward 3"}) + '\n{"prompt": "And?"}\n')
    result, spec = asked(workspace, monkeypatch, "--questions", str(path))
    assert spec["questions"] == str(path)
    assert 'line 2 has neither an "answer" nor a "check"' in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--probes", "luck"), "There is no probe luck."),
        (("--questions", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--probes", "bias", "--questions", "own.jsonl"), "belong to the probe of forgetting"),
    ],
)
def test_wrong_use_is_told_before_anything_starts(workspace: Workspace, words: tuple[str, ...], message: str) -> None:
    result = run(workspace, *words)
    assert result.exit_code != 0 and message in f"{result.output}{result.exception}"
    assert not list(workspace.jobs_dir.glob("*"))
