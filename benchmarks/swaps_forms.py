"""What a maker of the swap set gives back: one changed stretch, or the whole answer in other words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Edit:
    """One stretch of an answer that is exchanged, so that the answer says something else.

    Attributes:
        start: First code point that goes.
        end: The first after it that stays.
        text: What stands there instead.
        form: What kind of change it is, such as ``amount`` or ``denies``.
    """

    start: int
    end: int
    text: str
    form: str

    def of(self, answer: str) -> str:
        """The answer with the exchange made."""
        return answer[: self.start] + self.text + answer[self.end :]


@dataclass(frozen=True, slots=True)
class Wording:
    """An answer that means the same.

    Attributes:
        text: The whole answer.
        form: What was done to it, such as ``other-unit`` or ``reordered-list``.
    """

    text: str
    form: str


@cache
def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern, compiled once: there are more of them than ``re`` remembers."""
    return re.compile(pattern, flags)


def found_in(pattern: str, text: str, flags: int = 0) -> Iterator[re.Match[str]]:
    """All places of a pattern in a text."""
    return compiled(pattern, flags).finditer(text)


def replaced(text: str, found: re.Match[str], other: str) -> str:
    """``text`` with ``other`` in place of the match; a capital at its start stays one."""
    if (
        found[0][:1].isupper()
        and other[:1].islower()
        and (found.start() == 0 or text[: found.start()].rstrip()[-1:] in ".!?")
    ):
        other = other[0].upper() + other[1:]
    return text[: found.start()] + other + text[found.end() :]


def split_sentences(text: str) -> list[str]:
    """Sentences of plain prose; a full stop after a single letter, a digit or a title ends none."""
    parts = re.split(r"(?<=[a-z)][.!])\s+(?=[A-Z])", text)
    whole: list[str] = []
    for part in parts:
        if whole and re.search(r"\b(?:Dr|Mr|Mrs|Ms|St|vs|No|Jr|Sr|etc|e\.g|i\.e|Inc|Corp|Ltd|Co)\.$", whole[-1]):
            whole[-1] += " " + part
        else:
            whole.append(part)
    return whole
