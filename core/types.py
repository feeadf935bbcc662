"""The nouns of Finetooth: frozen values without disk, model or screen.

Those of which there is one a row are structs of msgspec, which are made ten times as fast as dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

Severity = Literal["info", "warn", "block"]
Verdict = Literal["keep", "drop", "edit", "add", "undo"]
Meta = Mapping[str, Any]

ROLES = ("system", "user", "assistant", "tool")


class Message(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One turn. ``content`` is exactly as imported (lone surrogates repaired, which the reader reports)."""

    role: str
    content: str


class Example(msgspec.Struct, frozen=True):
    """One conversation. ``id`` is the hash of ``messages``; ``meta`` never enters it."""

    id: str
    messages: tuple[Message, ...]
    meta: Meta = msgspec.field(default_factory=dict)

    @property
    def answer(self) -> str:
        """The last assistant turn, or an empty string where the conversation does not end in one."""
        return self.messages[-1].content if self.messages and self.messages[-1].role == "assistant" else ""

    @property
    def prompt(self) -> tuple[Message, ...]:
        """All turns before the final answer (every turn, where there is no final answer)."""
        if self.messages and self.messages[-1].role == "assistant":
            return self.messages[:-1]
        return self.messages


def spoken(messages: Iterable[Message]) -> str:
    """The texts of all turns but the system's, one below the other: what two conversations are compared by."""
    return "\n".join(m.content for m in messages if m.role != "system")


class Row(msgspec.Struct, frozen=True):
    """Where an example stood: its 1-based line (or record) in one source file."""

    line: int
    example: Example


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that could not become an example, with the reason; its bytes stay in the stored source.

    ``start`` and ``end`` are byte offsets in the source file (both 0 where the format has no lines).
    """

    line: int
    reason: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in one turn (0-based). ``example_id`` None = the finding's own example."""

    turn: int
    start: int
    end: int
    example_id: str | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put ``text`` in place of the half-open range [start, end) of one turn."""

    turn: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a check suggests. ``drop`` removes ``targets``; ``edit`` applies ``replacements`` to the finding's example.

    ``safe`` means that accepting it without a look cannot change what the data teaches.
    """

    action: Literal["drop", "edit"]
    targets: tuple[str, ...]
    safe: bool
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence, never a verdict.

    Attributes:
        example_id: The example it is about (in a cluster, the one that stays).
        check: Such as ``format.shape``; the family is the part before the dot.
        severity: ``block`` where training would go wrong, ``warn`` where somebody should look, ``info`` otherwise.
        reason: A short stable slug, such as ``no-final-answer``.
        message: One sentence for the reviewer.
        score: In [0, 1], how sure or how strong; None where that has no meaning.
        spans: The words concerned.
        related: The other examples it concerns, in order.
        proposal: The fix, if there is one.
    """

    example_id: str
    check: str
    severity: Severity
    reason: str
    message: str
    score: float | None = None
    spans: tuple[Span, ...] = ()
    related: tuple[str, ...] = ()
    proposal: Proposal | None = None

    @property
    def family(self) -> str:
        """The part of the check's name before the dot."""
        return self.check.split(".", 1)[0]

    @property
    def members(self) -> tuple[str, ...]:
        """Its own example and the related ones, its own first."""
        return (self.example_id, *self.related)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person settled about one example, or (verdict ``add``) that they wrote it.

    ``becomes`` is the id of the edited example (verdict ``edit``); ``undoes`` the ``action_id`` taken back (verdict
    ``undo``). ``finding_id`` names the finding that led to it, if one did; a ``keep`` with a finding settles just that
    one. Decisions that share a ``batch`` were made, and are undone, together. ``checks`` names the checks behind it.
    """

    action_id: str
    example_id: str
    verdict: Verdict
    becomes: str | None = None
    note: str = ""
    who: str = ""
    at: str = ""
    finding_id: str | None = None
    undoes: str | None = None
    batch: str | None = None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """An immutable, content-addressed state of the dataset. No clock enters its id.

    ``splits`` maps a split's name to its number of examples; ``sources`` are source ids in import order;
    ``decided_upto`` is the hash of the last ledger entry that was folded in (not part of the id).
    """

    id: str
    parent: str | None
    n_examples: int
    splits: Mapping[str, int]
    checks: Mapping[str, int]
    decided_upto: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer to one hold-out prompt. ``source`` is ``base`` or ``tuned`` (or a model's name)."""

    id: str
    source: str
    prompt_id: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One blind pair: the replies shown left and right for a prompt."""

    id: str
    study_id: str
    prompt_id: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Rating:
    """One rater's judgement of one item: a pairwise verdict, rubric scores, or both.

    ``flags`` name a fault of one answer and how grave it is (``{"left.fabricated": "major"}``); ``points`` say whether
    an expert's criterion for this item is met (``{"right.0": True}``, None = cannot say).
    """

    action_id: str
    item_id: str
    who: str
    verdict: str | None = None
    scores: Mapping[str, int | None] = field(default_factory=dict)
    note: str = ""
    shown_at: str = ""
    answered_at: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, bool | None] = field(default_factory=dict)
