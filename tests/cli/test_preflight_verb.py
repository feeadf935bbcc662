"""`finetooth preflight`: what would be trained, row by row, and exit code 3 where something forbids the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.types import Example, Message
from core.workspace import Workspace
from curation import actions, freeze
from tests.cli.test_contract import Run, document, run  # noqa: F401  (a fixture)
from tests.conftest import as_line, chat
from tests.tiny_model import tiny

ROWS = [chat(f"Which code applies to case {i} of {i * i}?", f"The code of it is A{i}.") for i in range(10, 70)]
MUTE = Example("mute", (Message("user", "Who is there?"), Message("assistant", "")))


@pytest.fixture
def frozen(tmp_path: Path) -> tuple[Path, Path]:
    """A workspace with a revision of sixty chats and one empty answer, and a tiny base model."""
    file = tmp_path / "chats.jsonl"
    file.write_text("".join(as_line(row) + "\n" for row in (*ROWS, MUTE)), encoding="utf-8")
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, file, who="Ada")
    freeze.freeze(workspace, who="Ada")
    return workspace.path, tiny(tmp_path / "base")


def test_the_trained_tokens_are_marked_and_all_is_said_as_json(run: Run, frozen: tuple[Path, Path]) -> None:  # noqa: F811
    project, base = frozen
    done = run("preflight", "-w", project, "--model", base, "--show", "1")
    assert done.returncode == 0, done.stderr
    assert "Nothing forbids the run." in done.stdout and "[[The code of it is A10.]]{{<|im_end|>}}" in done.stdout
    told = document(run("preflight", "-w", project, "--model", base, "--json"))
    assert told["report"]["blocks"] == [] and told["tokens"][-1]["place"] == "chats.jsonl, line 1"
    kinds = [piece["kind"] for piece in told["tokens"][-1]["pieces"]]
    assert kinds == ["context", "trained", "end", "after"]


def test_what_forbids_the_run_is_named_by_its_lines_with_exit_code_3(run: Run, frozen: tuple[Path, Path]) -> None:  # noqa: F811
    project, base = frozen
    done = run("preflight", "-w", project, "--model", base, "--max-tokens", "30")
    assert done.returncode == 3 and "over-long-training" in done.stdout and "chats.jsonl, line 1;" in done.stdout


def test_any_row_can_be_shown_by_its_line(run: Run, frozen: tuple[Path, Path]) -> None:  # noqa: F811
    project, base = frozen
    done = run("preflight", "-w", project, "--model", base, "--row", "chats.jsonl:2")
    assert done.returncode == 0 and "[[The code of it is A11.]]" in done.stdout
    assert run("preflight", "-w", project, "--model", base, "--row", "999").returncode == 2
