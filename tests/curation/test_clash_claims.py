"""Texts are taken apart into claims, and the claims of two texts put beside each other."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.clash.align import aligned, differences, matches
from curation.clash.claims import claims

TEXTS = st.text(
    alphabet=st.sampled_from("ab cd12.,;:?!\n|-*_ \t'’。\u3042\ud800éßİ5mg"),
    max_size=80,
)


def parts(text: str) -> list[str]:
    return [claim.text for claim in claims(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He sleeps. She runs!", ["He sleeps.", "She runs!"]),
        ("Give 2.5 mg. Then wait.", ["Give 2.5 mg.", "Then wait."]),
        ("Dr. Smith saw J. Doe at 5 p.m. She left.", ["Dr. Smith saw J. Doe at 5 p.m.", "She left."]),
        ("Take it p.o. b.i.d. with food, e.g. bread.", ["Take it p.o. b.i.d. with food, e.g. bread."]),
        ("See Fig. 3 and No. 5. No. It ends.", ["See Fig. 3 and No. 5.", "No.", "It ends."]),
        ("She lacks vitamin C. She is tired.", ["She lacks vitamin C.", "She is tired."]),
        ("- Dose: 5 mg\n2. Rest\n(a) Sleep", ["Dose: 5 mg", "Rest", "Sleep"]),
        ("| drug | dose |\n|---|---|\n| A. B. | 5 mg |", ["| drug | dose |", "| A. B. | 5 mg |"]),
        ("Give A 5 mg; give B 10 mg.", ["Give A 5 mg;", "give B 10 mg."]),
        ("咳嗽三天。没有发烧。", ["咳嗽三天。", "没有发烧。"]),
        (" \n\n ... \n", []),
    ],
)
def test_a_text_is_taken_apart_at_the_ends_of_its_claims(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


def test_a_question_is_marked() -> None:
    assert [claim.asks for claim in claims("Is it 5 mg? Yes.")] == [True, False]


def test_words_stand_where_they_say() -> None:
    text = "Hi.\n- She’s on 2.5 mg (J20.9) at 37 °C."
    for claim in claims(text):
        assert text[claim.start : claim.end] == claim.text
        for word in claim.words:
            assert text[word.start : word.end].replace("’", "'").casefold() == word.text
    assert [word.text for word in claims(text)[1].words] == ["she's", "on", "2.5", "mg", "j20.9", "at", "37", "°", "c"]


@given(TEXTS)
def test_claims_of_any_text_are_in_order_and_in_place(text: str) -> None:
    end = 0
    for claim in claims(text):
        assert end <= claim.start < claim.end <= len(text)
        assert text[claim.start : claim.end] == claim.text
        assert all(claim.start <= word.start < word.end <= claim.end for word in claim.words)
        end = claim.end


def test_each_claim_finds_its_counterpart_whatever_the_order() -> None:
    left = "Give 5 mg twice a day. He sleeps well at night."
    right = "He sleeps badly at night. Give 50 mg twice a day."
    found = aligned(left, right)
    assert {(pair.left.text, pair.right.text) for pair in found} == {
        ("Give 5 mg twice a day.", "Give 50 mg twice a day."),
        ("He sleeps well at night.", "He sleeps badly at night."),
    }
    differing = {tuple(w.text for w in slot.left + slot.right) for pair in found for slot in pair.slots}
    assert differing == {("5", "50"), ("well", "badly")}


def test_claims_without_a_counterpart_stand_alone_but_single_ones_meet() -> None:
    assert aligned("Cats purr. Dogs bark.", "Rain falls. Snow melts.") == ()
    assert len(aligned("None.", "No known drug allergies.")) == 1


@given(TEXTS, TEXTS)
@settings(max_examples=150)
def test_alignment_is_symmetric(left: str, right: str) -> None:
    there = {(p.left, p.right, p.slots) for p in aligned(left, right)}
    back = aligned(right, left)
    swapped = {(p.right, p.left, tuple(type(s)(s.right, s.left) for s in p.slots)) for p in back}
    assert there == swapped


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_matches_are_a_longest_common_subsequence(left: list[str], right: list[str]) -> None:
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            table[i + 1][j + 1] = table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
    found = matches(left, right)
    assert len(found) == table[-1][-1]
    assert all(left[i] == right[j] for i, j in found)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(found))


@given(TEXTS)
def test_equal_texts_have_no_slots(text: str) -> None:
    assert all(not pair.slots and pair.similarity > 0.99 for pair in aligned(text, text))
    for claim in claims(text):
        assert differences(claim.words, claim.words) == ()


@pytest.mark.parametrize("line", ["a " * 200_000, "a. " * 40_000, "|" * 200_000, "1." * 200_000, "\n" * 200_000])
def test_a_long_text_of_one_kind_does_not_hang(line: str) -> None:
    began = time.monotonic()
    aligned(line, line[: len(line) // 2] + " b 5 mg. c")
    assert time.monotonic() - began < 30
