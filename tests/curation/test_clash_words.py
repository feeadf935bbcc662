"""Words that exclude each other, names and roles: what clashes, what does not, and for whom."""

from __future__ import annotations

import pytest

from curation.clash.judge import claims_clash, clash_between
from curation.clash.words import relation, stem
from curation.clash.words_categories import CATEGORIES

OPPOSED = [
    ("The pain is in the left knee.", "The pain is in the right knee."),
    ("The valve is open.", "The valve is closed."),
    ("The bakery is near the station.", "The bakery is far from the station."),
    ("The contract is valid.", "The contract is invalid."),
    ("The staff were happy with the plan.", "The staff were unhappy with the plan."),
    ("The tumour is benign.", "The tumour is malignant."),
    ("Prices increased in the spring.", "Prices decreased in the spring."),
]
OF_A_KIND = [
    ("He parked in front of the green house.", "He parked in front of the yellow house."),
    ("They met on Monday.", "They met on Thursday."),
    ("The train comes from Austria.", "The train comes from Norway."),
    ("The cook is Korean.", "The cook is Danish."),
    ("Her keys are in the kitchen.", "Her keys are in the living room."),
    ("The guest ordered a beer.", "The guest ordered a hot chocolate."),
    ("The gate is made of steel.", "The gate is made of wood."),
]
NO_CLASH = [
    ("He parked near the green house.", "He parked close to the green house."),
    ("She fried potatoes.", "She fried vegetables."),
    ("Her keys are in the kitchen.", "Her keys are in the house."),
    ("The sofa is grey.", "The sofa is gray."),
    ("A dancer in a red skirt waves.", "A dancer in blue shoes waves."),
    ("The town is small.", "The town is little."),
    ("The capital is Bern.", "The capital is the city of Bern."),
    ("The writer is George Orwell.", "The writer is Orwell."),
    ("It was built in the USA.", "It was built in America."),
    ("Salt and pepper are added.", "Pepper and salt are added."),
]


@pytest.mark.parametrize(("left", "right"), OPPOSED)
def test_opposite_words_clash_in_answers_and_statements(left: str, right: str) -> None:
    for clash in (clash_between(left, right), claims_clash(right, left)):
        assert clash is not None
        assert clash.reason == "opposite"


@pytest.mark.parametrize(("left", "right"), OF_A_KIND)
def test_another_of_the_same_kind_clashes_in_two_answers(left: str, right: str) -> None:
    clash = clash_between(left, right)
    assert clash is not None
    assert clash.reason == "entity"
    (start, end), (begin, stop) = clash.left[0], clash.right[0]
    assert left[start:end] in clash.sentence
    assert right[begin:stop] in clash.sentence


@pytest.mark.parametrize(("left", "right"), NO_CLASH)
def test_the_same_in_other_words_does_not_clash(left: str, right: str) -> None:
    assert clash_between(left, right) is None
    assert claims_clash(left, right) is None


def test_what_a_person_may_do_both_of_clashes_only_where_it_was_asked() -> None:
    assert clash_between("The boy plays the flute.", "The boy plays the cello.") is not None
    assert claims_clash("The boy plays the flute.", "The boy plays the cello.") is None


def test_statements_about_somebody_unnamed_may_be_about_two_people() -> None:
    assert claims_clash("A man is feeding the ducks.", "A woman is feeding the ducks.") is None
    assert clash_between("A man is feeding the ducks.", "A woman is feeding the ducks.") is not None


def test_names_in_the_same_place_clash() -> None:
    clash = clash_between("The novel was written by Selma Holt.", "The novel was written by Ada Brandt.")
    assert clash is not None
    assert clash.sentence == "Name differs: Selma Holt / Ada Brandt."


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Copy the data from the server to the laptop.", "Copy the data from the laptop to the server."),
        ("Berlin -> Prague", "Prague -> Berlin"),
        ("The nurse called the pilot.", "The pilot called the nurse."),
    ],
)
def test_swapped_roles_clash(left: str, right: str) -> None:
    clash = clash_between(left, right)
    assert clash is not None
    assert clash.reason == "entity"
    assert "swapped" in clash.sentence


def test_no_word_is_its_own_opposite_and_relations_are_symmetric() -> None:
    words = [
        stem(w)
        for w in [
            "open",
            "closed",
            "red",
            "blue",
            "happy",
            "unhappy",
            "dog",
            "animal",
            "near",
            "far",
            "monday",
            "kitchen",
            "room",
        ]
    ]
    turned = {"broader": "narrower", "narrower": "broader"}
    for one in words:
        same = relation(one, one)
        assert same is not None
        assert same.kind == "same"
        for other in words:
            there, back = relation(one, other), relation(other, one)
            assert (there is None) == (back is None)
            if there and back:
                assert turned.get(there.kind, there.kind) == back.kind


def test_no_member_stands_twice_in_one_category() -> None:
    for category in CATEGORIES:
        members = [word for member in category.members.split() for word in member.split("=")]
        assert len(members) == len(set(members)), category.name


@pytest.mark.parametrize(
    ("one", "other"), [("walks", "walking"), ("cities", "city"), ("stopped", "stop"), ("ran", "run"), ("men", "man")]
)
def test_endings_are_taken_off(one: str, other: str) -> None:
    assert stem(one) == stem(other)
