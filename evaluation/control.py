"""Would the tuned model still win if its answers were as long as the base's, and stood on either side alike?

People prefer the longer of two answers (64 % of the time in AlpacaEval's human votes), so a win rate is shown twice:
as it is, and at equal length and balanced sides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evaluation.estimate import SMALLEST_SAMPLE, Estimate, FloatArray
from evaluation.preference import CREDIT, Vote, win_rate

FAR_APART = 0.10
"""Raw and controlled win rates that differ by more call for a warning (AlpacaEval's rule)."""
STEPS, SEPARATED = 50, 15.0


@dataclass(frozen=True, slots=True)
class Controlled:
    """The win rate at equal length and balanced sides, and how much length and side weighed.

    Attributes:
        win_rate: The tuned model's, in [0, 1], where both answers are equally long and sides do not count.
        longer_preferred: Share of decisive votes that went to the longer answer.
        length_effect, side_effect: In log odds, of an answer longer by one standard deviation, and of standing left.
        warning: Empty, or the sentence to be shown beside the raw win rate.
    """

    win_rate: Estimate
    longer_preferred: Estimate
    length_effect: Estimate
    side_effect: Estimate
    warning: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return {
            **{"win_rate": self.win_rate.as_dict(), "longer_preferred": self.longer_preferred.as_dict()},
            **{"length_effect": self.length_effect.as_dict(), "side_effect": self.side_effect.as_dict()},
            "warning": self.warning,
        }


def controlled(
    votes: Sequence[Vote], longer_by: Mapping[str, int], tuned_left: Mapping[tuple[str, str], bool]
) -> Controlled:
    """Fit outcome = intercept + tanh(length difference / sd) + side, by logistic regression clustered by prompt.

    The minimal form of AlpacaEval's length control (Dubois et al., 2024): no term for a prompt's difficulty, so it
    works on any prompts. Ties and both-bad count one half.

    Args:
        votes: At most one for a prompt and rater.
        longer_by: For each prompt, by how many characters the tuned answer is longer than the base's.
        tuned_left: For each (prompt, rater), whether the tuned model stood left.
    """
    from scipy.special import expit

    decisive = [v for v in votes if v.outcome in ("win", "loss") and longer_by[v.item]]
    # A win of the longer answer is a win of the tuned model where that is longer, else a loss of it.
    longer = win_rate([replace(v, outcome=_seen_from_longer(v, longer_by[v.item])) for v in decisive])
    if longer.value is None:
        longer = Estimate(None, reason="undefined: no decisive vote on answers of different length")
    if not votes:
        nothing = Estimate(None, reason="no ratings")
        return Controlled(nothing, nothing, nothing, nothing)
    gaps = np.array([longer_by[v.item] for v in votes], dtype=np.float64)
    sides = np.array([0.5 if tuned_left[v.item, v.rater] else -0.5 for v in votes])
    columns: list[tuple[str, FloatArray]] = [("intercept", np.ones(len(votes)))]
    spread = float(np.array([longer_by[item] for item in dict.fromkeys(v.item for v in votes)]).std())
    if spread > 0:
        columns.append(("length", np.tanh(gaps / spread)))
    if len(set(sides.tolist())) > 1:
        columns.append(("side", sides))
    credit = np.array([CREDIT[v.outcome] for v in votes])
    fitted = logistic(credit, np.column_stack([c for _, c in columns]), [v.item for v in votes])
    place = {name: k for k, (name, _) in enumerate(columns)}
    length = fitted[place["length"]] if "length" in place else Estimate(None, reason="undefined: lengths do not differ")
    side = fitted[place["side"]] if "side" in place else Estimate(None, reason="undefined: one side only")
    at_zero = fitted[0]
    rate = at_zero
    if at_zero.value is not None:
        low, high = (None if end is None else float(expit(end)) for end in (at_zero.low, at_zero.high))
        rate = replace(at_zero, value=float(expit(at_zero.value)), low=low, high=high)
    return Controlled(rate, longer, length, side, _warning(win_rate(votes), rate))


def _seen_from_longer(vote: Vote, longer_by: int) -> Any:
    return vote.outcome if longer_by > 0 else {"win": "loss", "loss": "win"}[vote.outcome]


def _warning(raw: Estimate, rate: Estimate) -> str:
    if raw.value is None or rate.value is None or abs(raw.value - rate.value) <= FAR_APART:
        return ""
    return (
        f"At equal length the win rate is {rate.value:.0%} instead of {raw.value:.0%}: much of the preference goes "
        "with the length of the answers, or with their side."
    )


def logistic(credit: FloatArray, columns: FloatArray, clusters: Sequence[str]) -> list[Estimate]:
    """Logistic regression of fractions in [0, 1], with intervals clustered by prompt (t, G - 1 degrees of freedom).

    Newton's method; sandwich covariance with the factor G/(G - 1) · (n - 1)/(n - k), as statsmodels has it.

    Args:
        credit: float64 [n], outcomes in [0, 1].
        columns: float64 [n, k], with a column of ones where an intercept is wanted.
        clusters: The prompt of each outcome.

    Returns:
        k coefficients in log odds; without an interval below 10 clusters, without a value where the outcomes are
        separated (a sweep has no finite coefficient).
    """
    from scipy.special import expit
    from scipy.stats import t

    n, k = columns.shape
    names = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    groups = len(names)
    beta = np.zeros(k)
    for _ in range(STEPS):
        share = expit(columns @ beta)
        bread = columns.T @ (columns * (share * (1 - share))[:, None])
        if np.linalg.cond(bread) > 1e12:
            return [_undefined(groups)] * k
        step = np.linalg.solve(bread, columns.T @ (credit - share))
        beta = beta + step
        if float(np.abs(beta).max()) > SEPARATED:
            return [_undefined(groups)] * k
        if float(np.abs(step).max()) < 1e-10:
            break
    else:
        return [_undefined(groups)] * k
    if groups < SMALLEST_SAMPLE or n <= k:
        reason = f"no interval: {groups} prompts, at least {SMALLEST_SAMPLE} are needed"
        return [Estimate(float(b), n=groups, reason=reason) for b in beta]
    sums = np.zeros((groups, k))
    np.add.at(sums, [names[one] for one in clusters], columns * (credit - share)[:, None])
    inverse = np.linalg.inv(bread)
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    errors = np.sqrt(np.diag(inverse @ (sums.T @ sums) @ inverse) * factor)
    half = float(t.ppf(0.975, groups - 1)) * errors
    method = "logistic regression, clustered by prompt"
    return [
        Estimate(float(b), float(b - h), float(b + h), groups, method)
        if math.isfinite(h)
        else Estimate(float(b), n=groups, reason="no interval: its error is undefined")
        for b, h in zip(beta, half, strict=True)
    ]


def _undefined(groups: int) -> Estimate:
    return Estimate(None, n=groups, reason="undefined: the votes leave no finite estimate (a sweep, or too few votes)")
