"""A decision about a text that an undo has taken out of the dataset is refused and told: it would change nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import FinetoothError, InputError
from core.types import Message
from core.workspace import Workspace
from curation import actions, lineage, queries
from curation.overtaken import OvertakenError
from tests.curation.reviewed import answer, reviewed_template, state, ward

__all__ = ["reviewed_template", "ward"]


@pytest.fixture
def texts(ward: Workspace) -> tuple[str, str, int]:
    """A row, what Ana edited it into, and the last entry at that time."""
    own = queries.examples(ward, limit=1).items[0].example.id
    becomes = actions.edit(ward, own, answer(ward, own, "Ask the desk."), who="Ana").becomes
    assert becomes is not None
    return own, becomes, ward.ledger.head()[0]


def other(ward: Workspace, example_id: str) -> tuple[Message, ...]:
    return tuple(answer(ward, example_id, "Ask at the front desk, please."))


def test_nobody_decides_about_a_text_whose_edit_was_taken_back(ward: Workspace, texts: tuple[str, str, int]) -> None:
    own, becomes, _ = texts
    actions.undo(ward, who="Ana")
    before = ward.ledger.head()
    for act in (
        lambda: actions.edit(ward, becomes, other(ward, becomes), who="Ben"),
        lambda: actions.decide(ward, becomes, "keep", who="Ben"),
        lambda: actions.decide_all(ward, [own, becomes], "drop", who="Ben"),
    ):
        with pytest.raises(InputError, match="is not in the dataset: what had brought its text in was taken back"):
            act()
    assert ward.ledger.head() == before
    actions.redo(ward, who="Ana")
    actions.decide(ward, becomes, "keep", who="Ben")
    assert (state(ward, own), state(ward, becomes)) == ("replaced", "in")


def test_the_same_decision_again_is_harmless_after_its_text_has_gone(
    ward: Workspace, texts: tuple[str, str, int]
) -> None:
    _, becomes, _ = texts
    first = actions.decide(ward, becomes, "drop", who="Ben", action_id="one")
    both = actions.decide_all(ward, [becomes], "drop", who="Ben", action_id="all")
    actions.undo(ward, who="Ana")
    assert actions.decide(ward, becomes, "drop", who="Ben", action_id="one") == first
    assert actions.decide_all(ward, [becomes], "drop", who="Ben", action_id="all") == both


@pytest.mark.parametrize("act", ["keep", "drop", "drop all", "edit"])
def test_who_looked_at_an_edited_text_is_told_that_its_edit_was_taken_back(
    act: str, ward: Workspace, texts: tuple[str, str, int]
) -> None:
    _, becomes, looked = texts
    actions.undo(ward, who="Ana")
    doing: dict[str, Callable[[], object]] = {
        "keep": lambda: actions.decide(ward, becomes, "keep", who="Ben", seen=looked),
        "drop": lambda: actions.decide(ward, becomes, "drop", who="Ben", seen=looked),
        "drop all": lambda: actions.decide_all(ward, [becomes], "drop", who="Ben", seen=looked),
        "edit": lambda: actions.edit(ward, becomes, other(ward, becomes), who="Ben", seen=looked),
    }
    before = ward.ledger.head()
    with pytest.raises((OvertakenError, InputError), match=r"Ana changed the text|was taken back"):
        doing[act]()
    assert ward.ledger.head() == before


def test_an_undo_between_the_look_and_the_record_is_noticed_in_the_ledger_itself(
    ward: Workspace, texts: tuple[str, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, becomes, _ = texts
    require = lineage.require_standing

    def then_undone(workspace: Workspace, example_ids: list[str]) -> None:
        require(workspace, example_ids)
        actions.undo(Workspace.open(ward.path), who="Ana")

    monkeypatch.setattr(lineage, "require_standing", then_undone)
    with pytest.raises(OvertakenError, match="Ana changed the text that this one was edited from"):
        actions.decide(ward, becomes, "drop", who="Ben")
    assert state(ward, becomes) == "withdrawn"


def test_of_many_examples_an_unknown_one_is_named_and_nothing_is_recorded(ward: Workspace) -> None:
    known, before = queries.examples(ward, limit=1).items[0].example.id, ward.ledger.head()
    with pytest.raises(FinetoothError, match="There is no example nowhere in this workspace"):
        actions.decide_all(ward, [known, "nowhere"], "drop", who="Ben")
    assert ward.ledger.head() == before
