"""What pre-flight says: each thing that is wrong by its name, with counts, example ids and the lines of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.errors import BlockedError

NAMED = 3
"""A message names this many lines; the report holds all of them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        name: A stable slug, such as ``end-of-turn-untrained``.
        count: How many examples (or tokens, or settings) it concerns.
        examples: The ids of all examples concerned; empty where it is not about examples.
        rows: Where each of them stands, such as ``chats.jsonl, line 12``; an empty text where that is unknown.
    """

    name: str
    message: str
    hint: str
    count: int
    examples: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    def placed(self, places: Mapping[str, str]) -> Problem:
        """The same with its rows, from a mapping of example ids to places."""
        return replace(self, rows=tuple(places.get(one, "") for one in self.examples)) if places else self

    def where(self, most: int = NAMED) -> str:
        """The first rows in words, with how many more there are; empty where none is known."""
        known = [row for row in self.rows if row]
        if not known:
            return ""
        more = len(self.rows) - len(known[:most])
        return "; ".join(known[:most]) + (f" and {more:,} more" if more else "")


@dataclass(frozen=True, slots=True)
class Report:
    """What pre-flight found: ``blocks`` forbid the run, ``warnings`` do not; ``counts`` are over the training split."""

    blocks: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    counts: dict[str, int]
    over_long: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON; all ids and rows, none left out."""
        return asdict(self)

    def raise_if_blocked(self) -> None:
        """Stop the launch.

        Raises:
            BlockedError: Something blocks; the first such thing is named with its rows, and how many more there are.
        """
        if self.blocks:
            first, more = self.blocks[0], len(self.blocks) - 1
            where = f" ({first.where()})" if first.where() else ""
            tail = f" ({more} more {'problem' if more == 1 else 'problems'} of other kinds.)" if more else ""
            raise BlockedError(first.message + where + tail, first.hint)
