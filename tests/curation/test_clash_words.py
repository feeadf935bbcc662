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


EXCHANGED = [
    ("His mother died of a stroke in her nineties.", "His sister died of a stroke in her nineties.", "Relative"),
    ("She takes metformin twice a day.", "She takes lisinopril twice a day.", "Drug"),
    ("He had an appendectomy as a boy.", "He had a knee replacement as a boy.", "Operation"),
    ("She complains of neck pain for two days.", "She complains of hip pain for two days.", "Body part"),
    ("He worked as a nurse until he retired.", "He worked as a mechanic until he retired.", "Job"),
    ("The firm moved its office to Chicago.", "The firm moved its office to Denver.", "City"),
    ("She kept a hamster in her old flat.", "She kept a canary in her old flat.", "Animal"),
]
THE_SAME = [
    ("His mother died of a stroke.", "His mom died of a stroke."),
    ("She takes Coumadin twice a day.", "She takes warfarin twice a day."),
    ("He takes Tylenol at night for his back.", "He takes acetaminophen at night for his back."),
    ("His brother died of a stroke at home.", "His sibling died of a stroke at home."),
    ("She had pain in her elbow for two days.", "She had pain in her arm for two days."),
    ("The firm moved its office to Paris.", "The firm moved its office to France."),
    ("He worked as a cook until he retired.", "He worked as a chef until he retired."),
    ("She was treated for kidney stones last year.", "She was treated for renal calculi last year."),
    ("He has no history of asthma in the family.", "He has no history of gout in the family."),
    ("You can cut it with a knife at home.", "You can cut it with a saw at home."),
    ("The plan solves the problem for the staff.", "The plan solves the issue for the staff."),
    ("Asthma in her father since childhood.", "Asthma in her mother and her aunt since childhood."),
    ("She was diagnosed with migraine with aura.", "She was diagnosed with migraine headache."),
]


@pytest.mark.parametrize(("left", "right", "kind"), EXCHANGED)
def test_another_thing_of_one_kind_clashes_where_all_else_is_equal(left: str, right: str, kind: str) -> None:
    for one, other in ((left, right), (right, left)):
        clash = clash_between(one, other)
        assert clash is not None
        assert clash.reason == "entity"
        assert clash.sentence.startswith(f"{kind} differs")
    if kind != "City":
        assert claims_clash(left, right) is None  # nothing says that both statements are about one thing


@pytest.mark.parametrize(("left", "right"), THE_SAME)
def test_what_may_be_the_same_thing_or_both_be_right_does_not_clash(left: str, right: str) -> None:
    assert clash_between(left, right) is None
    assert clash_between(right, left) is None


def test_answers_that_differ_in_much_do_not_clash_by_one_noun() -> None:
    left = "The nurse saw him on the ward. He slept well. They changed the sheets and he asked for soup."
    right = "The cook brought his lunch. He slept well. Nobody changed anything, and he wrote to his uncle."
    assert clash_between(left, right) is None


QUESTIONS = [
    ("Choose between “paved road” and “muddy path”.", "paved road", "The answer is: muddy path."),
    ("Is this about world politics, sports, business, or science and technology?", "Sports", "World politics"),
    ("What did she mean?\n\n- She is late.\n\n- She has left.", "She is late.", "She has left."),
    ("Where is it bumpier? (A) garage floor (B) parking lot", "garage floor", "parking lot"),
    ("Who was the director of the film?", "Peter Halloran", "Ann Mary Joost"),
]


@pytest.mark.parametrize(("asked", "left", "right"), QUESTIONS)
def test_two_choices_of_the_question_or_two_persons_clash(asked: str, left: str, right: str) -> None:
    clash = clash_between(left, right, asked=asked)
    assert clash is not None
    assert clash.reason == "entity"
    assert clash_between(left, left.upper(), asked=asked) is None
    assert clash_between(left, f"It is {left}", asked=asked) is None
    assert clash_between(left, f"“{left}”, not {right}", asked=asked) is None


def test_another_form_of_a_persons_name_does_not_clash() -> None:
    asked = "Who was president then?"
    assert clash_between("Bill Clinton", "William Clinton", asked=asked) is None
    assert clash_between("J. F. Kennedy", "John Kennedy", asked=asked) is None


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
