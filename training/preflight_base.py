"""Judges the base model's folder for a set of rows: where it stops, how far it reads, and whether it ever learnt the
tokens that the chat template writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core import chat
from core.files import read_json
from core.types import Message
from training.data import Item
from training.preflight_report import Problem

EMBEDDINGS = (
    "embed_tokens.weight",
    "wte.weight",
    "word_embeddings.weight",
    "embed_in.weight",
    "tok_embeddings.weight",
)
HEADS = ("lm_head.weight", "embed_out.weight")
SMALL_SHARE = 0.05
"""A row shorter than this share of the median row, or nearer than that to the mean of all, was never trained."""

SAME_SHARE = 0.02
"""Two rows nearer to each other than this share of the median length hold the same start value (in SmolLM2 trained
control tokens are at least 12 % apart, never-trained ones at most 0.3 %)."""

BLOCKS, BLOCK_ROWS = 32, 32
CONTROLS_MAX = 512
ROWS_LOOKED_AT = 200
"""Rows whose tokens tell which control tokens the template writes."""

PLAIN = (Message("user", "What is it?"), Message("assistant", "It is that."))


def stop_ids(model: Path, tokenizer: Any) -> frozenset[int]:
    """Tokens at which generation stops: those of generation_config.json, else the tokenizer's end token; maybe none."""
    path = model / "generation_config.json"
    named: Any = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id") if path.is_file() else None
    if named is None:
        named = tokenizer.eos_token_id
    return frozenset(one for one in (named if isinstance(named, list) else [named]) if one is not None)


def context_tokens(model: Path) -> int | None:
    """How many positions a model knows, stretched ones included; None where its config does not say."""
    if not (model / "config.json").is_file():
        return None
    config = read_json(model / "config.json")
    config = {**config, **config.get("text_config", {})}
    known = next((config[key] for key in ("max_position_embeddings", "n_positions") if config.get(key)), None)
    if known is None:
        return None
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    factor, original = rope.get("factor"), rope.get("original_max_position_embeddings")
    return max(int(known), int(factor * original)) if factor and original else int(known)


def template_problems(tokenizer: Any) -> Iterator[Problem]:
    """Whether the chat template can write a plain question with its answer; without that nothing can be trained."""
    try:
        chat.encode(tokenizer, PLAIN)
    except chat.RefusedError as error:
        if error.name in ("unknown-template", "template-refuses-turns", "answer-left-out"):
            message = f"This model's chat template cannot be trained: {error.message}"
            yield Problem("unknown-template", message, error.hint, 0)


def untrained_tokens(
    model: Path, tokenizer: Any, items: Sequence[Item], stops: frozenset[int], *, full: bool
) -> Iterator[tuple[bool, Problem]]:
    """Control tokens that the template writes although the base model never learnt them.

    A base model without a chat template of its own often has such tokens: their rows in the embedding are zero, all
    alike, or the mean that a resize filled in. Adapters leave these rows as they are, so a stop token among them can
    hardly be learnt.

    Args:
        model: The base model's folder.
        tokenizer: Its tokenizer.
        items: The rows to train on.
        stops: Where generation stops.
        full: Whether every weight is trained, the embedding too.

    Yields:
        Whether it forbids the run, and the problem.
    """
    controls = chat.control_tokens(tokenizer)
    written = {token for item in items[:ROWS_LOOKED_AT] for token in item.input_ids if token in controls}
    if not written:
        return
    for names, wanted in ((EMBEDDINGS, written), (HEADS, written & stops)):
        rows, missing = _never_trained(model, names, wanted, [*controls][:CONTROLS_MAX])
        if missing:
            shown = ", ".join(controls[token] for token in sorted(missing))
            message = f"The chat template writes tokens for which the base model has no row: {shown}."
            yield True, Problem("token-outside-vocabulary", message, "Use the tokenizer of this model.", len(missing))
        if rows:
            shown = ", ".join(controls[token] for token in sorted(rows))
            message = f"The base model never learnt tokens that its chat template writes: {shown}."
            hint = "Choose the instruct model of this family, or train in full (method: full)."
            yield bool(rows & stops) and not full, Problem("untrained-control-token", message, hint, len(rows))
            return


def _never_trained(
    model: Path, names: Sequence[str], wanted: Iterable[int], controls: Sequence[int]
) -> tuple[set[int], set[int]]:
    """Of the wanted token ids: those whose row was never trained, and those that have no row."""
    from safetensors import safe_open

    for file in sorted(model.glob("*.safetensors")):
        with safe_open(file, framework="pt") as handle:
            found = next((key for key in handle.keys() if key.endswith(tuple(names))), None)  # noqa: SIM118  # no dict
            if found is not None:
                return _judge_rows(handle.get_slice(found), set(wanted), controls)
    return set(), set()


def _judge_rows(table: Any, wanted: set[int], controls: Sequence[int]) -> tuple[set[int], set[int]]:
    import torch

    height = table.get_shape()[0]
    missing = {token for token in wanted if token >= height}
    step = max(1, height // BLOCKS)
    sampled = torch.cat([table[start : start + BLOCK_ROWS] for start in range(0, height, step)]).float()
    others = [token for token in dict.fromkeys([*controls, *wanted]) if token < height]
    known = torch.cat([table[token : token + 1] for token in others]).float()
    length = float(sampled.norm(dim=1).median())
    mean = sampled.mean(dim=0)
    spread = float((sampled - mean).norm(dim=1).median())
    apart = torch.cdist(known, known, compute_mode="donot_use_mm_for_euclid_dist")
    apart.fill_diagonal_(float("inf"))
    nearest = dict(zip(others, apart.min(dim=1).values.tolist(), strict=True))
    untrained = set()
    for token in wanted - missing:
        row = known[others.index(token)]
        small = float(row.norm()) < SMALL_SHARE * length
        filled = float((row - mean).norm()) < SMALL_SHARE * spread
        if small or filled or nearest[token] < SAME_SHARE * length:
            untrained.add(token)
    return untrained, missing
