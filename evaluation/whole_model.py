"""Lets a model that was trained in full be compared with its base as an adapter is: one model, switched to and fro."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import models
from core.chat import template_hash
from core.errors import FinetoothError


def load_beside_base(base: Path, tuned: Path) -> Any:
    """The tuned model in float32 with a ``disable_adapter`` like PEFT's: inside it, the base's weights answer.

    Both sets of weights are held in memory; switching moves none of them.

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
    model = models.load_model(tuned, "fp32")
    mine = dict(model.named_parameters())
    theirs = dict(models.load_model(base, "fp32").named_parameters())
    if {name: p.shape for name, p in mine.items()} != {name: p.shape for name, p in theirs.items()}:
        raise FinetoothError(
            f"The model in {tuned} has other parameters than the base model.", "Evaluate it on the base it came from."
        )
    values = {name: (p.data, theirs[name].data) for name, p in mine.items()}

    @contextmanager
    def disable_adapter() -> Iterator[None]:
        for name, (_, base_values) in values.items():
            mine[name].data = base_values
        try:
            yield
        finally:
            for name, (own, _) in values.items():
                mine[name].data = own

    model.disable_adapter = disable_adapter
    return model
