"""What nearly all answers of a group do, as a record that outlives the run of the checks: a norm of the dataset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LearnedNorm:
    """What nearly all answers of a group do, learned from the set or declared.

    Attributes:
        check: Such as ``format.norm``.
        reason: Slug, as in the findings of its departures.
        group: For people: ``all answers``, ``system prompt “You are …”``, ``task: coding``.
        sentence: Completes "412 of 430 answers ...": ``end with a full stop``.
        count: Answers that do it.
        total: Of how many that could.
        bound: Lower confidence bound of the share.
        departures: Findings about it.
        declared: Whether the house style asks for it, whatever the set does.
    """

    check: str
    reason: str
    group: str
    sentence: str
    count: int
    total: int
    bound: float
    departures: int
    declared: bool = False
