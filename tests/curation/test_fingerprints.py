"""Equal fingerprints of two texts mean equal numbers and negations, in wordings that look like one and are none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.evidence.facts import facts, told
from curation.evidence.signs import meaning, same_meaning
from curation.minhash.sketch import sketch


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("you can't go to the Hoff equation", "you can go to the 't Hoff equation"),
        ("you can’t go to the Hoff equation", "you can go to the ’t Hoff equation"),
        ("give 5, days apart, 7; days", "give 5; days apart, 7, days"),
        ("at 5, mg of it", "at **5** mg of it"),
    ],
)
def test_what_only_looks_the_same_has_another_fingerprint(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)
    made = sketch([one, other]).left
    assert made.fixed[0] != made.fixed[1]


@pytest.mark.parametrize(("one", "other"), [("It isn't so", "it ISN'T so!"), ("we don’t, now", "We don’t now")])
def test_the_same_negation_in_other_dress_has_the_same_fingerprint(one: str, other: str) -> None:
    made = sketch([one, other]).left
    assert made.fixed[0] == made.fixed[1]


@pytest.mark.parametrize(("one", "other"), [("half of 5a", "5a of half"), ("two x2 pads", "x2 two pads")])
def test_a_number_word_beside_a_code_may_stand_on_either_side(one: str, other: str) -> None:
    made = sketch([one, other]).left
    assert same_meaning(one, other)
    assert made.odd[0] == made.odd[1] != 0


SAID = (
    "no", "not", "No,", "never", "don't", "DON'T", "won’t", "isn't", "two", "Ten", "half", "half-ten", "5", "2.5mg",
    "K29.01", "12-14", "thanks", "only", "problem", "nottwo", "x",
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(SAID), max_size=12).map(" ".join))
def test_what_a_text_tells_is_what_its_facts_count(text: str) -> None:
    fixed, negations = told(text)
    found = facts(text)
    assert sorted(fixed) == sorted(fact.value for fact in found if fact.kind in ("code", "number"))
    assert negations == sum(fact.kind == "negation" for fact in found)
