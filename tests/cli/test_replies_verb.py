"""finetooth replies: answers of another model from a file or an endpoint, measured beside the tuned model's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import command_line
from core.errors import InputError
from core.workspace import Workspace
from tests.evaluation.workspace_with_run import stored_evaluation
from tests.fake_endpoint import serving


@pytest.fixture(name="workspace")
def workspace_(tmp_path: Path) -> Workspace:
    space = Workspace.create(tmp_path / "w")
    stored_evaluation(space)
    return space


def run(workspace: Workspace, *words: str) -> Any:
    command = ["replies", *words, "--workspace", str(workspace.path)]
    return CliRunner().invoke(command_line(command), command)


def test_an_endpoint_answers_once_and_is_measured(workspace: Workspace) -> None:
    with serving(lambda _: "Reference 1.") as (url, heard):
        first = run(workspace, "other-7b", "--url", url, "--model", "served", "--json")
        again = run(workspace, "other-7b", "--url", url, "--model", "served", "--json")
    assert {one["model"] for one in heard} == {"served"} and len(heard) == 12
    found = json.loads(first.stdout)
    assert found["metrics"]["exact_match"]["other"]["value"] == pytest.approx(1 / 12)
    assert json.loads(again.stdout)["replies_id"] == found["replies_id"]


def test_a_file_is_measured_and_its_bad_lines_named(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"prompt_id": "example-0", "text": "Reference 0."}\nnonsense\n')
    said = run(workspace, "theirs", str(path)).output
    assert "line 2 is not JSON" in said
    assert "1 answer of theirs measured; 11 prompts without one." in said


def test_neither_file_nor_endpoint_is_an_error(workspace: Workspace) -> None:
    assert isinstance(run(workspace, "theirs").exception, InputError)
