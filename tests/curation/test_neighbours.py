"""A text is compared with the whole set as it stands now: what it copies, nearly copies, or answers otherwise."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from core.files import read_json, write_json
from core.types import Example, Message
from core.workspace import Workspace
from curation import actions, cache, checking, neighbours, neighbours_index, neighbours_live, queries
from curation.evidence.settings import Settings
from curation.neighbours import Nearby
from tests.conftest import chat

Write = Callable[..., Path]
WORDS = [f"{a}{b}{c}" for a in "bcdfglmnprst" for b in ("a", "e", "io", "u") for c in ("ck", "nd", "rt", "sh", "ll")]


def passage(seed: int, words: int = 40) -> str:
    """Made words, the same for the same seed."""
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def made(count: int) -> list[Example]:
    """Chats that have nothing in common."""
    return [chat(f"{passage(i)}?", f"{passage(1_000 + i)}.") for i in range(count)]


def turns(question: str, answer: str, system: str = "You answer in one sentence.") -> tuple[Message, ...]:
    """The turns of a chat."""
    return chat(question, answer, system).messages


def changed(text: str, words: int = 1) -> str:
    """The text with its last words replaced."""
    kept = text.split(" ")
    return " ".join([*kept[:-words], *(["otherwise"] * words)])


@pytest.fixture
def filled(workspace: Workspace, write_chats: Write) -> Workspace:
    """Twelve chats on lines 1 to 12, with their index."""
    actions.import_file(workspace, write_chats(made(12)), who="Ada")
    neighbours.build(workspace)
    return workspace


def kinds(seen: Nearby) -> list[tuple[str, tuple[int, ...]]]:
    """Kind and lines of each neighbour."""
    return [(one.kind, tuple(line for _, line in one.lines)) for one in seen.neighbours]


def test_an_edit_that_makes_an_exact_copy_names_the_line(filled: Workspace) -> None:
    rows = made(12)
    seen = neighbours.compare(filled, rows[4].messages, replacing=rows[7].id)
    assert kinds(seen) == [("identical", (5,))]
    assert seen.headline == "This is now an exact copy of line 5."
    assert seen.n_set == 11 and not seen.notes


def test_where_there_are_several_files_a_line_is_named_with_its_file(filled: Workspace, write_chats: Write) -> None:
    name = queries.overview(filled).sources[0].name
    actions.import_file(filled, write_chats([chat("Another file?", "Yes, another.")]), who="Ada", name="more.jsonl")
    (one,) = neighbours.compare(filled, made(12)[4].messages, replacing=made(12)[7].id).neighbours
    assert one.place == f"line 5 of {name}"
    assert one.sentence == f"This is now an exact copy of line 5 of {name}."


def test_case_and_punctuation_do_not_hide_a_copy(filled: Workspace) -> None:
    row = made(12)[4]
    louder = turns(row.messages[1].content.upper(), row.answer.replace(".", " !"))
    seen = neighbours.compare(filled, louder)
    assert kinds(seen) == [("identical", (5,))]
    assert "only case, punctuation, spacing or the form of a letter differ" in seen.headline


def test_a_near_copy_is_named_with_its_exact_similarity(filled: Workspace) -> None:
    row = made(12)[4]
    seen = neighbours.compare(filled, turns(row.messages[1].content, changed(row.answer)))
    assert kinds(seen) == [("near-duplicate", (5,))]
    one = seen.neighbours[0]
    shared, new = 40 + 40 - 2 - 1, 1  # word 3-grams: one of the last changed
    assert one.whole == pytest.approx(shared / (shared + 2 * new)) and one.prompt == 1.0
    assert one.sentence == f"This now says nearly the same as line 5 (similarity {one.whole:.2f})."


def test_the_same_question_with_another_answer_is_a_conflict(filled: Workspace) -> None:
    row = made(12)[4]
    seen = neighbours.compare(filled, turns(row.messages[1].content, passage(77)))
    assert kinds(seen) == [("conflict", (5,))]
    assert "asks the same as line 5 and answers otherwise" in seen.headline


def test_another_number_in_the_answer_is_a_conflict_and_in_the_question_a_variant(
    workspace: Workspace, write_chats: Write
) -> None:
    question, answer = f"{passage(1)} after 3 days?", f"{passage(2)} take 50 mg daily."
    actions.import_file(workspace, write_chats([chat(question, answer)]), who="Ada")
    neighbours.build(workspace)
    assert kinds(neighbours.compare(workspace, turns(question, answer.replace("50", "500")))) == [("conflict", (1,))]
    assert kinds(neighbours.compare(workspace, turns(question.replace("3", "4"), answer))) == [("variant", (1,))]
    assert kinds(neighbours.compare(workspace, turns(question, answer, "Answer as a pirate."))) == [("variant", (1,))]


def test_a_text_that_is_like_none_says_with_how_many_it_was_compared(filled: Workspace) -> None:
    seen = neighbours.compare(filled, turns(passage(500), passage(501)))
    assert not seen.neighbours
    assert seen.headline == "Compared with 12 examples: none is like it."


def test_short_texts_are_compared_by_characters(workspace: Workspace, write_chats: Write) -> None:
    rows = [
        chat("Which ward takes a patient with a fever?", "Ward four."),
        chat("Thanks", "Welcome"),
        chat("Is it so?", "No"),
    ]
    actions.import_file(workspace, write_chats(rows), who="Ada")
    neighbours.build(workspace)
    near = neighbours.compare(workspace, turns("O which ward takes a patient with a fever?", "Ward four."))
    assert kinds(near) == [("near-duplicate", (1,))]
    below = neighbours.compare(workspace, turns("Which ward takes a patient with a fevers?", "Ward four."))
    assert kinds(below) == [("resembles", (1,))] and below.neighbours[0].whole < 0.85
    assert kinds(neighbours.compare(workspace, turns("thanks!", "welcome"))) == [("identical", (2,))]
    assert kinds(neighbours.compare(workspace, turns("Thanks", "No"))) == [("conflict", (2,))]


@pytest.mark.parametrize("messages", [(), (Message("user", ""),), turns("", ""), turns("?!", "...")])
def test_a_text_without_words_is_said_not_to_be_comparable(filled: Workspace, messages: tuple[Message, ...]) -> None:
    seen = neighbours.compare(filled, messages)
    assert not seen.compared and seen.headline == neighbours.NO_WORDS


def test_rows_without_words_are_in_nobodys_way(workspace: Workspace, write_chats: Write) -> None:
    rows = [chat("", ""), chat("?", "!"), chat("go", "go"), *made(3)]
    actions.import_file(workspace, write_chats(rows), who="Ada")
    neighbours.build(workspace)
    assert kinds(neighbours.compare(workspace, turns("go", "GO"))) == [("identical", (3,))]
    assert not neighbours.compare(workspace, turns("gone", "")).neighbours


def test_chinese_is_compared_character_by_character(workspace: Workspace, write_chats: Write) -> None:
    question = "病人发烧三天，咳嗽并且头痛，请问应该去哪一个科室看病比较合适？"
    rows = [chat(question, "请去内科就诊，医生会先量体温，然后再决定是否需要做血液检查。"), *made(2)]
    actions.import_file(workspace, write_chats(rows), who="Ada")
    neighbours.build(workspace)
    near = "请去内科就诊，医生会先量体温，然后再决定是否需要做血液化验。"
    assert kinds(neighbours.compare(workspace, turns(question, near))) == [("near-duplicate", (1,))]
    assert kinds(neighbours.compare(workspace, turns(question, "请去外科，把伤口缝合好。"))) == [("conflict", (1,))]


def test_without_an_index_it_says_what_to_do(workspace: Workspace, write_chats: Write) -> None:
    actions.import_file(workspace, write_chats(made(2)), who="Ada")
    seen = neighbours.compare(workspace, made(2)[0].messages)
    assert not seen.compared and not seen.neighbours
    assert seen.headline.startswith("Not compared yet: run the checks")


def test_the_checks_leave_an_index(workspace: Workspace, write_chats: Write) -> None:
    actions.import_file(workspace, write_chats(made(2)), who="Ada")
    checking.check(workspace, only=("format.shape",))
    assert neighbours.compare(workspace, made(2)[0].messages).headline == "This is now an exact copy of line 1."


def test_an_edit_that_was_saved_is_found_and_one_undone_is_not(filled: Workspace) -> None:
    rows = made(12)
    new = turns(passage(600), passage(601))
    made_by = actions.edit(filled, rows[2].id, new, who="Ada")
    seen = neighbours.compare(filled, new)
    assert kinds(seen) == [("identical", (3,))]
    assert seen.headline == "This is now an exact copy of line 3 as edited."
    assert not neighbours.compare(filled, rows[2].messages).neighbours, "the old text is gone"
    actions.undo(filled, who="Ada", target=made_by.action_id)
    assert not neighbours.compare(filled, new).neighbours
    assert kinds(neighbours.compare(filled, rows[2].messages)) == [("identical", (3,))]


def test_an_edit_of_an_edit_stands_for_both_and_undo_brings_back_the_chain(filled: Workspace) -> None:
    row = made(12)[2]
    first, second = turns(passage(600), passage(601)), turns(passage(602), passage(603))
    begun = actions.edit(filled, row.id, first, who="Ada")
    assert begun.becomes
    actions.edit(filled, begun.becomes, second, who="Ada")
    assert neighbours.compare(filled, second).neighbours and not neighbours.compare(filled, first).neighbours
    neighbours.build(filled)
    actions.undo(filled, who="Ada", target=begun.action_id)
    assert not neighbours.compare(filled, second).neighbours, "its origin was taken back"
    assert kinds(neighbours.compare(filled, row.messages)) == [("identical", (3,))]


def test_a_dropped_row_is_left_out_until_it_comes_back(filled: Workspace) -> None:
    row = made(12)[4]
    actions.decide(filled, row.id, "drop", who="Ada")
    assert not neighbours.compare(filled, row.messages).neighbours
    actions.undo(filled, who="Ada")
    assert neighbours.compare(filled, row.messages).neighbours


def test_rows_imported_since_the_check_are_compared_too(filled: Workspace, write_chats: Write) -> None:
    fresh = chat(f"{passage(700)}?", passage(701))
    actions.import_file(filled, write_chats([fresh], "later.jsonl"), who="Ada")
    seen = neighbours.compare(filled, turns(fresh.messages[1].content, changed(fresh.answer)))
    assert kinds(seen) == [("near-duplicate", (1,))]
    assert seen.neighbours[0].lines == (("later.jsonl", 1),)
    assert seen.n_set == 13


def test_what_is_too_much_to_compare_is_counted(
    filled: Workspace, write_chats: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours_live, "LATER", 2)
    fresh = [chat(f"{passage(700 + i)}?", passage(800 + i)) for i in range(5)]
    actions.import_file(filled, write_chats(fresh, "later.jsonl"), who="Ada")
    seen = neighbours.compare(filled, fresh[0].messages)
    assert seen.n_left_out == 3 and seen.n_set == 14
    assert "3 examples came in since the last check and were not compared" in seen.notes[0]
    neighbours.build(filled)
    seen = neighbours.compare(filled, fresh[4].messages)
    assert kinds(seen) == [("identical", (5,))] and seen.n_left_out == 0 and not seen.notes


def test_a_bound_on_candidates_is_reported_and_keeps_the_likeliest(
    workspace: Workspace, write_chats: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "VERIFIED", 3)
    answer = passage(1)
    rows = [chat(f"{passage(2)}?", changed(answer, n)) for n in range(1, 11)]
    actions.import_file(workspace, write_chats(rows), who="Ada")
    neighbours.build(workspace)
    seen = neighbours.compare(workspace, turns(rows[0].messages[1].content, answer))
    assert seen.n_candidates == 10 and seen.n_verified < 10
    assert "Of 10 examples that share something with it" in seen.notes[0]
    assert seen.neighbours[0].lines[0][1] == 1


def test_a_second_build_reads_only_what_is_new(filled: Workspace, write_chats: Write) -> None:
    actions.import_file(filled, write_chats([chat(passage(900), passage(901))], "later.jsonl"), who="Ada")
    actions.decide(filled, made(12)[3].id, "drop", who="Ada")
    asked: list[str] = []
    database = cache.synced(filled)
    with database.reading() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM examples WHERE state = 'in' ORDER BY id")]

    def read(wanted: object) -> dict[str, tuple[Message, ...]]:
        asked.extend(wanted)  # type: ignore[call-overload]
        return {example_id: queries.example(filled, example_id).example.messages for example_id in asked}

    def quiet(*_: object) -> None: ...

    before = neighbours_index.load(filled)
    after = neighbours_index.write(filled, ids, read, key="another", seq=filled.ledger.head()[0], progress=quiet)
    assert before is not None and after is not None
    assert len(asked) == 1 and len(after.ids) == 12
    fresh = neighbours_index.keys_of([queries.example(filled, i).example.messages for i in ids])
    for name, table in after.tables.items():
        inside, keys = table.by_row(len(ids)) if table.rows.size else (None, None)
        members, expected = fresh[name]
        if keys is not None and inside is not None:
            assert inside.nonzero()[0].tolist() == members.tolist()
            assert (keys[members] == expected).all(), "taken over or made anew, the keys are the same"
        else:
            assert not len(members)


def test_an_unchanged_set_keeps_its_index(filled: Workspace) -> None:
    before = neighbours_index.head_of(filled)
    neighbours.build(filled)
    assert neighbours_index.head_of(filled) == before


def test_old_generations_are_removed(filled: Workspace) -> None:
    actions.decide(filled, made(12)[3].id, "drop", who="Ada")
    neighbours.build(filled)
    assert len(list(neighbours_index.folder(filled).glob("neighbours-*"))) == 1


def test_an_index_of_another_engine_is_not_used(filled: Workspace) -> None:
    path = neighbours_index.folder(filled) / neighbours_index.HEAD
    write_json(path, {**read_json(path), "engine": "another"})
    assert neighbours.compare(filled, made(1)[0].messages).headline == neighbours.OTHER_ENGINE
    neighbours.build(filled)
    assert neighbours.compare(filled, made(1)[0].messages).neighbours


@pytest.mark.parametrize("harm", ["no head", "broken head", "no files", "cut file"])
def test_a_damaged_index_is_made_anew_by_the_next_build(filled: Workspace, harm: str) -> None:
    folder = neighbours_index.folder(filled)
    place = next(folder.glob("neighbours-*"))
    neighbours._held.clear()
    if harm == "no head":
        (folder / neighbours_index.HEAD).unlink()
    elif harm == "broken head":
        (folder / neighbours_index.HEAD).write_text("{")
    elif harm == "no files":
        for path in place.iterdir():
            path.unlink()
    else:
        path = place / "whole-word-keys.npy"
        path.write_bytes(path.read_bytes()[:200])
    assert neighbours.compare(filled, made(1)[0].messages).headline == neighbours.NO_INDEX
    neighbours.build(filled)
    assert neighbours.compare(filled, made(1)[0].messages).neighbours


def test_a_deleted_cache_changes_no_answer(filled: Workspace) -> None:
    row = made(12)[2]
    actions.edit(filled, row.id, turns(passage(600), passage(601)), who="Ada")
    before = neighbours.compare(filled, turns(passage(600), passage(601)))
    filled.cache_path.unlink()
    assert neighbours.compare(filled, turns(passage(600), passage(601))) == before


def test_thresholds_come_from_the_settings(filled: Workspace) -> None:
    row = made(12)[4]
    text = turns(row.messages[1].content, changed(row.answer, 6))
    assert kinds(neighbours.compare(filled, text)) == [("near-duplicate", (5,))]
    strict = replace(Settings(), near_threshold=0.95)
    assert kinds(neighbours.compare(filled, text, settings=strict)) == [("conflict", (5,))]


def test_a_megabyte_is_compared_within_a_second(workspace: Workspace, write_chats: Write) -> None:
    long = passage(5, 200_000)
    rows = [chat("Summarise this.", f"{long} {n}") for n in range(3)]
    actions.import_file(workspace, write_chats([*rows, *made(3)]), who="Ada")
    neighbours.build(workspace)
    neighbours.compare(workspace, made(1)[0].messages)
    text = turns("Summarise this.", f"{long} 0 changed")
    assert len(text[-1].content) > 1_000_000
    started = time.thread_time()
    seen = neighbours.compare(workspace, text)
    took_s = time.thread_time() - started
    assert seen.neighbours[0].lines[0][1] == 1
    assert took_s < 2, "half a second of computing on the machine it was measured on"


def test_warming_up_changes_nothing_and_ends(filled: Workspace, tmp_path: Path) -> None:
    thread = neighbours.warm(filled)
    assert thread is not None
    thread.join(30)
    assert not thread.is_alive()
    assert neighbours.warm(filled) is None, "once for each index"
    assert neighbours.warm(Workspace.create(tmp_path / "empty")) is None


def test_places_are_said_in_words() -> None:
    def said(*lines: tuple[str, int], edited: bool = False, several: bool = False) -> str:
        return neighbours.place_of(lines, edited=edited, several=several)

    assert said(("a.jsonl", 812)) == "line 812"
    assert said(("a.jsonl", 3), ("a.jsonl", 1200)) == "lines 3 and 1,200"
    assert said(*(("a.jsonl", n) for n in (1, 2, 3, 4, 5))) == "lines 1, 2, 3 and 2 more"
    assert said(("a.jsonl", 3), several=True) == "line 3 of a.jsonl"
    assert said(("a.jsonl", 3), ("b.jsonl", 4)) == "line 3 of a.jsonl and line 4 of b.jsonl"
    assert said(("a.jsonl", 3), edited=True) == "line 3 as edited"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Sixty rows, long, short and in Chinese, with copies among them."""
    rows = [*made(20), *(chat(passage(i, 6), passage(i + 50, 3)) for i in range(20)), chat("好吗", "好")]
    rows += [chat(row.messages[1].content, changed(row.answer)) for row in rows[:19]]
    path = tmp_path_factory.mktemp("mixed") / "rows.jsonl"
    path.write_text(
        "".join(
            json.dumps({"messages": [{"role": m.role, "content": m.content} for m in r.messages]}) + "\n" for r in rows
        )
    )
    workspace = Workspace.create(path.parent / "workspace")
    actions.import_file(workspace, path, who="Ada")
    neighbours.build(workspace)
    return workspace


@tries(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant", "tool"]), st.text(max_size=60)), max_size=4))
def test_any_text_can_be_compared(mixed: Workspace, said: list[tuple[str, str]]) -> None:
    seen = neighbours.compare(mixed, [Message(role, text) for role, text in said])
    assert all(0 <= score <= 1 for one in seen.neighbours for score in (one.whole, one.prompt, one.answer))


@tries(max_examples=25, deadline=None)
@given(st.integers(0, 19), st.integers(0, 3), st.booleans())
def test_no_row_that_reaches_the_threshold_is_missed(mixed: Workspace, which: int, words: int, long: bool) -> None:
    row = made(20)[which] if long else chat(passage(which, 6), passage(which + 50, 3))
    text = turns(row.messages[1].content, changed(row.answer, words) if words else row.answer)
    seen = neighbours.compare(mixed, text)
    assert row.id in {one.example_id for one in seen.neighbours}
