"""Lays the conversations of a batch end to end, without padding, and keeps attention within each of them.

A row of padded conversations costs its longest one times their number. Laid end to end they cost what they are, and the
same conversations make up a step. No conversation sees another: positions begin anew in each, and attention is computed
conversation by conversation, so nothing the size of the whole batch squared is ever held.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from core.errors import FinetoothError
from training.data import Batch

ATTENTION = "finetooth_within_conversations"
UNKNOWN = ("softcap", "s_aux", "position_bias")
"""What some models add to attention and this one does not know; ignoring it would train another model."""


def arguments(model: Any, batch: Batch) -> dict[str, Any]:
    """What a model's decoder has to be told about a batch, besides its tokens; nothing for a padded one.

    Raises:
        FinetoothError: The batch is free of padding and the model does not attend within conversations.
    """
    if batch.lengths is None:
        return {}
    import torch

    if not _attends_within(model):
        raise FinetoothError(
            "This model computes attention in a way of its own, which cannot be kept within each conversation.",
            "Turn padding_free off.",
        )
    device = batch.input_ids.device
    positions = torch.cat([torch.arange(length, device=device) for length in batch.lengths])
    # A mask of four dimensions is taken as it is, so none the size of the batch squared is made.
    no_mask = torch.ones((1, 1, 1, 1), dtype=torch.bool, device=device)
    return {"position_ids": positions.unsqueeze(0), "attention_mask": no_mask, "conversation_lengths": batch.lengths}


def attend_in(model: Any, units: Any) -> bool:
    """Have a model attend within conversations, computed in ``units``.

    On CPUs the backward pass of attention is four times slower in bfloat16 than in float32. Padded batches and
    generation are attended to as transformers does.

    Returns:
        Whether the model takes it: model code that computes attention in a way of its own does not.
    """
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    name = f"{ATTENTION}_{str(units).removeprefix('torch.')}"
    AttentionInterface.register(name, partial(_attend, units))
    AttentionMaskInterface.register(name, sdpa_mask)
    model.set_attn_implementation(name)
    return _attends_within(model)


def _attends_within(model: Any) -> bool:
    return str(model.config._attn_implementation).startswith(ATTENTION)


def _attend(
    units: Any,
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    conversation_lengths: tuple[int, ...] | None = None,
    **others: Any,
) -> tuple[Any, None]:
    """Causal attention over query, key and value [batch, heads, time, width]; returns [batch, time, heads, width].

    Raises:
        FinetoothError: The model adds something to attention that this function does not know.
    """
    import torch

    if strange := [name for name in UNKNOWN if others.get(name) is not None]:
        raise FinetoothError(
            f"Models whose attention has {', '.join(strange)} cannot be trained yet.", "Choose another base model."
        )
    type_of_answer = query.dtype
    grouped = query.shape[1] != key.shape[1]
    query, key, value = query.to(units), key.to(units), value.to(units)

    def attention(query: Any, key: Any, value: Any, mask: Any) -> Any:
        return torch.nn.functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=dropout,
            is_causal=mask is None and query.shape[2] > 1,
            scale=scaling,
            enable_gqa=grouped,
        )

    if conversation_lengths is None:
        floating = attention_mask is not None and attention_mask.is_floating_point()
        out = attention(query, key, value, attention_mask.to(units) if floating else attention_mask)
    else:
        parts = zip(*(states.split(conversation_lengths, dim=2) for states in (query, key, value)), strict=True)
        out = torch.cat([attention(q, k, v, _window(q, sliding_window)) for q, k, v in parts], dim=2)
    return out.to(type_of_answer).transpose(1, 2).contiguous(), None


def _window(query: Any, width: int | None) -> Any:
    """The mask [time, time] of a conversation longer than the model's sliding window; None where all is seen."""
    import torch

    time = query.shape[2]
    if width is None or time <= width:
        return None
    behind = torch.arange(time, device=query.device)
    distance = behind.unsqueeze(1) - behind.unsqueeze(0)
    return (distance >= 0) & (distance < width)
