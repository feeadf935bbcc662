"""Base models worth fine-tuning, with what a plan needs to know; the shapes are here so that no network is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import smollm2
from core.errors import InputError
from core.files import read_json
from core.models import HUB_ID
from training.shapes import Shape, read_shape

__all__ = [
    "MODELS", "BaseModel", "Shape", "card_folder", "config_of", "find", "known_folder", "read_shape", "shape_of",
]  # fmt: skip

AS_OF = "2026-11-21"
"""When licences and shapes were noted, from memory; read the model's card before you rely on a licence."""


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model: ``commercial`` says whether a fine-tune of it may be used commercially, and on which terms.

    ``template`` names its chat format; see ``training.cards`` for those that are known.
    """

    name: str
    hub_id: str
    shape: Shape
    licence: str
    commercial: str
    context_tokens: int
    template: str

    @property
    def allows_commercial(self) -> bool:
        """Whether the licence allows commercial use of a fine-tune, on terms or without."""
        return self.commercial.startswith("yes")


_LLAMA_TERMS = "yes, under the community licence (fewer than 700 million monthly users, notice and naming rules)"

MODELS: tuple[BaseModel, ...] = (
    BaseModel(
        "smollm2-135m-instruct",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        Shape(576, 1536, 30, 9, 3, 64, 49152, True),
        "Apache-2.0",
        "yes",
        8192,
        "ChatML",
    ),
    BaseModel(
        "smollm2-360m-instruct",
        "HuggingFaceTB/SmolLM2-360M-Instruct",
        Shape(960, 2560, 32, 15, 5, 64, 49152, True),
        "Apache-2.0",
        "yes",
        8192,
        "ChatML",
    ),
    BaseModel(
        "smollm2-1.7b-instruct",
        "HuggingFaceTB/SmolLM2-1.7B-Instruct",
        Shape(2048, 8192, 24, 32, 32, 64, 49152, True),
        "Apache-2.0",
        "yes",
        8192,
        "ChatML",
    ),
    BaseModel(
        "qwen2.5-0.5b-instruct",
        "Qwen/Qwen2.5-0.5B-Instruct",
        Shape(896, 4864, 24, 14, 2, 64, 151936, True, True, "qwen2"),
        "Apache-2.0",
        "yes",
        32768,
        "ChatML",
    ),
    BaseModel(
        "qwen2.5-1.5b-instruct",
        "Qwen/Qwen2.5-1.5B-Instruct",
        Shape(1536, 8960, 28, 12, 2, 128, 151936, True, True, "qwen2"),
        "Apache-2.0",
        "yes",
        32768,
        "ChatML",
    ),
    BaseModel(
        "qwen2.5-3b-instruct",
        "Qwen/Qwen2.5-3B-Instruct",
        Shape(2048, 11008, 36, 16, 2, 128, 151936, True, True, "qwen2"),
        "Qwen Research",
        "no (research only; ask the maker)",
        32768,
        "ChatML",
    ),
    BaseModel(
        "qwen2.5-7b-instruct",
        "Qwen/Qwen2.5-7B-Instruct",
        Shape(3584, 18944, 28, 28, 4, 128, 152064, False, True, "qwen2"),
        "Apache-2.0",
        "yes",
        32768,
        "ChatML",
    ),
    BaseModel(
        "qwen3-0.6b",
        "Qwen/Qwen3-0.6B",
        Shape(1024, 3072, 28, 16, 8, 128, 151936, True, False, "qwen3"),
        "Apache-2.0",
        "yes",
        32768,
        "ChatML",
    ),
    BaseModel(
        "qwen3-1.7b",
        "Qwen/Qwen3-1.7B",
        Shape(2048, 6144, 28, 16, 8, 128, 151936, True, False, "qwen3"),
        "Apache-2.0",
        "yes",
        32768,
        "ChatML",
    ),
    BaseModel(
        "qwen3-4b",
        "Qwen/Qwen3-4B",
        Shape(2560, 9728, 36, 32, 8, 128, 151936, True, False, "qwen3"),
        "Apache-2.0",
        "yes",
        32768,
        "ChatML",
    ),
    BaseModel(
        "tinyllama-1.1b-chat-v1.0",
        "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
        Shape(2048, 5632, 22, 32, 4, 64, 32000, False),
        "Apache-2.0",
        "yes",
        2048,
        "Zephyr",
    ),
    BaseModel(
        "qwen3-8b",
        "Qwen/Qwen3-8B",
        Shape(4096, 12288, 36, 32, 8, 128, 151936, False, False, "qwen3"),
        "Apache-2.0",
        "yes",
        32768,
        "ChatML",
    ),
    BaseModel(
        "llama-3.2-1b-instruct",
        "meta-llama/Llama-3.2-1B-Instruct",
        Shape(2048, 8192, 16, 32, 8, 64, 128256, True),
        "Llama 3.2 Community",
        _LLAMA_TERMS,
        131072,
        "Llama 3",
    ),
    BaseModel(
        "llama-3.2-3b-instruct",
        "meta-llama/Llama-3.2-3B-Instruct",
        Shape(3072, 8192, 28, 24, 8, 128, 128256, True),
        "Llama 3.2 Community",
        _LLAMA_TERMS,
        131072,
        "Llama 3",
    ),
    BaseModel(
        "llama-3.1-8b-instruct",
        "meta-llama/Llama-3.1-8B-Instruct",
        Shape(4096, 14336, 32, 32, 8, 128, 128256, False),
        "Llama 3.1 Community",
        _LLAMA_TERMS,
        131072,
        "Llama 3",
    ),
    BaseModel(
        "llama-2-7b-chat",
        "meta-llama/Llama-2-7b-chat-hf",
        Shape(4096, 11008, 32, 32, 32, 128, 32000, False),
        "Llama 2 Community",
        _LLAMA_TERMS,
        4096,
        "Llama 2",
    ),
    BaseModel(
        "mistral-7b-instruct-v0.3",
        "mistralai/Mistral-7B-Instruct-v0.3",
        Shape(4096, 14336, 32, 32, 8, 128, 32768, False, False, "mistral"),
        "Apache-2.0",
        "yes",
        32768,
        "Mistral",
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


def known_folder(name_or_path: str) -> Path | None:
    """Where the config.json of a model lies on this machine; None where it does not.

    Looked for in this order: the embedded model, a folder, the hub's cache, and the cards that were fetched.
    """
    if name_or_path.lower() in (smollm2.NAME, "smollm2"):
        return smollm2.folder() if smollm2.is_ready() else None
    given = Path(name_or_path).expanduser()
    if (given / "config.json").is_file():
        return given
    if not HUB_ID.fullmatch(name_or_path):
        return None
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(name_or_path, "config.json")
    kept = Path(cached).parent if isinstance(cached, str) else card_folder(name_or_path)
    return kept if (kept / "config.json").is_file() else None


def card_folder(hub_id: str) -> Path:
    """Where a fetched card is kept: beside weights, a lone config would pass for a whole model."""
    return smollm2.cache_folder() / "cards" / hub_id.replace("/", "--")


def config_of(name_or_path: str) -> tuple[str, dict[str, Any]]:
    """Name and config.json of a model folder, or of a catalogued model as far as its memory depends on it.

    Raises:
        InputError: It is neither.
    """
    listed = find(name_or_path)
    if listed is None and (folder := known_folder(name_or_path)):
        return _last(name_or_path), read_json(folder / "config.json")
    name, shape = shape_of(name_or_path)
    return name, shape.config()


def shape_of(name_or_path: str) -> tuple[str, Shape]:
    """Name and shape of a catalogued model or of a model folder; reads no weights and imports no torch.

    Raises:
        InputError: It is neither, or its config is not that of a Llama-style decoder.
    """
    if listed := find(name_or_path):
        return listed.name, listed.shape
    if folder := known_folder(name_or_path):
        return _last(name_or_path), read_shape(read_json(folder / "config.json"), name_or_path)
    names = ", ".join(model.name for model in MODELS)
    raise InputError(
        f"There is no model {name_or_path}: it is not in the catalogue and no folder with a config.json.",
        f"Name a model folder or one of: {names}.",
    )


def _last(name_or_path: str) -> str:
    return name_or_path.rstrip("/").rsplit("/", 1)[-1]
