"""Finds models and loads them: the embedded ones without a network, any other from a folder or the model hub."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from core import adapters, smollm2
from core.embeddings import MINILM_NAME, embed, minilm_folder
from core.errors import FinetoothError, InputError
from core.quiet import asked_to_stay_offline, quiet, reaching_the_hub

__all__ = [
    "DEFAULT_BASE", "ModelInfo", "Precision", "catalogue", "device", "embed", "load_model", "load_tokenizer",
    "quantisation", "resolve",
]  # fmt: skip

Precision = Literal["stored", "nf4", "bf16", "fp32"]

DEFAULT_BASE = smollm2.NAME
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
HUB_FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt"]
"""What is fetched from the hub: never pickled weights, never code."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model at hand. ``role`` is ``base`` or ``embeddings``; ``path`` loads with ``from_pretrained``."""

    name: str
    role: str
    path: Path
    licence: str


def catalogue() -> list[ModelInfo]:
    """The embedded models, the base model first; converts it when that has not been done yet.

    Raises:
        FinetoothError: A model's package is not installed.
    """
    return [
        ModelInfo(smollm2.NAME, "base", smollm2.ensure(), "Apache-2.0"),
        ModelInfo(MINILM_NAME, "embeddings", minilm_folder(), "Apache-2.0"),
    ]


def resolve(name_or_path: str | Path = DEFAULT_BASE) -> Path:
    """The local folder of a model: an embedded model's name, a folder with a config.json, or a hub id.

    A hub id is looked up in the local hub cache first and fetched only when nobody asked to stay offline.

    Raises:
        InputError: It is none of these, or the hub cannot be reached.
    """
    name = str(name_or_path)
    if name.lower() in (smollm2.NAME, "smollm2"):
        return smollm2.ensure()
    if name.lower() == MINILM_NAME:
        return minilm_folder()
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return folder.resolve()
    if folder.exists():
        raise InputError(
            f"{name} is not a model folder: it has no config.json.",
            "Name the folder that holds config.json, the tokenizer and the safetensors.",
        )
    if isinstance(name_or_path, str) and HUB_ID.fullmatch(name) and not folder.parent.exists():
        return _from_hub(name)
    raise InputError(
        f"There is no model at {name}, and no embedded model has that name.",
        f"Name a folder, a hub id (owner/name), or one of: {smollm2.NAME}.",
    )


def lasting(name_or_path: str) -> str:
    """A model's name as any process understands it: a folder by its full path, since a job runs in another folder."""
    path = Path(name_or_path)
    return str(path.resolve()) if (path / "config.json").is_file() else name_or_path


def load_tokenizer(path: Path) -> Any:
    """The tokenizer of a model folder; where it has no pad token, the end token pads (labels go by position).

    Raises:
        InputError: The folder does not exist or has no readable tokenizer.
    """
    from transformers import AutoTokenizer

    _refuse_missing(path)
    with quiet():
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The tokenizer in {path} cannot be read.", "Copy the model's tokenizer files into that folder."
            ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(path: Path, precision: Precision = "stored", adapter: Path | None = None) -> Any:
    """A causal language model in eval mode, on the GPU if there is one.

    Args:
        path: A folder with config.json and safetensors.
        precision: ``stored`` keeps the weights' own type; ``nf4`` quantises the linear layers to 4-bit NormalFloat with
            double quantisation and bfloat16 compute (QLoRA, arXiv 2305.14314); ``bf16`` and ``fp32`` cast.
        adapter: A LoRA folder to put on top; refused where it was trained on another base or would have no effect.

    Raises:
        InputError: The folder does not exist, holds no causal language model, or the precision is unknown.
        FinetoothError: The adapter does not belong to this base.
    """
    import torch
    from transformers import AutoModelForCausalLM

    _refuse_missing(path)
    if precision not in get_args(Precision):
        raise InputError(f"{precision} is not a precision.", f"Use one of: {', '.join(get_args(Precision))}.")
    types: dict[str, Any] = {"stored": "auto", "nf4": torch.bfloat16, "bf16": torch.bfloat16, "fp32": torch.float32}
    settings: dict[str, Any] = {"dtype": types[precision], "use_safetensors": True, "device_map": {"": device()}}
    if precision == "nf4":
        settings["quantization_config"] = quantisation()
    with quiet():
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(path, **settings)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise InputError(
                f"{path} cannot be loaded as a causal language model ({type(error).__name__}).",
                "It needs config.json and *.safetensors of a model that transformers knows.",
            ) from error
        if precision == "nf4":
            keep_the_gradient(model)
        if adapter is not None:
            model = adapters.attach(model, adapter, base=path, tokenizer=load_tokenizer(path))
    model.eval()
    return model


def quantisation() -> Any:
    """NF4 with double quantisation and bfloat16 compute; the library's defaults (FP4, fp32) are neither."""
    import torch
    from transformers import BitsAndBytesConfig

    if importlib.util.find_spec("bitsandbytes") is None:
        raise FinetoothError("bitsandbytes is not installed.", "Install it: pip install bitsandbytes")
    config: Any = BitsAndBytesConfig
    return config(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def keep_the_gradient(model: Any) -> int:
    """Forbid the repacking of 4-bit weights on CPUs. Returns how many layers that concerned.

    bitsandbytes 0.50 repacks a weight in place at its first forward in eval mode, for a kernel that has no backward:
    the loss stays right while every gradient through that layer is silently lost.
    """
    from bitsandbytes.nn.modules import Linear4bit

    layers: list[Any] = [module for module in model.modules() if isinstance(module, Linear4bit)]
    for layer in layers:
        layer.support_avx512bf16_for_cpu = False
    return len(layers)


def device() -> str:
    """Where models run: ``cuda`` if a GPU can be used, else ``cpu``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _refuse_missing(path: Path) -> None:
    if not (path / "config.json").is_file():
        raise InputError(
            f"There is no model at {path}: no config.json is there.", "Check the path, or `finetooth models`."
        )


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=HUB_FILES))
    except LocalEntryNotFoundError:
        pass  # not in the local hub cache: fetch it, if that is allowed
    if asked_to_stay_offline():
        raise InputError(
            f"There is no model {name} on this machine, and HF_HUB_OFFLINE forbids fetching it.",
            "Copy the model into a folder and name that folder.",
        )
    try:
        with reaching_the_hub():
            return Path(snapshot_download(name, allow_patterns=HUB_FILES, etag_timeout=10))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"There is no model {name} on this machine, and it could not be fetched from the model hub.",
            f"Check the name and the network, name a folder, or use {smollm2.NAME}.",
        ) from error
