"""A closed study as a dataset of the Hugging Face form: two tables, and the card that tells ``datasets`` of them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from core.files import json_text, make_folder, write_atomic
from evaluation.opponents import opponent
from evaluation.rubric import SIDES, score_key
from evaluation.stats import outcome_of
from evaluation.study import Study

TABLES = ("items", "ratings")
TURNS = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))


def write_dataset(study: Study, ratings: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Write ``items.parquet``, ``ratings.parquet`` and ``README.md``, for ``datasets.load_dataset(folder, "items")``.

    Args:
        study: A closed one.
        ratings: Its standing votes, as ``evaluation.exports.ratings_rows`` gives them.
        folder: Made where it is not there.

    Returns:
        The paths written.
    """
    make_folder(folder)
    frames = {"items": _items(study), "ratings": _ratings(study, ratings)}
    written = []
    for name, frame in frames.items():
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        write_atomic(folder / f"{name}.parquet", buffer.getvalue())
        written.append(folder / f"{name}.parquet")
    write_atomic(folder / "README.md", _card(study, frames))
    return [*written, folder / "README.md"]


def _items(study: Study) -> pl.DataFrame:
    rows = [
        {
            **{"item": item.id, "example_id": item.example_id, "reference": item.reference},
            **{"other": item.base, "tuned": item.tuned},
            "prompt": [{"role": turn.role, "content": turn.content} for turn in item.prompt],
        }
        for item in study.items.values()
    ]
    text = dict.fromkeys(("item", "example_id", "reference", "other", "tuned"), pl.String)
    return pl.DataFrame(rows, schema={**text, "prompt": TURNS})


def _ratings(study: Study, ratings: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    scored = [score_key(side, criterion.name) for criterion in study.criteria for side in SIDES]
    text = ("item", "rater", "verdict", "tuned_side", "outcome", "note", "shown_at", "answered_at", "flags")
    rows = []
    for row in ratings:
        verdict, scores = row.get("verdict"), row.get("scores", {})
        rows.append(
            {
                **{name: row.get(name) for name in ("item", "rater", "verdict", "note", "shown_at", "answered_at")},
                "tuned_side": row["tuned"],
                "outcome": None if verdict in (None, "skip") else outcome_of(str(verdict), row["tuned"]),
                "flags": json_text(row.get("flags", {}), None),
                **{key: scores.get(key) for key in scored},
            }
        )
    return pl.DataFrame(rows, schema={**dict.fromkeys(text, pl.String), **dict.fromkeys(scored, pl.Int64)})


def _card(study: Study, frames: Mapping[str, pl.DataFrame]) -> str:
    lines = ["---", "configs:"]
    for name in TABLES:
        lines += [f"- config_name: {name}", f"  data_files: {name}.parquet"]
    against = opponent(study.manifest)
    return "\n".join(
        [
            *lines,
            "---",
            "",
            f"# Blind study {study.id[:12]}: tuned against {against}",
            "",
            f"{frames['items'].height} pairs of answers to the same prompts, {frames['ratings'].height} votes, by a "
            f"rule that was fixed before the first one (hash {study.manifest['rule_hash'][:16]}).",
            "",
            f"- `items`: prompt, reference, the tuned model's answer (`tuned`) and that of {against} (`other`).",
            "- `ratings`: one row a vote: the verdict as on screen, `tuned_side`, and `outcome` of the tuned model "
            "(win, loss, tie, both_bad); scores from 1 to 5 by side and criterion; flags as JSON.",
            "",
            "These prompts were held out of training. To train on them, retire them on the record first.",
            "",
        ]
    )
