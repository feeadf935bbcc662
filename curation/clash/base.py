"""What a clash is: why two answers cannot both be right, and the words that show it."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[int, int]
"""First code point and one past the last."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Why two texts cannot both be right.

    Attributes:
        reason: Slug of the rule, such as ``code``, ``number``, ``yes-no``, ``opposite`` or ``negation``.
        sentence: For people: "Dose differs: 5 mg / 50 mg."
        score: How sure the rule is, in [0, 1].
        left, right: Where the clashing words stand in each text; at least one of them holds a place.
    """

    reason: str
    sentence: str
    score: float
    left: tuple[Place, ...]
    right: tuple[Place, ...]
