"""Perplexity of chats equals what Hugging Face's own loss gives on one padded batch with -100 where nothing counts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from core import models
from core.ids import example_id
from core.types import Example, Message
from evaluation.perplexity import score, summarise
from tests.tiny_model import tiny

OPENS, ENDS = "<|im_start|>assistant\n", "<|im_end|>"
CHATS = (
    (("user", "What is the capital of France?"), ("assistant", "The capital of France is Paris.")),
    (
        ("system", "You are a helpful assistant that answers briefly."),
        ("user", "Is water wet?"),
        ("assistant", "Yes."),
        ("user", "And ice? Say why."),
        ("assistant", "Ice is dry as long as it does not melt; only its melting surface is wet – that is why."),
    ),
    (("user", "Übersetze: good morning"), ("assistant", "Guten Morgen!")),
)


def conversations() -> list[Example]:
    turns = [tuple(Message(role, text) for role, text in chat) for chat in CHATS]
    return [Example(example_id(one), one) for one in turns]


def hugging_face(model: Any, tokenizer: Any) -> tuple[float, int]:
    """Mean loss over the assistant's tokens with their end of turn, and their number: one batch, padded on the right.

    Which tokens are the assistant's is read from the rendered text by character offsets, not by the code under test.
    """
    import torch

    ids, labels = [], []
    for chat in CHATS:
        said = [{"role": role, "content": text} for role, text in chat]
        rendered = tokenizer.apply_chat_template(said, tokenize=False)
        found = tokenizer(rendered, add_special_tokens=False, return_offsets_mapping=True)
        inside, at = [], 0
        while (start := rendered.find(OPENS, at)) >= 0:
            at = rendered.index(ENDS, start) + len(ENDS)
            inside.append((start + len(OPENS), at))
        scored = [any(a <= first and last <= b for a, b in inside) for first, last in found["offset_mapping"]]
        ids.append(found["input_ids"])
        labels.append([token if own else -100 for token, own in zip(found["input_ids"], scored, strict=True)])
    longest = max(map(len, ids))

    def padded(rows: list[list[int]], value: int) -> Any:
        return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

    with torch.inference_mode():
        output = model(
            input_ids=padded(ids, tokenizer.pad_token_id),
            attention_mask=padded([[1] * len(row) for row in ids], 0),
            labels=padded(labels, -100),
        )
    return float(output.loss), sum(label != -100 for row in labels for label in row)


def agree(model: Any, tokenizer: Any) -> float:
    loss, tokens = hugging_face(model, tokenizer)
    for batch_size in (1, 3):
        own = summarise(score(model, tokenizer, conversations(), batch_size=batch_size))
        assert own.tokens == tokens
        assert own.perplexity == pytest.approx(math.exp(loss), rel=1e-5)
    return math.exp(loss)


def test_a_tiny_models_perplexity_of_chats_is_hugging_faces(tmp_path: Path) -> None:
    path = tiny(tmp_path / "model")
    agree(models.load_model(path, "fp32"), models.load_tokenizer(path))


@pytest.mark.slow
def test_the_embedded_models_perplexity_of_chats_is_hugging_faces() -> None:
    path = models.resolve("smollm2-135m-instruct")
    found = agree(models.load_model(path, "fp32"), models.load_tokenizer(path))
    assert found == pytest.approx(10.3373, rel=1e-3)
