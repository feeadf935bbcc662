"""More than two models (base, checkpoints, tuned) in one order: Bradley-Terry with a ridge, and intervals by prompt.

Ratings that come in over time (Elo) depend on their order, and the bare maximum-likelihood fit has no finite answer
where a model won every time; neither is used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluation.estimate import SMALLEST_SAMPLE, Estimate, FloatArray

RIDGE = 0.1
"""Weight of the penalty on squared strengths: as if a tenth of a vote said that all models are alike."""
STEPS = 100


@dataclass(frozen=True, slots=True)
class Duel:
    """One rater's outcome on one prompt between two models; ``credit`` is the first one's: 1, 0, or 0.5 for a tie."""

    item: str
    first: str
    second: str
    credit: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """One model's place.

    Attributes:
        strength: In log odds, the mean over all models being 0, with a 95 % interval over prompts.
        rank_low, rank_high: The best and worst place in 95 % of resamples; None without an interval.
        group: Models of different groups were never compared, not even through others.
    """

    model: str
    strength: Estimate
    rank_low: int | None
    rank_high: int | None
    n_votes: int
    group: int

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return asdict(self)


def rank_models(duels: Sequence[Duel], *, n_resamples: int = 2000, seed: int = 0) -> list[Ranked]:
    """Order models by their strength, the strongest first.

    Bradley and Terry (1952), fitted by Newton's method with a ridge, so that a sweep has a finite strength; ties count
    one half to each. The interval resamples prompts with all their votes, since votes on one prompt are not
    independent. Fewer than 10 prompts: no interval.

    Args:
        duels: Votes; a vote of a model against itself says nothing and is left out.
        n_resamples, seed: Of the bootstrap over prompts.
    """
    duels = [one for one in duels if one.first != one.second]
    models = sorted({name for one in duels for name in (one.first, one.second)})
    if not models:
        return []
    place = {name: k for k, name in enumerate(models)}
    items = {item: k for k, item in enumerate(dict.fromkeys(one.item for one in duels))}
    # won[p, i, j]: votes on prompt p that went from j to i.
    won = np.zeros((len(items), len(models), len(models)))
    for one in duels:
        a, b, p = place[one.first], place[one.second], items[one.item]
        won[p, a, b] += one.credit
        won[p, b, a] += 1 - one.credit
    groups = _groups(won.sum(axis=0))
    point = _strengths(won.sum(axis=0)[None])[0]
    low = high = ranks = None
    if len(items) >= SMALLEST_SAMPLE:
        weights = np.random.default_rng(seed).multinomial(len(items), np.full(len(items), 1 / len(items)), n_resamples)
        drawn = _strengths(np.tensordot(weights.astype(np.float64), won, axes=1))
        low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
        order = (drawn[:, None, :] > drawn[:, :, None]).sum(axis=2) + 1
        ranks = np.percentile(order, [2.5, 97.5], axis=0, method="closest_observation")
    reason = "" if low is not None else f"no interval: {len(items)} prompts, at least {SMALLEST_SAMPLE} are needed"
    found = []
    for k in np.argsort(-point, kind="stable"):
        strength = Estimate(float(point[k]), n=len(items), reason=reason)
        if low is not None and high is not None:
            method = f"bootstrap over prompts, {n_resamples} resamples"
            strength = Estimate(float(point[k]), float(low[k]), float(high[k]), len(items), method)
        best, worst = (None, None) if ranks is None else (int(ranks[0][k]), int(ranks[1][k]))
        n_votes = round(float(won[:, k, :].sum() + won[:, :, k].sum()))
        found.append(Ranked(models[k], strength, best, worst, n_votes, groups[k]))
    return found


def _strengths(won: FloatArray) -> FloatArray:
    """Strengths of several tables of votes at once: [tables, k, k] -> [tables, k], each with mean 0."""
    tables, k, _ = won.shape
    strength = np.zeros((tables, k))
    met = won + won.transpose(0, 2, 1)
    eye = np.eye(k)
    for _ in range(STEPS):
        share = 1 / (1 + np.exp(strength[:, None, :] - strength[:, :, None]))
        gradient = (won - met * share).sum(axis=2) - RIDGE * strength
        weight = met * share * (1 - share)
        curvature = eye * (weight.sum(axis=2) + RIDGE)[:, :, None] - weight
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        strength = strength + np.clip(step, -2, 2)
        if float(np.abs(step).max()) < 1e-10:
            break
    return np.asarray(strength - strength.mean(axis=1, keepdims=True), dtype=np.float64)


def _groups(won: FloatArray) -> list[int]:
    """The connected component of each model, numbered from 0 in the order of the models."""
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components((won + won.T) > 0, directed=False)
    return [int(label) for label in labels]
