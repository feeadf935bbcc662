"""`finetooth edit`, `add` and `history`: the text is judged, written once, and what was done to it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import Workspace
from curation import actions, checking, queries
from tests.cli.test_contract import Done, Run, document, run  # noqa: F401  (a fixture)
from tests.conftest import chat

ROWS = [chat(f"Which code applies to case {i}?", f"The code of this case is A{i}.") for i in range(10, 40)]
OWN = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Mail jane.doe@clinic-north.org."}]


@pytest.fixture
def project(tmp_path: Path, write_chats: Callable[..., Path]) -> Path:
    """A checked workspace of thirty chats."""
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, write_chats(ROWS), who="Ada")
    checking.check(workspace, only=("format", "privacy"))
    return workspace.path


def _add(run: Run, project: Path, document: object, *more: str) -> Done:  # noqa: F811
    return run("add", "--messages", "-", "-w", project, "--who", "Ben", *more, stdin=json.dumps(document))


def test_an_example_is_added_judged_and_undone(run: Run, project: Path) -> None:  # noqa: F811
    added = document(_add(run, project, OWN, "--json", "--note", "was missing", "--meta", '{"task": "contacts"}'))
    assert added["verdict"] == "add" and added["note"] == "was missing"
    assert "privacy.email" in {one["check"] for one in added["checks"]["new"]}
    assert "duplicates.near" in added["checks"]["unjudged"] and added["nearby"]["compared"]
    workspace = Workspace.open(project)
    assert queries.example(workspace, added["example_id"]).example.meta == {"task": "contacts"}
    assert run("undo", "-w", project, "--who", "Ben").returncode == 0
    assert queries.example(workspace, added["example_id"]).state == "withdrawn"


def test_the_same_action_id_adds_once(run: Run, project: Path) -> None:  # noqa: F811
    for _ in range(2):
        assert _add(run, project, OWN, "--action-id", "once").returncode == 0
    assert queries.overview(Workspace.open(project)).n_in == 31


def test_a_row_of_messages_jsonl_is_taken_too(run: Run, project: Path) -> None:  # noqa: F811
    assert _add(run, project, {"messages": OWN}).returncode == 0


def test_a_copy_of_a_row_is_refused_with_its_line(run: Run, project: Path) -> None:  # noqa: F811
    turns = [{"role": m.role, "content": m.content} for m in ROWS[2].messages]
    done = _add(run, project, turns)
    assert done.returncode == 2 and "This very text is line 3" in done.stderr


@pytest.mark.parametrize(
    "wrong", ["{", '{"role": "user"}', '[{"role": "user", "content": null}]', '["hello"]', "7", '[{"role": 1}]']
)
def test_what_is_no_list_of_turns_is_refused_in_a_sentence(run: Run, project: Path, wrong: str) -> None:  # noqa: F811
    done = run("add", "--messages", "-", "-w", project, stdin=wrong)
    assert done.returncode == 2 and "is not a JSON list of turns" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lone_surrogate_is_repaired_and_told(run: Run, project: Path) -> None:  # noqa: F811
    done = run("add", "--messages", "-", "-w", project, stdin=json.dumps(OWN).replace("Who?", "Who \\ud800?"))
    assert done.returncode == 0 and "1 character of no meaning" in done.stderr


def test_an_edit_tells_what_the_checks_say(run: Run, project: Path) -> None:  # noqa: F811
    turns = [{"role": m.role, "content": m.content} for m in ROWS[0].messages[:-1]] + [OWN[1]]
    done = run("edit", ROWS[0].id, "--messages", "-", "-w", project, stdin=json.dumps(turns))
    assert done.returncode == 0, done.stderr
    assert "would be new" in done.stdout and "privacy.email: It holds an e-mail address" in done.stdout


def test_the_history_reads_as_sentences_and_marks_what_was_undone(run: Run, project: Path) -> None:  # noqa: F811
    turns = [{"role": m.role, "content": m.content} for m in ROWS[0].messages[:-1]] + [OWN[1]]
    run("edit", ROWS[0].id, "--messages", "-", "-w", project, "--who", "Ben", "--note", "why", stdin=json.dumps(turns))
    run("undo", "-w", project, "--who", "Ben")
    done = run("history", ROWS[0].id, "-w", project)
    first, second = done.stdout.splitlines()
    assert first.endswith("Ada imported it: chats.jsonl, line 1.")
    assert second.endswith("Ben edited it and changed 1 turn. Why: why. Taken back by Ben.")
    told = document(run("history", ROWS[0].id, "-w", project, "--json"))
    assert told[1]["after"][-1]["content"] == OWN[1]["content"] and told[1]["undone_by"] == "Ben"
