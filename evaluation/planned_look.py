"""Are the votes so far enough to decide? Said at the look that was planned, and only then.

A study plans one look: when each pair has as many votes as was asked for. Whoever looks earlier and stops where the
result pleases finds a difference in far more than 5 of 100 studies without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.wording import many, of
from evaluation.power import prompts_needed
from evaluation.study import Study


def planned_look(
    study: Study, progress: Mapping[str, Any], rate: Mapping[str, Any], *, is_open: bool
) -> dict[str, Any]:
    """What may be said at this point.

    Args:
        study: Its plan and rule.
        progress: ``votes`` and ``wanted``.
        rate: The win rate with its interval, as a dict.
        is_open: Whether votes still come in.

    Returns:
        ``reached`` (whether this is the planned look), ``enough`` (whether the votes settle who is preferred; None
        before the look, or where there is no interval) and ``sentence``.
    """
    votes, wanted = progress["votes"], progress["wanted"]
    if votes < wanted:
        said = f"{of(votes, wanted, 'planned votes')} are in"
        if is_open:
            text = f"{said}. The plan looks once, when all are in; what is seen before then is no result."
        else:
            text = f"Closed when {said}: interval and p hold only if the votes did not decide when to stop."
        return {"reached": False, "enough": None, "sentence": text}
    limit = study.rule.win_rate_above
    if rate.get("low") is None or rate.get("high") is None:
        text = f"All {wanted:,} planned votes are in; there is no interval, so nothing is settled."
        return {"reached": True, "enough": None, "sentence": text}
    if rate["low"] > limit or rate["high"] < limit:
        side = "above" if rate["low"] > limit else "below"
        text = f"All {wanted:,} planned votes are in, and they are enough: the interval lies {side} {limit:.0%}."
        return {"reached": True, "enough": True, "sentence": text}
    needed = prompts_needed(rate["value"] - limit + 0.5, study.raters_per_item)
    more = f" A study to settle a win rate as seen here needs about {many(needed, 'pair')}." if needed else ""
    text = f"All {wanted:,} planned votes are in, and they are not enough: the interval holds {limit:.0%}.{more}"
    return {"reached": True, "enough": False, "sentence": text}
