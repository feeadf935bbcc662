"""An answer as the habits read it, and what a habit is: a value an answer has, and the way back to another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.types import Example
from curation.evidence.groups import code_ranges

Edit = tuple[int, int, str]
Range = tuple[int, int]

_MASK = "\x00"
_NOT_LINE_END = re.compile(r"[^\n]")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_BULLET_SIGNS = ("\n-", "\n*", "\n ", "\n•", "\n+", "\n‣", "\n◦", "\n–", "\n\t")
BULLET = re.compile(r"^[ \t]{0,3}([-*•‣◦–+])[ \t]+(?=\S)", re.MULTILINE)
NUMBERED = re.compile(r"^[ \t]{0,3}\d{1,2}([.)])[ \t]+(?=\S)", re.MULTILINE)


class Answer:
    """The text of an answer with what several habits ask of it, each worked out once.

    Attributes:
        text: As it stands.
        code: Where fenced blocks and inline code stand.
        prose: The text with code blanked out: equally long, so that places in it are places in the text.
        numbers: Where a number stands in the prose, thousands and decimals with it.
        memo: For what a module of habits works out once.
    """

    __slots__ = ("_bullets", "_lines", "_numbered", "_prompt", "code", "memo", "numbers", "prose", "text")

    def __init__(self, text: str, prompt: str | Example = "") -> None:
        self.text = text
        self._prompt = prompt
        self.code = code_ranges(text)
        self.prose = self._without_code() if self.code else text
        found = _NUMBER.finditer(self.prose) if any(digit in self.prose for digit in "1203456789") else ()
        self.numbers: list[Range] = [match.span() for match in found]
        self.memo: dict[str, Any] = {}
        self._lines: list[Range] | None = None
        self._bullets: list[re.Match[str]] | None = None
        self._numbered: list[re.Match[str]] | None = None

    def _without_code(self) -> str:
        parts, at = [], 0
        for start, end in self.code:
            parts += [self.text[at:start], _NOT_LINE_END.sub(_MASK, self.text[start:end])]
            at = end
        return "".join([*parts, self.text[at:]])

    @property
    def asked(self) -> str:
        """The turns before it, one below the other."""
        if isinstance(self._prompt, str):
            return self._prompt
        return "\n".join(message.content for message in self._prompt.prompt)

    @property
    def lines(self) -> list[Range]:
        """Lines that hold something, without the white space around them."""
        if self._lines is None:
            self._lines = []
            at = 0
            for line in self.text.split("\n"):
                body = line.strip()
                if body:
                    start = at + line.index(body[0])
                    self._lines.append((start, start + len(body)))
                at += len(line) + 1
        return self._lines

    @property
    def bullets(self) -> list[re.Match[str]]:
        """List items with a mark; group 1 is the mark."""
        if self._bullets is None:
            if self._may_hold(_BULLET_SIGNS):
                self._bullets = list(BULLET.finditer(self.prose))
            else:
                first = BULLET.match(self.prose)
                self._bullets = [first] if first else []
        return self._bullets

    @property
    def numbered(self) -> list[re.Match[str]]:
        """List items with a number; group 1 is what follows the number."""
        if self._numbered is None:
            self._numbered = list(NUMBERED.finditer(self.prose)) if self.numbers else []
        return self._numbered

    def _may_hold(self, signs: Sequence[str]) -> bool:
        return "\n" in self.prose and any(sign in self.prose for sign in signs)

    def edited(self, edits: Sequence[Edit]) -> Answer:
        """The answer after edits that do not overlap, in any order."""
        return Answer(edited_text(self.text, edits), self._prompt)


def edited_text(text: str, edits: Sequence[Edit]) -> str:
    """A text after edits that do not overlap, in any order; in one pass, however many they are."""
    pieces, at = [], 0
    for start, end, new in sorted(edits):
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing that answers of a group tend to do alike.

    Attributes:
        reason: Slug of a departure.
        value: What an answer does, in words that complete "412 of 430 answers ..."; None = does not apply.
        spans: The words of an answer that depart, half-open ranges; all of it where empty.
        fix: Edits that give an answer the norm's value; none where no rule can. They may not touch anything else.
        usual: What the norm's share itself must reach, beside its lower bound.
        safe: Whether the fix cannot change what is taught, in prose (see ``harmless.is_harmless``).
        ignored: Values that never count as a departure, since what is said calls for them.
        firm: Values that are a norm only at a share of ``ABSENT``, whatever ``usual`` is.
        never: Values that are no norm however common, such as one of several kinds at once.
        after: Reasons that explain a departure from this one too: with one of them found, this one is not told.
            ``*`` is any.
    """

    reason: str
    value: Callable[[Answer], str | None]
    spans: Callable[[Answer, str], list[Range]] = lambda answer, norm: []
    fix: Callable[[Answer, str], list[Edit]] = lambda answer, norm: []
    usual: float = 0.9
    safe: bool = True
    ignored: frozenset[str] = frozenset()
    firm: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()


ABSENT = 0.93
"""A habit of leaving something out must be firmer than one of doing something: most sets use everything at times."""


def presence(
    find: Callable[[Answer], Iterator[Range]], yes: str, no: str
) -> tuple[Callable[[Answer], str], Callable[[Answer, str], list[Range]]]:
    """Value and spans of a habit of using something, or leaving it out."""
    return (
        lambda answer: yes if next(find(answer), None) is not None else no,
        lambda answer, norm: list(find(answer)),
    )


def mended(answer: Answer, habit: Habit, wanted: str) -> list[Edit]:
    """A habit's edits in order, if applying them gives the answer the wanted value; none otherwise."""
    edits = [(start, end, new) for start, end, new in habit.fix(answer, wanted) if answer.text[start:end] != new]
    if not edits:
        return []
    after = answer.edited(edits)
    return sorted(edits) if after.text.strip() and habit.value(after) in (wanted, None) else []
