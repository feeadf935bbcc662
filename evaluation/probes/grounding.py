"""What an answer makes up: numbers, names and codes that its prompt does not hold, for tasks answered from the prompt.

Which tasks these are, the experts' own answers say: a hold-out example counts where its reference states such facts and
its prompt holds all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.types import Example
from evaluation.probes.probe import Finding, Row

NAME = "grounding"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of an answer beside its prompt: how many, and those the prompt does not hold as (kind, words)."""

    n: int
    unsupported: tuple[tuple[str, str], ...]


FactsOf = Callable[[str, str], Facts]
"""From (answer, prompt) to the facts of the answer."""


def grounding(examples: Sequence[Example], base: Sequence[str], tuned: Sequence[str], facts_of: FactsOf) -> Finding:
    """Share of answers with at least one number, name or code that the prompt does not hold.

    Args:
        examples: Hold-out examples that both models answered.
        base, tuned: The answers, in the same order.
        facts_of: Reads facts.
    """
    rows: list[Row] = []
    invented = {"base": {}, "tuned": {}}  # type: dict[str, dict[str, int]]
    for example, before, after in zip(examples, base, tuned, strict=True):
        given = "\n".join(m.content for m in example.prompt)
        prompt = example.prompt[-1].content if example.prompt else ""
        own = facts_of(example.answer, given)
        if not own.n or own.unsupported:
            why = "the reference holds facts that its prompt does not" if own.n else "the reference states no such fact"
            rows.append(Row(NAME, example.id, "", prompt, before, after, None, None, f"not grounded: {why}"))
            continue
        found = {"base": facts_of(before, given), "tuned": facts_of(after, given)}
        for model, facts in found.items():
            for kind, _ in facts.unsupported:
                invented[model][kind] = invented[model].get(kind, 0) + 1
        note = "; ".join(
            f"{model}: {', '.join(words for _, words in facts.unsupported)}"
            for model, facts in found.items()
            if facts.unsupported
        )
        values = (float(bool(found["base"].unsupported)), float(bool(found["tuned"].unsupported)))
        rows.append(Row(NAME, example.id, "grounded", prompt, before, after, *values, note))
    scored = sum(row.base is not None for row in rows)
    reason = ""
    if not scored:
        reason = "no hold-out example is answered from its prompt alone" if rows else "no answer was asked for"
    what = (
        "Share of answers that state a number, a name or a code which their prompt does not hold, over the prompts "
        "whose reference states none such."
    )
    return Finding(
        NAME,
        "Answers with facts that the prompt does not hold",
        what,
        "lower",
        True,
        tuple(rows),
        reason=reason,
        more={"facts": invented},
    )
