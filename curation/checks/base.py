"""What a check is: a card with a name, a way to run, and its own true and false examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.ids import example_id
from core.types import Example, Finding, Message

Run = Callable[[Sequence[Example]], Iterable[Finding]]
Batches = tuple[Sequence[Example], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One card of the deck in ``curation.checks.CHECKS``.

    Attributes:
        name: Such as ``format.shape``; the family stands before the dot.
        version: Raised whenever the same examples could give other findings.
        title: One sentence for the list of checks: what it finds.
        run: Pure and independent of the order of examples; handles any text. Given a ``Batch`` it uses its settings.
        catches: Batches of examples in which it must find something.
        passes: Batches in which it must find nothing.
        about: For ``docs/checks.md``: the rule in a few sentences.
        cost: ``model`` where it needs an embedded model and is off by default.
    """

    name: str
    version: int
    title: str
    run: Run
    catches: Batches
    passes: Batches
    about: str = ""
    cost: Literal["fast", "model"] = "fast"

    @property
    def family(self) -> str:
        """The part of the name before the dot."""
        return self.name.split(".", 1)[0]


def chat(*turns: str, system: str | None = None) -> Example:
    """An example of alternating user and assistant turns, the user's first, for the cards' own cases."""
    messages = [Message("system", system)] if system is not None else []
    messages += [Message("assistant" if i % 2 else "user", turn) for i, turn in enumerate(turns)]
    return of(*messages)


def of(*messages: Message) -> Example:
    """An example made of these messages."""
    return Example(example_id(messages), messages)
