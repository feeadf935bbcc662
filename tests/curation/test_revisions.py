"""Two revisions compared, with the words and the reasons; going back to any of them, and back again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import text_diff
from core.errors import FinetoothError, InputError
from core.ids import content_id
from core.rated import pair_id, rated, retire
from core.revisions import examples_of
from core.types import Example, Message
from core.workspace import Workspace
from curation import actions, added, changes, decisions, freeze, queries, restore
from tests.conftest import chat
from tests.curation.test_splits import different

Write = Callable[..., Path]
EXAMPLES = different(30)


@pytest.fixture
def filled(workspace: Workspace, write_chats: Write) -> Workspace:
    actions.import_file(workspace, write_chats(EXAMPLES), who="Ada")
    return workspace


def ids(workspace: Workspace) -> list[str]:
    return [example.id for example in queries.current(workspace)[0]]


def reworded(example: Example, answer: str) -> list[Message]:
    return [*example.messages[:-1], Message("assistant", answer)]


def frozen(workspace: Workspace) -> str:
    return freeze.freeze(workspace, who="Ada", holdout_size=3).revision.id


def work(workspace: Workspace) -> None:
    """Drops, edits of edits, an addition, a keep."""
    actions.decide(workspace, EXAMPLES[0].id, "drop", who="Ben", note="wrong code")
    actions.edit(workspace, EXAMPLES[1].id, reworded(EXAMPLES[1], "Answer one."), who="Ben", note="spelt out")
    second = actions.edit(workspace, EXAMPLES[2].id, reworded(EXAMPLES[2], "Answer two."), who="Cleo", note="first")
    actions.edit(workspace, second.becomes or "", reworded(EXAMPLES[2], "Answer 2, really."), who="Dan", note="then")
    added.add(workspace, chat("A question from scratch about gout?", "Yes.").messages, who="Eve", note="a gap")
    actions.decide(workspace, EXAMPLES[3].id, "keep", who="Ben")


def test_the_diff_says_what_changed_and_why(filled: Workspace) -> None:
    before = frozen(filled)
    work(filled)
    found = changes.diff(filled, before, frozen(filled))
    told = [(c.what, c.example_id, c.who, c.why, c.line) for c in found.changes]
    assert told[:3] == [
        ("dropped", EXAMPLES[0].id, "Ben", "wrong code", 1),
        ("edited", EXAMPLES[1].id, "Ben", "spelt out", 2),
        ("edited", EXAMPLES[2].id, "Dan", "first; then", 3),
    ]
    assert (found.changes[3].what, found.changes[3].who, found.changes[3].why) == ("added", "Eve", "a gap")
    assert len(found.changes) == 4


def test_the_diff_backwards_is_the_same_the_other_way_round(filled: Workspace) -> None:
    before = frozen(filled)
    work(filled)
    after = frozen(filled)
    there, back = changes.diff(filled, before, after), changes.diff(filled, after, before)
    assert set(back.added) == set(there.dropped)
    assert set(back.dropped) == set(there.added)
    assert {(b, a) for a, b in back.edited} == set(there.edited)
    assert all(change.why.startswith("taken back: ") for change in back.changes)


def test_an_edit_is_told_word_by_word() -> None:
    parts = changes.word_diff(EXAMPLES[1].messages, reworded(EXAMPLES[1], "Answer one."))
    assert parts == [
        {
            "turn": 2,
            "role": "assistant",
            "parts": [["same", "Answer "], ["gone", "1"], ["new", "one"], ["same", "."]],
        }
    ]


@given(st.text(), st.text())
def test_the_parts_of_a_diff_make_up_both_texts(left: str, right: str) -> None:
    parts = text_diff.parts(left, right)
    assert "".join(text for kind, text in parts if kind != "new") == left
    assert "".join(text for kind, text in parts if kind != "gone") == right


def test_going_back_makes_the_dataset_what_it_was_and_an_undo_brings_the_work_back(filled: Workspace) -> None:
    first = frozen(filled)
    work(filled)
    second, worked = frozen(filled), ids(filled)
    done = restore.restore(filled, first, who="Ada")
    assert frozen(filled) == first
    assert (done.n_brought_back, done.n_dropped) == (3, 1)
    actions.undo(filled, who="Ada", target=done.batch)
    assert ids(filled) == worked
    assert restore.restore(filled, second, who="Ada").batch == ""


def test_going_forward_again_works_too(filled: Workspace) -> None:
    first = frozen(filled)
    work(filled)
    second = frozen(filled)
    restore.restore(filled, first, who="Ada")
    restore.restore(filled, second, who="Ada")
    assert frozen(filled) == second


def test_nothing_is_lost_by_going_back(filled: Workspace) -> None:
    first = frozen(filled)
    work(filled)
    before = filled.ledger.entries(decisions.KIND)
    restore.restore(filled, first, who="Ada")
    assert filled.ledger.entries(decisions.KIND)[: len(before)] == before
    notes = [decision.note for decision in queries.history(filled, EXAMPLES[0].id)]
    assert notes == ["wrong code", f"back to revision {first[:12]}"]


def test_rows_of_files_imported_since_are_dropped(filled: Workspace, write_chats: Write) -> None:
    first = frozen(filled)
    actions.import_file(filled, write_chats(different(36)[30:], "more.jsonl"), who="Ada")
    assert restore.restore(filled, first, who="Ada").n_dropped == 6
    assert frozen(filled) == first


def test_going_back_brings_undone_work_back(filled: Workspace) -> None:
    work(filled)
    worked = frozen(filled)
    for who in ("Ben", "Ben", "Ben", "Eve", "Dan", "Cleo"):
        actions.undo(filled, who=who)
    assert ids(filled) == [example.id for example in EXAMPLES]
    restore.restore(filled, worked, who="Ada")
    assert frozen(filled) == worked


def test_a_row_that_nobody_had_looked_at_is_not_marked_as_kept(filled: Workspace) -> None:
    first = frozen(filled)
    actions.decide(filled, EXAMPLES[0].id, "drop", who="Ben")
    restore.restore(filled, first, who="Ada")
    assert EXAMPLES[0].id not in queries.reviewed(filled)


def study(workspace: Workspace, revision_id: str, example_ids: Sequence[str]) -> str:
    """A study's table and one vote on each item, as the rating desk writes them."""
    import polars as pl

    key = ["a study", revision_id]
    study_id = content_id(["study", key])
    items = [pair_id(study_id, one) for one in example_ids]
    workspace.objects.put("study", {}, pl.DataFrame({"item_id": items, "example_id": list(example_ids)}), key)
    for item in items:
        payload = {"study_id": study_id, "verdict": "left", "tuned": "left"}
        workspace.ledger.append("rating", item, payload, who="Ben")
    return study_id


def test_rated_prompts_stay_out_of_training_until_they_are_retired(filled: Workspace) -> None:
    first = frozen(filled)
    held = [example.id for example in examples_of(filled, first, "holdout")]
    study(filled, first, held)
    for seed in range(1, 6):
        made = freeze.freeze(filled, who="Ada", holdout_size=4, seed=seed)
        assert set(held) <= {example.id for example in examples_of(filled, made.revision.id, "holdout")}
    with pytest.raises(FinetoothError, match="3 examples have to be held out") as refused:
        freeze.freeze(filled, who="Ada", holdout_size=2)
    assert "finetooth retire" in refused.value.hint
    retire(filled, rated(filled), "the study is published", who="Ada")
    assert rated(filled) == []
    sides = {
        example.id in set(held)
        for seed in range(1, 6)
        for example in examples_of(
            filled, freeze.freeze(filled, who="Ada", holdout_size=4, seed=seed).revision.id, "train"
        )
    }
    assert sides == {True, False}


def test_a_rated_prompt_whose_answer_was_corrected_stays_out_too(filled: Workspace) -> None:
    first = frozen(filled)
    target = examples_of(filled, first, "holdout")[0]
    study(filled, first, [target.id])
    corrected = actions.edit(filled, target.id, reworded(target, "The corrected answer."), who="Ben").becomes
    for seed in range(1, 5):
        made = freeze.freeze(filled, who="Ada", holdout_size=3, seed=seed).revision.id
        assert corrected in {example.id for example in examples_of(filled, made, "holdout")}


def test_a_retirement_needs_a_reason_and_something_to_retire(filled: Workspace) -> None:
    with pytest.raises(InputError, match="needs a reason"):
        retire(filled, ["x"], " ", who="Ada")
    with pytest.raises(FinetoothError, match="No rated prompt"):
        retire(filled, rated(filled), "why not", who="Ada")
