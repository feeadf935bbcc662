"""Several answers to each prompt, drawn by seed: what one greedy answer hides, averaged by prompt and compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from core.generation import Answer, Generation
from core.jobs import Progress, no_progress
from core.types import Example
from evaluation import table
from evaluation.estimate import mean_estimate
from evaluation.given import Look, given
from evaluation.metrics_loader import compare_metrics
from evaluation.replies import as_base, prompts_of
from evaluation.replies_kept import answer_all

KIND = "samples"
Draws = list[list[Answer]]
"""Answers of one model by draw, and in each by prompt."""


def draw(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Example],
    settings: Generation,
    *,
    n_samples: int,
    made: Path,
    progress: Progress = no_progress,
) -> tuple[Draws, Draws]:
    """Several answers of base and tuned to each prompt; the same seed gives the same answers.

    Args:
        model: With its adapter on, in eval mode.
        tokenizer: Its tokenizer.
        examples: Whose prompts are answered; each fits the model.
        settings: With a temperature; draw k uses the seed that many higher.
        n_samples: Draws.
        made: Folder of the answers made so far; whoever calls removes it when the result is stored.
        progress: Called between batches; it may raise to stop.
    """
    prompts = prompts_of(tokenizer, examples)

    def drawn(answering: Any, of: str) -> Draws:
        found = []
        for k in range(n_samples):
            seeded = settings.with_seed(settings.seed + k)
            path, stage = made / f"samples_{of}_{k}.jsonl", f"sample {k + 1} of {of}"
            found.append(answer_all(answering, tokenizer, prompts, seeded, path, progress=progress, stage=stage))
        return found

    with as_base(model) as base_model:
        base = drawn(base_model, "base")
    return base, drawn(model, "tuned")


def compare(
    examples: Sequence[Example],
    base: Draws,
    tuned: Draws,
    settings: Generation,
    *,
    others: Sequence[str] = (),
    training: Sequence[str] = (),
    look: Look | None = None,
) -> tuple[dict[str, Any], pl.DataFrame]:
    """Metrics of drawn answers: each prompt's mean over its draws, then means and paired differences over prompts.

    Draws of one prompt are alike, so the prompt is the unit: more draws make each prompt's figure steadier and do not
    count as more prompts.

    Args:
        examples: Whose prompts were answered.
        base, tuned: From :func:`draw`.
        settings: With which they were drawn.
        others, training, look: As for an evaluation.

    Returns:
        The ``sampled`` part of an evaluation's summary: ``n_samples``, ``settings``, ``metrics`` (as the greedy
        answers', with ``n`` prompts, and ``different``, the share of different answers among a prompt's draws) and
        ``replies`` (counts and speed of both); and one row a draw and prompt.
    """
    n, k = len(examples), len(base)
    flat = [[answer for drawn in model for answer in drawn] for model in (base, tuned)]
    texts = ([a.text for a in flat[0]], [a.text for a in flat[1]])
    cut = ([a.truncated for a in flat[0]], [a.truncated for a in flat[1]])
    repeated = [example for _ in range(k) for example in examples]
    beside = given(repeated, texts, cut, training=training, look=look)
    found, columns = compare_metrics(texts[0], texts[1], [e.answer for e in repeated], others=others, given=beside)
    metrics = {
        name: {
            **{"title": one["title"], "better": one["better"]},
            **_by_prompt(_means(columns[f"base_{name}"], n), _means(columns[f"tuned_{name}"], n)),
        }
        for name, one in found.items()
    }
    different = [[len({drawn[i].text.strip() for drawn in model}) / k for i in range(n)] for model in (base, tuned)]
    metrics["different"] = {
        **{"title": "Different answers among a prompt's samples", "better": "neither"},
        **_by_prompt(different[0], different[1]),
    }
    frame = pl.DataFrame(
        {
            "example_id": [e.id for e in repeated],
            "sample": [draw for draw in range(k) for _ in range(n)],
            **{"base_reply": texts[0], "tuned_reply": texts[1], "base_truncated": cut[0], "tuned_truncated": cut[1]},
            **{name: pl.Series(values, dtype=pl.Float64) for name, values in columns.items()},
        }
    )
    replies = {"base": table.speed(flat[0]), "tuned": table.speed(flat[1])}
    return {"n_samples": k, "settings": settings.as_dict(), "metrics": metrics, "replies": replies}, frame


def _means(values: Sequence[float | None], n: int) -> list[float | None]:
    """Each prompt's mean over its draws that could be scored."""
    found: list[float | None] = []
    for i in range(n):
        known = [value for value in values[i::n] if value is not None]
        found.append(sum(known) / len(known) if known else None)
    return found


def _by_prompt(base: Sequence[float | None], tuned: Sequence[float | None]) -> dict[str, Any]:
    pairs = [(b, t) for b, t in zip(base, tuned, strict=True) if b is not None and t is not None]
    return {
        "base": mean_estimate([b for b, _ in pairs]).as_dict(),
        "tuned": mean_estimate([t for _, t in pairs]).as_dict(),
        "difference": mean_estimate([t - b for b, t in pairs]).as_dict(),
        **{"n": len(pairs), "n_not_scored": len(base) - len(pairs)},
    }
