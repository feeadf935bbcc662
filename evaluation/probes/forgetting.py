"""What a fine-tune forgot: general questions, and a person's own, answered and scored before and after.

Two figures for each set: the share of replies that pass their check, and the loss on the good answers. The second moves
long before the first does. Beside each stands a noise floor: how far the base model's own figure moves when it is asked
the same in other words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from core.general import Item, fulfils
from core.types import Example, Message
from evaluation.estimate import Estimate
from evaluation.perplexity import Score, paired_ratio
from evaluation.probes.probe import Ask, Finding, Row

GENERAL, OWN = "forgetting", "own_questions"
TITLES = {GENERAL: "General questions answered well", OWN: "Your own questions answered well"}
LOSS_TITLES = {GENERAL: "Loss on general answers, nats a token", OWN: "Loss on your own answers, nats a token"}
AGAIN = "Please help me with this.\n\n"
"""Put before a question to ask the same in other words; it changes nothing about a good answer."""


def asks(probe: str, items: Sequence[Item]) -> list[Ask]:
    """One prompt an item, in order."""
    return [Ask(probe, item.id, item.kind, (Message("user", item.prompt),), item) for item in items]


def again(item: Item) -> Item:
    """The same question in other words."""
    return replace(item, prompt=AGAIN + item.prompt)


def scorable(items: Sequence[Item]) -> list[Example]:
    """The items with a good answer, as conversations; those known by a check alone have no loss."""
    return [item.example() for item in items if item.answer.strip()]


def accuracy(
    probe: str, items: Sequence[Item], base: Sequence[str], tuned: Sequence[str], base_again: Sequence[str]
) -> Finding:
    """Share of replies that pass their item's check.

    Args:
        probe: ``forgetting`` or ``own_questions``.
        items: The questions.
        base, tuned: Both models' replies, in the order of the items.
        base_again: The base model's replies to the same questions in other words; empty = not asked.
    """
    rows = tuple(
        Row(probe, i.id, i.kind, i.prompt, b, t, float(fulfils(i, b)), float(fulfils(i, t)))
        for i, b, t in zip(items, base, tuned, strict=True)
    )
    moved = [
        float(fulfils(i, r)) - row.base
        for i, r, row in zip(items, base_again, rows, strict=False)
        if row.base is not None
    ]
    what = "Share of replies that pass a check which a program makes; the same questions, put to both models."
    return Finding(probe, TITLES[probe], what, "higher", True, rows, noise_floor=noise_floor(moved))


def loss(
    probe: str,
    examples: Sequence[Example],
    base: Sequence[Score],
    tuned: Sequence[Score],
    base_again: Sequence[Score],
    *,
    seed: int,
) -> Finding:
    """Loss of both models on the good answers, over all their tokens; the change is the log of the perplexity ratio.

    Args:
        probe: ``forgetting`` or ``own_questions``.
        examples: The conversations.
        base, tuned: Their scores, in order.
        base_again: The base model's on the same answers, asked in other words; empty = not scored.
        seed: Of the bootstrap.
    """
    name = f"{probe}_loss"
    rows = tuple(
        Row(
            name,
            str(e.meta.get("general", e.id)),
            "",
            e.prompt[-1].content,
            None,
            None,
            b.nll / b.tokens,
            t.nll / t.tokens,
        )
        for e, b, t in zip(examples, base, tuned, strict=True)
    )
    what = "Negative log-likelihood of the good answers over all their tokens; it rises before replies become wrong."
    if not rows:
        return Finding(name, LOSS_TITLES[probe], what, "lower", False, (), reason="no question has a good answer")
    tokens = sum(one.tokens for one in base)
    ratio = paired_ratio(base, tuned, seed=seed)
    ends = [None if end is None else math.log(end) for end in (ratio.value, ratio.low, ratio.high)]
    moved = [(a.nll - b.nll) / tokens * len(base) for a, b in zip(base_again, base, strict=False)]
    single = "no interval: only the paired change has one"
    return Finding(
        name,
        LOSS_TITLES[probe],
        what,
        "lower",
        False,
        rows,
        noise_floor=noise_floor(moved),
        base=Estimate(sum(s.nll for s in base) / tokens, n=len(base), reason=single),
        tuned=Estimate(sum(s.nll for s in tuned) / tokens, n=len(tuned), reason=single),
        difference=replace(ratio, value=ends[0], low=ends[1], high=ends[2]),
    )


def noise_floor(moved: Sequence[float]) -> float | None:
    """How far a mean moves when nothing was trained: the larger of what was seen and of what chance gives.

    ``moved`` is each item's change when the same model is asked the same in other words. Where each of these could as
    well have gone the other way, 95 % of means lie within 1.96 · √Σd² / n. None where nothing was asked again.
    """
    n = len(moved)
    if not n:
        return None
    return max(abs(math.fsum(moved)) / n, 1.96 * math.sqrt(math.fsum(d * d for d in moved)) / n)
