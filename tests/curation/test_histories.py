"""The history of an example says who did what, when, why, and from what to what; what was undone says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.types import Message
from core.workspace import Workspace
from curation import actions, added, checking, histories, queries, resolutions
from tests.conftest import chat

ROW = chat("Which code applies?", "It is A10, says jane.doe@clinic-north.org.")


@pytest.fixture
def filled(workspace: Workspace, write_chats: Callable[..., Path]) -> Workspace:
    """Two chats, checked."""
    actions.import_file(workspace, write_chats([ROW, chat("And now?", "Nothing.")]), who="Ada")
    checking.check(workspace, only=("privacy",))
    return workspace


def _edited(answer: str) -> tuple[Message, ...]:
    return (*ROW.messages[:-1], Message("assistant", answer))


def test_an_untouched_row_has_the_import_only(filled: Workspace) -> None:
    (only,) = histories.of(filled, ROW.id)
    assert (only.verb, only.who, only.sentence) == ("import", "Ada", "Ada imported it: chats.jsonl, line 1.")


def test_each_act_is_told_with_its_reason_and_the_check_behind_it(filled: Workspace) -> None:
    view = queries.findings(filled, checks=("privacy.email",)).items[0]
    actions.edit(filled, ROW.id, _edited("It is A10."), who="Ben", note="no addresses", finding_id=view.id)
    act = histories.of(filled, ROW.id)[-1]
    assert act.sentence == "Ben edited it and changed 1 turn."
    assert act.why == "no addresses" and act.titles == ("E-mail addresses",)
    assert act.before == ROW.messages and act.after == _edited("It is A10.")


def test_a_chain_of_edits_reads_the_same_from_each_of_its_texts(filled: Workspace) -> None:
    first = actions.edit(filled, ROW.id, _edited("It is A10."), who="Ben").becomes
    assert first
    second = actions.edit(filled, first, _edited("It is A11."), who="Cem").becomes
    assert second
    told = histories.of(filled, second)
    assert [act.who for act in told] == ["Ada", "Ben", "Cem"]
    assert told == histories.of(filled, first) == histories.of(filled, ROW.id)
    assert told[-1].before[-1].content == "It is A10." and told[-1].after[-1].content == "It is A11."


def test_what_was_undone_says_by_whom_and_a_redo_clears_it(filled: Workspace) -> None:
    actions.decide(filled, ROW.id, "drop", who="Ben", note="off topic")
    actions.undo(filled, who="Ben")
    act = histories.of(filled, ROW.id)[-1]
    assert act.sentence == "Ben dropped it." and act.undone and act.undone_by == "Ben" and act.undone_at
    actions.redo(filled, who="Ben")
    assert not histories.of(filled, ROW.id)[-1].undone


def test_an_accepted_fix_a_look_and_an_addition_are_told_as_what_they_are(filled: Workspace) -> None:
    view = queries.findings(filled, checks=("privacy.email",)).items[0]
    actions.keep_finding(filled, view.id, who="Ben")
    assert histories.of(filled, ROW.id)[-1].sentence == "Ben looked at a finding and kept the example as it is."
    actions.undo(filled, who="Ben")
    actions.accept(filled, view.id, who="Ben")
    assert histories.of(filled, ROW.id)[-1].sentence == "Ben accepted a fix, which changed 1 turn."
    made = added.add(filled, (Message("user", "Who?"), Message("assistant", "Me.")), who="Cem")
    assert [act.sentence for act in histories.of(filled, made.example_id)] == ["Cem wrote it from scratch."]


def test_a_settled_contradiction_is_told_as_one(workspace: Workspace, write_chats: Callable[..., Path]) -> None:
    rows = [chat("May the pump be opened while it runs?", answer) for answer in ("Yes, it may.", "No, it may not.")]
    actions.import_file(workspace, write_chats(rows), who="Ada")
    checking.check(workspace, only=("contradictions",))
    view = queries.findings(workspace, families=("contradictions",)).items[0]
    resolutions.resolve(workspace, view.id, "left", who="Ben")
    told = [histories.of(workspace, one)[-1].sentence for one in view.finding.members]
    assert told == [
        "Ben kept one side of a contradiction and dropped the other (kept this row).",
        "Ben kept one side of a contradiction and dropped the other (dropped this row).",
    ]


def test_an_edit_back_to_the_first_text_ends(filled: Workspace) -> None:
    first = actions.edit(filled, ROW.id, _edited("It is A10."), who="Ben").becomes
    assert first
    actions.edit(filled, first, ROW.messages, who="Ben")
    assert [act.verb for act in histories.of(filled, ROW.id)] == ["import", "edit", "edit", "keep"]
