"""What commands say where nothing was found, one thing was done, or a text is not the one that stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import Workspace
from curation import actions, queries
from tests.cli.test_contract import Run, document, run  # noqa: F401  (a fixture)
from tests.conftest import chat

ROWS = [chat(f"Which code applies to case {i}?", f"The code of this case is A{i}.", ward=str(i % 2)) for i in range(9)]
TEXT = json.dumps([{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "The desk."}])


@pytest.fixture
def project(tmp_path: Path, write_chats: Callable[..., Path]) -> Path:
    """A workspace of nine chats that nobody has checked."""
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, write_chats(ROWS), who="Ada")
    return workspace.path


def test_no_finding_is_not_no_fault_before_the_checks_have_run(run: Run, project: Path) -> None:  # noqa: F811
    assert "The checks have not run yet: finetooth check -w" in run("findings", "-w", project).stdout
    assert "The checks have not run yet" in run("accept", "-w", project).stdout
    run("check", "-w", project, "--only", "format")
    assert "have not run" not in run("findings", "-w", project).stdout


def test_one_decision_is_one_decision(run: Run, project: Path) -> None:  # noqa: F811
    run("decide", ROWS[0].id, "drop", "-w", project, "--who", "Ada")
    assert run("undo", "-w", project, "--who", "Ada").stdout.startswith("1 decision taken back at 20")
    assert run("redo", "-w", project, "--who", "Ada").stdout.startswith("1 decision restored at 20")


def test_a_text_that_was_edited_is_not_edited_once_more_unseen(run: Run, project: Path) -> None:  # noqa: F811
    edited = document(run("edit", ROWS[0].id, "--messages", "-", "-w", project, "--json", stdin=TEXT))["becomes"]
    again = run("edit", ROWS[0].id, "--messages", "-", "-w", project, stdin=TEXT.replace("desk", "ward"))
    assert again.returncode == 2
    assert f"was edited already, into {edited[:12]}" in again.stderr
    dropped = run("decide", ROWS[0].id, "drop", "-w", project)
    assert dropped.returncode == 0
    assert f"It had been edited into {edited[:12]}; that edit no longer holds." in dropped.stderr
    assert queries.example(Workspace.open(project), edited).state == "withdrawn"
    gone = run("edit", edited, "--messages", "-", "-w", project, stdin=TEXT.replace("desk", "ward"))
    assert gone.returncode == 2
    assert "what had brought its text in was taken back" in gone.stderr


def test_a_hold_out_by_a_field_that_no_example_has_is_refused(run: Run, project: Path) -> None:  # noqa: F811
    refused = run("freeze", "-w", project, "--by", "warden")
    assert refused.returncode == 2
    assert "Known fields: ward." in refused.stderr
    assert "ward" not in run("freeze", "-w", project, "--by", "ward", "--holdout-size", "2").stderr
