"""What a person has typed into an edit form, kept by this server until it is saved or thrown away."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.types import Message

MOST = 500
"""Drafts that a server keeps; the one that was touched longest ago goes first."""
NEW = "new"
"""Stands for the example that is being written from scratch, of which each person has one at a time."""

Key = tuple[Path, str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a draft.

    Attributes:
        uid: Stays the same while turns are moved; names its widgets.
        role, content: As they stand in the form.
        origin: 0-based turn of the example that it began as; None = it was put in.
    """

    uid: int
    role: str
    content: str
    origin: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A text under way.

    Attributes:
        turns: In order.
        seen: Number of the last ledger entry when it was begun: what others do later is told on saving.
        note: Why.
        round: Raised by each change that no widget made, so that widgets are drawn anew.
    """

    turns: tuple[Turn, ...]
    seen: int
    note: str = ""
    round: int = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        """The turns as they would be saved."""
        return tuple(Message(turn.role, turn.content) for turn in self.turns)

    def typed(self, texts: Mapping[int, str], roles: Mapping[int, str], note: str) -> Draft:
        """The draft with what stands in the widgets of the turns (by uid) and of the note."""
        turns = (
            replace(turn, content=texts.get(turn.uid, turn.content), role=roles.get(turn.uid, turn.role))
            for turn in self.turns
        )
        return replace(self, turns=tuple(turns), note=note)

    def without(self, uid: int) -> Draft:
        """The draft without a turn."""
        return replace(self, turns=tuple(turn for turn in self.turns if turn.uid != uid))

    def moved(self, uid: int, by: int) -> Draft:
        """The draft with a turn moved by so many places, as far as there are any."""
        turns = list(self.turns)
        at = next(place for place, turn in enumerate(turns) if turn.uid == uid)
        turns.insert(min(max(at + by, 0), len(turns) - 1), turns.pop(at))
        return replace(self, turns=tuple(turns))

    def with_turn(self) -> Draft:
        """The draft with an empty turn at its end; its role is the one that comes next."""
        uid = 1 + max((turn.uid for turn in self.turns), default=-1)
        before = self.turns[-1].role if self.turns else ""
        role = "assistant" if before in ("user", "tool") else "user"
        return replace(self, turns=(*self.turns, Turn(uid, role, "", None)))


def begin(messages: Sequence[Message], seen: int) -> Draft:
    """The draft of an example that nobody has touched yet."""
    return Draft(tuple(Turn(n, m.role, m.content, n) for n, m in enumerate(messages)), seen)


def of(key: Key) -> Draft | None:
    """The draft that is kept for a person and an example."""
    if key in _held:
        _held.move_to_end(key)
    return _held.get(key)


def keep(key: Key, draft: Draft) -> None:
    """Keep a draft."""
    _held[key] = draft
    _held.move_to_end(key)
    while len(_held) > MOST:
        _held.popitem(last=False)


def forget(key: Key) -> None:
    """Throw a draft away."""
    _held.pop(key, None)


_held: OrderedDict[Key, Draft] = OrderedDict()
