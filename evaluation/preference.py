"""Who wins, and how sure that is: win rate with an interval that respects prompts rated several times.

Ratings of one prompt are not independent, so the unit of analysis is the prompt: intervals that treat every rating
as a draw of its own cover the truth in 88 % of studies instead of 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evaluation.estimate import SMALLEST_SAMPLE, Estimate, FloatArray, mean_estimate, wilson

Outcome = Literal["win", "loss", "tie", "both_bad"]
CREDIT: dict[str, float] = {"win": 1.0, "loss": 0.0, "tie": 0.5, "both_bad": 0.5}


@dataclass(frozen=True, slots=True)
class Vote:
    """One rater's outcome on one prompt, seen from the model whose win rate is asked for."""

    item: str
    rater: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Preference:
    """Everything said about who wins.

    Attributes:
        win_rate: Mean over prompts of the mean over raters; ties and both-bad count one half.
        by_rating: The same with every rating weighing alike (Miller's clustered error); equals ``win_rate`` where all
            prompts have equally many ratings.
        decisive: Wins / (wins + losses), ties and both-bad left out, each prompt's decisive ratings averaged.
        p_value: Of no preference, over prompt means (see ``test``).
        p_sign: Exact sign test on prompts with a majority.
    """

    win_rate: Estimate
    by_rating: Estimate
    decisive: Estimate
    net: float | None
    wins: int
    losses: int
    ties: int
    both_bad: int
    n_ratings: int
    n_prompts: int
    n_raters: int
    p_value: float | None
    test: str
    p_sign: float | None
    by_rater: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return {
            **{"win_rate": self.win_rate.as_dict(), "by_rating": self.by_rating.as_dict()},
            **{"without_ties": self.decisive.as_dict(), "net": self.net},
            **{"wins": self.wins, "losses": self.losses, "ties": self.ties, "both_bad": self.both_bad},
            **{"n_ratings": self.n_ratings, "n_prompts": self.n_prompts, "n_raters": self.n_raters},
            **{"p_value": self.p_value, "test": self.test, "p_sign": self.p_sign, "by_rater": self.by_rater},
        }


def preference(votes: Sequence[Vote], *, seed: int = 0) -> Preference:
    """Summarise votes: win rate with its prompt-clustered interval, counts, and tests.

    Args:
        votes: At most one for a prompt and rater; order has no meaning.
        seed: Of the permutation test used below 30 prompts.
    """
    tally = {outcome: sum(v.outcome == outcome for v in votes) for outcome in CREDIT}
    means = prompt_means(votes)
    rate = win_rate(votes)
    p_value, test = preference_test(means, seed=seed)
    decisive = [v for v in votes if v.outcome in ("win", "loss")]
    above, below = int((means > 0.5).sum()), int((means < 0.5).sum())
    raters = sorted({v.rater for v in votes})
    return Preference(
        win_rate=rate,
        by_rating=clustered_mean(votes),
        decisive=win_rate(decisive),
        net=None if rate.value is None else 2 * rate.value - 1,
        wins=tally["win"],
        losses=tally["loss"],
        ties=tally["tie"],
        both_bad=tally["both_bad"],
        n_ratings=len(votes),
        n_prompts=len(means),
        n_raters=len(raters),
        p_value=p_value,
        test=test,
        p_sign=sign_test(above, below),
        by_rater={r: float(np.mean([CREDIT[v.outcome] for v in votes if v.rater == r])) for r in raters},
    )


def prompt_means(votes: Iterable[Vote]) -> FloatArray:
    """Each prompt's mean credit over its raters, float64 [prompts], in order of first appearance."""
    grouped: dict[str, list[float]] = {}
    for vote in votes:
        grouped.setdefault(vote.item, []).append(CREDIT[vote.outcome])
    return np.array([sum(values) / len(values) for values in grouped.values()], dtype=np.float64)


def win_rate(votes: Sequence[Vote]) -> Estimate:
    """Win rate in [0, 1] with a 95 % interval clustered by prompt.

    Student's t over prompt means; Wilson where each prompt has one decisive rating, and Wilson with the effective
    sample size where t would leave [0, 1] or have no width. Fewer than 10 prompts: no interval.
    """
    means = prompt_means(votes)
    n = len(means)
    single = len(votes) == n and all(v.outcome in ("win", "loss") for v in votes)
    if single and n >= SMALLEST_SAMPLE:
        low, high = wilson(float(means.sum()), n)
        return Estimate(float(means.mean()), low, high, n, "Wilson, one rating a prompt")
    estimate = mean_estimate(means, lower=0.0, upper=1.0)
    if estimate.value is None:
        return Estimate(None, reason="no ratings")
    if estimate.low is None:
        reason = f"no interval: {n} prompts, at least {SMALLEST_SAMPLE} are needed"
        return Estimate(estimate.value, n=n, reason=reason)
    method = "t over prompt means" if estimate.method.startswith("Student") else estimate.method
    return Estimate(estimate.value, estimate.low, estimate.high, n, method)


def clustered_mean(votes: Sequence[Vote]) -> Estimate:
    """Mean over ratings with the standard error clustered by prompt, t with G - 1 degrees of freedom.

    SE² = Σ_g (Σ_j (d_gj - d̄))² / n² × G/(G - 1): Miller (2024), Adding error bars to evals, with the finite-cluster
    factor.
    """
    from scipy.stats import t

    if not votes:
        return Estimate(None, reason="no ratings")
    credit = np.array([CREDIT[v.outcome] for v in votes])
    mean = float(credit.mean())
    names = {item: k for k, item in enumerate(dict.fromkeys(v.item for v in votes))}
    groups = len(names)
    if groups < SMALLEST_SAMPLE:
        return Estimate(mean, n=groups, reason=f"no interval: {groups} prompts, at least {SMALLEST_SAMPLE} are needed")
    sums = np.bincount([names[v.item] for v in votes], weights=credit - mean)
    se = math.sqrt(float((sums**2).sum()) / len(votes) ** 2 * groups / (groups - 1))
    half = float(t.ppf(0.975, groups - 1)) * se
    if se < 1e-12 or mean - half < 0 or mean + half > 1:
        n_effective = float(groups) if se < 1e-12 or mean in (0.0, 1.0) else mean * (1 - mean) / se**2
        low, high = wilson(mean * n_effective, n_effective)
        return Estimate(mean, low, high, groups, "Wilson with the effective sample size")
    return Estimate(mean, mean - half, mean + half, groups, "t, clustered by prompt")


def preference_test(means: FloatArray, *, seed: int = 0, n_permutations: int = 10_000) -> tuple[float | None, str]:
    """Two-sided p of "no preference" and the test's name; see :func:`paired_test`."""
    return paired_test(np.asarray(means, dtype=np.float64) - 0.5, seed=seed, n_permutations=n_permutations)


def paired_test(
    differences: Sequence[float] | FloatArray, *, seed: int = 0, n_permutations: int = 10_000
) -> tuple[float | None, str]:
    """Two-sided p of "no difference" and the test's name, from one difference a prompt.

    Paired t from 30 prompts on; below that a sign-flip permutation of the prompts' differences.
    """
    from scipy.stats import ttest_1samp

    centred = np.asarray(differences, dtype=np.float64)
    n = len(centred)
    if n < 2:
        return None, "not run: fewer than two prompts"
    if n >= 30 and float(centred.std()) > 1e-12:
        return float(ttest_1samp(centred, 0.0).pvalue), "paired t over prompts"
    generator = np.random.default_rng(seed)
    signs = generator.integers(0, 2, size=(n_permutations, n)) * 2 - 1
    extreme = np.abs(signs @ centred) >= abs(float(centred.sum())) - 1e-9
    p = (int(extreme.sum()) + 1) / (n_permutations + 1)
    return float(p), f"sign-flip permutation of prompt means, {n_permutations} draws"


def sign_test(wins: int, losses: int) -> float | None:
    """Exact two-sided sign test; None where nothing was decisive. Also McNemar's exact test on discordant pairs."""
    from scipy.stats import binomtest

    return None if wins + losses == 0 else float(binomtest(wins, wins + losses).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjustment of several p-values, in the given order."""
    m = len(p_values)
    adjusted = [0.0] * m
    running = 0.0
    for rank, index in enumerate(sorted(range(m), key=lambda k: p_values[k])):
        running = max(running, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def side_bias(left_wins: int, right_wins: int) -> tuple[Estimate, float | None]:
    """Share of decisive verdicts that went to the left side (Wilson interval), and the exact p of no bias."""
    n = left_wins + right_wins
    if n == 0:
        return Estimate(None, reason="no decisive verdict"), None
    low, high = wilson(left_wins, n)
    return Estimate(left_wins / n, low, high, n, "Wilson"), sign_test(left_wins, right_wins)
