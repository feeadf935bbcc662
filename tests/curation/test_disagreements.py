"""Two people who decide differently: both are remembered, and a third act says whose decision holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.workspace import Workspace
from curation import actions, checking, disagreements, queries, resolutions
from curation.overtaken import OvertakenError
from tests.curation.reviewed import answer, emails, reviewed_template, row, state, ward

__all__ = ["reviewed_template", "ward"]


def disagree(workspace: Workspace, which: int = 0) -> queries.FindingView:
    """Ana keeps what Ben drops."""
    view = emails(workspace)[which]
    actions.keep_finding(workspace, view.id, who="Ana", note="public address")
    actions.decide(workspace, view.finding.example_id, "drop", who="Ben", finding_id=view.id, note="a person's")
    return view


def test_a_keep_and_a_drop_for_the_same_finding_are_a_disagreement(ward: Workspace) -> None:
    view = disagree(ward)
    (found,) = disagreements.listed(ward).items
    assert found.example_ids == (view.finding.example_id,) and found.finding_id == view.id
    assert (found.one.who, found.one.verdict, found.one.note) == ("Ana", "keep", "public address")
    assert (found.other.who, found.other.verdict, found.other.note) == ("Ben", "drop", "a person's")
    assert state(ward, view.finding.example_id) == "dropped", "until then the later one holds"


@pytest.mark.parametrize(("side", "becomes"), [("one", "in"), ("other", "dropped")])
def test_a_third_person_settles_it_and_one_undo_opens_it_again(ward: Workspace, side: str, becomes: str) -> None:
    view = disagree(ward)
    found = disagreements.listed(ward).items[0]
    disagreements.settle(ward, found, side, who="Cleo", note="asked the lead")  # type: ignore[arg-type]
    assert disagreements.count(ward) == 0
    assert state(ward, view.finding.example_id) == becomes
    assert queries.finding(ward, view.id).state == "settled"
    assert [d.who for d in queries.history(ward, view.finding.example_id)] == ["Ana", "Ben", "Cleo"]
    actions.undo(ward, who="Cleo")
    assert disagreements.count(ward) == 1
    assert state(ward, view.finding.example_id) == "dropped"


def test_an_edit_that_is_taken_against_a_drop_comes_back_with_its_text(ward: Workspace) -> None:
    view = emails(ward)[0]
    one = view.finding.example_id
    text = answer(ward, one, "Ask the desk.")
    actions.edit(ward, one, text, who="Ana", finding_id=view.id)
    actions.decide(ward, one, "drop", who="Ben")
    assert state(ward, one) == "dropped"
    found = disagreements.listed(ward).items[0]
    assert disagreements.text_of(ward, found.one) == tuple(text)
    disagreements.settle(ward, found, "one", who="Cleo")
    becomes = queries.example(ward, one).becomes
    assert becomes is not None and state(ward, becomes) == "in"
    assert list(queries.example(ward, becomes).example.messages) == text


def test_two_edits_to_different_texts_are_a_disagreement_and_to_the_same_are_not(ward: Workspace) -> None:
    one, other = (view.finding.example_id for view in emails(ward)[:2])
    for who, text in (("Ana", "Ask the desk."), ("Ben", "Ask the nurse.")):
        actions.edit(ward, one, answer(ward, one, text), who=who)
        actions.edit(ward, other, answer(ward, other, "Ask the desk."), who=who)
    assert [found.example_ids for found in disagreements.listed(ward).items] == [(one,)]


def test_different_questions_and_a_change_of_mind_are_none(ward: Workspace) -> None:
    view = disagree(ward)
    actions.decide(ward, view.finding.example_id, "drop", who="Ana", finding_id=view.id)
    assert disagreements.count(ward) == 0, "Ana gave way"
    other = emails(ward)[0]
    actions.keep_finding(ward, other.id, who="Ana")
    actions.decide(ward, other.finding.example_id, "drop", who="Ben")
    assert disagreements.count(ward) == 0, "they were asked different things"


def test_an_undo_of_either_decision_ends_it(ward: Workspace) -> None:
    disagree(ward)
    actions.undo(ward, who="Ana")
    assert disagreements.count(ward) == 0


def test_who_decides_after_it_was_settled_opens_a_new_one(ward: Workspace) -> None:
    view = disagree(ward)
    disagreements.settle(ward, disagreements.listed(ward).items[0], "other", who="Cleo")
    actions.keep_finding(ward, view.id, who="Dan")
    (found,) = disagreements.listed(ward).items
    assert (found.one.who, found.other.who) == ("Cleo", "Dan")


def test_two_people_who_settle_it_at_once_are_told(ward: Workspace) -> None:
    disagree(ward)
    found, looked = disagreements.listed(ward).items[0], ward.ledger.head()[0]
    disagreements.settle(ward, found, "one", who="Cleo", seen=looked, action_id="cleo")
    assert disagreements.settle(ward, found, "one", who="Cleo", seen=looked, action_id="cleo")[0].who == "Cleo"
    with pytest.raises(InputError, match="settled already"):
        disagreements.settle(ward, found, "other", who="Dan", seen=looked)


def test_a_decision_between_the_look_and_the_settling_is_not_run_over(ward: Workspace) -> None:
    view = disagree(ward)
    found, looked = disagreements.listed(ward).items[0], ward.ledger.head()[0]
    actions.keep_finding(ward, view.id, who="Dan")
    with pytest.raises(OvertakenError, match="Dan decided"):
        disagreements.settle(ward, found, "other", who="Cleo", seen=looked)


def test_the_queue_is_read_in_pages_the_oldest_first(ward: Workspace) -> None:
    ids = [disagree(ward).finding.example_id for _ in range(3)]
    pages = [disagreements.listed(ward, offset=n, limit=1) for n in range(3)]
    assert [page.items[0].example_ids[0] for page in pages] == ids
    assert {page.total for page in pages} == {3}


def test_a_third_text_is_the_last_word_on_both_and_one_undo_opens_it_again(ward: Workspace) -> None:
    view = disagree(ward)
    one = view.finding.example_id
    (found,) = disagreements.listed(ward).items
    text = answer(ward, one, "Ask the desk of the ward.")
    made = disagreements.edit(ward, one, text, wanted=found, who="Cleo", action_id="cleo")
    assert disagreements.edit(ward, one, text, wanted=found, who="Cleo", action_id="cleo") == made
    assert disagreements.count(ward) == 0 and queries.finding(ward, view.id).state == "settled"
    assert state(ward, one) == "replaced" and made.becomes is not None
    assert list(queries.example(ward, made.becomes).example.messages) == text
    assert queries.example(ward, made.becomes).example.meta == queries.example(ward, one).example.meta
    assert [d.who for d in queries.history(ward, one)] == ["Ana", "Ben", "Cleo"]
    actions.undo(ward, who="Cleo")
    assert disagreements.count(ward) == 1 and state(ward, one) == "dropped"


def test_a_third_text_needs_a_change_a_row_of_theirs_and_a_disagreement(ward: Workspace) -> None:
    view = disagree(ward)
    one, (found,) = view.finding.example_id, disagreements.listed(ward).items
    other = emails(ward)[0].finding.example_id
    same = queries.example(ward, one).example.messages
    with pytest.raises(InputError, match="Nothing was changed"):
        disagreements.edit(ward, one, same, wanted=found, who="Cleo")
    with pytest.raises(InputError, match="at least one turn"):
        disagreements.edit(ward, one, [], wanted=found, who="Cleo")
    with pytest.raises(InputError, match="Nobody disagrees"):
        disagreements.edit(ward, other, answer(ward, other, "Ask."), wanted=found, who="Cleo")
    looked = ward.ledger.head()[0]
    disagreements.settle(ward, found, "one", who="Dan")
    with pytest.raises(InputError, match="settled already"):
        disagreements.edit(ward, one, answer(ward, one, "Ask."), wanted=found, who="Cleo", seen=looked)


def test_a_decision_during_the_edit_is_not_run_over(ward: Workspace) -> None:
    view = disagree(ward)
    one, (found,), looked = view.finding.example_id, disagreements.listed(ward).items, ward.ledger.head()[0]
    actions.keep_finding(ward, view.id, who="Dan")
    with pytest.raises(OvertakenError, match="Dan decided"):
        disagreements.edit(ward, one, answer(ward, one, "Ask."), wanted=found, who="Cleo", seen=looked)


def test_of_a_clash_one_row_is_edited_and_the_other_stays(tmp_path: Path) -> None:
    ask = "How much of the tablets does the patient of room 4 take every day, as the chart says it?"
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(row(ask, f"The patient takes {n} mg of it twice a day.") for n in (5, 50)) + "\n")
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, file, who="Ada")
    checking.check(workspace, only=("contradictions",))
    view = queries.findings(workspace, families=("contradictions",)).items[0]
    left, right = view.finding.members[:2]
    resolutions.resolve(workspace, view.id, "left", who="Ana")
    resolutions.resolve(workspace, view.id, "right", who="Ben")
    (found,) = disagreements.listed(workspace).items
    assert set(found.example_ids) == {left, right}
    disagreements.edit(workspace, left, answer(workspace, left, "As the chart says."), wanted=found, who="Cleo")
    assert (state(workspace, left), state(workspace, right)) == ("replaced", "in")
    assert disagreements.count(workspace) == 0 and queries.finding(workspace, view.id).state == "settled"
    assert resolutions.earlier(workspace, view)[0].outcome == "edit"
    actions.undo(workspace, who="Cleo")
    assert (state(workspace, left), state(workspace, right)) == ("dropped", "in")
    assert disagreements.count(workspace) == 1
