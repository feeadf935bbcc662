"""Base models worth fine-tuning, with what a plan needs to know; the shapes are here so that no network is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.files import read_json
from training.shapes import Shape, read_shape

__all__ = ["MODELS", "BaseModel", "Shape", "config_of", "find", "read_shape", "shape_of"]

AS_OF = "2026-11-21"
"""When licences and shapes were noted, from memory; read the model's card before you rely on a licence."""


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
        Shape(896, 4864, 24, 14, 2, 64, 151936, True, True, "qwen2"),
        "Apache-2.0",
        "yes",
        32768,
    ),
    BaseModel(
        "qwen2.5-1.5b-instruct",
        "Qwen/Qwen2.5-1.5B-Instruct",
        Shape(1536, 8960, 28, 12, 2, 128, 151936, True, True, "qwen2"),
        "Apache-2.0",
        "yes",
        32768,
    ),
    BaseModel(
        "qwen2.5-3b-instruct",
        "Qwen/Qwen2.5-3B-Instruct",
        Shape(2048, 11008, 36, 16, 2, 128, 151936, True, True, "qwen2"),
        "Qwen Research",
        "no (research only; ask the maker)",
        32768,
    ),
    BaseModel(
        "qwen2.5-7b-instruct",
        "Qwen/Qwen2.5-7B-Instruct",
        Shape(3584, 18944, 28, 28, 4, 128, 152064, False, True, "qwen2"),
        "Apache-2.0",
        "yes",
        32768,
    ),
    BaseModel(
        "qwen3-8b",
        "Qwen/Qwen3-8B",
        Shape(4096, 12288, 36, 32, 8, 128, 151936, False, False, "qwen3"),
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
        Shape(4096, 14336, 32, 32, 8, 128, 32768, False, False, "mistral"),
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


def config_of(name_or_path: str) -> tuple[str, dict[str, Any]]:
    """Name and config.json of a model folder, or of a catalogued model as far as its memory depends on it.

    Raises:
        InputError: It is neither.
    """
    folder = Path(name_or_path).expanduser()
    if (folder / "config.json").is_file():
        return folder.name, read_json(folder / "config.json")
    name, shape = shape_of(name_or_path)
    return name, shape.config()


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
