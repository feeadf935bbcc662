"""`finetooth edit` says which rows the new text is like now."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.types import Example
from core.workspace import Workspace
from curation import actions, neighbours, queries
from tests.cli.test_contract import Done, Run, document, run  # noqa: F401  (a fixture)
from tests.conftest import chat

ROWS = [
    chat(f"A patient has had {word} since Monday and it grows worse each night; which ward is it?", f"Ward {word}.")
    for word in ("fever", "cough", "gout", "asthma")
]


@pytest.fixture
def project(tmp_path: Path, write_chats: Callable[..., Path]) -> Path:
    """A workspace with four chats and their index."""
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, write_chats(ROWS), who="Ada")
    neighbours.build(workspace)
    return workspace.path


def _edit(run: Run, project: Path, row: Example, messages: Example, *more: str) -> Done:  # noqa: F811
    turns = json.dumps([{"role": m.role, "content": m.content} for m in messages.messages])
    return run("edit", row.id, "--messages", "-", "-w", project, *more, stdin=turns)


def test_an_edit_that_copies_another_row_says_so_and_is_saved(run: Run, project: Path) -> None:  # noqa: F811
    done = _edit(run, project, ROWS[0], ROWS[2])
    assert done.returncode == 0, done.stderr
    assert "This is now an exact copy of line 3." in done.stdout
    assert queries.example(Workspace.open(project), ROWS[0].id).state == "replaced"


def test_json_holds_the_neighbours_with_their_similarities(run: Run, project: Path) -> None:  # noqa: F811
    other = chat(ROWS[2].messages[1].content, "Nobody knows.")
    found = document(_edit(run, project, ROWS[0], other, "--json"))
    assert found["verdict"] == "edit" and found["example_id"] == ROWS[0].id
    assert found["nearby"]["compared"] and found["nearby"]["n_set"] == 3
    first = found["nearby"]["neighbours"][0]
    assert (first["kind"], first["lines"], first["prompt"]) == ("conflict", [["chats.jsonl", 3]], 1.0)


def test_without_an_index_the_edit_says_what_to_run(run: Run, project: Path) -> None:  # noqa: F811
    for path in (project / "index").glob("neighbours.json"):
        path.unlink()
    done = _edit(run, project, ROWS[0], ROWS[2])
    assert done.returncode == 0 and "Not compared yet: run the checks" in done.stdout
