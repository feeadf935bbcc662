"""Carrying out proposals: exact replacements that touch nothing else, and what they amount to over a whole report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.ids import example_id
from core.types import Example, Finding, Message, Replacement


@dataclass(frozen=True, slots=True)
class Replaced:
    """The turns after some replacements, and those that could not be made because others overlap them."""

    messages: tuple[Message, ...]
    overlapping: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one example: dropped, or edited into ``becomes``; and the findings that led to it."""

    example: Example
    action: str
    becomes: Example | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that a set of accepted findings amounts to.

    ``collapsed`` are findings about identical rows, which need no change: an example is kept once whatever the number
    of its rows. ``left`` are findings whose fix had to wait because another one touches the same words.
    """

    changes: tuple[Change, ...]
    collapsed: tuple[Finding, ...]
    left: tuple[Finding, ...]


def replaced(messages: Sequence[Message], replacements: Iterable[Replacement]) -> Replaced:
    """Make replacements from the last position to the first; of two that overlap, the earlier one in the text wins."""
    chosen: list[Replacement] = []
    overlapping: list[Replacement] = []
    for r in sorted(set(replacements), key=lambda r: (r.turn, r.start, r.end, r.text)):
        before = chosen[-1] if chosen else None
        clash = before and before.turn == r.turn and (r.start < before.end or r.start == before.start)
        (overlapping if clash else chosen).append(r)
    by_turn: dict[int, list[Replacement]] = {}
    for r in chosen:
        by_turn.setdefault(r.turn, []).append(r)
    turns = tuple(Message(m.role, _written(m.content, by_turn.get(turn, ()))) for turn, m in enumerate(messages))
    return Replaced(turns, tuple(overlapping))


def _written(text: str, ordered: Iterable[Replacement]) -> str:
    """A text after replacements that are in order and do not overlap; in one pass, however many they are."""
    pieces, at = [], 0
    for r in ordered:
        pieces += [text[at : r.start], r.text]
        at = r.end
    return "".join([*pieces, text[at:]])


def is_identical_rows(finding: Finding) -> bool:
    """Whether a finding only says that one example stands on several lines."""
    return finding.reason == "identical-rows"


def plan(examples: Mapping[str, Example], accepted: Sequence[Finding]) -> Plan:
    """Work out what accepting these findings' proposals changes.

    An example that some finding drops is not edited as well. A row that another accepted finding drops never serves
    as the one that stays, nor does one that has left the dataset since: a drop whose cluster would lose all its members
    is left.
    """
    dropped: dict[str, list[Finding]] = {}
    edits: dict[str, list[Finding]] = {}
    collapsed, left = [], []
    keeping: set[str] = set()
    for finding in accepted:
        proposal = finding.proposal
        if is_identical_rows(finding):
            collapsed.append(finding)
        elif proposal is None:
            left.append(finding)
        elif proposal.action == "edit":
            edits.setdefault(finding.example_id, []).append(finding)
        elif finding.example_id not in proposal.targets and (
            finding.example_id in dropped or finding.example_id not in examples
        ):
            left.append(finding)  # the row that stays is going or gone: its copies must not go with it
        elif keeping.intersection(proposal.targets):
            left.append(finding)  # it would drop a row for which others are going already
        else:
            keeping.add(finding.example_id)
            for target in proposal.targets:
                dropped.setdefault(target, []).append(finding)
    changes = [Change(examples[i], "drop", None, tuple(why)) for i, why in dropped.items() if i in examples]
    for target, why in edits.items():
        if target in dropped or target not in examples:
            continue
        change, waiting = _edit(examples[target], why)
        left += waiting
        if change is not None:
            changes.append(change)
    return Plan(tuple(changes), tuple(collapsed), tuple(left))


def _edit(example: Example, findings: Sequence[Finding]) -> tuple[Change | None, list[Finding]]:
    chosen: list[Replacement] = []
    used, waiting = [], []
    for finding in findings:
        wanted = finding.proposal.replacements if finding.proposal else ()
        if replaced(example.messages, [*chosen, *wanted]).overlapping:
            waiting.append(finding)
            continue
        chosen += wanted
        used.append(finding)
    messages = replaced(example.messages, chosen).messages
    if not used or messages == example.messages:
        return None, waiting
    return Change(example, "edit", Example(example_id(messages), messages, example.meta), tuple(used)), waiting
