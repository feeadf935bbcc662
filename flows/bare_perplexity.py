"""The perplexity of a model on a bare file: assistant tokens only, end of turn included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import models
from core.chat import template_hash
from core.generation import max_tokens_of
from core.jobs import Progress, no_progress
from curation import readers
from evaluation.perplexity import prepare, score_prepared, summarise
from evaluation.unpacked import compute_in_float32, compute_type


def of_file(
    path: Path,
    *,
    model: str,
    adapter: Path | None = None,
    precision: models.Precision = "stored",
    batch_size: int = 8,
    context: int | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Score every row of a file.

    Args:
        path: The dataset.
        model: A model's name or path.
        adapter: A PEFT adapter to put on it.
        precision: ``stored`` = the weights as they are.
        batch_size: Conversations at once; it does not change the figures.
        context: A conversation longer than the model reads is scored in windows, each of which reads this many tokens
            before the first that it scores; None = such a row is an error.
        progress: Told how far the work is.

    Returns:
        ``nll`` (a sum, in nats), ``tokens``, ``perplexity``, ``bits_per_byte``, ``examples`` (``row``, ``nll``,
        ``tokens``, ``windows``), and what it was measured with.

    Raises:
        InputError: Nothing can be read, a row cannot be scored (it is named), or there is no such model.
    """
    rows = readers.read(path)
    base = models.resolve(model)
    tokenizer = models.load_tokenizer(base)
    progress("loading the model", 0, None)
    loaded = models.load_model(base, precision, adapter)
    if precision == "nf4":
        compute_in_float32(loaded)
    names = [f"line {row.line}" for row in rows.rows]
    examples = [row.example for row in rows.rows]
    prepared = prepare(tokenizer, examples, names=names, max_tokens=max_tokens_of(loaded), context=context)
    scores = score_prepared(loaded, prepared, batch_size=batch_size, progress=progress, stage="scoring")
    total = summarise(scores)
    return {
        "nll": total.nll,
        "tokens": total.tokens,
        "perplexity": total.perplexity,
        "bits_per_byte": total.bits_per_byte,
        "examples": [
            {"row": row.line, "nll": score.nll, "tokens": score.tokens, "windows": max(1, len(one.windows))}
            for row, score, one in zip(rows.rows, scores, prepared, strict=True)
        ],
        "rejected": [{"line": r.line, "reason": r.reason} for r in rows.rejects],
        "model": str(base),
        "adapter": str(adapter) if adapter else None,
        "precision": precision,
        "max_tokens": max_tokens_of(loaded),
        "context": context,
        "compute": compute_type(loaded),
        "template_hash": template_hash(tokenizer),
    }
