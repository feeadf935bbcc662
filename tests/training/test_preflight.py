"""Pre-flight: what would be trained wrongly is named and blocks the run."""

from __future__ import annotations

import pytest

from core.chat import IGNORED
from core.errors import BlockedError
from core.types import Example, Message
from tests.tiny_model import tiny_tokenizer
from tests.training.builders import conversation, conversations
from training.config import TrainConfig
from training.data import Encoding, Item, encode_examples
from training.preflight import Report, check

TOKENIZER = tiny_tokenizer()
STOPS = frozenset({TOKENIZER.eos_token_id})
CONFIG = TrainConfig(max_tokens=100, batch_size=2)


def encode(examples: list[Example]) -> Encoding:
    return encode_examples(TOKENIZER, examples, max_tokens=CONFIG.max_tokens)


def judge(train: Encoding, holdout: Encoding | None = None, **settings: str) -> Report:
    held = encode(conversations(5, start=900)) if holdout is None else holdout
    config = CONFIG.model_copy(update=settings)
    return check(train, held, config, stop_ids=STOPS, bos_id=TOKENIZER.bos_token_id)


def names(report: Report) -> list[str]:
    return [problem.name for problem in report.blocks]


def test_a_clean_set_passes_without_a_word() -> None:
    report = judge(encode(conversations(60)))
    assert report.blocks == report.warnings == ()
    assert report.counts["examples"] == 60 and report.counts["supervised_tokens"] > 60
    report.raise_if_blocked()


def test_a_row_without_a_token_to_train_blocks_and_is_named() -> None:
    unanswered = Example("unanswered", (Message("user", "Hello?"),))
    report = judge(encode([*conversations(60), unanswered]))
    assert names(report) == ["nothing-supervised-training"]
    assert report.blocks[0].examples == ("unanswered",)
    with pytest.raises(BlockedError, match="1 training examples have no answer"):
        report.raise_if_blocked()


def test_an_over_long_row_blocks_unless_skipping_was_asked_for() -> None:
    encoded = encode([*conversations(60), conversation("Which?", "very " * 200)])
    assert names(judge(encoded)) == ["over-long-training"]
    skipping = judge(encoded, on_unusable="skip")
    assert skipping.blocks == () and skipping.warnings[0].count == 1
    assert len(skipping.over_long) == 1 and skipping.over_long[0][1] > 100


def test_answers_that_do_not_end_in_a_stop_token_block() -> None:
    open_ended = Encoding(tuple(Item(str(k), (1, 5, 6, 7), (IGNORED, IGNORED, 6, 7)) for k in range(60)), (), (), ())
    assert names(judge(open_ended)) == ["end-of-turn-untrained"]


def test_two_start_tokens_block() -> None:
    bos = TOKENIZER.bos_token_id
    doubled = Encoding(tuple(Item(str(k), (bos, bos, 6, 2), (IGNORED,) * 3 + (2,)) for k in range(60)), (), (), ())
    assert names(judge(doubled)) == ["double-bos"]


def test_a_held_out_example_in_training_blocks() -> None:
    train = encode(conversations(60))
    report = judge(train, encode(conversations(3)))
    assert names(report) == ["holdout-overlap"] and report.blocks[0].count == 3


def test_an_empty_set_blocks_and_a_small_one_warns() -> None:
    assert "nothing-to-train" in names(judge(encode([])))
    assert "few-examples" in [problem.name for problem in judge(encode(conversations(8))).warnings]


def test_a_missing_holdout_warns() -> None:
    assert "no-holdout" in [p.name for p in judge(encode(conversations(60)), encode([])).warnings]
