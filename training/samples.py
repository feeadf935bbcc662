"""Answers to a few fixed hold-out prompts while a model learns; making them changes nothing in the training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.chat import prompt_ids
from core.errors import InputError
from core.generation import Answer, Generation, generate, max_tokens_of
from core.types import Example


@dataclass(frozen=True, slots=True)
class Prompt:
    """A hold-out example's turns before its last answer.

    Attributes:
        number: Its place among the prompts, from 0.
        example_id: The example's.
        ids: Its tokens.
        expected_tokens: Length of the answer that people gave.
    """

    number: int
    example_id: str
    ids: tuple[int, ...]
    expected_tokens: int


def choose(tokenizer: Any, hold_out: Sequence[Example], n: int) -> tuple[Prompt, ...]:
    """The first ``n`` hold-out examples that end in an answer and can be rendered; the same in each run."""
    chosen: list[Prompt] = []
    for example in hold_out:
        if len(chosen) == n:
            break
        if example.messages[-1].role != "assistant" or not example.prompt:
            continue
        try:
            ids = prompt_ids(tokenizer, example.prompt)
        except InputError:  # pre-flight names it
            continue
        expected = len(tokenizer(example.answer, add_special_tokens=False)["input_ids"])
        chosen.append(Prompt(len(chosen), example.id, tuple(ids), expected))
    return tuple(chosen)


def fitting(model: Any, prompts: Sequence[Prompt], max_new_tokens: int) -> tuple[Prompt, ...]:
    """Those whose answer has room in what the model reads at once."""
    limit = max_tokens_of(model)
    return tuple(one for one in prompts if limit is None or len(one.ids) + max_new_tokens <= limit)


def answer(
    model: Any, tokenizer: Any, prompts: Sequence[Prompt], max_new_tokens: int, check: Callable[[], None]
) -> list[Answer]:
    """Answer each prompt greedily; the model and the random numbers are afterwards as they were.

    Args:
        model: As it trains.
        tokenizer: Its tokenizer.
        prompts: From ``choose`` and ``fitting``.
        max_new_tokens: Longest answer.
        check: Called before each token; may raise to end the run.
    """
    with _untouched(model):
        ids = [one.ids for one in prompts]
        return generate(model, tokenizer, ids, Generation(max_new_tokens, len(ids)), check=check)


def told(prompt: Prompt, answered: Answer) -> dict[str, Any]:
    """What an event tells of an answer."""
    return {
        "prompt": prompt.number,
        "example": prompt.example_id,
        "text": answered.text,
        "expected_tokens": prompt.expected_tokens,
        "truncated": answered.truncated,
        "seconds": round(answered.seconds, 3),
    }


@contextmanager
def _untouched(model: Any) -> Iterator[None]:
    """In eval mode with a cache inside the block; modes and random numbers are put back after it.

    The 4-bit weights are not repacked by this (see ``core.models.keep_the_gradient``).
    """
    import torch

    was_training, used_cache = model.training, model.config.use_cache
    devices = list(range(torch.cuda.device_count())) if next(model.parameters()).is_cuda else []
    with torch.random.fork_rng(devices=devices):
        model.eval()
        model.config.use_cache = True
        try:
            yield
        finally:
            model.config.use_cache = used_cache
            model.train(was_training)
