"""Copies with a known edit: another case, other punctuation, one word, or a share of the words."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

Row = tuple[str, str]  # prompt and answer
Edit = Callable[[Row, random.Random, Sequence[str]], Row]
_WORD = re.compile(r"\w+")
_MARKS = ".,;:!?"


def case(row: Row, draw: random.Random, words: Sequence[str]) -> Row:
    """The same words in another case: all upper, all lower, or every word with a capital."""
    change = draw.choice([str.upper, str.lower, str.title])
    return change(row[0]), change(row[1])


def punctuation(row: Row, draw: random.Random, words: Sequence[str]) -> Row:
    """Other marks: each is replaced or dropped by chance, and some are added after words."""

    def change(text: str) -> str:
        drawn = []
        for old in re.split(r"(\s+)", text):
            part, bare = old, old.rstrip(_MARKS)
            odds = draw.random()
            if bare != part:
                part = bare + (draw.choice(_MARKS) if odds < 0.5 else "")
            elif part.strip() and odds < 0.1:
                part += draw.choice(_MARKS)
            drawn.append(part)
        return "".join(drawn)

    return change(row[0]), change(row[1])


def one_word(row: Row, draw: random.Random, words: Sequence[str]) -> Row:
    """One word, anywhere, becomes another."""
    return replace_words(row, 1, draw, words)


def five_percent(row: Row, draw: random.Random, words: Sequence[str]) -> Row:
    """One word in twenty becomes another, at least one."""
    return replace_words(row, max(1, round(0.05 * _count(row))), draw, words)


def ten_percent(row: Row, draw: random.Random, words: Sequence[str]) -> Row:
    """One word in ten becomes another, at least one."""
    return replace_words(row, max(1, round(0.10 * _count(row))), draw, words)


def _count(row: Row) -> int:
    return sum(len(_WORD.findall(text)) for text in row)


def replace_words(row: Row, count: int, draw: random.Random, words: Sequence[str]) -> Row:
    """Replace ``count`` different words of the row, wherever they stand, by words drawn from ``words``."""
    places = [(side, match.span()) for side in (0, 1) for match in _WORD.finditer(row[side])]
    texts = list(row)
    for side, (start, end) in sorted(draw.sample(places, min(count, len(places))), reverse=True):
        old = texts[side][start:end]
        new = next(word for _ in range(1_000) if (word := draw.choice(words)).casefold() != old.casefold())
        texts[side] = texts[side][:start] + new + texts[side][end:]
    return texts[0], texts[1]


KINDS: dict[str, tuple[Edit, float | None]] = {
    "case": (case, 1.0),
    "punctuation": (punctuation, 0.99),
    "one word": (one_word, 0.94),
    "5 % of the words": (five_percent, None),
    "10 % of the words": (ten_percent, None),
}
"""Each kind of edit and the recall that it must reach."""
