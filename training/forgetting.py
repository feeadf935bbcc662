"""What a fine-tune does to general skill: the loss on general questions before the first step and after the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core import general
from training.data import Item, encode_examples, measuring_groups
from training.loading import Loaded
from training.steps import hold_out_loss


def questions(tokenizer: Any, n: int, max_tokens: int) -> tuple[Item, ...]:
    """``n`` general questions with their good answers, encoded; those that this model's chat template cannot write or
    that are too long are left out."""
    examples = [item.example() for item in general.spread(n)] if n else []
    return encode_examples(tokenizer, examples, max_tokens=max_tokens).items


def general_loss(loaded: Loaded, counted: Callable[[int], Callable[[int], None]]) -> tuple[float, int] | None:
    """Loss of a loaded model on general questions, in nats a supervised token, and their number; None without any.

    ``counted`` is given the number of forward passes, and returns what is called with those done before each.
    """
    config = loaded.rows.config
    asked = questions(loaded.rows.tokenizer, config.general_questions, config.max_tokens)
    if not asked:
        return None
    groups = measuring_groups(asked, positions=loaded.real_step.tokens, padding_free=loaded.padding_free)
    batches = (loaded.batch(group) for group in groups)
    loss, _ = hold_out_loss(loaded.model, batches, loaded.units, counted(len(groups)))
    return loss, len(asked)
