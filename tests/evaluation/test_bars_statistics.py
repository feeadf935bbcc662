"""Statistics held against the reference values that were measured with other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluation.agreement import agreement, krippendorff_alpha, specific_agreement
from evaluation.estimate import failure_bound
from evaluation.power import detectable_win_rate
from evaluation.preference import Vote, clustered_mean, paired_test, side_bias, win_rate
from tests.evaluation.test_statistics import B, units

RARE = [[False] * 3] * 96 + [[False, False, True]] * 3 + [[True, True, False]]
"""A fault that three raters see in 5 of 300 looks, never all of them at once."""


def test_a_rare_flag_has_the_reference_figures_and_its_specific_agreement() -> None:
    found = agreement(RARE, ordinal=False)
    assert found.raw.value == pytest.approx(0.973, abs=5e-4)
    assert found.alpha_nominal.value == pytest.approx(0.189, abs=5e-4)
    assert found.ac1.value == pytest.approx(0.972, abs=5e-4)
    positive, negative = specific_agreement(RARE)
    # Five times a rater said yes, with ten chances of a second yes, of which two came.
    assert positive.value == pytest.approx(2 / 10) and positive.n == 4
    assert negative.value == pytest.approx(582 / 590)


def test_specific_agreement_is_undefined_where_nobody_said_it() -> None:
    positive, negative = specific_agreement([[False, False], [False, False, False], [True]])
    assert positive.value is None and "nobody" in positive.reason
    assert negative.value == 1.0
    assert specific_agreement([[True]])[0].reason.endswith("no item was rated by two raters")


def test_unanimous_ratings_are_undefined_and_neither_one_nor_nan_nor_an_error() -> None:
    found = agreement([[3, 3]] * 20, ordinal=True)
    for one in (found.alpha_nominal, found.alpha_ordinal, found.ac1):
        assert one.value is None and one.reason == "undefined: every rating is identical"
    assert found.raw.value == 1.0


def test_the_interval_of_alpha_over_items_holds_that_of_the_reference() -> None:
    # A bootstrap of disagreements gives .618 to .928; resampling whole items, as here, is wider and never narrower.
    found = krippendorff_alpha(units(B), "ordinal", n_resamples=5000, seed=0)
    assert found.low is not None and found.high is not None
    assert found.low <= 0.618 and found.high >= 0.928


@pytest.mark.parametrize(("n", "bound"), [(30, 0.095), (59, 0.0495), (100, 0.0295), (149, 0.0199), (299, 0.0100)])
def test_no_failure_in_n_leaves_the_reference_bound(n: int, bound: float) -> None:
    assert failure_bound(0, n) == pytest.approx(bound, abs=6e-5 if n > 30 else 5e-4)
    assert failure_bound(0, n) == pytest.approx(1 - 0.05 ** (1 / n))


NEEDED = {0.55: (778, 621, 331, 414), 0.60: (189, 150, 80, 100), 0.65: (80, 62, 34, 42), 0.70: (42, 32, 17, 21)}
"""Prompts for a true win rate: one rater without ties, with 20 % ties, three raters at ICC .3 and at .5."""


@pytest.mark.parametrize("rate", NEEDED)
def test_the_power_of_a_study_is_that_of_the_table_of_sample_sizes(rate: float) -> None:
    designs = ((1, 0.0, 0.3), (1, 0.2, 0.3), (3, 0.2, 0.3), (3, 0.2, 0.5))
    for n, (raters, ties, icc) in zip(NEEDED[rate], designs, strict=True):
        assert detectable_win_rate(n, raters, tie_share=ties, icc=icc) == pytest.approx(rate, abs=0.002)


def test_a_study_finds_what_its_power_promises_in_about_80_of_100_repetitions() -> None:
    generator = np.random.default_rng(5)
    rate = detectable_win_rate(150, 1, tie_share=0.0)
    found = 0
    for _ in range(1500):
        means = (generator.random(150) < rate).astype(float)
        p_value, _ = paired_test(means - 0.5)
        found += p_value is not None and p_value < 0.05
    assert 0.76 <= found / 1500 <= 0.84


def test_prompts_with_unequal_raters_have_the_clustered_error_of_miller() -> None:
    generator = np.random.default_rng(8)
    sizes = generator.integers(1, 5, size=25)
    votes = [
        Vote(str(i), str(r), "win" if generator.random() < 0.55 else "loss")
        for i, n in enumerate(sizes)
        for r in range(n)
    ]
    credit = np.array([v.outcome == "win" for v in votes], float)
    mean, total = credit.mean(), 0.0
    for i in range(25):
        total += sum(c - mean for v, c in zip(votes, credit, strict=True) if v.item == str(i)) ** 2
    se = math.sqrt(total / len(votes) ** 2 * 25 / 24)
    found = clustered_mean(votes)
    assert found.value == pytest.approx(mean)
    assert found.low == pytest.approx(mean - 2.063899 * se, rel=1e-6)


def test_one_rater_without_ties_has_the_wilson_interval() -> None:
    found = win_rate([Vote(str(k), "r", "win" if k < 34 else "loss") for k in range(50)])
    assert (found.low, found.high) == pytest.approx((0.5419, 0.7924), abs=5e-5)


def test_a_planted_liking_of_the_left_side_is_found() -> None:
    share, p_value = side_bias(95, 55)
    assert share.low is not None and share.low > 0.5 and p_value == pytest.approx(0.0014, abs=5e-5)
