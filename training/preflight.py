"""Looks at exactly what would be trained, before any of it is: what is wrong blocks the run, by example."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.chat import IGNORED
from core.errors import BlockedError
from training.config import TrainConfig, unusual
from training.data import Encoding, Item

FEW_EXAMPLES = 50
CLOSED_SHARE = 0.99
"""At least this share of the rows must train the end of every answer, or the model would not learn to stop."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``examples`` are ids; ``count`` may be larger where the list of ids is about a part."""

    name: str
    message: str
    hint: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What pre-flight found: ``blocks`` forbid the run, ``warnings`` do not; ``counts`` are over the training split."""

    blocks: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    counts: dict[str, int]
    over_long: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON; all ids, none left out."""
        return asdict(self)

    def raise_if_blocked(self) -> None:
        """Stop the launch.

        Raises:
            BlockedError: Something blocks; the first such thing is named, and how many more there are.
        """
        if self.blocks:
            first, more = self.blocks[0], len(self.blocks) - 1
            tail = f" ({more} more {'problem' if more == 1 else 'problems'} of other kinds.)" if more else ""
            raise BlockedError(first.message + tail, first.hint)


def check(
    train: Encoding, holdout: Encoding, config: TrainConfig, *, stop_ids: frozenset[int], bos_id: int | None
) -> Report:
    """Judge an encoded training set.

    Args:
        train: The examples to train on, encoded.
        holdout: Those that measure.
        config: ``on_unusable`` decides whether unusable examples block or are skipped with a warning.
        stop_ids: Tokens at which the model stops answering (``stop_ids`` of the model folder).
        bos_id: The tokenizer's first token, if it has one.
    """
    blocks: list[Problem] = []
    warnings: list[Problem] = []
    for problem in _unusable(train, config.max_tokens):
        (blocks if config.on_unusable == "refuse" else warnings).append(problem)
    for problem in _unusable(holdout, config.max_tokens, what="hold-out"):
        warnings.append(problem)
    open_ended = tuple(item.id for item in train.items if not _ends_in(item, stop_ids))
    if len(open_ended) > (1 - CLOSED_SHARE) * len(train.items):
        blocks.append(
            Problem(
                "end-of-turn-untrained",
                f"{len(open_ended)} of {len(train.items)} examples do not train the end of their answers, so the tuned "
                "model would not learn to stop.",
                "Use a model whose chat template ends the assistant's turn with its stop token.",
                len(open_ended),
                open_ended,
            )
        )
    doubled = tuple(i.id for i in train.items if bos_id is not None and i.input_ids[:2] == (bos_id, bos_id))
    if doubled:
        blocks.append(
            Problem(
                "double-bos",
                f"{len(doubled)} examples begin with two start tokens.",
                "Use a chat template that writes the start token once.",
                len(doubled),
                doubled,
            )
        )
    held = {item.id for item in holdout.items}
    shared = tuple(item.id for item in train.items if item.id in held)
    if shared:
        blocks.append(
            Problem(
                "holdout-overlap",
                f"{len(shared)} examples are in training and in the hold-out, which would flatter the result.",
                "Freeze the revision again: finetooth freeze.",
                len(shared),
                shared,
            )
        )
    if not train.items:
        blocks.append(
            Problem("nothing-to-train", "No example can be trained.", "See the reasons above it in the report.", 0)
        )
    elif len(train.items) < FEW_EXAMPLES:
        message = f"{len(train.items)} examples are few; expect a change of form, not of skill."
        warnings.append(Problem("few-examples", message, f"Collect at least {FEW_EXAMPLES}.", len(train.items)))
    if not holdout.items:
        warnings.append(
            Problem("no-holdout", "No hold-out example measures the run.", "Freeze with a hold-out share.", 0)
        )
    for sentence in unusual(config, len(train.items)):
        warnings.append(Problem("unusual-setting", sentence, "Change it, or go on knowingly.", 0))
    return Report(tuple(blocks), tuple(warnings), _counts(train, holdout), train.over_long)


def stop_ids(model: Path, tokenizer: Any) -> frozenset[int]:
    """Tokens at which generation stops: those of generation_config.json, else the tokenizer's end token."""
    path = model / "generation_config.json"
    named: Any = json.loads(path.read_text(encoding="utf-8")).get("eos_token_id") if path.is_file() else None
    if named is None:
        named = tokenizer.eos_token_id
    return frozenset(named if isinstance(named, list) else [named])


def _unusable(encoding: Encoding, max_tokens: int, what: str = "training") -> list[Problem]:
    skip = "or skip such examples (on_unusable: skip)."
    found: list[Problem] = []
    if encoding.over_long:
        longest = max(tokens for _, tokens in encoding.over_long)
        found.append(
            Problem(
                f"over-long-{what}",
                f"{len(encoding.over_long)} {what} examples are longer than {max_tokens} tokens; the longest has "
                f"{longest}. None is cut.",
                f"Raise max_tokens to {longest}, shorten them, {skip}",
                len(encoding.over_long),
                tuple(name for name, _ in encoding.over_long),
            )
        )
    if encoding.unsupervised:
        found.append(
            Problem(
                f"nothing-supervised-{what}",
                f"{len(encoding.unsupervised)} {what} examples have no answer to train on.",
                f"Drop them in review, {skip}",
                len(encoding.unsupervised),
                encoding.unsupervised,
            )
        )
    if encoding.refused:
        found.append(
            Problem(
                f"cannot-be-rendered-{what}",
                f"{len(encoding.refused)} {what} examples cannot be rendered; the first: {encoding.refused[0].reason}",
                f"Edit or drop them in review, {skip}",
                len(encoding.refused),
                tuple(one.id for one in encoding.refused),
            )
        )
    return found


def _ends_in(item: Item, stops: frozenset[int]) -> bool:
    """Whether every trained stretch of an example ends in a stop token."""
    labels: Sequence[int] = (*item.labels, IGNORED)
    ends = [now for now, after in itertools.pairwise(labels) if now != IGNORED and after == IGNORED]
    return all(end in stops for end in ends)


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
