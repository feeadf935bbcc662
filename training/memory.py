"""The closed form of a training step's memory: bytes by part, from a model's shape.

It follows this package's own training loop through the moments at which its memory can be fullest: the logits at the
end of the forward pass, the backward pass of the last layer and of the first, and the end. ``training.simulate`` runs
the same loop on tensors without content and counts; ``python -m benchmarks.memory_closed_form`` compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.units import multiplies_bfloat16_fast_here
from training.config import Method, TrainConfig
from training.data import Item, n_positions
from training.loss import CHUNK_TOKENS
from training.shapes import Shape

Device = Literal["gpu", "cpu"]
NF4_BITS = 4 + 8 / 64 + 32 / (64 * 256)
"""Bits a parameter with double quantisation (QLoRA, arXiv 2305.14314): 4, an 8-bit constant for 64, a float for 256."""

NF4_TABLE_BYTES = 4 * (16 + 256 + 1)
"""Of each quantised matrix: the values of the 4 bits, those of the constants' 8 bits, and their offset."""

PAGED_STATE_BYTES = 2 * (1 + 4 / 256)
"""Of a trained parameter: two averages of 8 bits, and a float32 constant for 256 of each."""

GPU_CONTEXT_BYTES = 600 * 2**20
GPU_FRAGMENTATION_SHARE = 0.07
"""What a GPU needs beside the tensors, as others report it; not measured here."""

CPU_PROCESS_BYTES = 568 * 2**20
"""Resident memory of a process that has loaded the libraries and trained for some steps, its model not counted."""

CPU_KEPT_SHARE, CPU_KEPT_SHARE_FULL, CPU_LAYER_SHARE = 0.28, 0.65, 1.0
"""What glibc's allocator holds beyond the tensors of one pass, of the activations that are kept (more where gradients
of all weights settle between them) and of one layer's own tensors; what it would keep from pass to pass is given back
(see ``footprint.Meter.settle``). Fitted to six measured runs of other shapes than those that ``python -m
benchmarks.memory_measured`` compares with it."""


def memory_parts(
    shape: Shape,
    method: Method,
    batch: int,
    seq: int,
    rank: int,
    *,
    gradient_checkpointing: bool,
    device: Device,
    accumulates: bool = False,
    dropout: bool = False,
    paged: bool = False,
    tokens: int | None = None,
    supervised: int | None = None,
) -> dict[str, int]:
    """Bytes by part at the peak of a step; see ``MemoryPlan.parts``.

    Args:
        shape: Of the base model.
        method: ``qlora``, ``lora`` or ``full``.
        batch, seq: Conversations in a forward pass, and tokens of each.
        rank: Of adapters on all linear layers.
        gradient_checkpointing: Whether each layer's activations are recomputed.
        device: ``gpu`` multiplies in bfloat16; ``cpu`` in float32 where this processor is faster with it.
        accumulates: Whether gradients of an earlier forward pass of the same step are there already.
        dropout: Whether the adapters' inputs are dropped at random: then PEFT's own layers run instead of fused ones.
        paged: Whether the optimiser keeps its states in 8 bits, which it does on a GPU only.
        tokens: In the fullest forward pass, where that is known; None takes ``batch`` x ``seq``.
        supervised: How many of them are trained; None takes all.
    """
    through = batch * seq if tokens is None else tokens
    trained_on = through if supervised is None else supervised
    units = _units(method, device)
    step = _Step(shape, method, through, trained_on, rank, gradient_checkpointing, units, dropout)
    trained = shape.params if method == "full" else shape.lora_params(rank)
    lasting = {
        "weights": _weights(shape, method),
        "adapters": 0 if method == "full" else 4 * trained,
        "gradients": 4 * trained,
        "optimizer": (PAGED_STATE_BYTES if paged and device == "gpu" else 8) * trained,
    }
    fullest = max(step.beyond_lasting(accumulates))
    activations = min(fullest, step.kept)
    return {
        **{name: round(size) for name, size in lasting.items()},
        "activations": round(activations),
        "scratch": round(fullest - activations),
        "overhead": round(_overhead(step, device, fullest)),
    }


def run_parts(shape: Shape, config: TrainConfig, passes: Sequence[Sequence[Item]], device: Device) -> dict[str, int]:
    """The same for a run whose forward passes are known (see ``data.plan_steps``): its fullest one decides.

    Raises:
        ValueError: There is no pass.
    """
    return memory_parts(
        shape,
        config.method,
        config.batch_size,
        max(item.n_tokens for items in passes for item in items),
        config.rank,
        gradient_checkpointing=config.gradient_checkpointing,
        device=device,
        accumulates=config.gradient_accumulation > 1,
        dropout=config.dropout > 0 and config.method != "full",
        paged=config.optimizer == "paged_adamw_8bit",
        tokens=max(n_positions(items, padding_free=config.padding_free) for items in passes),
        supervised=max(sum(item.n_supervised for item in items) for items in passes),
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """One forward and backward pass; sizes in bytes. ``units`` is the width of the numbers that are multiplied."""

    shape: Shape
    method: Method
    tokens: int
    supervised: int
    rank: int
    checkpointing: bool
    units: int
    dropout: bool

    def beyond_lasting(self, accumulates: bool) -> list[float]:
        """At each moment that can be the fullest: what is there beyond weights, states and all gradients."""
        trained = 4 * (self.shape.params if self.method == "full" else self.shape.lora_params(self.rank))
        missing = 0 if accumulates else trained  # gradients that do not exist yet
        last_layer = self._layer + self._layer_scratch
        one = trained / self.layers if self.method != "full" else 4 * self.shape.layer_params
        head_gradient = self._head_gradient
        first = self.shape.hidden * self._kept_type * self.tokens + last_layer
        return [
            self.kept + self._loss - missing,
            self.kept + self._head_backward - missing,
            self.kept + (last_layer if self.checkpointing else self._layer_scratch) + head_gradient - missing,
            first - (0 if accumulates else one),
            self._end,
        ]

    @property
    def layers(self) -> int:
        return self.shape.layers

    @property
    def layer_tensors(self) -> float:
        """All tensors of one layer's forward and backward pass, its weights not counted."""
        h, i = self.shape.hidden, self.shape.intermediate
        return self._layer + (6 * h + 10 * i) * self.tokens

    @property
    def _kept_type(self) -> int:
        return 4 if self.method == "full" else 2

    @property
    def kept(self) -> float:
        """What the forward pass leaves for the backward pass: all layers', and the final norm's input."""
        h = self.shape.hidden
        norm = (12 if self.method == "full" else 4 + 2) * h + 4
        each = self._kept_type * h if self.checkpointing else self._layer / self.tokens
        return (self.layers * each + norm) * self.tokens

    @property
    def _layer(self) -> float:
        """What one layer leaves for its own backward pass.

        Two norms' inputs in float32 and outputs, query, key, value and attention's output, four tensors of the MLP's
        width, the adapters' inner values, attention's normaliser and the norms' factors.
        """
        shape, units = self.shape, self.units
        h, i, q, kv = shape.hidden, shape.intermediate, shape.q, shape.kv
        small = 4 * shape.heads + 8
        normed = (q + kv, 4 * (shape.heads + shape.kv_heads)) if shape.qk_norm else (0, 0)
        if self.method == "full":  # float32 throughout; trained norms keep their normed input, too
            return float(24 * h + 8 * q + 8 * kv + 16 * i + small + 8 * normed[0] + normed[1]) * self.tokens
        small += 4 * normed[0] + normed[1]
        attention = units * (2 * q + 2 * kv) + 2 * q  # the conversations' answers, and laid end to end
        plain = 12 * h + attention + 8 * i + 7 * units * self.rank + small
        if self.dropout:  # each adapter keeps its input in float32, before and after the dropping, and what was drawn
            plain += 44 * h + 6 * i
        return float(plain) * self.tokens

    @property
    def _layer_scratch(self) -> float:
        """Short-lived tensors while the last matrix of a layer's MLP passes its gradient on."""
        h, i, t = self.shape.hidden, self.shape.intermediate, self.tokens
        if self.method == "full":
            return (4 * h + 12 * i) * t
        if self.units == 4:
            return max((6 * h + 8 * i) * t + 4 * h * i, (6 * h + 10 * i) * t, (6 * h + 4 * i) * t + 6 * h * i)
        return 2 * h * t + max(2 * i * t + 2 * h * i, 4 * i * t)

    @property
    def _loss(self) -> float:
        """The logits of a chunk with a copy, the hidden states of supervised tokens, and their gradient."""
        h, v, t = self.shape.hidden, self.shape.vocab, self.supervised
        logits = 8 * v * min(CHUNK_TOKENS, t)
        if self.method == "full":
            return logits + 4 * h * t
        copy = 4 * v * h if self.units == 4 else 0
        return logits + copy + 4 * h * t

    @property
    def _head_backward(self) -> float:
        """Where the output layer is trained: the logits of a chunk, recomputed, and gradients of its weights."""
        if self.method != "full":
            return 0.0
        h, v, t = self.shape.hidden, self.shape.vocab, self.supervised
        chunk = min(CHUNK_TOKENS, t)
        several = t > CHUNK_TOKENS
        return 12 * v * chunk + 8 * h * t + 4 * v * h * (3 if several else 1)

    @property
    def _head_gradient(self) -> float:
        return 4.0 * self.shape.vocab * self.shape.hidden if self.method == "full" else 0.0

    @property
    def _end(self) -> float:
        """At the end: where the embedding is the output layer, its two gradients and their sum."""
        return 8.0 * self.shape.vocab * self.shape.hidden if self.method == "full" and self.shape.tied else 0.0


def _weights(shape: Shape, method: Method) -> float:
    if method == "qlora":
        return shape.linear_params * NF4_BITS / 8 + shape.layers * 7 * NF4_TABLE_BYTES + 2 * shape.other_params
    return (2 if method == "lora" else 4) * shape.params


def _units(method: Method, device: Device) -> int:
    """Bytes of the numbers that are multiplied (see ``core.units.fastest_units``)."""
    if method == "full":
        return 4
    return 4 if device == "cpu" and not multiplies_bfloat16_fast_here() else 2


def _overhead(step: _Step, device: Device, beyond_lasting: float) -> float:
    if device == "gpu":
        return GPU_CONTEXT_BYTES + GPU_FRAGMENTATION_SHARE * beyond_lasting
    share = CPU_KEPT_SHARE_FULL if step.method == "full" else CPU_KEPT_SHARE
    return CPU_PROCESS_BYTES + share * step.kept + CPU_LAYER_SHARE * step.layer_tensors
