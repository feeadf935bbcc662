"""How one text stands to another: an exact comparison of three views, the class that follows, and a sentence for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.ids import example_id
from core.types import Example, Message
from curation.evidence.relations import ASK_BORDER_WORDS, ASK_NEAR, ASK_SHORT, ASK_SHORT_WORDS
from curation.evidence.settings import Settings
from curation.evidence.sides import ask_of, prompt_side
from curation.evidence.signs import same_meaning
from curation.minhash.normalise import normalise
from curation.minhash.sketch import Column, sketch
from curation.minhash.views import View

Kind = Literal["identical", "near-duplicate", "conflict", "variant", "same-answer", "resembles"]
KINDS: tuple[Kind, ...] = ("identical", "near-duplicate", "conflict", "variant", "same-answer", "resembles")
"""Best first: in this order neighbours are listed.

- identical: equal after normalising.
- near-duplicate: whole, prompt and answer each reach the threshold, and no number, code, negation, opposite word or
  system prompt is apart.
- conflict: the same question; the answer is another, or differs in a number, code, negation or opposite word.
- variant: alike as a near-duplicate is, but something of the question or the system prompt is apart.
- same-answer: the whole and the answer are alike, the question is another.
- resembles: the whole is alike, or both sides are, and none of the above holds.
"""
PRESSING: frozenset[Kind] = frozenset({"identical", "near-duplicate", "conflict"})
"""The kinds that a person should see at once."""


@dataclass(frozen=True, slots=True)
class Match:
    """A verified look-alike: its class and the exact similarities, each in [0, 1]. ``exact``: equal to the letter."""

    example_id: str
    kind: Kind
    whole: float
    prompt: float
    answer: float
    exact: bool


def classify(
    new: Sequence[Message], others: Sequence[tuple[str, Sequence[Message]]], settings: Settings
) -> list[Match]:
    """Compare a conversation with others, exactly.

    Args:
        new: Its turns.
        others: Id and turns of each candidate.
        settings: For the thresholds.

    Returns:
        Those that are alike in some view, best first.
    """
    if not others:
        return []
    texts = [_Text.of(messages) for messages in (new, *(messages for _, messages in others))]
    near, short = settings.near_threshold, settings.short_threshold
    made = sketch([text.prompt for text in texts], [text.answer for text in texts])
    rows = np.arange(len(texts))
    whole, whole_alike = _scores(View.whole(made, rows, near, short))
    prompt, prompt_alike = _scores(View.side(made, made.left, rows, near, short))
    answer, answer_alike = _scores(View.side(made, made.right, rows, near, short))
    asks = sketch([text.ask for text in texts], border_words=ASK_BORDER_WORDS)
    limits = ASK_NEAR, ASK_SHORT, ASK_SHORT_WORDS, ASK_BORDER_WORDS
    asks_alike = _scores(View.side(asks, asks.left, rows, *limits))[1]
    prompt_opposed, answer_opposed = _opposed(made.left), _opposed(made.right)
    equal = (made.left.keys == made.left.keys[0]).all(axis=1) & (made.right.keys == made.right.keys[0]).all(axis=1)
    own = example_id(new)
    found = []
    for at, (other_id, _) in enumerate(others, 1):
        alike = _Alike(
            equal=bool(equal[at]),
            whole=whole_alike[at],
            prompt=prompt_alike[at],
            answer=answer_alike[at],
            ask=asks_alike[at] and not prompt_opposed[at],
            said=answer_alike[at] and not answer_opposed[at],
        )
        kind = _kind(texts[0], texts[at], alike)
        if kind is not None:
            found.append(Match(other_id, kind, whole[at], prompt[at], answer[at], other_id == own))
    return sorted(found, key=lambda m: (KINDS.index(m.kind), not m.exact, -m.whole, -m.prompt, m.example_id))


def _scores(view: View) -> tuple[list[float], list[bool]]:
    """Similarity of the first text with each, itself included, and whether it reaches its threshold."""
    first = np.full(len(view.node), view.node[0], np.int64)
    score = view.similarity(first, view.node)
    return score.tolist(), view.alike(first, view.node, score).tolist()


@dataclass(frozen=True, slots=True)
class _Text:
    """A conversation, with all that it is classed by. Only ``system`` is normalised."""

    system: str
    prompt: str
    ask: str
    answer: str

    @classmethod
    def of(cls, messages: Sequence[Message]) -> _Text:
        example = Example("", tuple(messages))
        system = normalise("\n".join(m.content for m in messages if m.role == "system"))
        return cls(system, prompt_side(example), ask_of(example), example.answer)


@dataclass(frozen=True, slots=True)
class _Alike:
    """What of two conversations is alike.

    Attributes:
        equal: Both sides, after normalising.
        whole, prompt, answer: Whether the similarity reaches its threshold.
        ask: Whether what is asked at the end of the prompt is alike, and no opposite word (left, right) is apart.
        said: Whether the answers are alike, and no opposite word is apart.
    """

    equal: bool
    whole: bool
    prompt: bool
    answer: bool
    ask: bool
    said: bool


def _kind(new: _Text, other: _Text, alike: _Alike) -> Kind | None:
    """The class of another conversation; None where no view is alike, or only the form of asking is."""
    if not (alike.whole or alike.prompt):
        return None
    same_answer = alike.said and same_meaning(new.answer, other.answer)
    same_question = alike.prompt and alike.ask and same_meaning(new.prompt, other.prompt)
    if same_question and new.system == other.system:
        if not same_answer:
            return "conflict"
        if alike.equal:
            return "identical"
        return "near-duplicate" if alike.whole else "resembles"
    if alike.whole and alike.prompt and alike.answer:
        return "variant"
    if alike.whole:
        return "same-answer" if same_answer else "resembles"
    return None


def _opposed(column: Column) -> list[bool]:
    """For each row, whether it and the first hold the two words of a pair of opposites, and neither holds both."""
    first, second = column.first, column.second
    only = first & ~second, second & ~first
    apart: list[bool] = (((only[0][0] & only[1]) | (only[1][0] & only[0])) != 0).tolist()
    return apart


def sentence(match: Match, place: str) -> str:
    """What a match means, for the person who made the text; ``place`` names the other row."""
    if match.kind == "identical":
        if match.exact:
            return f"This is now an exact copy of {place}."
        return f"This now says the same as {place}: only case, punctuation, spacing or the form of a letter differ."
    if match.kind == "near-duplicate":
        return f"This now says nearly the same as {place} (similarity {_share(match.whole)})."
    if match.kind == "conflict":
        return f"This now asks the same as {place} and answers otherwise (answers alike: {_share(match.answer)})."
    if match.kind == "variant":
        return (
            f"This now reads nearly as {place} does (similarity {_share(match.whole)}), but a number, a code, a "
            "negation or the system prompt is another."
        )
    if match.kind == "same-answer":
        return f"This now gives the answer of {place} to another question (similarity {_share(match.whole)})."
    return f"This now resembles {place} (similarity {_share(match.whole)})."


def _share(value: float) -> str:
    """Two decimals, and never 1.00 for what is not equal."""
    return f"{min(value, 0.99):.2f}" if value < 1 else "1.00"
