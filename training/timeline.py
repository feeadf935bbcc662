"""Folds a run's events into one course: what a resumed run did again replaces what the killed one had done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MEASURED = frozenset({"step", "eval", "sample", "general"})
SUPERSEDED = MEASURED | {"warning"}
"""Kinds of events that a resume takes back where they stand above its step."""


def fold(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One course of a run that may have been resumed, any number of times.

    A ``resume`` event goes back to ``from_step``: steps, measurements, samples and warnings of later steps that stand
    before it are left out, since they are done again. A measurement that was taken twice at one step counts once.

    Args:
        events: All events of a run, oldest first.

    Returns:
        The events that count, in their order.
    """
    kept: list[dict[str, Any]] = []
    for event in events:
        if event["type"] == "resume":
            kept = [one for one in kept if not _is_undone(one, int(event["from_step"]))]
        kept.append(dict(event))
    last: dict[tuple[Any, ...], int] = {}
    for place, event in enumerate(kept):
        if event["type"] in MEASURED:
            last[_identity(event)] = place
    return [e for place, e in enumerate(kept) if last.get(_identity(e), place) == place]


def _is_undone(event: Mapping[str, Any], from_step: int) -> bool:
    return event["type"] in SUPERSEDED and int(event.get("step") or 0) > from_step


def _identity(event: Mapping[str, Any]) -> tuple[Any, ...]:
    return event["type"], event.get("step"), event.get("prompt"), event.get("model")
