"""Does the result hang on one person? Each rater's figures, and the result without them.

With two to five raters no valid error over raters can be given; leaving each out in turn is what can be said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.estimate import Estimate
from evaluation.preference import CREDIT, Vote, win_rate


def raters_of(votes: Sequence[Vote], raters: Sequence[str], *, limit: float = 0.5) -> list[dict[str, Any]]:
    """Each rater's figures, and what the study would say without them.

    Args:
        votes: At most one for a prompt and rater.
        raters: Everybody, in the order of the rows.
        limit: The win rate that the decision asks for; the conclusion is on which side of it the interval lies.

    Returns:
        Rows with ``rater``, ``votes``, ``win_rate``, ``win_rate_without`` and its ``low`` and ``high``, ``holds``:
        whether the conclusion is the same without this rater (None where there is none to compare: no votes, or nobody
        else's).
    """
    conclusion = _conclusion(win_rate(votes), limit)
    rows = []
    for rater in raters:
        own = [CREDIT[vote.outcome] for vote in votes if vote.rater == rater]
        others = win_rate([vote for vote in votes if vote.rater != rater])
        comparable = bool(own) and others.value is not None and conclusion is not None
        rows.append(
            {
                "rater": rater,
                "votes": len(own),
                "win_rate": sum(own) / len(own) if own else None,
                "win_rate_without": others.value,
                "low": others.low,
                "high": others.high,
                "holds": _conclusion(others, limit) == conclusion if comparable else None,
            }
        )
    return rows


def without_a_rater(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The range of the win rate with each rater left out once, and whether the conclusion stands.

    Returns:
        ``low`` and ``high`` (of the point values; None where fewer than two people voted), ``holds`` (True, False, or
        None where it cannot be said) and ``warning`` (a sentence naming those without whom it changes, or empty).
    """
    voted = [row for row in rows if row["votes"]]
    values = [row["win_rate_without"] for row in voted if row["win_rate_without"] is not None]
    if len(voted) < 2 or not values:
        return {"low": None, "high": None, "holds": None, "warning": ""}
    said = [row["holds"] for row in voted]
    needed = [str(row["rater"]) for row in voted if row["holds"] is False]
    warning = f"The conclusion hangs on one person: without {' or without '.join(needed)} it changes." if needed else ""
    holds = None if None in said else not needed
    return {"low": min(values), "high": max(values), "holds": holds, "warning": warning}


def _conclusion(rate: Estimate, limit: float) -> str | None:
    """On which side of ``limit`` the interval lies; None without an interval."""
    if rate.low is None or rate.high is None:
        return None
    return "above" if rate.low > limit else "below" if rate.high < limit else "open"
