"""The closed form of a training step's memory: bytes by part, from a model's shape.

It follows what this package's own training loop keeps: frozen weights, float32 adapters with their gradients and AdamW
states, the tensors that each layer saves for the backward pass, and a chunk of logits. To the tensors it adds what the
allocator keeps and, on a GPU, the context. It has not been checked on a GPU.
"""

from __future__ import annotations

from typing import Literal

from training.catalogue import Shape
from training.config import Method
from training.loss import CHUNK_TOKENS

Device = Literal["gpu", "cpu"]
NF4_BITS = 4 + 8 / 64 + 32 / (64 * 256)
"""Bits a parameter with double quantisation (QLoRA, arXiv 2305.14314): 4, an 8-bit constant for 64, a float for 256."""

GPU_CONTEXT_BYTES = 600 * 2**20
GPU_FRAGMENTATION_SHARE = 0.07
CPU_FRAGMENTATION_SHARE = 0.45
"""What glibc's allocator keeps beyond the tensors of a step (measured: 2,297 MiB for 1,611 MiB of tensors)."""


def memory_parts(
    shape: Shape,
    method: Method,
    batch: int,
    seq: int,
    rank: int,
    *,
    gradient_checkpointing: bool,
    device: Device,
) -> dict[str, int]:
    """Bytes by part at the peak of a step; see ``MemoryPlan.parts``."""
    tokens = batch * seq
    trained = shape.params if method == "full" else shape.lora_params(rank)
    if method == "qlora":
        weights = shape.linear_params * NF4_BITS / 8 + 2 * shape.other_params
    else:
        weights = (2 if method == "lora" else 4) * shape.params
    saved = _saved_per_token(shape, method, rank, device) * tokens
    kept_type = 4 if method == "full" else 2
    head = 8 * shape.vocab * min(CHUNK_TOKENS, tokens) + (4 * shape.vocab * shape.hidden if device == "cpu" else 0)
    layer_scratch = _layer_scratch(shape, tokens, device)
    if gradient_checkpointing:
        activations = kept_type * shape.hidden * shape.layers * tokens
        scratch = max(head, saved + layer_scratch)
    else:
        activations = shape.layers * saved
        scratch = max(head, layer_scratch)
    adapters = 0 if method == "full" else 4 * trained
    share, fixed = (GPU_FRAGMENTATION_SHARE, GPU_CONTEXT_BYTES) if device == "gpu" else (CPU_FRAGMENTATION_SHARE, 0)
    overhead = fixed + share * (activations + scratch)
    return {
        "weights": round(weights),
        "adapters": adapters,
        "gradients": 4 * trained,
        "optimizer": 8 * trained,
        "activations": round(activations),
        "scratch": round(scratch),
        "overhead": round(overhead),
    }


def _saved_per_token(shape: Shape, method: Method, rank: int, device: Device) -> int:
    """Bytes that one layer keeps for the backward pass, for each token.

    Two norm inputs in float32, the normed inputs of attention and MLP, query, key, value and attention output, four
    tensors of the MLP's width, the adapters' inner values, the attention's normaliser and the norms' factors.
    """
    h, i, q, kv = shape.hidden, shape.intermediate, shape.q, shape.kv
    small = 4 * shape.heads + 8
    if method == "full":  # float32 throughout; trained norms keep their normed input, too
        return 24 * h + 12 * q + 8 * kv + 16 * i + small
    units = 4 if device == "cpu" else 2
    attention = units * (2 * q + 2 * kv) + (2 * q if device == "cpu" else 0)
    return 8 * h + 4 * h + attention + 8 * i + 7 * units * rank + small


def _layer_scratch(shape: Shape, tokens: int, device: Device) -> float:
    """Short-lived tensors of one layer's backward pass: gradients of the MLP's width and one full matrix."""
    h, i = shape.hidden, shape.intermediate
    if device == "cpu":
        return 4 * (2 * i + h) * tokens + 6 * h * i
    return max(0.0, 6.3 * i - 2 * h) * tokens + 2 * h * i
