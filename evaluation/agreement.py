"""How far raters agree: Krippendorff's alpha (nominal, ordinal), Gwet's AC1 and raw agreement.

A figure that is undefined is None with a reason, never 1.0: raters who all gave the same score to everything have
shown nothing about how well they can tell things apart.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from evaluation.estimate import SMALLEST_SAMPLE, Estimate, FloatArray, mean_estimate

Level = Literal["nominal", "ordinal"]
Units = Sequence[Sequence[Hashable]]

ENDS = (2.5, 97.5)
SAME = "undefined: every rating is identical"
UNPAIRED = "undefined: no item was rated by two raters"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one question. Every estimate may be None with its reason."""

    alpha_nominal: Estimate
    alpha_ordinal: Estimate
    ac1: Estimate
    raw: Estimate
    n_items: int
    n_ratings: int
    label: str

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return {
            "alpha_nominal": self.alpha_nominal.as_dict(),
            "alpha_ordinal": self.alpha_ordinal.as_dict(),
            "ac1": self.ac1.as_dict(),
            "raw_agreement": self.raw.as_dict(),
            "n_items": self.n_items,
            "n_ratings": self.n_ratings,
            "label": self.label,
        }


def units_of(ratings: Mapping[tuple[str, str], Hashable]) -> list[list[Hashable]]:
    """Group ``{(item, rater): value}`` by item; the raters' order has no meaning in what follows."""
    grouped: dict[str, list[Hashable]] = {}
    for (item, _), value in ratings.items():
        grouped.setdefault(item, []).append(value)
    return list(grouped.values())


def counts(units: Units) -> tuple[FloatArray, list[Any]]:
    """Count ratings: float64 [units, categories], categories in ascending order (numbers by value, text by name)."""
    categories: list[Any] = sorted({value for unit in units for value in unit}, key=lambda v: (isinstance(v, str), v))
    index = {value: k for k, value in enumerate(categories)}
    table = np.zeros((len(units), len(categories)))
    for row, unit in enumerate(units):
        for value in unit:
            table[row, index[value]] += 1
    return table, categories


def _coincidences(table: FloatArray) -> FloatArray:
    """Each unit's coincidence matrix, float64 [units, k, k]: pairs of values, weighted 1/(m - 1)."""
    size = table.sum(axis=1)
    outer = table[:, :, None] * table[:, None, :]
    k = table.shape[1]
    outer[:, np.arange(k), np.arange(k)] -= table
    return np.asarray(outer / (size - 1)[:, None, None], dtype=np.float64)


def _alpha(observed: FloatArray, level: Level) -> FloatArray:
    """Alpha of coincidence matrices [..., k, k]; NaN where expected disagreement is zero."""
    marginal = observed.sum(axis=-1)
    n = marginal.sum(axis=-1)
    k = marginal.shape[-1]
    if level == "nominal":
        delta = np.broadcast_to(1.0 - np.eye(k), observed.shape)
    else:
        # Ordinal metric: the number of ratings between two categories, each end counted by half, squared.
        middle = np.cumsum(marginal, axis=-1) - marginal / 2
        delta = (middle[..., :, None] - middle[..., None, :]) ** 2
    expected = (marginal[..., :, None] * marginal[..., None, :] * delta).sum(axis=(-1, -2))
    disagreement = (observed * delta).sum(axis=(-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected > 0, 1 - (n - 1) * disagreement / expected, np.nan))


def krippendorff_alpha(units: Units, level: Level = "nominal", *, n_resamples: int = 0, seed: int = 0) -> Estimate:
    """Krippendorff's alpha, 1 - D_o/D_e, with missing ratings allowed.

    Krippendorff (2011), Computing Krippendorff's alpha-reliability. Units with a single rating cannot be paired and
    are left out, as the definition asks.

    Args:
        units: One sequence of values an item, in any order; ordinal values must be numbers.
        level: ``nominal`` or ``ordinal``.
        n_resamples: Item bootstrap for the interval (percentile, 2.5 to 97.5); 0 = no interval.
        seed: Of the bootstrap.

    Raises:
        TypeError: Ordinal values that are not numbers (their alphabetical order would be taken for their meaning).
    """
    paired = [unit for unit in units if len(unit) >= 2]
    if level == "ordinal" and any(isinstance(value, str) for unit in paired for value in unit):
        raise TypeError("ordinal alpha needs numbers")
    if not paired:
        return Estimate(None, reason=UNPAIRED)
    table, categories = counts(paired)
    if len(categories) < 2:
        return Estimate(None, n=len(paired), reason=SAME)
    matrices = _coincidences(table)
    value = float(_alpha(matrices.sum(axis=0), level))
    if n_resamples <= 0 or len(paired) < SMALLEST_SAMPLE:
        reason = "" if n_resamples <= 0 else f"no interval: {len(paired)} items, at least {SMALLEST_SAMPLE} are needed"
        return Estimate(value, n=len(paired), reason=reason)
    low, high = _bootstrap(matrices, level, n_resamples, seed)
    return Estimate(value, low, high, len(paired), f"item bootstrap, {n_resamples} resamples")


def _bootstrap(matrices: FloatArray, level: Level, n_resamples: int, seed: int) -> tuple[float, float]:
    """Percentile interval over resampled items, in chunks so that memory stays small."""
    n, k, _ = matrices.shape
    flat = matrices.reshape(n, k * k)
    values = [_alpha((w @ flat).reshape(-1, k, k), level) for w in _resamples(n, n_resamples, seed)]
    low, high = np.nanpercentile(np.concatenate(values), ENDS)
    return float(low), float(high)


def _resamples(n: int, n_resamples: int, seed: int) -> Iterator[FloatArray]:
    """How often each of n items is drawn in each resample, float64 [some, n], in chunks so that memory stays small."""
    for drawn in _drawn(n, n_resamples, seed):
        yield drawn.astype(np.float64)


@functools.lru_cache(maxsize=2)
def _drawn(n: int, n_resamples: int, seed: int) -> tuple[npt.NDArray[np.uint16], ...]:
    """The draws themselves, kept: every figure about the same items is resampled alike, and drawing is what costs."""
    generator = np.random.default_rng(seed)
    chunk = max(1, min(n_resamples, 2_000_000 // n))
    return tuple(
        generator.multinomial(n, np.full(n, 1 / n), size=min(chunk, n_resamples - start)).astype(np.uint16)
        for start in range(0, n_resamples, chunk)
    )


def raw_agreement(units: Units) -> Estimate:
    """Mean over items of the share of rater pairs that gave the same value (0 to 1), with t over items."""
    paired = [unit for unit in units if len(unit) >= 2]
    if not paired:
        return Estimate(None, reason=UNPAIRED)
    table, _ = counts(paired)
    return mean_estimate(_pair_shares(table), lower=0.0, upper=1.0)


def gwet_ac1(units: Units, *, n_resamples: int = 0, seed: int = 0) -> Estimate:
    """Gwet's AC1, (p_a - p_e)/(1 - p_e) with p_e = Σ π(1 - π)/(Q - 1) over the Q categories that were used.

    It stays meaningful where one category is rare, where alpha falls to zero in spite of near-total agreement.
    Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement. The interval is
    an item bootstrap, as that of alpha; ``n_resamples=0`` = none.
    """
    paired = [unit for unit in units if len(unit) >= 2]
    if not paired:
        return Estimate(None, reason=UNPAIRED)
    table, categories = counts([unit for unit in units if unit])
    if len(categories) < 2:
        return Estimate(None, n=len(paired), reason=SAME)
    value = float(_ac1(table, np.ones((1, len(table))))[0])
    if n_resamples <= 0 or len(paired) < SMALLEST_SAMPLE:
        reason = "" if n_resamples <= 0 else f"no interval: {len(paired)} items, at least {SMALLEST_SAMPLE} are needed"
        return Estimate(value, n=len(paired), reason=reason)
    ends = np.nanpercentile(np.concatenate([_ac1(table, w) for w in _resamples(len(table), n_resamples, seed)]), ENDS)
    return Estimate(value, float(ends[0]), float(ends[1]), len(paired), f"item bootstrap, {n_resamples} resamples")


def _ac1(table: FloatArray, weights: FloatArray) -> FloatArray:
    """AC1 of resampled items, float64 [resamples]: ``weights`` [resamples, units] counts how often each was drawn."""
    size = table.sum(axis=1)
    prevalence = weights @ (table / size[:, None]) / weights.sum(axis=1, keepdims=True)
    expected = (prevalence * (1 - prevalence)).sum(axis=1) / (table.shape[1] - 1)
    twice = size >= 2
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = weights[:, twice] @ _pair_shares(table[twice]) / weights[:, twice].sum(axis=1)
        return np.asarray((observed - expected) / (1 - expected))


def _pair_shares(table: FloatArray) -> FloatArray:
    size = table.sum(axis=1)
    return np.asarray((table * (table - 1)).sum(axis=1) / (size * (size - 1)), dtype=np.float64)


def specific_agreement(units: Sequence[Sequence[bool]]) -> tuple[Estimate, Estimate]:
    """Of the times that one rater said yes, how often another said so too; and the same for no.

    Σ n_i(n_i - 1) / Σ n_i(m_i - 1), n_i of an item's m_i raters having said it: Cicchetti and Feinstein (1990), High
    agreement but low kappa. Where a fault is rare, raters agree nearly always that it is absent, and only the first
    figure says whether they see the same ones.

    Args:
        units: Yes or no of each rater, one sequence an item; items with one rater are left out.

    Returns:
        Positive and negative agreement in [0, 1], each resting on ``n`` items where anybody said so; without interval.
    """
    paired = [unit for unit in units if len(unit) >= 2]
    found: list[Estimate] = []
    for said, word in ((True, "yes"), (False, "no")):
        sizes = [(sum(bool(one) is said for one in unit), len(unit)) for unit in paired]
        asked = sum(k * (m - 1) for k, m in sizes)
        if not asked:
            found.append(Estimate(None, reason=f'undefined: nobody said "{word}"' if paired else UNPAIRED))
        else:
            alike = sum(k * (k - 1) for k, _ in sizes)
            found.append(Estimate(alike / asked, n=sum(k > 0 for k, _ in sizes), reason="no interval is given for it"))
    return found[0], found[1]


def agreement(units: Units, *, ordinal: bool, n_resamples: int = 2000, seed: int = 0) -> Agreement:
    """Every agreement figure of one question.

    Args:
        units: One sequence of values an item.
        ordinal: The values have an order (rubric scores); False = they are names (verdicts).
        n_resamples, seed: Of the alpha intervals.
    """
    nominal = krippendorff_alpha(units, "nominal", n_resamples=n_resamples, seed=seed)
    in_order = (
        krippendorff_alpha(units, "ordinal", n_resamples=n_resamples, seed=seed)
        if ordinal
        else Estimate(None, reason="undefined: verdicts have no order")
    )
    return Agreement(
        nominal,
        in_order,
        gwet_ac1(units, n_resamples=n_resamples, seed=seed),
        raw_agreement(units),
        sum(len(unit) >= 2 for unit in units),
        sum(len(unit) for unit in units),
        label((in_order if ordinal else nominal).value),
    )


def label(alpha: float | None) -> str:
    """Krippendorff's customary reading of alpha; a warning to look at the rubric, never a failure."""
    if alpha is None:
        return "undefined"
    if alpha >= 0.8:
        return "good"
    return "tentative" if alpha >= 0.667 else "low: the rubric needs work, or the question is hard"
