"""How many rows stand on each side of a clash, where more than two answer one question: a hint, never a verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FORM = re.compile(r" Of (\d+) rows that ask this, (\d+) stands? with the first and (\d+) with the second\.")


@dataclass(frozen=True, slots=True)
class Standing:
    """Rows by the side that they take in the clash of two answers.

    A row stands with an answer if it says the same in the same words, or if its own answer clashes with the other
    answer and not with this one.

    Attributes:
        left, right: Rows that stand with the finding's own example, and with the related one; these two included.
        total: Rows that ask this; those beyond ``left + right`` take neither side.
    """

    left: int
    right: int
    total: int

    def sentence(self) -> str:
        """The hint as it stands in a finding's message, with a space before it; empty for two rows.

        ``" Of 4 rows that ask this, 3 stand with the first and 1 with the second."`` - "the first" is the finding's
        own example, "the second" the related one.
        """
        if self.total <= 2:
            return ""
        verb = "stands" if self.left == 1 else "stand"
        return (
            f" Of {self.total} rows that ask this, {self.left} {verb} with the first and {self.right} with the second."
        )

    @staticmethod
    def read(message: str) -> Standing | None:
        """The counts that a finding's message tells; None where it tells none."""
        found = _FORM.search(message)
        return Standing(int(found[2]), int(found[3]), int(found[1])) if found else None

    @staticmethod
    def without(message: str) -> str:
        """The message without the hint, for a page that shows the counts in another way."""
        return _FORM.sub("", message)


def standing(
    left: int, right: int, rows: Mapping[int, int], clashing: Mapping[int, frozenset[int]] | Mapping[int, set[int]]
) -> Standing:
    """Count the rows on each side of one clash.

    Args:
        left, right: The two answers, by number.
        rows: Rows that give each answer of the question.
        clashing: The answers that each clashes with, from both of its ends.
    """
    nobody: frozenset[int] = frozenset()
    against_left, against_right = set(clashing.get(left, nobody)), set(clashing.get(right, nobody))
    with_left = (against_right - against_left - {right}) | {left}
    with_right = (against_left - against_right - {left}) | {right}
    return Standing(
        sum(rows.get(number, 0) for number in with_left),
        sum(rows.get(number, 0) for number in with_right),
        sum(rows.values()),
    )
