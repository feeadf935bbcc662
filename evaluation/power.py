"""What a study can find out, said before it opens."""

from __future__ import annotations

import math

# (z of 97.5 % + z of 80 %)², for 80 % power at a two-sided 5 % level.
NEEDED = (1.959964 + 0.841621) ** 2


def detectable_win_rate(n_prompts: int, raters_per_item: int, *, tie_share: float = 0.2, icc: float = 0.3) -> float:
    """The true win rate that a study finds in 80 of 100 repetitions (two-sided 5 %), for example 0.61 with 60 × 3.

    Inverts n = 7.85 · ((1 - τ) - δ²)/δ² · (1 + (m - 1)ρ)/m for δ = 2p - 1.

    Args:
        n_prompts: Pairs in the study.
        raters_per_item: m, ratings of each pair.
        tie_share: τ, the expected share of ties in [0, 1).
        icc: ρ, how alike the ratings of one pair are, in [0, 1].
    """
    per_prompt = (1 + (raters_per_item - 1) * icc) / raters_per_item
    delta = math.sqrt(NEEDED * (1 - tie_share) / (n_prompts / per_prompt + NEEDED))
    return min(1.0, (1 + delta) / 2)


def prompts_needed(win_rate: float, raters_per_item: int, *, tie_share: float = 0.2, icc: float = 0.3) -> int | None:
    """How many pairs a study needs to find this true win rate; the inverse of :func:`detectable_win_rate`.

    None where the rate is one half (no number finds it) or cannot come about beside so many ties.
    """
    delta = abs(2 * win_rate - 1)
    if delta < 1e-9 or delta**2 >= 1 - tie_share:
        return None
    per_prompt = (1 + (raters_per_item - 1) * icc) / raters_per_item
    return math.ceil(NEEDED * (1 - tie_share - delta**2) / delta**2 * per_prompt)
