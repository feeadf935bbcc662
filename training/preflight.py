"""Looks at exactly what would be trained, before any of it is: what is wrong blocks the run, by example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from training.config import TrainConfig, unusual
from training.data import Encoding
from training.preflight_base import stop_ids
from training.preflight_report import Problem, Report
from training.preflight_rows import beyond_context, double_start, endings, silent, unusable

__all__ = ["FEW_EXAMPLES", "Problem", "Report", "check", "stop_ids"]

FEW_EXAMPLES = 50


def check(
    train: Encoding,
    holdout: Encoding,
    config: TrainConfig,
    *,
    stop_ids: frozenset[int],
    bos_id: int | None,
    context_tokens: int | None = None,
    found: Iterable[tuple[bool, Problem]] = (),
    places: Mapping[str, str] | None = None,
    memory_at: Callable[[int], int] | None = None,
) -> Report:
    """Judge an encoded training set.

    Args:
        train: The examples to train on, encoded.
        holdout: Those that measure.
        config: ``on_unusable`` decides whether unusable examples block or are skipped with a warning.
        stop_ids: Tokens at which the model stops answering (``stop_ids`` of the model folder).
        bos_id: The tokenizer's first token, if it has one.
        context_tokens: How far the base model reads; None where unknown.
        found: What else was found (of the model folder, the batches, the memory), and whether it blocks.
        places: Where each example stands, by its id (``core.revisions.places_of``).
        memory_at: Bytes that training takes with a limit of so many tokens; None where that is not known.
    """
    blocks: list[Problem] = []
    warnings: list[Problem] = []

    def add(blocking: bool, problem: Problem | None) -> None:
        if problem is not None:
            (blocks if blocking else warnings).append(problem.placed(places or {}))

    for always, problem in unusable(train, config, "training", memory_at):
        add(always or config.on_unusable == "refuse", problem)
    for _, problem in unusable(holdout, config, "hold-out"):
        add(False, problem)
    add(True, endings(train.items, stop_ids))
    add(False, silent(train.items, stop_ids))
    add(True, double_start(train.items, bos_id))
    add(True, beyond_context(train.items, context_tokens))
    for blocking, problem in found:
        add(blocking, problem)
    if not train.items:
        message = "No example can be trained."
        add(True, Problem("nothing-to-train", message, "See the other reasons in the report.", 0))
    elif len(train.items) < FEW_EXAMPLES:
        message = f"{len(train.items)} examples are few; expect a change of form, not of skill."
        add(False, Problem("few-examples", message, f"Collect at least {FEW_EXAMPLES}.", len(train.items)))
    if not holdout.items:
        message = "No hold-out example measures the run."
        add(False, Problem("no-holdout", message, "Freeze with a hold-out share.", 0))
    for sentence in unusual(config, len(train.items)):
        add(False, Problem("unusual-setting", sentence, "Change it, or go on knowingly.", 0))
    return Report(tuple(blocks), tuple(warnings), _counts(train, holdout), train.over_long)


def _counts(train: Encoding, holdout: Encoding) -> dict[str, int]:
    lengths = sorted(item.n_tokens for item in train.items) or [0]
    return {
        "examples": len(train.items),
        "holdout_examples": len(holdout.items),
        "tokens": sum(lengths),
        "supervised_tokens": sum(item.n_supervised for item in train.items),
        "longest_tokens": lengths[-1],
        "median_tokens": lengths[len(lengths) // 2],
        "over_long": len(train.over_long),
        "nothing_supervised": len(train.unsupervised),
        "cannot_be_rendered": len(train.refused),
    }
