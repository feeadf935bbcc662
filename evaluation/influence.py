"""Which training examples pulled a model towards an answer: LoRA gradients of conversations, projected and compared.

A step on a training example lowers the loss of every answer whose gradient points the same way. So the gradient of a
wrong answer points at the examples that taught it; but most of it is shared with everything of that length and form.
The *contrast*, that gradient minus the gradient of the right answer to the same prompt, holds what only the fault has.
Whitening (by the training gradients' own covariance) takes away the directions that all of them share.

Gradients are taken as in LESS (arXiv 2402.04333, LoRA gradients, random projection) and compared as in influence
functions (arXiv 2303.14186, inverse covariance), with a count sketch (Charikar et al. 2002) for the projection.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import models
from core.chat import IGNORED, encode
from core.embedding_store import EmbeddingStore
from core.errors import InputError
from core.generation import max_tokens_of
from core.jobs import Progress, no_progress
from core.machine import free_bytes
from core.types import Message
from evaluation.unpacked import SHARE_OF_FREE_MEMORY, compute_in_float32, compute_type

Rows = NDArray[np.float32]

DIMENSIONS = 4096
"""A cosine of two sketches is then within 0.03 of the gradients' own in 95 of 100 cases."""

FORMAT = 1
"""Raised whenever the same conversation would get another sketch, so that sketches kept from before are not used."""

RIDGE = 0.1
"""Added to the eigenvalues of the training gradients' Gram matrix, whose mean is 1."""

POSITIONS_AT_ONCE = 1024
"""Answer tokens whose logits stand in memory at once; a longer answer takes several passes."""

RECOMPUTE_TOKENS = 256
"""Longer conversations recompute their activations, so that memory grows with one layer and not with all."""

MOST_KEPT = 20_000
"""Sketches kept for one adapter: about 330 MB; the oldest go first."""


class Gradients:
    """Sketches of the gradients that conversations give a run's adapter; those of a training set are kept beside it.

    Args:
        base: Folder of the base model.
        adapter: The run's adapter.
        precision: In which it was trained; on a CPU the weights then compute in float32, where memory allows it.
        keep_in: Folder for the sketches that are kept; None keeps none.
        all_turns: Whether the run trained every answer of a conversation, or the last alone.
    """

    def __init__(
        self,
        base: Path,
        adapter: Path,
        *,
        precision: models.Precision = "bf16",
        keep_in: Path | None = None,
        all_turns: bool = True,
    ) -> None:
        self._base, self._adapter, self._precision, self._all_turns = base, adapter, precision, all_turns
        weights = hashlib.sha256((adapter / "adapter_model.safetensors").read_bytes()).hexdigest()
        self._kept = (
            EmbeddingStore(keep_in / f"{weights[:32]}-v{FORMAT}.sqlite", dimensions=DIMENSIONS, most=MOST_KEPT)
            if keep_in
            else None
        )
        self._tokenizer = models.load_tokenizer(base)
        self._model: Any = None
        self._buckets: list[Any] = []

    def of(
        self,
        conversations: Sequence[Sequence[Message]],
        *,
        last: bool = False,
        progress: Progress = no_progress,
        stage: str = "gradients",
    ) -> tuple[Rows, tuple[int, ...]]:
        """The gradient of each conversation's summed NLL over its answers, sketched; one conversation at a time.

        Args:
            conversations: Turns that end with an answer.
            last: Only the last answer counts, whatever the run trained.
            progress: Called after each; it may raise to stop. What was made by then is kept.
            stage: Its name.

        Returns:
            float32 [n, DIMENSIONS] in the given order, and the places of those that cannot be compared (the model
            does not read their text, or it is too long for it); their rows are zero.
        """
        rows = np.zeros((len(conversations), DIMENSIONS), dtype=np.float32)
        encoded = [self._encoded(messages, last) for messages in conversations]
        names = [json.dumps([*one, self._precision]) if one else "" for one in encoded]
        store = self._kept
        known = store.read(names) if store else {}
        held = {names[place]: vector for place, vector in known.items()}
        progress(stage, len(known), len(conversations))
        done = 0
        for place, (name, one) in enumerate(zip(names, encoded, strict=True)):
            done += 1
            if one is None:
                continue
            if name not in held:
                held[name] = self._sketch(*one)
                if store:
                    store.write([name], held[name][None])
                progress(stage, done, len(conversations))
            rows[place] = held[name]
        progress(stage, len(conversations), len(conversations))
        return rows, tuple(place for place, one in enumerate(encoded) if one is None)

    @property
    def compute(self) -> str:
        """The number type in which gradients are computed, such as ``float32``."""
        return compute_type(self._loaded())

    def _encoded(self, messages: Sequence[Message], last: bool) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        try:
            one = encode(self._tokenizer, messages, all_turns=self._all_turns and not last)
        except InputError:
            return None
        limit = max_tokens_of(self._loaded())
        if one.n_supervised == 0 or one.labels[0] != IGNORED or (limit is not None and len(one.input_ids) > limit):
            return None
        return one.input_ids, one.labels

    def _loaded(self) -> Any:
        if self._model is None:
            self._model = _model(self._base, self._adapter, self._precision)
            self._buckets = [_bucket(name, p) for name, p in _trained(self._model)]
        return self._model

    def _sketch(self, ids: Sequence[int], labels: Sequence[int]) -> Rows:
        """float32 [DIMENSIONS]: each weight's gradient, with a random sign, summed in a random bucket."""
        import torch

        model = self._loaded()
        device = next(model.parameters()).device
        model.zero_grad(set_to_none=True)
        _set_recomputing(model, len(ids) > RECOMPUTE_TOKENS)
        tokens = torch.tensor([ids], device=device)
        scored = [k for k, label in enumerate(labels) if label != IGNORED]
        for start in range(0, len(scored), POSITIONS_AT_ONCE):
            part = torch.tensor(scored[start : start + POSITIONS_AT_ONCE], device=device)
            seen = tokens[:, : int(part[-1])]
            logits = model(input_ids=seen, use_cache=False, logits_to_keep=part - 1).logits[0]
            nll: Any = torch.nn.functional.cross_entropy(logits.float(), tokens[0, part], reduction="sum")
            nll.backward()
        total = torch.zeros(2 * DIMENSIONS, dtype=torch.float32, device=device)
        for (_, parameter), bucket in zip(_trained(model), self._buckets, strict=True):
            if parameter.grad is not None:
                total.index_add_(0, bucket, parameter.grad.flatten().float())
        model.zero_grad(set_to_none=True)
        sketch: Rows = (total[:DIMENSIONS] - total[DIMENSIONS:]).cpu().numpy()
        return sketch


def alike(train: Rows, query: Rows) -> Rows:
    """The whitened cosine of a query's gradient with each training gradient.

    With rows of unit length, C = GᵀG / n and W = (C + ridge / n)⁻¹, it is gᵀWq / √(gᵀWg · qᵀWq); the n x n Gram matrix
    is inverted in place of C, which is far larger.

    Args:
        train: float32 [n, DIMENSIONS]; rows of zeros give 0.
        query: float32 [DIMENSIONS].

    Returns:
        float32 [n], in [-1, 1].
    """
    rows = _units(train.astype(np.float64))
    asked = _units(query[None].astype(np.float64))[0]
    gram, seen = rows @ rows.T, rows @ asked
    inverse = np.linalg.inv(gram + RIDGE * np.eye(len(rows)))
    own = np.sqrt(np.maximum(np.einsum("ij,ji->i", inverse, gram), 1e-12))
    whole = np.sqrt(max(float(asked @ asked - seen @ inverse @ seen) / RIDGE, 1e-12))
    found: Rows = np.clip(inverse @ seen / own / whole, -1, 1).astype(np.float32)
    return found


def _units(rows: NDArray[Any]) -> NDArray[Any]:
    units: NDArray[Any] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-20)
    return units


def _model(base: Path, adapter: Path, precision: models.Precision) -> Any:
    """The tuned model with a gradient on its adapter alone, in float32 on a CPU where that has room."""
    import torch

    model = models.load_model(base, precision, adapter)
    if not compute_in_float32(model) and models.device() == "cpu" and precision != "nf4":
        n = sum(p.numel() for p in model.parameters())
        if 4 * n <= SHARE_OF_FREE_MEMORY * free_bytes():
            torch.nn.Module.float(model)  # differences of gradients drown in the rounding of bfloat16
    model.requires_grad_(False)
    for _, parameter in _adapters(model):
        parameter.requires_grad_(True)
    model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


def _adapters(model: Any) -> list[tuple[str, Any]]:
    return [(name, p) for name, p in model.named_parameters() if "lora_" in name]


def _trained(model: Any) -> list[tuple[str, Any]]:
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


def _bucket(name: str, parameter: Any) -> Any:
    """int32 [weights]: the bucket of each weight of one matrix, its sign told by the half; drawn from its name."""
    import torch

    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % 2**63
    drawn = torch.randint(0, 2 * DIMENSIONS, (parameter.numel(),), generator=torch.Generator().manual_seed(seed))
    return drawn.to(torch.int32).to(parameter.device)


def _set_recomputing(model: Any, on: bool) -> None:
    """Libraries recompute activations in training mode only; dropout must stay off in it."""
    import torch

    model.train(on)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
