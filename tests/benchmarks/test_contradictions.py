"""The maker of the swap set: seeded, one thing swapped and no more, the other pairs free of swaps; and the counting."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from benchmarks.contradictions_pairs import Tally, parted
from benchmarks.contradictions_rows import joined, reviewed
from benchmarks.swaps import KINDS, Pair, make, swap_of
from benchmarks.swaps_forms import split_sentences
from benchmarks.swaps_questions import rewordings
from benchmarks.swaps_sources import Source, read
from benchmarks.swaps_values import (
    code_wordings,
    date_swaps,
    date_wordings,
    dose_swaps,
    dose_wordings,
    in_words,
    number_swaps,
    number_wordings,
    ordinal,
    plain,
)
from benchmarks.swaps_wordings import general_wordings, negation_wordings, yes_no_wordings
from benchmarks.swaps_words import entity_swaps, negation_swaps, yes_no_swaps
from core.errors import InputError
from core.types import Finding

CODES = (("A01.1", "Fever of the left ear"), ("A01.2", "Fever of the right ear"))
NOTE = (
    "The guest is a 34-year-old man with two sons. He takes 500 mg of bread daily since 03/14/2019. "
    "He denies thirst and has hypertension. He does not smoke."
)


def _source(answer: str, task: str = "clinic", choices: tuple[tuple[str, str], ...] = ()) -> Source:
    return Source("key", task, "", "What does the note say?", answer, choices, "key")


@pytest.fixture(scope="module")
def rows() -> list[Source]:
    try:
        return read()[:1500]
    except InputError as error:
        pytest.skip(error.message)


@pytest.fixture(scope="module")
def real(rows: list[Source]) -> list[Pair]:
    return make(3, 8, rows)


def test_the_same_seed_gives_the_same_set_and_another_seed_another(real: list[Pair], rows: list[Source]) -> None:
    again, other = make(3, 8, rows), make(4, 8, rows)
    assert [(p.source.key, p.question, p.answer) for p in again] == [(p.source.key, p.question, p.answer) for p in real]
    assert [p.answer for p in other] != [p.answer for p in real]


def test_each_kind_has_as_many_pairs_that_clash_as_pairs_that_mean_the_same(real: list[Pair]) -> None:
    counted = Counter((pair.kind, pair.clashes) for pair in real)
    assert counted == {(kind, clashes): 8 for kind in KINDS for clashes in (True, False)}


def test_a_swap_changes_one_stretch_of_the_real_answer_and_nothing_around_it(real: list[Pair]) -> None:
    for pair in real:
        if pair.clashes:
            assert pair.edit is not None
            was, now = pair.source.answer, pair.answer
            assert now != was
            assert now.startswith(was[: pair.edit.start])
            assert now.endswith(was[pair.edit.end :])
            assert now == was[: pair.edit.start] + pair.edit.text + was[pair.edit.end :]


def test_no_real_row_is_swapped_twice_and_both_rows_of_a_pair_differ(real: list[Pair]) -> None:
    for clashes in (True, False):
        origins = [pair.source.origin for pair in real if pair.clashes == clashes]
        assert len(origins) == len(set(origins))
    assert all(pair.rows[0].id != pair.rows[1].id for pair in real)
    assert all(pair.edit is None for pair in real if not pair.clashes)


def test_about_half_of_the_second_questions_are_reworded(real: list[Pair]) -> None:
    share = sum(pair.question != pair.source.question for pair in real) / len(real)
    assert 0.35 < share < 0.65


@pytest.mark.parametrize(
    "text",
    ["about 40 guests", "at least 3 sons", "type 2 diabetes", "1. Bread 2. Butter", "40 mg", "12/05/2007", "two to"],
)
def test_a_number_that_is_hedged_or_counts_nothing_is_left_alone(text: str) -> None:
    assert not list(number_swaps(text, Random(0)))


def test_numbers_doses_and_dates_become_others() -> None:
    for makes in (number_swaps, dose_swaps, date_swaps, negation_swaps):
        edits = list(makes(NOTE, Random(1)))
        assert edits
        assert all(edit.text != NOTE[edit.start : edit.end] for edit in edits)
    assert {edit.form for edit in entity_swaps("He has asthma.", (), "clinic", Random(0))} == {"condition"}


def test_an_amount_in_another_unit_is_the_same_amount() -> None:
    told = {wording.text for wording in dose_wordings("Take 500 mg.", Random(0))}
    assert {"Take 0.5 g.", "Take 500 milligrams.", "Take 500mg.", "Take 500000 mcg."} <= told


def test_a_date_in_another_spelling_is_the_same_date() -> None:
    told = {wording.text for wording in date_wordings("Seen on 03/14/2019.", Random(0))}
    assert {"Seen on March 14, 2019.", "Seen on 14 March 2019.", "Seen on 2019-03-14."} <= told
    assert "Seen in 08/2007." in {wording.text for wording in date_wordings("Seen in August 2007.", Random(0))}


def test_an_age_in_other_words_is_the_same_age() -> None:
    told = {wording.text for wording in number_wordings("A 34-year-old man came.", Random(0))}
    assert {"A man aged 34 came.", "A thirty-four-year-old man came.", "A 34 y/o man came."} <= told


def test_a_code_in_other_words_names_no_other_code_but_to_rule_it_out() -> None:
    for wording in code_wordings("The code is A01.1, Fever of the left ear.", CODES, Random(0)):
        named = set(re.findall(r"a011|a01\.[12]", wording.text.lower()))
        assert named & {"a01.1", "a011"}
        assert ("a01.2" in named) == (wording.form == "other-ruled-out")


def test_a_negation_below_a_condition_or_in_a_question_is_no_place_for_a_swap() -> None:
    assert not list(negation_swaps("If he does not smoke, call. Does he not smoke? He may not smoke.", Random(0)))


def test_yes_becomes_no_and_stays_yes_in_a_sentence() -> None:
    task = "glue_qqp_same_thing"
    assert all(edit.text.lower().startswith("no") for edit in yes_no_swaps("yes", task, Random(0)))
    assert not any(wording.text.lower().startswith("no") for wording in yes_no_wordings("yes", task, Random(0)))
    assert not list(yes_no_swaps("perhaps", task, Random(0)))


def test_none_stands_for_what_its_section_is_about_only() -> None:
    told = {wording.text for wording in negation_wordings("None.", "Section: ALLERGY\n\nDoctor: Any?", Random(0))}
    assert "No known drug allergies." in told
    assert not list(negation_wordings("None.", "Section: EXAM\n\nDoctor: Any?", Random(0)))


def test_a_reordered_list_has_the_same_items() -> None:
    text = "He has fever, chills, sweats, and cough."
    told = [wording.text for wording in general_wordings(text, "clinic", Random(0)) if wording.form == "reordered-list"]
    assert told
    assert all(sorted(re.findall(r"\w+", one)) == sorted(re.findall(r"\w+", text)) for one in told)


def test_a_question_in_other_words_still_holds_what_it_is_about() -> None:
    asked = "Section: ALLERGY\n\nDoctor: Any allergies? Patient: None."
    for other in rewordings(asked, Random(0)):
        assert other != asked
        assert "Any allergies?" in other


def test_a_row_without_anything_of_the_kind_gives_no_pair() -> None:
    assert swap_of(_source("Bread."), "dose", Random(0)) is None
    assert swap_of(_source("The code is A01.1.", "coding", CODES), "code", Random(0)) is not None


def test_small_words_and_numbers() -> None:
    assert [in_words(7), in_words(20), in_words(45)] == ["seven", "twenty", "forty-five"]
    assert [ordinal(1), ordinal(12), ordinal(23)] == ["1st", "12th", "23rd"]
    assert [plain(0.5), plain(500.0)] == ["0.5", "500"]
    assert split_sentences("He saw Dr. Lee. She left.") == ["He saw Dr. Lee.", "She left."]


def test_precision_and_recall_are_counted_from_the_pairs() -> None:
    tally = Tally()
    for clashes, told in ((True, True), (True, True), (True, False), (False, True), (False, False)):
        tally.add(clashes, told)
    assert (tally.precision, tally.recall, tally.f1) == (2 / 3, 2 / 3, 2 / 3)
    assert Tally().precision is None


def test_where_two_answers_part_is_shown_with_words_around_it() -> None:
    assert parted("He takes 5 mg.", "He takes 50 mg.") == "'He takes 5 mg.' -> 'He takes 50 mg.'"


def test_findings_are_counted_by_the_rows_they_join() -> None:
    pair = Finding("a", "contradictions.clash", "warn", "dose", "", related=("b",))
    alone = Finding("c", "contradictions.self", "warn", "dose", "")
    assert set(joined([pair, alone])) == {frozenset("ab"), frozenset("c")}


def test_no_verdict_is_both_right_and_wrong() -> None:
    import tomllib

    from benchmarks.contradictions_rows import REVIEWED

    document = tomllib.loads(REVIEWED.read_text(encoding="utf-8"))
    right, wrong = ({frozenset(line.split()) for line in document[verdict]} for verdict in ("right", "wrong"))
    assert not right & wrong
    assert len(reviewed()) == len(right | wrong)
    assert all(re.fullmatch(r"[0-9a-f]{12}", one) for key in right | wrong for one in key)
