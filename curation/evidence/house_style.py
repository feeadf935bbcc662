"""The house style that a project declares in ``finetooth.toml``: a small closed vocabulary, which outranks every norm.

```toml
[style]
bullets = "-"
contractions = false
person = "third"
max_words = 120
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from core.errors import InputError

TABLE = "style"

CHOICES: dict[str, tuple[str, ...]] = {
    "bullets": ("-", "*", "•", "+"),
    "numbering": ("1.", "1)"),
    "headings": ("#", "##", "###", "bold", "none"),
    "quotes": ("straight", "curly"),
    "dash": ("-", "–", "—"),
    "dates": ("2026-11-21", "21.11.2026", "November 21, 2026", "21 November 2026", "11/21/2026", "2026/11/21"),
    "times": ("15:00", "3:00 pm", "3:00pm", "3:00 PM", "3:00 p.m."),
    "thousands": ("1,000", "1 000", "1000"),
    "decimals": ("point", "comma"),
    "percent": ("5%", "5 %", "5 percent"),
    "units": ("5 mg", "5mg"),
    "final_punctuation": ("full stop", "none"),
    "person": ("third", "no first"),
}
"""What a key that takes one of a few texts may be."""
SWITCHES = ("contractions", "emoji", "exclamations", "bold", "lists", "capital_start")
"""Keys that say whether something is used. ``false`` forbids it (``capital_start = true`` asks for it)."""
NUMBERS = ("min_words", "max_words")


@dataclass(frozen=True, slots=True)
class HouseStyle:
    """What the answers of a project are to look like; None = not declared, so what the set itself does is the norm.

    Attributes:
        bullets: The mark of list items.
        numbering: How numbered items are written.
        headings: The first heading's level, ``bold`` for lines in bold, or ``none``.
        quotes: Straight or curly quotes and apostrophes.
        dash: What stands between spaces as a dash.
        dates: By the example of 21 November 2026.
        times: By the example of three in the afternoon.
        thousands: How a thousand is written.
        decimals: The decimal mark.
        percent: How five per cent is written.
        units: Whether a space stands before a unit.
        final_punctuation: ``full stop`` or ``none``.
        person: ``third`` = neither I and we nor you; ``no first`` = neither I nor we.
        contractions: False = none, such as "don't".
        emoji: False = none.
        exclamations: False = no exclamation marks.
        bold: False = none.
        lists: False = none.
        capital_start: True = answers begin with a capital.
        min_words: Fewest words of an answer.
        max_words: Most words of an answer.
    """

    bullets: str | None = None
    numbering: str | None = None
    headings: str | None = None
    quotes: str | None = None
    dash: str | None = None
    dates: str | None = None
    times: str | None = None
    thousands: str | None = None
    decimals: str | None = None
    percent: str | None = None
    units: str | None = None
    final_punctuation: str | None = None
    person: str | None = None
    contractions: bool | None = None
    emoji: bool | None = None
    exclamations: bool | None = None
    bold: bool | None = None
    lists: bool | None = None
    capital_start: bool | None = None
    min_words: int | None = None
    max_words: int | None = None

    @property
    def keys(self) -> dict[str, str | bool | int]:
        """What is declared, by key, in the order of the vocabulary."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value for key, value in held.items() if value is not None}

    @property
    def declared(self) -> frozenset[str]:
        """Reasons of the norms that it takes the place of, in format and tone."""
        return frozenset(reason for key in self.keys for reason in _OUTRANKS[key])


_OUTRANKS: dict[str, tuple[str, ...]] = {
    "bullets": ("list-marker",),
    "numbering": ("list-number",),
    "headings": ("heading-style", "heading-level", "heading"),
    "quotes": ("quotes",),
    "dash": ("dash",),
    "dates": ("date-format",),
    "times": ("time-format",),
    "thousands": ("thousands",),
    "decimals": ("decimal-mark",),
    "percent": ("percent",),
    "units": ("unit-space",),
    "final_punctuation": ("final-punctuation",),
    "person": ("first-person", "address", "person"),
    "contractions": ("contraction",),
    "emoji": ("emoji",),
    "exclamations": ("exclamation",),
    "bold": ("bold",),
    "lists": ("list",),
    "capital_start": ("start",),
    "min_words": (),
    "max_words": ("over-long",),
}


def read_style(table: Any, where: str) -> HouseStyle:
    """The house style of a table ``[style]``.

    Args:
        table: As a TOML reader gives it.
        where: Names the file in errors.

    Raises:
        InputError: It is no table, a key is unknown, or a value is none that the key takes.
    """
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: [{TABLE}] must be a table.", f"Write a line [{TABLE}] with the rules below it.")
    return HouseStyle(**{key: _checked(where, key, value) for key, value in table.items()})


def _checked(where: str, key: str, value: Any) -> Any:
    known = [field.name for field in fields(HouseStyle)]
    if key not in known:
        raise InputError(f"{where}: the house style has no rule {key!r}.", f"Known rules: {', '.join(known)}.")
    if key in CHOICES:
        right = isinstance(value, str) and value in CHOICES[key]
        wanted = f"one of {', '.join(repr(choice) for choice in CHOICES[key])}"
    elif key in SWITCHES:
        right, wanted = isinstance(value, bool), "true or false"
    else:
        right = isinstance(value, int) and not isinstance(value, bool) and value > 0
        wanted = "a whole number over 0"
    if not right:
        raise InputError(f"{where}: the rule {key!r} in [{TABLE}] must be {wanted}.", "Correct it or remove the line.")
    return value
