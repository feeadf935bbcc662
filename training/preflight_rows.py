"""Judges the encoded rows one by one: what cannot be trained, and what would be trained wrongly."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from core import wording
from core.chat import IGNORED
from training.config import TrainConfig
from training.data import Encoding, Item, Refusal
from training.preflight_report import Problem

GIB = 2**30
CLOSED_SHARE = 0.99
"""At least this share of the rows must train the end of every answer, or the model would not learn to stop."""

ALWAYS = frozenset({"unknown-template"})
"""Refusals that no skipping helps against, since they concern every row."""

HINTS = {
    "unknown-template": "Choose an instruct model, or put a chat_template.jinja beside its tokenizer.",
    "boundary-mismatch": "Remove white space from the answers' starts; if every row fails, this chat template writes "
    "answers otherwise than it asks for them: choose another base model.",
    "history-rewritten": "Split these conversations into single turns, or choose another base model.",
    "turn-left-out": "Move these words into another turn, or choose a base model whose template writes them.",
}


def unusable(
    encoding: Encoding, config: TrainConfig, what: str, memory_at: Callable[[int], int] | None = None
) -> Iterator[tuple[bool, Problem]]:
    """What cannot be trained, or measured, as it is.

    Args:
        encoding: The rows.
        config: Whether they are skipped, and the length limit.
        what: ``training`` or ``hold-out``; part of the name.
        memory_at: Bytes that training takes with a limit of so many tokens; None where that is not known.

    Yields:
        Whether it forbids the run even where skipping was asked for, and the problem.
    """
    skip = "or skip such examples (on_unusable: skip)."
    if encoding.over_long:
        lengths = sorted([item.n_tokens for item in encoding.items] + [tokens for _, tokens in encoding.over_long])
        longest = lengths[-1]
        p95, p99 = (lengths[math.ceil(share * len(lengths)) - 1] for share in (0.95, 0.99))
        message = (
            f"{len(encoding.over_long)} of {len(lengths)} {what} examples are longer than {config.max_tokens} tokens; "
            f"cut there, each would lose the end of its answer, so none is cut. The longest has {longest} tokens; 95 % "
            f"have at most {p95}, 99 % at most {p99}.{_cost((p95, p99, longest), memory_at)}"
        )
        hint = f"Raise max_tokens to {longest}, shorten them, {skip}"
        found = tuple(name for name, _ in encoding.over_long)
        yield False, Problem(f"over-long-{what}", message, hint, len(found), found)
    if encoding.unsupervised:
        count = len(encoding.unsupervised)
        many = f"{wording.many(count, f'{what} example')} {'has' if count == 1 else 'have'}"
        message = f"{many} no answer {'to train on' if what == 'training' else 'that could be measured'}."
        hint = f"Drop them in review, {skip}"
        yield False, Problem(f"nothing-supervised-{what}", message, hint, count, encoding.unsupervised)
    for name in dict.fromkeys(one.name for one in encoding.refused):
        refused = [one for one in encoding.refused if one.name == name]
        yield name in ALWAYS, _refused(refused, what)


def _cost(limits: Iterable[int], memory_at: Callable[[int], int] | None) -> str:
    """What these limits cost, as a sentence with a space before it."""
    if memory_at is None:
        return ""
    told = [f"{memory_at(limit) / GIB:.1f} GiB with a limit of {limit} tokens" for limit in dict.fromkeys(limits)]
    return f" Training needs about {', '.join(told)}."


def _refused(refused: Sequence[Refusal], what: str) -> Problem:
    name, count = refused[0].name, len(refused)
    hint = HINTS.get(name, "Edit or drop them in review, or skip such examples (on_unusable: skip).")
    slug, verb = (name, "trained") if what == "training" else (f"{name}-{what}", "measured")
    return Problem(
        slug,
        f"{wording.many(count, f'{what} example')} cannot be {verb}; of the first: {refused[0].reason}",
        hint,
        count,
        tuple(one.id for one in refused),
    )


def endings(items: Sequence[Item], stops: frozenset[int]) -> Problem | None:
    """Whether the model would learn to stop: nearly every row must train the end of each of its answers."""
    open_ended = tuple(item.id for item in items if not _ends_in(item, stops))
    if len(open_ended) <= (1 - CLOSED_SHARE) * len(items):
        return None
    return Problem(
        "end-of-turn-untrained",
        f"{len(open_ended)} of {len(items)} examples do not train the end of their answers, so the tuned model would "
        "not learn to stop.",
        "Use a model whose chat template ends the assistant's turn with its stop token.",
        len(open_ended),
        open_ended,
    )


def silent(items: Sequence[Item], stops: frozenset[int]) -> Problem | None:
    """Rows of which nothing but the ends of turns is trained: they teach to answer nothing."""
    empty = tuple(item.id for item in items if all(label in stops for label in item.labels if label != IGNORED))
    if not empty:
        return None
    message = f"{len(empty)} examples have empty answers: they teach the model to say nothing."
    return Problem("empty-answers", message, "Drop them in review, unless that is wanted.", len(empty), empty)


def double_start(items: Sequence[Item], bos_id: int | None) -> Problem | None:
    """Rows that begin with two start tokens, which no model has seen."""
    doubled = tuple(i.id for i in items if bos_id is not None and i.input_ids[:2] == (bos_id, bos_id))
    if not doubled:
        return None
    message = f"{len(doubled)} examples begin with two start tokens."
    hint = "Use a chat template that writes the start token once."
    return Problem("double-bos", message, hint, len(doubled), doubled)


def beyond_context(items: Sequence[Item], context_tokens: int | None) -> Problem | None:
    """Rows longer than the positions that the base model knows."""
    if context_tokens is None:
        return None
    beyond = tuple(item.id for item in items if item.n_tokens > context_tokens)
    if not beyond:
        return None
    message = f"{len(beyond)} examples are longer than the {context_tokens:,} tokens that the base model can read."
    hint = f"Set max_tokens to {context_tokens} or less, or choose a model with a longer context."
    return Problem("longer-than-context", message, hint, len(beyond), beyond)


def _ends_in(item: Item, stops: frozenset[int]) -> bool:
    """Whether every trained stretch of an example ends in a stop token."""
    labels: Sequence[int] = (*item.labels, IGNORED)
    ends = [now for now, after in itertools.pairwise(labels) if now != IGNORED and after == IGNORED]
    return all(end in stops for end in ends)
