"""An example that a person writes is part of the set like any other, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import InputError
from core.ids import example_id
from core.ledger import Draft
from core.revisions import examples_of
from core.types import Message
from core.workspace import Workspace
from curation import actions, added, adopt, cache, checking, decisions, freeze, neighbours, queries, release
from curation.overtaken import OvertakenError
from tests.conftest import chat

OWN = (Message("user", "Which code is used for a fall from a ladder at home?"), Message("assistant", "Use W11."))
OWN_ID = example_id(OWN)


@pytest.fixture
def filled(workspace: Workspace, write_chats: Callable[..., Path]) -> Workspace:
    """Forty chats."""
    rows = [chat(f"Which code applies to case {i}?", f"The code of this case is A{i}.") for i in range(10, 50)]
    actions.import_file(workspace, write_chats(rows), who="Ada")
    return workspace


def test_an_added_example_is_in_the_set_after_all_others_with_its_meta(filled: Workspace) -> None:
    made = added.add(filled, OWN, who="Ben", meta={"task": "falls"}, note="was missing")
    assert (made.verdict, made.example_id, made.who, made.note) == ("add", OWN_ID, "Ben", "was missing")
    current = queries.current(filled)[0]
    assert current[-1].id == OWN_ID and current[-1].messages == OWN and current[-1].meta == {"task": "falls"}
    view = queries.example(filled, OWN_ID)
    assert (view.state, view.added_by, view.lines) == ("in", "Ben", ())
    seen = queries.overview(filled)
    assert (seen.n_in, seen.n_examples) == (41, 40), "it counts as in, not as imported"
    assert added.counted(filled) == {"Ben": 1}


def test_the_same_action_twice_adds_one(filled: Workspace) -> None:
    added.add(filled, OWN, who="Ben", action_id="once")
    added.add(filled, OWN, who="Ben", action_id="once")
    assert queries.overview(filled).n_in == 41


def test_undo_takes_it_back_and_redo_brings_it_again(filled: Workspace) -> None:
    added.add(filled, OWN, who="Ben")
    assert [d.verdict for d in actions.undo(filled, who="Ben")] == ["add"]
    assert queries.example(filled, OWN_ID).state == "withdrawn"
    assert queries.overview(filled).n_in == 40 and added.counted(filled) == {}
    actions.redo(filled, who="Ben")
    assert queries.example(filled, OWN_ID).state == "in"


def test_what_was_taken_back_can_be_added_anew(filled: Workspace) -> None:
    added.add(filled, OWN, who="Ben")
    actions.undo(filled, who="Ben")
    added.add(filled, OWN, who="Cem")
    assert queries.example(filled, OWN_ID).state == "in" and added.counted(filled) == {"Cem": 1}


def test_a_text_that_the_set_holds_is_refused_with_its_line(filled: Workspace) -> None:
    row = chat("Which code applies to case 12?", "The code of this case is A12.")
    with pytest.raises(added.TwinError, match="This very text is line 3") as refused:
        added.add(filled, row.messages, who="Ben")
    assert refused.value.twin == row.id
    assert queries.overview(filled).n_in == 40


@pytest.mark.parametrize(("verdict", "words"), [("drop", "was dropped"), ("edit", "was edited into something else")])
def test_a_text_that_left_the_set_is_refused_with_the_way_back(filled: Workspace, verdict: str, words: str) -> None:
    row = chat("Which code applies to case 12?", "The code of this case is A12.")
    if verdict == "drop":
        actions.decide(filled, row.id, "drop", who="Ada")
    else:
        actions.edit(filled, row.id, OWN, who="Ada")
    with pytest.raises(added.TwinError, match=words):
        added.add(filled, row.messages, who="Ben")


def test_a_second_person_with_the_same_text_is_told(filled: Workspace) -> None:
    added.add(filled, OWN, who="Ben")
    with pytest.raises(added.TwinError, match="an example that Ben added"):
        added.add(filled, OWN, who="Cem")


def test_two_at_the_same_moment_add_it_once(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_first(workspace: Workspace, messages: object) -> None:
        payload = {"verdict": "add", "messages": [{"role": m.role, "content": m.content} for m in OWN], "meta": {}}
        workspace.ledger.append_all([Draft(decisions.KIND, OWN_ID, payload)], who="Cem")

    monkeypatch.setattr(added, "refuse_twin", other_first)
    with pytest.raises(OvertakenError, match="Cem brought this very text in"):
        added.add(filled, OWN, who="Ben")
    assert added.counted(filled) == {"Cem": 1}


@pytest.mark.parametrize("messages", [(), (Message("user", " "), Message("assistant", ""))])
def test_an_example_without_a_text_is_refused(filled: Workspace, messages: tuple[Message, ...]) -> None:
    with pytest.raises(InputError, match="at least one turn"):
        added.add(filled, messages, who="Ben")


def test_decisions_on_it_work_as_on_any_other(filled: Workspace) -> None:
    added.add(filled, OWN, who="Ben")
    actions.decide(filled, OWN_ID, "drop", who="Ada", note="not ours")
    assert queries.example(filled, OWN_ID).state == "dropped"
    actions.undo(filled, who="Ada")
    made = actions.edit(filled, OWN_ID, (OWN[0], Message("assistant", "Use W11.XXXA.")), who="Ada")
    assert made.becomes is not None
    assert queries.example(filled, OWN_ID).state == "replaced"
    assert [d.verdict for d in queries.history(filled, made.becomes)] == ["add", "drop", "undo", "edit"]
    assert added.counted(filled) == {"Ben": 1}, "who wrote it first, although Ada edited it"


def test_taking_the_addition_back_takes_the_edit_of_it_along(filled: Workspace) -> None:
    added.add(filled, OWN, who="Ben")
    made = actions.edit(filled, OWN_ID, (OWN[0], Message("assistant", "Use W11.XXXA.")), who="Ada")
    actions.undo(filled, who="Ben")
    assert made.becomes is not None
    assert queries.example(filled, made.becomes).state == "withdrawn"
    assert queries.overview(filled).n_in == 40


def test_the_next_check_looks_at_it_and_its_neighbours_are_told_before(filled: Workspace) -> None:
    checking.check(filled)
    twin = (Message("system", "You answer in one sentence."), Message("user", "Which code applies to case 12?"),
            Message("assistant", "The code of this case is A12, to mail to jane.doe@clinic-north.org."))  # fmt: skip
    assert neighbours.compare(filled, twin).neighbours
    made = added.add(filled, twin, who="Ben")
    after = neighbours.compare(filled, OWN)
    assert after.n_set == 41, "the live index knows it at once"
    report = checking.check(filled)
    assert any(f.check == "privacy.email" and f.example_id == made.example_id for f in report.findings)
    assert queries.findings(filled, example_id=made.example_id).total >= 1


def test_it_survives_the_deletion_of_the_cache_in_the_same_order(filled: Workspace, tmp_path: Path) -> None:
    added.add(filled, OWN, who="Ben")
    later = tmp_path / "later.jsonl"
    later.write_text(
        '{"messages": [{"role": "user", "content": "Later?"}, {"role": "assistant", "content": "Yes."}]}\n'
    )
    actions.import_file(filled, later, who="Ada")
    before = [e.id for e in queries.current(filled)[0]]
    for path in filled.path.glob("cache.sqlite*"):
        path.unlink()
    assert [e.id for e in queries.current(filled)[0]] == before
    assert queries.example(filled, OWN_ID).added_by == "Ben"
    assert before.index(OWN_ID) == 40


def test_a_file_that_brings_the_same_text_makes_it_an_imported_one(
    filled: Workspace, write_chats: Callable[..., Path]
) -> None:
    row = chat("A question of a later file?", "Yes.")
    added.add(filled, row.messages, who="Ben")
    actions.import_file(filled, write_chats([row], "later.jsonl"), who="Ada")
    assert queries.example(filled, row.id).lines == (("later.jsonl", 1),)
    assert added.counted(filled) == {}
    actions.undo(filled, who="Ben")
    assert queries.example(filled, row.id).state == "in", "the file still holds it"


def test_it_is_frozen_exported_and_named_in_the_card(filled: Workspace, tmp_path: Path) -> None:
    added.add(filled, OWN, who="Ben *the* coder")
    made = freeze.freeze(filled, who="Ada", holdout_share=0.1)
    assert OWN_ID in {e.id for e in examples_of(filled, made.revision.id)}
    done = release.export_revision(filled, made.revision.id, tmp_path / "out.jsonl", who="Ada")
    exported = done.path.read_text(encoding="utf-8") + (tmp_path / "out.holdout.jsonl").read_text(encoding="utf-8")
    assert "Use W11." in exported
    card = done.card_path.read_text(encoding="utf-8")
    assert r"Added by hand by Ben \*the\* coder" in card


def test_the_card_of_a_set_without_added_examples_does_not_speak_of_them(filled: Workspace) -> None:
    from curation.card import data_card

    made = freeze.freeze(filled, who="Ada", holdout_share=0.1)
    assert "dded by hand" not in data_card(release.facts(filled, made.revision.id))


def test_a_replay_brings_it_to_another_machine_under_the_name_of_its_author(filled: Workspace, tmp_path: Path) -> None:
    added.add(filled, OWN, who="Ben")
    other = Workspace.create(tmp_path / "other")
    actions.import_file(other, tmp_path / "chats.jsonl", who="Ada")
    adopt.adopt(other, filled)
    assert queries.example(other, OWN_ID).added_by == "Ben"
    one, same = (freeze.freeze(w, who="Ada", holdout_share=0.1).revision.id for w in (filled, other))
    assert one == same


def test_an_addition_is_no_opinion_so_a_drop_of_it_is_no_disagreement(filled: Workspace) -> None:
    added.add(filled, OWN, who="Ben")
    actions.decide(filled, OWN_ID, "drop", who="Ada")
    with cache.synced(filled).reading() as connection:
        assert connection.execute("SELECT COUNT(*) FROM disputes").fetchone()[0] == 0
