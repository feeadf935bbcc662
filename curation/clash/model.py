"""Reads pairs of statements with a three-label cross-encoder: how likely the second contradicts the first."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.models import device
from core.quiet import quiet

PIECE_PAIRS = 256
"""Pairs between two looks at whoever watches, and between two writes of what was found."""

BATCH_PAIRS = 32

Statements = tuple[str, str]
"""A premise and a hypothesis."""


class CrossEncoder:
    """A sentence-transformers cross-encoder of three labels, in float32, from a local folder.

    Args:
        folder: ``config.json``, the tokenizer and ``*.safetensors``.
        columns: Which of its outputs is contradiction, entailment and neutral.
        identity: What the folder holds; one that holds something else by now is loaded anew.

    Raises:
        InputError: It cannot be loaded, or its weights lack the classifier.
    """

    def __init__(self, folder: Path, columns: tuple[int, int, int], identity: str = "") -> None:
        self._model, self.max_tokens = _loaded(folder, identity)
        self._columns = list(columns)

    def fits(self, pairs: Sequence[Statements]) -> NDArray[np.bool_]:
        """bool [pairs]: whether a pair has at most ``max_tokens`` tokens, so that nothing of it would be cut off."""
        if not pairs:
            return np.zeros(0, bool)
        encoded = self._model.tokenizer(
            [left for left, _ in pairs], [right for _, right in pairs], truncation=False, verbose=False
        )["input_ids"]
        return np.array([len(ids) <= self.max_tokens for ids in encoded])

    def pieces(self, pairs: Sequence[Statements]) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """The scores of ``pairs``, piece by piece, the longest first.

        Yields:
            Numbers of pairs, and float32 [piece, 3]: the probabilities of contradiction, entailment and neutral.
        """
        import torch

        order = sorted(range(len(pairs)), key=lambda n: (-len(pairs[n][0]) - len(pairs[n][1]), pairs[n]))
        for start in range(0, len(order), PIECE_PAIRS):
            piece = order[start : start + PIECE_PAIRS]
            logits = self._model.predict(
                [pairs[n] for n in piece],
                batch_size=BATCH_PAIRS,
                show_progress_bar=False,
                activation_fn=torch.nn.Identity(),
            )
            yield piece, _softmax(np.asarray(logits, np.float64))[:, self._columns]


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    """Along the last axis, rounded to 1e-5: a pair has one score whichever others shared its batch."""
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = np.round(grown / grown.sum(axis=1, keepdims=True), 5).astype(np.float32)
    return shares


@functools.lru_cache(maxsize=1)
def _loaded(folder: Path, identity: str) -> tuple[Any, int]:
    """The model and the most tokens that a pair may have."""
    del identity  # part of the key under which the model is kept
    with quiet():
        import torch
        from safetensors import SafetensorError
        from sentence_transformers import CrossEncoder as Loaded

        spoilt = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, ImportError, SafetensorError)
        try:
            model: Any = Loaded(
                str(folder),
                device=device(),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )
            model.eval()
            tokenizer, config = model.tokenizer, model.model.config
        except spoilt as error:
            raise InputError(
                f"The entailment model cannot be loaded ({type(error).__name__}): {folder}.",
                "Check that its folder holds the tokenizer's files and whole *.safetensors weights.",
            ) from error
    _refuse_untrained(model.model, folder)
    most = int(getattr(config, "max_position_embeddings", 0) or 512)
    if getattr(config, "position_biased_input", True) and config.model_type in _SHIFTED:
        most -= 2  # these families count positions from two
    return model, min(int(tokenizer.model_max_length), most)


_SHIFTED = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet", "longformer"})


def _refuse_untrained(model: Any, folder: Path) -> None:
    """A classifier that is not among the stored weights was made up while loading: it would judge at random."""
    from safetensors import safe_open

    stored: set[str] = set()
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            stored |= set(file.keys())
    body = f"{model.base_model_prefix}."
    head = [name for name in model.state_dict() if not name.startswith(body)]
    if absent := [name for name in head if name not in stored]:
        raise InputError(
            f"The entailment model's weights lack its classifier ({absent[0]}): {folder}.",
            "Name the folder of a model that was trained to tell contradiction, entailment and neutral apart.",
        )
