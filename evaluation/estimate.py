"""A figure with its interval, or a sentence that says why there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
SMALLEST_SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval.

    Attributes:
        value: The figure; None where it is undefined.
        low, high: The interval's ends; None where there is none.
        n: The number of units (prompts, documents) that it rests on.
        method: How the interval was made.
        reason: Why the value or the interval is missing; empty where both are there.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    method: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return asdict(self)


def wilson(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share; ``n`` may be an effective (fractional) sample size.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + confidence / 2))
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if share <= 0 else max(0.0, centre - half)
    high = 1.0 if share >= 1 else min(1.0, centre + half)
    return low, high


def failure_bound(failures: int, n: int, confidence: float = 0.95) -> float:
    """One-sided upper bound of a failure rate (Clopper and Pearson, 1934): 0 of 59 may still be 4.95 %."""
    from scipy.stats import beta

    if n <= 0 or not 0 <= failures <= n:
        raise ValueError("failure_bound needs 0 <= failures <= n and n > 0")
    return 1.0 if failures == n else float(beta.ppf(confidence, failures + 1, n - failures))


def matched_difference(only_first: int, only_second: int, n: int) -> Estimate:
    """Difference of two shares on the same units, first minus second, from the units on which only one was hit.

    Agresti and Min (2005), Simple improved confidence intervals for comparing matched proportions: half a unit is
    added to each cell, so that there is an interval where nothing was hit, too.

    Args:
        only_first, only_second: Units on which only the one was hit.
        n: All units.
    """
    from scipy.stats import norm

    if n == 0:
        return Estimate(None, reason="nothing was measured")
    value = (only_first - only_second) / n
    if n < SMALLEST_SAMPLE:
        return Estimate(value, n=n, reason=f"no interval: {n} units, at least {SMALLEST_SAMPLE} are needed")
    b, c, m = only_first + 0.5, only_second + 0.5, n + 2
    half = float(norm.ppf(0.975)) * math.sqrt((b + c) - (b - c) ** 2 / m) / m
    middle = (b - c) / m
    return Estimate(value, max(-1.0, middle - half), min(1.0, middle + half), n, "Agresti and Min, matched pairs")


def mean_estimate(
    values: Sequence[float] | FloatArray,
    *,
    lower: float | None = None,
    upper: float | None = None,
    smallest: int = SMALLEST_SAMPLE,
) -> Estimate:
    """The mean of independent units with Student's t interval.

    Where the mean is a share in [0, 1] (``lower=0, upper=1``) and the t interval leaves that range or has no width
    (a unanimous sweep), Wilson's interval with the effective sample size p(1 - p)/se² takes its place; with no
    spread at all the effective size is the number of units. Below ``smallest`` units there is no interval.

    Args:
        values: One value a unit.
        lower, upper: The range that the mean cannot leave; None = unbounded.
        smallest: Fewest units for which an interval is given.
    """
    from scipy.stats import t

    array = np.asarray(values, dtype=np.float64)
    n = int(array.size)
    if n == 0:
        return Estimate(None, reason="nothing was measured")
    mean = float(array.mean())
    if n < smallest:
        return Estimate(mean, n=n, reason=f"no interval: {n} units, at least {smallest} are needed")
    se = float(array.std(ddof=1)) / math.sqrt(n)
    half = float(t.ppf(0.975, n - 1)) * se
    low, high = mean - half, mean + half
    leaves = (lower is not None and low < lower) or (upper is not None and high > upper)
    flat = se < 1e-12
    if lower == 0.0 and upper == 1.0 and (leaves or flat):
        n_effective = float(n) if flat or mean <= 0.0 or mean >= 1.0 else mean * (1 - mean) / se**2
        low, high = wilson(mean * n_effective, n_effective)
        return Estimate(mean, low, high, n, "Wilson with the effective sample size")
    if flat:
        return Estimate(mean, n=n, reason="no interval: every value is the same")
    if leaves:
        low = low if lower is None else max(low, lower)
        high = high if upper is None else min(high, upper)
        return Estimate(mean, low, high, n, "Student's t, cut at the scale's ends")
    return Estimate(mean, low, high, n, "Student's t")
