"""Base models worth fine-tuning, with what a plan needs to know; the shapes are here so that no network is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import smollm2
from core.errors import InputError
from core.files import read_json

AS_OF = "2026-11-21"
"""When licences and shapes were noted, from memory; read the model's card before you rely on a licence."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a Llama-style decoder that decide its memory.

    ``tied``: the output layer shares the embedding's weights. ``qkv_bias``: query, key and value have a bias.
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
    def other_params(self) -> int:
        """Embedding, output layer where it is not tied, norms and biases."""
        norms = self.layers * 2 * self.hidden + self.hidden
        bias = self.layers * (self.q + 2 * self.kv) if self.qkv_bias else 0
        return self.vocab * self.hidden * (1 if self.tied else 2) + norms + bias

    @property
    def params(self) -> int:
        """All parameters."""
        return self.linear_params + self.other_params

    def lora_params(self, rank: int) -> int:
        """Parameters of adapters of this rank on all linear layers (the output layer has none)."""
        return self.layers * rank * sum(a + b for a, b in self.linear_sizes)


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model: ``commercial`` says whether a fine-tune of it may be used commercially, and on which terms."""

    name: str
    hub_id: str
    shape: Shape
    licence: str
    commercial: str
    context_tokens: int


_LLAMA_TERMS = "yes, under the community licence (fewer than 700 million monthly users, notice and naming rules)"

MODELS: tuple[BaseModel, ...] = (
    BaseModel(
        "smollm2-135m-instruct",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        Shape(576, 1536, 30, 9, 3, 64, 49152, True),
        "Apache-2.0",
        "yes",
        8192,
    ),
    BaseModel(
        "smollm2-360m-instruct",
        "HuggingFaceTB/SmolLM2-360M-Instruct",
        Shape(960, 2560, 32, 15, 5, 64, 49152, True),
        "Apache-2.0",
        "yes",
        8192,
    ),
    BaseModel(
        "smollm2-1.7b-instruct",
        "HuggingFaceTB/SmolLM2-1.7B-Instruct",
        Shape(2048, 8192, 24, 32, 32, 64, 49152, True),
        "Apache-2.0",
        "yes",
        8192,
    ),
    BaseModel(
        "qwen2.5-0.5b-instruct",
        "Qwen/Qwen2.5-0.5B-Instruct",
        Shape(896, 4864, 24, 14, 2, 64, 151936, True, True),
        "Apache-2.0",
        "yes",
        32768,
    ),
    BaseModel(
        "qwen2.5-1.5b-instruct",
        "Qwen/Qwen2.5-1.5B-Instruct",
        Shape(1536, 8960, 28, 12, 2, 128, 151936, True, True),
        "Apache-2.0",
        "yes",
        32768,
    ),
    BaseModel(
        "qwen2.5-3b-instruct",
        "Qwen/Qwen2.5-3B-Instruct",
        Shape(2048, 11008, 36, 16, 2, 128, 151936, True, True),
        "Qwen Research",
        "no (research only; ask the maker)",
        32768,
    ),
    BaseModel(
        "qwen2.5-7b-instruct",
        "Qwen/Qwen2.5-7B-Instruct",
        Shape(3584, 18944, 28, 28, 4, 128, 152064, False, True),
        "Apache-2.0",
        "yes",
        32768,
    ),
    BaseModel(
        "qwen3-8b",
        "Qwen/Qwen3-8B",
        Shape(4096, 12288, 36, 32, 8, 128, 151936, False),
        "Apache-2.0",
        "yes",
        32768,
    ),
    BaseModel(
        "llama-3.2-1b-instruct",
        "meta-llama/Llama-3.2-1B-Instruct",
        Shape(2048, 8192, 16, 32, 8, 64, 128256, True),
        "Llama 3.2 Community",
        _LLAMA_TERMS,
        131072,
    ),
    BaseModel(
        "llama-3.2-3b-instruct",
        "meta-llama/Llama-3.2-3B-Instruct",
        Shape(3072, 8192, 28, 24, 8, 128, 128256, True),
        "Llama 3.2 Community",
        _LLAMA_TERMS,
        131072,
    ),
    BaseModel(
        "llama-3.1-8b-instruct",
        "meta-llama/Llama-3.1-8B-Instruct",
        Shape(4096, 14336, 32, 32, 8, 128, 128256, False),
        "Llama 3.1 Community",
        _LLAMA_TERMS,
        131072,
    ),
    BaseModel(
        "llama-2-7b-chat",
        "meta-llama/Llama-2-7b-chat-hf",
        Shape(4096, 11008, 32, 32, 32, 128, 32000, False),
        "Llama 2 Community",
        _LLAMA_TERMS,
        4096,
    ),
    BaseModel(
        "mistral-7b-instruct-v0.3",
        "mistralai/Mistral-7B-Instruct-v0.3",
        Shape(4096, 14336, 32, 32, 8, 128, 32768, False),
        "Apache-2.0",
        "yes",
        32768,
    ),
)


def find(name: str) -> BaseModel | None:
    """A catalogued model by its name, its hub id, or either without "-instruct"; None where it is not listed."""
    wanted = name.lower().removesuffix("-instruct")
    for model in MODELS:
        known = {model.name, model.hub_id.lower(), model.hub_id.lower().split("/")[1]}
        if wanted in {alias.removesuffix("-instruct") for alias in known} or wanted == "smollm2" == model.name[:7]:
            return model
    return None


def shape_of(name_or_path: str) -> tuple[str, Shape]:
    """Name and shape of a catalogued model or of a model folder; reads no weights and imports no torch.

    Raises:
        InputError: It is neither, or its config is not that of a Llama-style decoder.
    """
    folder = Path(name_or_path).expanduser()
    if (folder / "config.json").is_file():
        return folder.name, read_shape(read_json(folder / "config.json"), str(folder))
    if listed := find(name_or_path):
        return listed.name, listed.shape
    names = ", ".join(model.name for model in MODELS)
    raise InputError(
        f"There is no model {name_or_path}: it is not in the catalogue and no folder with a config.json.",
        f"Name a model folder or one of: {names}.",
    )


def read_shape(config: Mapping[str, Any], name: str = smollm2.NAME) -> Shape:
    """The shape that a config.json describes.

    Raises:
        InputError: A size is missing.
    """
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
            qkv_bias=config.get("model_type") == "qwen2" or bool(config.get("attention_bias", False)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"The config.json of {name} is not that of a Llama-style decoder, so no memory can be planned.",
            "Choose a decoder with hidden_size, intermediate_size, num_hidden_layers and num_attention_heads.",
        ) from error
