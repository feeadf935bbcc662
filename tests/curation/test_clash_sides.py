"""How many rows stand on each side of a clash, counted from what the check found and from the texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.workspace import Workspace
from curation import actions, checking, clash_sides, queries

FAMILIES = ("duplicates", "contradictions")
ASK = "How much of the tablets does the patient of room four take every day, as the chart says it?"


def the_sides(workspace: Workspace, *, left: str, right: str) -> clash_sides.ClashSides:
    """The sides of the finding whose two rows answer so."""
    for view in queries.findings(workspace, families=("contradictions",), state="all").items:
        answers = [queries.example(workspace, one).example.answer for one in view.finding.members]
        if set(answers) == {left, right}:
            found = clash_sides.sides(workspace, view)
            assert found is not None
            return found
    raise AssertionError("the two were not found to clash")


@pytest.fixture
def ward(tmp_path: Path) -> Workspace:
    """Four answers of 5 mg (two of them one conversation), one of 50 mg, one of 500 mg, one without a dose."""
    answers = ["She takes 5 mg a day.", "She takes 5 mg a day.", "By the chart she takes 5 mg a day."]
    answers += ["She takes 5 mg a day, with water.", "She takes 50 mg a day.", "She takes 500 mg a day."]
    rows = [(ASK, a) for a in answers] + [("What should she bring?", "A coat and a book.")]
    path = tmp_path / "rows.jsonl"
    lines = [{"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, path, who="Ana")
    checking.check(workspace, only=FAMILIES)
    return workspace


def test_rows_are_counted_on_the_side_that_they_do_not_clash_with(ward: Workspace) -> None:
    found = the_sides(ward, left="She takes 5 mg a day.", right="She takes 50 mg a day.")
    assert sorted((found.n_left, found.n_right)) == [1, 4], "two lines of one conversation are two rows"
    assert len(found.apart) == 1, "500 mg clashes with both"
    assert found.involves_more
    larger = found.left if found.majority == "left" else found.right
    assert len(larger) == 3


def test_a_dropped_row_no_longer_stands_anywhere(ward: Workspace) -> None:
    before = the_sides(ward, left="She takes 5 mg a day.", right="She takes 50 mg a day.")
    actions.decide(ward, before.apart[0], "drop", who="Ana")
    after = the_sides(ward, left="She takes 5 mg a day.", right="She takes 50 mg a day.")
    assert after.apart == ()


def test_what_is_too_much_to_compare_is_counted(ward: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clash_sides, "MOST_COMPARED", 1)
    found = the_sides(ward, left="She takes 5 mg a day.", right="She takes 50 mg a day.")
    assert found.not_compared == 2
    assert found.involves_more
