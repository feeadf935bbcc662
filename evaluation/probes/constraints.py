"""Whether a model still does as it is told: hold-out prompts with one demand added that a program can verify.

A model that was tuned on answers of one form tends to give that form whatever it is asked (verifiable instructions:
IFEval, Zhou et al. 2023). A demand is put only to prompts whose reference does not meet it by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.general import Item, fulfils
from core.types import Example, Message
from evaluation.probes.probe import Ask, Finding, Row, text_of

NAME = "instructions"


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand on the form of an answer, and the check that it was met (see :func:`core.general.fulfils`)."""

    kind: str
    words: str
    check: dict[str, Any]

    def met(self, reply: str) -> bool:
        """Whether a reply meets it."""
        return fulfils(Item(self.kind, self.kind, "", "", self.check), reply)


DEMANDS: tuple[Demand, ...] = (
    Demand("capitals", "Write your whole answer in capital letters.", {"pattern": r"\A[^a-z]*[A-Z][^a-z]*\Z"}),
    Demand("ending", "End your answer with the word DONE.", {"pattern": r"\bDONE\W*\Z"}),
    Demand("opening", "Begin your answer with the word Answer.", {"pattern": r"\A\W*(?:Answer|ANSWER)\b"}),
    Demand("short", "Use at most three words.", {"words_max": 3}),
    Demand("quoted", "Put your whole answer in double quotation marks.", {"pattern": r"(?s)\A[\"“].+[\"”]\Z"}),
    Demand("list", "Write your answer as a list in which every line begins with a hyphen.",
           {"pattern": r"\A\s*[-–] ?\S[^\n]*(?:\n+\s*[-–] ?\S[^\n]*)*\Z"}),
    Demand("two lines", "Write your answer in exactly two lines.", {"lines": 2}),
    Demand("no vowel e", "Do not use the letter e in your answer.", {"pattern": r"\A[^eE]*[^\W\d_eE][^eE]*\Z"}),
)  # fmt: skip


def asks(examples: Sequence[Example]) -> list[Ask]:
    """Each prompt that ends in a person's turn with one demand below it, the demands in turn."""
    found: list[Ask] = []
    for example in examples:
        if not example.answer or not example.prompt or example.prompt[-1].role != "user":
            continue
        turn = len(found) % len(DEMANDS)
        wanted = (*DEMANDS[turn:], *DEMANDS[:turn])
        demand = next((one for one in wanted if not one.met(example.answer)), None)
        if demand is None:
            continue
        last = Message("user", f"{example.prompt[-1].content.rstrip()}\n\n{demand.words}")
        found.append(Ask(NAME, example.id, demand.kind, (*example.prompt[:-1], last), demand))
    return found


def following(asked: Sequence[Ask], base: Sequence[str], tuned: Sequence[str]) -> Finding:
    """Share of demands that the answers meet.

    Args:
        asked: From :func:`asks`.
        base, tuned: Both models' answers, in order.
    """
    rows = tuple(
        Row(NAME, a.name, a.kind, text_of(a.messages), b, t, float(a.about.met(b)), float(a.about.met(t)))
        for a, b, t in zip(asked, base, tuned, strict=True)
    )
    what = (
        "Share of hold-out prompts with one added demand on the form of the answer that is met, checked by a program."
    )
    reason = "" if rows else "no hold-out prompt ends in a person's turn"
    return Finding(NAME, "Demands on the form that are met", what, "higher", True, rows, reason=reason)
