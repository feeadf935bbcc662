"""The sizes of a decoder that decide its memory, read from a config.json without loading anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import smollm2
from core.errors import InputError

COMPARED = ("llama", "qwen2", "qwen3", "mistral")
"""Architectures for which the closed form was compared with a simulated step."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a Llama-style decoder that decide its memory.

    ``tied``: the output layer shares the embedding's weights. ``qkv_bias``: query, key and value have a bias.
    ``kind``: the architecture as transformers names it (``model_type``).
    """

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied: bool
    qkv_bias: bool = False
    kind: str = "llama"

    @property
    def well_known(self) -> bool:
        """Whether the closed form has been compared with a simulated step for this architecture."""
        return self.kind in COMPARED

    @property
    def qk_norm(self) -> bool:
        """Whether queries and keys are normalised before attention."""
        return self.kind == "qwen3"

    @property
    def q(self) -> int:
        """Width of all query heads."""
        return self.heads * self.head_dim

    @property
    def kv(self) -> int:
        """Width of all key (or value) heads."""
        return self.kv_heads * self.head_dim

    @property
    def linear_sizes(self) -> tuple[tuple[int, int], ...]:
        """(in, out) of a layer's seven linear maps: q, k, v, o, gate, up, down."""
        h, i = self.hidden, self.intermediate
        return ((h, self.q), (h, self.kv), (h, self.kv), (self.q, h), (h, i), (h, i), (i, h))

    @property
    def linear_params(self) -> int:
        """Parameters of all linear layers but the output layer; these are what NF4 quantises."""
        return self.layers * sum(a * b for a, b in self.linear_sizes)

    @property
    def layer_params(self) -> int:
        """Parameters of one layer's linear maps."""
        return self.linear_params // self.layers

    @property
    def other_params(self) -> int:
        """Embedding, output layer where it is not tied, norms and biases."""
        norms = self.layers * (2 * self.hidden + (2 * self.head_dim if self.qk_norm else 0)) + self.hidden
        bias = self.layers * (self.q + 2 * self.kv) if self.qkv_bias else 0
        return self.vocab * self.hidden * (1 if self.tied else 2) + norms + bias

    @property
    def params(self) -> int:
        """All parameters."""
        return self.linear_params + self.other_params

    def lora_params(self, rank: int) -> int:
        """Parameters of adapters of this rank on all linear layers (the output layer has none)."""
        return self.layers * rank * sum(a + b for a, b in self.linear_sizes)

    def config(self) -> dict[str, Any]:
        """The config.json of a model of this shape, as far as its memory depends on it."""
        values: dict[str, Any] = {
            "model_type": self.kind,
            "hidden_size": self.hidden,
            "intermediate_size": self.intermediate,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "vocab_size": self.vocab,
            "tie_word_embeddings": self.tied,
        }
        return {**values, "sliding_window": None} if self.kind == "mistral" else values


def read_shape(config: Mapping[str, Any], name: str = smollm2.NAME) -> Shape:
    """The shape that a config.json describes.

    Raises:
        InputError: A size is missing, or the model is a mixture of experts.
    """
    if any(config.get(key) for key in ("num_experts", "num_local_experts", "n_routed_experts")):
        raise InputError(
            f"{name} is a mixture of experts, for which there is no closed form.", "Simulate a step: plan --simulate."
        )
    try:
        heads, hidden = int(config["num_attention_heads"]), int(config["hidden_size"])
        return Shape(
            hidden=hidden,
            intermediate=int(config["intermediate_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or hidden // heads),
            vocab=int(config["vocab_size"]),
            tied=bool(config.get("tie_word_embeddings", False)),
            kind=str(config.get("model_type") or "llama"),
            qkv_bias=config.get("model_type") == "qwen2" or bool(config.get("attention_bias", False)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"The config.json of {name} is not that of a Llama-style decoder, so no memory can be planned.",
            "Choose a decoder with hidden_size, intermediate_size, num_hidden_layers and num_attention_heads.",
        ) from error
