"""Batches: nothing is cut, nothing is lost, and padding is told by its place."""

from __future__ import annotations

import itertools
import json
import math
import re
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat import IGNORED
from core.ids import example_id
from core.types import Example, Message
from curation.readers.shapes import conversation as read_conversation
from tests.tiny_model import tiny_tokenizer
from tests.training.builders import conversation, conversations
from training.config import TrainConfig
from training.data import (
    Item,
    collate,
    encode_examples,
    fullest_passes,
    measuring_groups,
    n_positions,
    plan_steps,
    sample,
)

TOKENIZER = tiny_tokenizer()


def items(lengths: list[int]) -> list[Item]:
    return [Item(str(k), (1,) * n, (IGNORED,) * (n - 1) + (2,)) for k, n in enumerate(lengths)]


def imported(*turns: tuple[str, str, Any]) -> Example:
    """A conversation as it is after import and freezing; the third of a turn is its weight, if not None."""
    row = [{"role": role, "content": text} | ({} if w is None else {"weight": w}) for role, text, w in turns]
    read = read_conversation({"messages": row})
    return Example(example_id(read.messages), read.messages, json.loads(json.dumps(read.meta)))


def trained_text(example: Example, **settings: Any) -> str:
    (item,) = encode_examples(TOKENIZER, [example], max_tokens=400, **settings).items
    return str(TOKENIZER.decode([label for label in item.labels if label != IGNORED]))


def test_an_imported_turn_of_weight_nought_is_read_but_not_trained() -> None:
    both = imported(("user", "a", None), ("assistant", "no", 0), ("user", "b", None), ("assistant", "yes", 1))
    assert trained_text(both) == "yes<|im_end|>"
    unweighted = Example(both.id, both.messages)
    assert trained_text(unweighted) == "no<|im_end|>yes<|im_end|>"


def test_the_last_turn_alone_is_trained_when_asked_and_weights_hold_there_too() -> None:
    turns = [("user", "a", None), ("assistant", "one", None), ("user", "b", None), ("assistant", "two", None)]
    assert trained_text(imported(*turns), train_turns="last") == "two<|im_end|>"
    silenced = imported(*turns[:3], ("assistant", "two", 0))
    assert encode_examples(TOKENIZER, [silenced], max_tokens=400, train_turns="last").unsupervised == (silenced.id,)
    assert trained_text(silenced) == "one<|im_end|>"


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        ([("user", "a", None), ("assistant", "b", 0.5)], "Turn 1 has a weight that is neither 0"),
        ([("user", "a", None), ("assistant", "b", "1")], "Turn 1 has a weight that is neither 0"),
        ([("user", "a", 1), ("assistant", "b", None)], r"Turn 0 \(user\) has the weight 1"),
    ],
)
def test_a_weight_that_cannot_be_honoured_is_told_and_not_ignored(turns: Any, told: str) -> None:
    (refusal,) = encode_examples(TOKENIZER, [imported(*turns)], max_tokens=400).refused
    assert refusal.name == "turn-weight"
    assert re.search(told, refusal.reason)


def test_weights_that_no_longer_fit_the_turns_are_told() -> None:
    before = imported(("user", "a", None), ("assistant", "b", 0), ("user", "c", None), ("assistant", "d", None))
    edited = Example("edited", before.messages[:2], before.meta)
    assert encode_examples(TOKENIZER, [edited], max_tokens=400).refused[0].name == "turn-weight"


def test_the_end_of_turn_is_supervised_even_where_it_is_the_pad_token() -> None:
    encoded = encode_examples(TOKENIZER, conversations(3), max_tokens=200).items
    batch = collate(encoded, TOKENIZER.pad_token_id)
    last = [batch.targets[(batch.rows == row).nonzero().max()].item() for row in range(3)]
    assert last == [TOKENIZER.eos_token_id] * 3 == [TOKENIZER.pad_token_id] * 3


def test_no_padding_is_supervised_and_every_answer_token_is() -> None:
    encoded = encode_examples(TOKENIZER, conversations(5), max_tokens=200).items
    batch = collate(encoded, TOKENIZER.pad_token_id)
    assert batch.n_supervised == sum(item.n_supervised for item in encoded)
    for row, column, target in zip(batch.rows, batch.columns, batch.targets, strict=True):
        item = encoded[int(row)]
        assert item.labels[int(column) + 1] == int(target) == int(batch.input_ids[row, column + 1])


def test_an_over_long_example_is_listed_with_its_length_and_not_cut() -> None:
    long = conversation("Which code?", "very " * 200)
    encoded = encode_examples(TOKENIZER, [long, *conversations(2)], max_tokens=150)
    assert [name for name, _ in encoded.over_long] == [long.id]
    assert encoded.over_long[0][1] > 150 and len(encoded.items) == 2


def test_examples_that_cannot_be_trained_are_sorted_out_by_reason() -> None:
    unanswered = Example("unanswered", (Message("user", "Hello?"),))
    injected = Example("injected", (Message("user", "<|im_end|>"), Message("assistant", "x")))
    encoded = encode_examples(TOKENIZER, [unanswered, injected], max_tokens=100)
    assert encoded.unsupervised == ("unanswered",)
    assert [(one.id, one.name) for one in encoded.refused] == [("injected", "control-token-in-text")]
    assert encoded.n_unusable == 2


def test_the_last_supervised_token_is_the_last_token_of_an_item() -> None:
    for item in encode_examples(TOKENIZER, conversations(4), max_tokens=200).items:
        assert item.labels[-1] != IGNORED


@given(st.lists(st.integers(2, 40), min_size=1, max_size=200), st.integers(1, 9), st.integers(1, 4), st.integers(0, 5))
def test_an_epoch_holds_every_item_exactly_once(lengths: list[int], batch: int, accumulation: int, epoch: int) -> None:
    steps = plan_steps(items(lengths), batch_size=batch, gradient_accumulation=accumulation, seed=1, epoch=epoch)
    seen = [item.id for step in steps for micro in step for item in micro]
    assert sorted(seen, key=int) == [str(k) for k in range(len(lengths))]
    assert all(len(micro) <= batch for step in steps for micro in step)
    assert len(steps) == -(-len(lengths) // (batch * accumulation))


def test_a_step_does_not_depend_on_how_it_is_split() -> None:
    whole = plan_steps(items(list(range(2, 50))), batch_size=8, gradient_accumulation=1, seed=3, epoch=1)
    split = plan_steps(items(list(range(2, 50))), batch_size=2, gradient_accumulation=4, seed=3, epoch=1)
    flat = [[[item.id for micro in step for item in micro] for step in steps] for steps in (whole, split)]
    assert flat[0] == flat[1]


def test_the_step_with_the_most_tokens_comes_first_in_the_first_epoch() -> None:
    steps = plan_steps(items([5] * 40 + [90]), batch_size=4, gradient_accumulation=1, seed=0, epoch=0)
    assert max(item.n_tokens for micro in steps[0] for item in micro) == 90


def test_conversations_of_one_length_are_not_trained_together_more_often_than_by_chance() -> None:
    mixed = items([9] * 60 + [40] * 60)  # lengths often tell kinds apart: steps of one kind alone end at a higher loss
    steps = [plan_steps(mixed, batch_size=8, gradient_accumulation=1, seed=0, epoch=epoch) for epoch in range(1, 20)]
    short = [sum(item.n_tokens == 9 for item in step[0]) for epoch in steps for step in epoch]
    assert statistics.pvariance(short) < 1.25 * 8 / 4, "the variance of eight draws of even chance is two"


def test_within_a_step_micro_batches_hold_similar_lengths() -> None:
    steps = plan_steps(items(list(range(5, 69))), batch_size=4, gradient_accumulation=4, seed=0, epoch=1)
    for step in steps:
        lengths = [item.n_tokens for micro in step for item in micro]
        assert lengths == sorted(lengths)


@given(st.lists(st.integers(2, 60), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 3), st.floats(0.3, 4))
def test_no_pass_of_any_epoch_holds_more_than_the_fullest(lengths: list[int], size: int, parts: int, n: float) -> None:
    config = TrainConfig(batch_size=size, gradient_accumulation=parts, epochs=n, seed=7)
    mixed = items(lengths)
    fullest = fullest_passes(mixed, config)
    for epoch in range(math.ceil(n)):
        for step in plan_steps(mixed, batch_size=size, gradient_accumulation=parts, seed=7, epoch=epoch):
            for group in step:
                for free in (False, True):
                    most = max(n_positions(one, padding_free=free) for one in fullest)
                    assert n_positions(group, padding_free=free) <= most
                most = max(sum(item.n_supervised for item in one) for one in fullest)
                assert sum(item.n_supervised for item in group) <= most


def test_the_order_changes_with_the_epoch_and_the_seed_and_with_nothing_else() -> None:
    def order(seed: int, epoch: int) -> list[str]:
        steps = plan_steps(items([9] * 60), batch_size=4, gradient_accumulation=1, seed=seed, epoch=epoch)
        return [item.id for step in steps for micro in step for item in micro]

    assert order(1, 1) == order(1, 1)
    assert order(1, 1) != order(1, 2) != order(2, 2)


@given(st.lists(st.integers(2, 40), min_size=1, max_size=60), st.integers(20, 200), st.booleans())
def test_the_holdout_is_measured_in_few_full_passes(lengths: list[int], positions: int, free: bool) -> None:
    groups = measuring_groups(items(lengths), positions=positions, padding_free=free)
    assert sorted(int(item.id) for group in groups for item in group) == list(range(len(lengths)))
    for group, after in itertools.pairwise(groups):
        assert n_positions([*group, after[0]], padding_free=free) > positions
    assert all(len(group) == 1 or n_positions(group, padding_free=free) <= positions for group in groups)


def test_a_sample_keeps_the_order_and_depends_on_the_seed_alone() -> None:
    examples = conversations(30)
    drawn = sample(examples, 10, seed=4)
    assert drawn == sample(examples, 10, seed=4) and len(drawn) == 10
    assert [examples.index(e) for e in drawn] == sorted(examples.index(e) for e in drawn)
    assert sample(examples, None, 0) == sample(examples, 99, 0) == examples
