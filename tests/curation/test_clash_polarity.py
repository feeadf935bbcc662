"""Answers and statements that clash because one denies what the other says, and those that do not."""

from __future__ import annotations

import pytest

from curation.clash.judge import claims_clash, clash_between
from curation.clash.negation import read

DENIED = [
    ("The bridge is closed to lorries.", "The bridge is not closed to lorries."),
    ("The patient has chest pain.", "The patient denies chest pain."),
    ("There is a lift in the building.", "There is no lift in the building."),
    ("The shop delivers on Sundays.", "The shop doesn't deliver on Sundays."),
    ("The clerk never signs the form.", "The clerk signs the form."),
    ("Somebody is repairing the roof.", "Nobody is repairing the roof."),
    ("The rash is still present on both arms.", "The rash is no longer present on both arms."),
    ("Bowel sounds are heard.", "Bowel sounds are absent."),
    ("She reports fever.", "She denies cough, fever or chills."),
    ("The train stops here.", "The train fails to stop here."),
    ("The soup is served with bread.", "The soup is served without bread."),
    ("The bread is baked by the monks.", "The bread isn't baked by the monks."),
    ("There is no cat on the roof.", "A kitten is on the roof."),
]
AGREED = [
    ("There is no kitten on the roof.", "A cat is on the roof."),  # another cat
    ("Not only is the tool fast, it is free.", "The tool is fast and free."),
    ("The door is not open.", "The door is closed."),
    ("The wound healed without pain.", "The wound healed, and there was no pain."),
    ("It is not without risk.", "It is a risk."),
    ("The patient does not smoke nor drink alcohol.", "No tobacco or alcohol."),
    ("She denies fever and has no cough.", "No fever. No cough."),
    ("No problem, the parcel is on its way.", "The parcel is on its way."),
    ("The man is not eating an apple under the oak.", "The man is eating an apple."),
    ("The museum is not far.", "The library opens at nine."),
]


@pytest.mark.parametrize(("left", "right"), DENIED)
def test_one_denies_what_the_other_says(left: str, right: str) -> None:
    for judge in (clash_between, claims_clash):
        for one, other in ((left, right), (right, left)):
            clash = judge(one, other)
            assert clash is not None
            assert clash.reason in ("negation", "opposite")
            assert all(0 <= a < b <= len(one) for a, b in clash.left)
            assert all(0 <= a < b <= len(other) for a, b in clash.right)


@pytest.mark.parametrize(("left", "right"), AGREED)
def test_a_negation_alone_is_no_clash(left: str, right: str) -> None:
    assert clash_between(left, right) is None
    assert clash_between(right, left) is None


def test_yes_against_no_counts_for_answers_but_not_for_statements() -> None:
    clash = clash_between("Yes, with a ticket.", "No, the hall is full.")
    assert clash is not None
    assert (clash.reason, clash.left, clash.right) == ("yes-no", ((0, 3),), ((0, 2),))
    assert claims_clash("Yes, with a ticket.", "No, the hall is full.") is None


@pytest.mark.parametrize("answer", ["No known allergies.", "No problem, it fits.", "No one came."])
def test_a_no_that_belongs_to_the_next_word_answers_nothing(answer: str) -> None:
    clash = clash_between("Yes, he did.", answer)
    assert clash is None or clash.reason != "yes-no"


def test_a_bare_none_clashes_with_a_list_but_not_with_another_none() -> None:
    assert clash_between("None.", "Aspirin and zinc.") is not None
    assert clash_between("None.", "No known drug allergies.") is None
    assert clash_between("None.", "Noncontributory.") is None
    assert clash_between("None.", "Unknown.") is None


def test_a_question_states_nothing() -> None:
    assert clash_between("Is the bridge open?", "The bridge is not open.") is None


def test_the_scope_of_a_negation_ends_with_its_clause() -> None:
    denied = {item.key for item in read("No fever or chills, but cough is present.").items if item.scope}
    assert {"fever", "chill"} <= denied
    assert "cough" not in denied
    assert not any(item.scope for item in read("It is not without pain.").items)
    assert {item.key for item in read("A man with no shirt is swimming.").items if item.scope} == {"shirt"}


def test_embeddings_let_more_words_differ() -> None:
    pair = ("The boy kicks a worn ball round the yard.", "The boy does not kick a leather ball over there.")
    assert claims_clash(*pair) is None
    assert claims_clash(*pair, similarity=0.2) is None
    assert claims_clash(*pair, similarity=0.8) is not None


def test_what_a_relative_has_is_not_what_the_patient_has() -> None:
    assert clash_between("No history of asthma.", "Mother with history of asthma.") is None
    assert clash_between("Asthma in her father.", "Asthma in her mother and her aunt.") is None


def test_what_is_left_open_is_not_denied() -> None:
    assert clash_between("Unknown history of tobacco use.", "Denies tobacco use.") is None


@pytest.mark.parametrize(
    "lead", ["Answer: {}", "I'd say {}.", "Sure! Here is the answer: {}", "The answer is {}.", "{}!"]
)
def test_a_lead_in_changes_neither_yes_nor_no(lead: str) -> None:
    for said, against in (("yes", "no"), ("no", "yes")):
        assert clash_between(said, lead.format(said)) is None
        clash = clash_between(against, lead.format(said))
        assert clash is not None
        assert clash.reason == "yes-no"
        start, end = clash.right[0]
        assert lead.format(said)[start:end].casefold() == said


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("equivalent", "The texts are not equivalent."),
        ("They didn't like it!", "They enjoyed it."),
        ("She lives with her parents.", "She does not live with her parents."),
        ("Negative for anxiety, depression, or phobias.", "Positive for anxiety, depression, or phobias."),
    ],
)
def test_a_short_answer_is_denied_by_a_longer_one(left: str, right: str) -> None:
    for one, other in ((left, right), (right, left)):
        assert clash_between(one, other) is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Normal; negative for anemia, swollen glands or rash.", "Normal; no anemia, swollen glands or rash."),
        ("She has never had hives.", "She has at no time had hives."),
        ("There is no sitting, and no night pain.", "There isn't any sitting, and no night pain."),
        ("Denies joint pain, backaches or muscle weakness.", "Reports no joint pain, backaches or muscle weakness."),
    ],
)
def test_one_denial_in_two_wordings_does_not_clash(left: str, right: str) -> None:
    for one, other in ((left, right), (right, left)):
        assert clash_between(one, other) is None


@pytest.mark.parametrize(
    ("left", "right"),
    [("She denies any dysuria, burning or pain, denies any nausea at this time.",
      "She denies any dysuria, burning or pain, reports nausea at this time."),
     ("No history of heart attack, no history of arrhythmias, no history of hypertension.",
      "No history of heart attack, a clear history of arrhythmias, no history of hypertension.")],
)  # fmt: skip
def test_one_of_several_denials_taken_back_is_seen(left: str, right: str) -> None:
    assert clash_between(left, right) and clash_between(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [("Denies fever and chills, reports cough.", "Reports cough. Denies fever and chills."),
     ("No fever, a dry cough.", "A dry cough, no fever."),
     ("He denies a fever, a cough or a rash.", "He denies a cough, a rash or a fever.")],
)  # fmt: skip
def test_a_list_of_denials_ends_where_something_is_told(left: str, right: str) -> None:
    assert clash_between(left, right) is None
