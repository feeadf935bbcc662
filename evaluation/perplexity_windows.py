"""Cuts a text that is longer than a model reads into windows that score each token once."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputError


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of tokens that is read at once.

    Attributes:
        start, stop: The stretch, ``stop`` not included. Its last token is only predicted, not read.
        first: The first token that is scored in it; those before are its context.
    """

    start: int
    stop: int
    first: int


def windows(n_tokens: int, max_tokens: int, context: int) -> tuple[Window, ...]:
    """Windows with disjoint targets that together score every token but the first, which nothing predicts.

    The first window predicts all that it can; each later one reads ``max_tokens`` tokens, the first ``context`` of
    which come before what it scores. More context gives a truer figure and more windows. The same division as in
    lm-evaluation-harness's rolling log-likelihood, whose prefix token is the first token here.

    Args:
        n_tokens: Length of the text, the token that opens it included.
        max_tokens: The most that the model reads at once.
        context: Tokens that a later window reads before the first that it scores; 1 = no overlap beyond need.

    Raises:
        InputError: A length makes no sense.
    """
    if max_tokens < 1 or not 1 <= context <= max_tokens:
        raise InputError(
            f"Windows of {max_tokens} tokens cannot have {context} tokens of context.",
            f"Choose a context between 1 and {max(1, max_tokens)}.",
        )
    found: list[Window] = []
    scored = 1
    while scored < n_tokens:
        stop = min(n_tokens, scored + max_tokens if not found else scored + max_tokens - context + 1)
        found.append(Window(max(0, stop - 1 - max_tokens), stop, scored))
        scored = stop
    return tuple(found)
