"""No hold-out example has a look-alike in training, whatever the seed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.types import Example
from curation.splits import SplitPlan, split
from tests.conftest import chat

WORDS = [
    "fever",
    "cough",
    "gout",
    "asthma",
    "sepsis",
    "angina",
    "eczema",
    "vertigo",
    "anaemia",
    "migraine",
    "stroke",
    "fracture",
    "burn",
    "rash",
    "ulcer",
    "colic",
    "croup",
    "mumps",
    "measles",
    "tetanus",
    "scabies",
    "shingles",
    "psoriasis",
    "glaucoma",
    "cataract",
    "tinnitus",
]


def families(copies: int = 3) -> list[Example]:
    """Families of near-copies: the same long question with one word added."""
    made = []
    for i, word in enumerate(WORDS):
        question = " ".join(f"{word}{i} {other} {j}" for j, other in enumerate(WORDS[i % 5 : i % 5 + 9]))
        made += [chat(question + f" variant {WORDS[k]}", f"Answer {i}.", meta_family=i) for k in range(copies)]
    return made


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_families_stay_on_one_side(seed: int, size: int) -> None:
    examples = families()
    made = split(examples, SplitPlan(holdout_size=size, seed=seed))
    sides: dict[object, set[bool]] = {}
    for example in examples:
        sides.setdefault(example.meta["meta_family"], set()).add(example.id in made.holdout)
    assert all(len(side) == 1 for side in sides.values())
    assert made.certificate["cross_pairs"] == 0
    assert len(made.holdout) <= size
    assert len(made.holdout) >= size - 3


def test_a_random_split_would_have_leaked_and_the_certificate_says_so() -> None:
    proof = split(families(), SplitPlan(holdout_share=0.2)).certificate
    assert proof["passed"]
    assert isinstance(proof["random_split_leak_share"], float)
    assert proof["random_split_leak_share"] > 0.5


def test_the_same_seed_holds_out_the_same_examples_in_any_order() -> None:
    examples = families(1)
    assert split(examples, SplitPlan(seed=3)).holdout == split(examples[::-1], SplitPlan(seed=3)).holdout
    assert split(examples, SplitPlan(seed=3)).holdout != split(examples, SplitPlan(seed=4)).holdout


def test_every_system_prompt_has_its_share_of_the_holdout() -> None:
    examples = [
        chat(f"{WORDS[i % 26]} {i} {WORDS[(i * 7) % 26]} {i * i}", "Yes.", system="A" if i < 75 else "B")
        for i in range(100)
    ]
    made = split(examples, SplitPlan(holdout_size=20))
    assert sum(e.id in made.holdout for e in examples[75:]) == 5


def test_examples_of_one_source_document_stay_together() -> None:
    examples = [
        chat(f"{WORDS[i % 26]} {i} {WORDS[(i * 7) % 26]} {i * i}", "Yes.", source_id=str(i // 2)) for i in range(40)
    ]
    made = split(examples, SplitPlan(holdout_size=10))
    assert all((examples[i].id in made.holdout) == (examples[i + 1].id in made.holdout) for i in range(0, 40, 2))


@pytest.mark.parametrize("size", [0, 60])
def test_an_impossible_hold_out_is_refused(size: int) -> None:
    with pytest.raises(InputError, match="not possible"):
        split(families(), SplitPlan(holdout_size=size))
