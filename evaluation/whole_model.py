"""Lets a model that was trained in full be compared with its base as an adapter is: one model, switched to and fro.

Only one set of weights is in memory at a time: switching reads the other one from disk, which takes as long as loading
a model does and is asked for a few times an evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import models
from core.chat import template_hash
from core.errors import FinetoothError, InputError


def load_beside_base(base: Path, tuned: Path) -> Any:
    """The tuned model in float32 with a ``disable_adapter`` like PEFT's: inside it, the base's weights answer.

    Raises:
        InputError: A folder holds no model.
        FinetoothError: The two have different parameters, words or chat templates: one was not trained from the other,
            or their figures would not be about the same tokens.
    """
    tokenizers = [models.load_tokenizer(path) for path in (base, tuned)]
    first, second = ((template_hash(one), one.get_vocab()) for one in tokenizers)
    if first != second:
        raise FinetoothError(
            f"The model in {tuned} has another chat template or vocabulary than the base model.",
            "Put the base model's tokenizer files beside it, or evaluate it on the base it came from.",
        )
    if _shapes(base) != _shapes(tuned):
        raise FinetoothError(
            f"The model in {tuned} has other parameters than the base model.", "Evaluate it on the base it came from."
        )
    model = models.load_model(tuned, "fp32")

    @contextmanager
    def disable_adapter() -> Iterator[None]:
        _take_weights(model, base)
        try:
            yield
        finally:
            _take_weights(model, tuned)

    model.disable_adapter = disable_adapter
    return model


def _shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """The names and shapes of a model's parameters, without its weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    kind: Any = AutoModelForCausalLM
    try:
        config = AutoConfig.from_pretrained(folder)
        with torch.device("meta"):
            empty = kind.from_config(config)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{folder} cannot be loaded as a causal language model ({type(error).__name__}).",
            "It needs config.json and *.safetensors of a model that transformers knows.",
        ) from error
    return {name: tuple(p.shape) for name, p in empty.named_parameters()}


def _take_weights(model: Any, folder: Path) -> None:
    """Let a model go on with the weights of a folder; its own are let go before these are read."""
    import torch

    for parameter in model.parameters():
        parameter.data = torch.empty(0, dtype=parameter.dtype, device=parameter.device)
    theirs = dict(models.load_model(folder, "fp32").named_parameters())
    for name, parameter in model.named_parameters():
        parameter.data = theirs[name].data
