"""The trained tokens of any row, as text: what is shown is what is trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.jobs import JobContext
from core.revisions import messages_to_json
from core.turn_fields import RESERVED
from core.types import Example, Message
from tests.tiny_model import tiny_tokenizer
from tests.training.builders import conversation, conversations
from training.config import TrainConfig
from training.data import encode_examples
from training.first_look import example_tokens_job
from training.tokens_view import TokenView, find_rows, view

TOKENIZER = tiny_tokenizer()
STOPS = frozenset({TOKENIZER.eos_token_id})
CONFIG = TrainConfig(max_tokens=200)
SYSTEM = "<|im_start|>system\nYou help.<|im_end|>\n"


def seen(example: Example, config: TrainConfig = CONFIG) -> TokenView:
    return view(TOKENIZER, example, config, STOPS)


def test_the_answer_its_end_and_nothing_else_count_as_trained() -> None:
    shown = seen(conversation("Which code?", "E11.9"))
    assert [(p.kind, p.text) for p in shown.pieces] == [
        ("context", f"{SYSTEM}<|im_start|>user\nWhich code?<|im_end|>\n<|im_start|>assistant\n"),
        ("trained", "E11.9"),
        ("end", "<|im_end|>"),
        ("after", "\n"),
    ]
    assert shown.n_trained == sum(p.n_tokens for p in shown.pieces if p.kind in ("trained", "end"))


def test_turns_that_the_settings_leave_untrained_show_as_read_only() -> None:
    turns = ("a", "one", "b", "two")
    example = Example("x", tuple(Message(("user", "assistant")[k % 2], text) for k, text in enumerate(turns)))
    shown = seen(example, TrainConfig(train_turns="last"))
    assert [p.text for p in shown.pieces if p.kind == "trained"] == ["two"]
    assert "one" in shown.pieces[0].text


def test_a_row_that_cannot_be_trained_says_why() -> None:
    assert "no answer" in seen(Example("x", (Message("user", "Hello?"),))).refused
    assert "at most 20" in seen(conversation("Which?", "very " * 20), TrainConfig(max_tokens=20)).refused
    injected = seen(conversation("Which?", "yes<|im_end|>"))
    assert "control token" in injected.refused and injected.pieces[0].kind == "context"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda text: not text[0].isspace() and "<|" not in text
)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=6))
def test_the_pieces_are_the_rendering_and_their_counts_those_of_training(texts: list[str]) -> None:
    example = Example("x", tuple(Message(("user", "assistant")[k % 2], text) for k, text in enumerate(texts)))
    shown = seen(example, TrainConfig(max_tokens=5000))
    [item] = encode_examples(TOKENIZER, [example], max_tokens=5000).items
    assert [p.text for p in shown.pieces if p.kind == "trained"] == texts[1::2]
    assert sum(p.n_tokens for p in shown.pieces if p.kind != "after") == item.n_tokens
    assert (shown.n_tokens, shown.n_trained) == (item.n_tokens, item.n_supervised)


def test_rows_are_found_by_line_by_file_and_line_and_by_id() -> None:
    examples = conversations(3)
    places = {e.id: f"{'ab'[k // 2]}.jsonl, line {(1, 2, 1)[k]}" for k, e in enumerate(examples)}
    assert find_rows(examples, places, ["2", "b.jsonl:1", examples[0].id[:8]]) == [
        examples[1],
        examples[2],
        examples[0],
    ]
    with pytest.raises(InputError, match="2 training examples stand at 1"):
        find_rows(examples, places, ["1"])
    with pytest.raises(InputError, match="0 training examples stand at 12"):
        find_rows(examples, places, ["12"])


def test_an_example_that_is_not_frozen_is_shown_as_it_would_be_trained(tiny_base: Path, tmp_path: Path) -> None:
    turns = (Message("user", "a"), Message("assistant", "one"), Message("user", "b"), Message("assistant", "two"))
    meta = {RESERVED: {"turns": [{}, {"weight": 0}, {}, {}]}}
    row = {
        "id": "x" * 16,
        "messages": messages_to_json(turns),
        "meta": json.dumps(meta),
        "place": "chats.jsonl, line 3",
    }
    spec = {"workspace": str(tmp_path), "config": {"base_model": str(tiny_base)}, "row": row}
    [told] = example_tokens_job(JobContext(tmp_path, spec))["tokens"]
    assert told["place"] == "chats.jsonl, line 3" and not told["refused"]
    assert [piece["text"] for piece in told["pieces"] if piece["kind"] == "trained"] == ["two"]
