"""Rubrics of one's own: edited on the record, so that each study can say which version its raters saw."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import FinetoothError, InputError
from core.ids import content_id
from core.workspace import Workspace
from evaluation.rubric import HIGHEST, LOWEST, Criterion, criterion_from

KIND = "rubric"
MOST = 12
"""Criteria of one rubric; nobody scores more of a pair."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """One version of a rubric; versions count from 1."""

    name: str
    version: int
    criteria: tuple[Criterion, ...]
    who: str
    at: str


def save(workspace: Workspace, name: str, criteria: Sequence[Criterion], *, who: str = "") -> Rubric:
    """Store a rubric as its next version; the same wording again is no new one.

    Raises:
        InputError: It has no name or no criterion, or two criteria have the same name.
    """
    name = " ".join(name.split())
    if not name:
        raise InputError("A rubric needs a name.", "Give it one, such as the task's.")
    if not 1 <= len(criteria) <= MOST or len({c.name for c in criteria}) < len(criteria):
        raise InputError(
            f"A rubric has between 1 and {MOST} criteria, each with a title of its own; this one has {len(criteria)}.",
            "Add, remove or rename some.",
        )
    stored = [c.as_dict() for c in criteria]
    known = versions(workspace, name)
    if known and [c.as_dict() for c in known[-1].criteria] == stored:
        return known[-1]
    payload = {"version": len(known) + 1, "criteria": stored}
    workspace.ledger.append(KIND, name, payload, who=who, action_id=content_id([KIND, name, payload]))
    return versions(workspace, name)[-1]


def versions(workspace: Workspace, name: str) -> list[Rubric]:
    """All versions of a rubric, oldest first; empty where there is none of the name."""
    return [
        Rubric(name, number, tuple(criterion_from(c) for c in entry.payload["criteria"]), entry.who, entry.at)
        for number, entry in enumerate(workspace.ledger.entries(KIND, name), start=1)
    ]


def names(workspace: Workspace) -> list[str]:
    """The names of all rubrics of one's own, in alphabetical order."""
    return sorted(workspace.ledger.subjects(KIND))


def rubric(workspace: Workspace, name: str) -> Rubric:
    """The newest version of a rubric.

    Raises:
        FinetoothError: There is none of the name.
    """
    found = versions(workspace, name)
    if not found:
        raise FinetoothError(f'There is no rubric named "{name}".', "Save one first.")
    return found[-1]


def criterion_of(row: Mapping[str, Any]) -> Criterion:
    """A criterion from what a form holds: ``title``, ``question``, ``1`` to ``5``, ``weight``, ``critical_at``.

    Raises:
        InputError: A text is missing, or a number is off its scale.
    """
    title, question = (" ".join(str(row.get(key) or "").split()) for key in ("title", "question"))
    one, two, three, four, five = (" ".join(str(row.get(str(n)) or "").split()) for n in range(LOWEST, HIGHEST + 1))
    if not all((title, question, one, two, three, four, five)):
        raise InputError(
            "A criterion lacks its title, its question, or the sentence of a score.",
            "Write one sentence for each score from 1 to 5, about the response in front of the rater.",
        )
    name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or content_id(title)[:8]
    given, low = _number(row.get("weight")), _number(row.get("critical_at"))
    weight, limit = 1.0 if given is None else given, None if low is None else int(low)
    if weight < 0 or (limit is not None and not LOWEST <= limit < HIGHEST):
        raise InputError(
            f'A number of the criterion "{title}" is off its scale.',
            "A weight is 0 or more; a critical score is from 1 to 4, or none.",
        )
    return Criterion(name, title, question, (one, two, three, four, five), limit, weight)


def _number(value: Any) -> float | None:
    """A number of a table; an empty cell comes as None or as not-a-number."""
    return None if value is None or math.isnan(value) else float(value)
