"""What an evaluation stores about each example, as a table: likelihoods, answers and metrics of both models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from core.generation import Answer
from core.revisions import messages_to_json
from core.types import Example
from evaluation.perplexity import Score


def table(
    kept: Sequence[Example],
    scores: tuple[Sequence[Score], Sequence[Score]],
    *,
    places: Sequence[int],
    answers: tuple[Sequence[Answer], Sequence[Answer]],
    metric_columns: dict[str, list[float | None]],
) -> pl.DataFrame:
    """One row an example, in hold-out order; columns about answers are null where none was asked for."""
    row_of = {k: row for row, k in enumerate(places)}
    data: dict[str, pl.Series] = {
        "example_id": pl.Series([e.id for e in kept], dtype=pl.String),
        "prompt": pl.Series([messages_to_json(e.prompt) for e in kept], dtype=pl.String),
        "reference": pl.Series([e.answer for e in kept], dtype=pl.String),
    }
    for name, own in zip(("base", "tuned"), scores, strict=True):
        data[f"{name}_nll"] = pl.Series([s.nll for s in own], dtype=pl.Float64)
        data[f"{name}_tokens"] = pl.Series([s.tokens for s in own], dtype=pl.Int64)
        data[f"{name}_content_nll"] = pl.Series([s.content_nll for s in own], dtype=pl.Float64)
    data["content_bytes"] = pl.Series([s.content_bytes for s in scores[0]], dtype=pl.Int64)

    def spread(values: Sequence[Any], dtype: Any) -> pl.Series:
        return pl.Series([values[row_of[k]] if k in row_of else None for k in range(len(kept))], dtype=dtype)

    for name, said in zip(("base", "tuned"), answers, strict=True):
        data[f"{name}_reply"] = spread([a.text for a in said], pl.String)
        data[f"{name}_truncated"] = spread([a.truncated for a in said], pl.Boolean)
        data[f"{name}_reply_tokens"] = spread([a.tokens for a in said], pl.Int64)
        data[f"{name}_seconds"] = spread([a.seconds for a in said], pl.Float64)
    for name, values in metric_columns.items():
        data[name] = spread(values, pl.Float64)
    return pl.DataFrame(data)


def speed(answers: Sequence[Answer]) -> dict[str, Any]:
    """Counts and speed of one model's answers (None where there are none)."""
    seconds, tokens = sum(a.seconds for a in answers), sum(a.tokens for a in answers)
    return {
        "n": len(answers),
        "truncated": sum(a.truncated for a in answers),
        "empty": sum(not a.text.strip() for a in answers),
        "seconds_per_answer": seconds / len(answers) if answers else None,
        "tokens_per_second": tokens / seconds if seconds else None,
    }
