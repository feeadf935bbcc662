"""Reviewers who act at the same time lose nothing, act once, and are told when somebody was faster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.faults_race import race
from core.errors import FinetoothError
from core.ids import example_id
from core.types import Finding, Message, Proposal
from core.workspace import Workspace
from curation import actions, cache, found, queries
from curation.resolutions import OvertakenError
from tests.conftest import chat

CHATS = [chat(f"question {n}", f"answer {n}") for n in range(12)]
IDS = [one.id for one in CHATS]


@pytest.fixture
def filled(workspace: Workspace, write_chats: Callable[..., Path]) -> Workspace:
    """A workspace with twelve chats."""
    actions.import_file(workspace, write_chats(CHATS), who="Ana")
    queries.overview(workspace)
    return workspace


def at_once(workspace: Workspace, *acts: Callable[[Workspace], object]) -> list[object]:
    """Do these acts in threads that start together, each on a workspace of its own; results or errors, in order."""
    gate = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def perform(number: int, act: Callable[[Workspace], object]) -> None:
        opened = Workspace.open(workspace.path)
        gate.wait(30)
        try:
            results[number] = act(opened)
        except FinetoothError as error:
            results[number] = error

    threads = [threading.Thread(target=perform, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_twenty_reviewers_in_parallel_record_five_thousand_decisions_each_once_and_in_order(tmp_path: Path) -> None:
    raced = race(tmp_path, reviewers=20, decisions=5_000, at_once=25)
    assert raced.there == 5_000
    assert raced.disordered == 0


@pytest.mark.parametrize("turn", range(3))
def test_two_undos_at_once_take_back_two_acts_and_none_twice(turn: int, filled: Workspace) -> None:
    for one in IDS[:3]:
        actions.decide(filled, one, "drop", who="Ana")
    at_once(filled, *[lambda w: actions.undo(w, who="Ana")] * 2)
    undone = [e.payload["undoes"] for e in filled.ledger.entries() if e.payload.get("verdict") == "undo"]
    assert len(undone) == len(set(undone)) == 2
    assert [queries.example(filled, one).state for one in IDS[:3]] == ["dropped", "in", "in"]
    at_once(filled, *[lambda w: actions.redo(w, who="Ana")] * 2)
    assert [queries.example(filled, one).state for one in IDS[:3]] == ["dropped"] * 3


def test_one_undo_pressed_twice_at_once_takes_back_one_act(filled: Workspace) -> None:
    for one in IDS[:2]:
        actions.decide(filled, one, "drop", who="Ana")
    at_once(filled, *[lambda w: actions.undo(w, who="Ana", action_id="press")] * 4)
    assert [queries.example(filled, one).state for one in IDS[:2]] == ["dropped", "in"]


def test_of_two_who_undo_the_same_act_at_once_the_later_one_is_told(filled: Workspace) -> None:
    made = actions.decide(filled, IDS[0], "drop", who="Ana")
    results = at_once(
        filled,
        lambda w: actions.undo(w, who="Ben", target=made.action_id),
        lambda w: actions.undo(w, who="Cleo", target=made.action_id),
    )
    told = [one for one in results if isinstance(one, FinetoothError)]
    assert len(told) == 1
    assert "taken back already" in told[0].message
    assert queries.example(filled, IDS[0]).state == "in"
    assert [e.payload["verdict"] for e in filled.ledger.entries("decision")] == ["drop", "undo"]


def new_text(number: int) -> tuple[Message, ...]:
    return (Message("user", "question 0"), Message("assistant", f"better answer {number}"))


def with_finding(workspace: Workspace) -> str:
    """A finding that proposes to drop the first chat."""
    one = Finding(
        IDS[0], "format.style", "warn", "odd", "It stands out.", None, (), (), Proposal("drop", (IDS[0],), True)
    )
    with cache.synced(workspace).writing() as connection:
        found.insert(connection, [one], {IDS[0]: (1,)})
        cache.settle(connection)
    return queries.finding_id(one)


@pytest.mark.parametrize("turn", range(3))
def test_an_accepted_fix_and_an_edit_of_one_example_at_once_leave_one_of_them_and_the_other_is_told(
    turn: int, filled: Workspace
) -> None:
    finding = with_finding(filled)
    accepted, edited = at_once(
        filled,
        lambda w: actions.accept(w, finding, who="Ana"),
        lambda w: actions.edit(w, IDS[0], new_text(turn), who="Ben"),
    )
    verdicts = [e.payload["verdict"] for e in filled.ledger.entries("decision")]
    told = [one for one in (accepted, edited) if isinstance(one, FinetoothError)]
    if accepted == 0:  # the edit was there first, and the finding is settled with it
        assert verdicts == ["edit"]
    elif told:
        assert "at the same time" in told[0].message
        assert verdicts == (["edit"] if isinstance(accepted, FinetoothError) else ["drop"])
    else:  # one after the other: the second has seen the first
        assert sorted(verdicts) == ["drop", "edit"]
    assert filled.ledger.verify() == 1 + len(verdicts)


def test_an_edit_of_a_text_that_somebody_changed_since_it_was_shown_is_refused(filled: Workspace) -> None:
    shown = filled.ledger.head()[0]
    actions.edit(filled, IDS[0], new_text(1), who="Ana")
    with pytest.raises(OvertakenError, match="Ana edited this example at the same time"):
        actions.edit(filled, IDS[0], new_text(2), who="Ben", seen=shown)
    assert queries.example(filled, IDS[0]).becomes == example_id(new_text(1))
    assert len(filled.ledger.entries("decision")) == 1


def test_an_edit_sent_twice_is_recorded_once_although_others_have_acted_since(filled: Workspace) -> None:
    shown = filled.ledger.head()[0]
    first = actions.edit(filled, IDS[0], new_text(1), who="Ana", action_id="save", seen=shown)
    actions.decide(filled, IDS[0], "drop", who="Ben")
    assert actions.edit(filled, IDS[0], new_text(1), who="Ana", action_id="save", seen=shown) == first


def test_a_look_that_was_kept_by_another_does_not_stand_in_the_way_of_an_edit(filled: Workspace) -> None:
    shown = filled.ledger.head()[0]
    actions.decide(filled, IDS[0], "keep", who="Ana")
    actions.edit(filled, IDS[0], new_text(1), who="Ben", seen=shown)
    assert queries.example(filled, IDS[0]).state == "replaced"


def test_accepting_everything_while_others_decide_acts_on_what_stands(filled: Workspace) -> None:
    with_finding(filled)
    at_once(
        filled,
        lambda w: actions.accept_all(w, who="Ana"),
        *[lambda w, one=one: actions.decide(w, one, "drop", who="Ben") for one in IDS[:6]],
    )
    assert [queries.example(filled, one).state for one in IDS[:7]] == ["dropped"] * 6 + ["in"]
    assert len([e for e in filled.ledger.entries("decision") if e.who == "Ben"]) == 6
