"""No hold-out example has a look-alike in training, whatever the seed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BlockedError, InputError
from core.types import Example, Message, spoken
from curation.certificate import quarantine
from curation.draw import Drawn
from curation.kin import NEAR, SHORT, kin_of
from curation.minhash.views import View
from curation.readers import read
from curation.rescan import crossing
from curation.reworded import HOW
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


def different(count: int) -> list[Example]:
    """Questions that have nothing in common."""
    made = []
    for i in range(count):
        words = [f"{WORDS[(i * 7 + j * 11) % 26]}{(i * 31 + j * j) % 997}" for j in range(8)]
        made.append(chat(" ".join(words), f"Answer {i}."))
    return made


def test_a_test_set_stands_apart_from_training_and_from_the_hold_out() -> None:
    made = split(families(), SplitPlan(holdout_size=9, test_size=12))
    assert (len(made.holdout), len(made.test)) == (9, 12)
    assert not made.holdout & made.test
    compared = [tuple(one["splits"]) for one in made.certificate["between"]]
    assert compared == [("train", "holdout"), ("train", "test"), ("holdout", "test")]
    assert made.certificate["passed"]
    assert made.certificate["n_test"] == made.certificate["n_test_wanted"] == 12


def test_too_little_left_to_train_on_is_refused() -> None:
    with pytest.raises(InputError, match="leave too few"):
        split(families(), SplitPlan(holdout_share=0.4, test_share=0.4))


def test_a_size_that_no_group_fits_is_reported_and_not_overshot() -> None:
    made = split(families(copies=3), SplitPlan(holdout_size=10))
    assert len(made.holdout) == 9
    assert (made.certificate["n_holdout"], made.certificate["n_holdout_wanted"]) == (9, 10)


def test_every_value_of_a_field_has_its_share() -> None:
    examples = [msgspec.structs.replace(e, meta={"topic": "heart"}) for e in different(60)]
    examples += [msgspec.structs.replace(e, meta={"topic": "skin"}) for e in different(80)[60:]]
    made = split(examples, SplitPlan(holdout_size=8, by="topic"))
    assert sum(e.id in made.holdout for e in examples if e.meta["topic"] == "skin") == 2
    assert made.certificate["n_strata"] == 2


def test_strata_too_small_for_one_example_are_drawn_from_together() -> None:
    examples = [e for i, e in enumerate(different(100)) for e in [chat(e.messages[1].content, "Yes.", system=f"S{i}")]]
    first, second = (split(examples, SplitPlan(holdout_size=10, seed=seed)).holdout for seed in (1, 2))
    assert len(first) == len(second) == 10
    assert first != second  # a lot decides, not the alphabet


def test_examples_without_a_prompt_are_not_taken_for_one_group() -> None:
    examples = [
        Example(f"{i:032x}", (Message("assistant", e.messages[1].content),), {}) for i, e in enumerate(different(40))
    ]
    assert len(split(examples, SplitPlan(holdout_size=4)).holdout) == 4


def test_a_conversation_that_goes_on_stays_with_the_one_it_continues() -> None:
    examples = []
    for i, e in enumerate(different(30)):
        opening = (Message("user", e.messages[1].content), Message("assistant", "Take one a day, and rest. " * 3))
        more = (Message("user", f"{e.messages[1].content[::-1]} " * 12), Message("assistant", f"Then {i} a day."))
        examples += [Example(f"{2 * i:032x}", opening, {}), Example(f"{2 * i + 1:032x}", (*opening, *more), {})]
    made = split(examples, SplitPlan(holdout_size=10))
    assert len(made.holdout) == 10
    assert all((examples[i].id in made.holdout) == (examples[i + 1].id in made.holdout) for i in range(0, 60, 2))


PARAPHRASES = (
    "How should the insulin pen be stored before first use?",
    "How should one store the insulin pen before the first use of it?",
)


def test_a_question_in_other_words_is_on_the_same_side() -> None:
    examples = [*different(60), *(chat(question, "In the fridge.") for question in PARAPHRASES)]
    for seed in range(12):
        made = split(examples, SplitPlan(holdout_size=25, seed=seed))
        assert (examples[-1].id in made.holdout) == (examples[-2].id in made.holdout)
        assert made.certificate["cross_pairs"] == 0


def test_three_wordings_of_one_question_make_no_chain_and_stay_in_training() -> None:
    third = "Before it is first used, how should an insulin pen be stored?"
    examples = [*different(60), *(chat(question, "In the fridge.") for question in (*PARAPHRASES, third))]
    for seed in range(12):
        made = split(examples, SplitPlan(holdout_size=25, seed=seed))
        assert not made.holdout & {e.id for e in examples[-3:]}


def test_paraphrases_can_be_let_be() -> None:
    examples = [*different(60), *(chat(question, "In the fridge.") for question in PARAPHRASES)]
    sides = set()
    for seed in range(12):
        made = split(examples, SplitPlan(holdout_size=25, seed=seed, paraphrases="off"))
        sides.add((examples[-1].id in made.holdout, examples[-2].id in made.holdout))
    assert len(sides) > 2


def test_what_people_rated_is_held_out_again_with_all_that_is_alike() -> None:
    examples = families()
    rated = examples[0]
    for seed in range(5):
        made = split(examples[1:], SplitPlan(holdout_size=6, seed=seed), rated=[rated])
        assert {examples[1].id, examples[2].id} <= made.holdout  # the rated text itself was edited meanwhile
        assert made.certificate["n_held_out_since_rated"] == 2


def test_more_rated_prompts_than_are_held_out_are_refused_with_a_way_out() -> None:
    examples = families()
    with pytest.raises(BlockedError, match="6 examples have to be held out") as refused:
        split(examples, SplitPlan(holdout_size=3), rated=[examples[0], examples[3]])
    assert "finetooth retire" in refused.value.hint


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_scan_finds_every_pair_that_a_split_by_rows_tears_apart(seed: int) -> None:
    examples = families()
    view = View.of([spoken(e.messages) for e in examples], near=NEAR, short=SHORT)
    draw = np.random.default_rng(seed)
    sides = draw.integers(0, 3, len(examples)).astype(np.uint8)
    nodes = np.zeros(len(view.words), np.uint8)
    np.bitwise_or.at(nodes, view.node, np.uint8(1) << sides)
    found = crossing(view, nodes)
    pairs = view.pairs()
    expected = {
        (int(a), int(b))
        for a, b in zip(pairs.left, pairs.right, strict=True)
        if nodes[a] != nodes[b] or nodes[a] & (nodes[a] - 1)
    }
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected
    assert found.not_compared == 0


def test_a_scan_that_has_too_much_to_compare_says_so() -> None:
    view = View.of([spoken(e.messages) for e in families()], near=NEAR, short=SHORT)
    nodes = np.where(np.arange(len(view.words)) % 2, 1, 2).astype(np.uint8)
    found = crossing(view, nodes, most=5)
    assert (found.compared, found.not_compared > 0) == (5, True)


def test_a_look_alike_that_slipped_through_is_quarantined_and_not_moved() -> None:
    examples = families()
    kin = kin_of(examples)
    sides = np.zeros(len(examples), np.uint8)
    sides[0] = 1  # its two copies stay in training
    none = np.empty(0, np.int64)
    kept, _ = quarantine(Drawn(sides, (), 0, 0, none, none), kin)
    assert kept.tolist() == [3, *[0] * (len(examples) - 1)]


def test_few_conversations_in_other_words_are_torn_apart(shared_data: Path) -> None:
    """Real conversations and their back-translations through French, without the field that names their source."""
    originals = [row.example for row in read(shared_data / "clinic_notes_train.jsonl").rows]
    turned = [row.example for row in read(shared_data / "clinic_notes_backtranslated.jsonl.gz").rows]
    by_source = {str(e.meta["source_id"]): e.id for e in originals}
    pairs = [(by_source[str(e.meta["source_id"]).split()[-1]], e.id) for e in turned]
    examples = list({e.id: msgspec.structs.replace(e, meta={}) for e in (*originals, *turned)}.values())
    torn = {}
    for how in HOW[0], HOW[2]:
        held = split(examples, SplitPlan(paraphrases=how)).holdout
        torn[how] = sum((a in held) != (b in held) for a, b in pairs if a != b)
    assert torn["off"] > 50
    assert torn["letters"] <= 10
