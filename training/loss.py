"""Cross-entropy at the supervised positions only, in chunks, so that the vocabulary never fills the memory."""

from __future__ import annotations

from typing import Any

from core.errors import FinetoothError
from training import padding
from training.data import Batch

CHUNK_TOKENS = 512
SCALED_LOGITS = ("final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier")


def nll_sum(model: Any, batch: Batch, units: Any) -> Any:
    """Sum of the negative log-likelihoods of a batch's supervised tokens, in nats; differentiable.

    The hidden states of supervised positions alone pass the output layer, ``CHUNK_TOKENS`` at a time. Where the output
    layer is frozen (adapters), the gradient is formed with the loss, so no logits outlive their chunk; where it is
    trained (full), autograd recomputes each chunk. Divide by the number of tokens of the *whole* step, not of the
    batch: then splitting a step changes nothing.

    Args:
        model: A causal language model, wrapped by PEFT or not.
        batch: From ``collate``.
        units: The floating type in which the output layer multiplies (see ``training.fused``).

    Raises:
        FinetoothError: The model changes its logits after the output layer in a way that this loss does not know, or
            the batch is free of padding and the model cannot attend within each conversation.
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    for name in SCALED_LOGITS:
        if getattr(causal.config, name, None) not in (None, 1, 1.0):
            raise FinetoothError(
                f"Models that rescale their logits ({name}) cannot be trained yet.", "Choose another base model."
            )
    told = padding.arguments(causal, batch)
    hidden = causal.get_decoder()(input_ids=batch.input_ids, use_cache=False, **told).last_hidden_state
    chosen = hidden[batch.rows, batch.columns]
    head = causal.get_output_embeddings()
    if head.weight.requires_grad:
        return _trained_head(chosen, head, batch.targets)
    if getattr(head, "bias", None) is not None:
        raise FinetoothError("Models with a bias in the output layer cannot be trained yet.", "Choose another base.")
    return _function().apply(chosen, head.weight, batch.targets, units)


def _trained_head(chosen: Any, head: Any, targets: Any) -> Any:
    import torch
    from torch.utils.checkpoint import checkpoint

    def chunk(hidden: Any, target: Any) -> Any:
        return torch.nn.functional.cross_entropy(head(hidden).float(), target, reduction="sum")

    total = torch.zeros((), dtype=torch.float32, device=chosen.device)
    for start in range(0, len(targets), CHUNK_TOKENS):
        part = slice(start, start + CHUNK_TOKENS)
        total = total + checkpoint(chunk, chosen[part], targets[part], use_reentrant=False)
    return total


def _function() -> Any:
    """The autograd function, made on first use because torch is imported late."""
    global _FUNCTION
    if _FUNCTION is None:
        import torch

        class FrozenHeadNll(torch.autograd.Function):
            """d nll / d hidden = (softmax(logits) - one_hot(target)) @ W, formed while the logits are at hand."""

            @staticmethod
            def forward(ctx: Any, hidden: Any, weight: Any, targets: Any, units: Any) -> Any:
                matrix = weight.to(units)
                gradient = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
                total = torch.zeros((), dtype=torch.float64)
                for start in range(0, len(targets), CHUNK_TOKENS):
                    part = slice(start, start + CHUNK_TOKENS)
                    logits = (hidden[part].to(units) @ matrix.t()).float()
                    index = targets[part].unsqueeze(1)
                    normaliser = torch.logsumexp(logits, dim=1, keepdim=True)
                    total += (normaliser - logits.gather(1, index)).sum().double().cpu()
                    if gradient is not None:
                        softmax = logits.sub_(normaliser).exp_()
                        softmax.scatter_add_(1, index, torch.full_like(index, -1, dtype=softmax.dtype))
                        gradient[part] = (softmax.to(units) @ matrix).to(hidden.dtype)
                        del softmax
                    del logits, normaliser  # else a chunk's logits would live until the next ones are there
                ctx.save_for_backward(gradient)
                return total.float().to(hidden.device)

            @staticmethod
            def backward(ctx: Any, upstream: Any) -> tuple[Any, ...]:
                (gradient,) = ctx.saved_tensors
                return gradient * upstream.to(gradient.dtype), None, None, None

        _FUNCTION = FrozenHeadNll
    return _FUNCTION


_FUNCTION: Any = None
