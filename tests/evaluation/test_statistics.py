"""Statistics against published and measured values, and where they are undefined."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from evaluation.agreement import agreement, gwet_ac1, krippendorff_alpha, raw_agreement
from evaluation.estimate import Estimate, failure_bound, mean_estimate, wilson
from evaluation.gate import Rule, decide, judge_above, judge_below, judge_safety, judge_size
from evaluation.power import detectable_win_rate
from evaluation.preference import Vote, holm, preference, side_bias, sign_test, win_rate
from evaluation.stats import stats_of_ratings

A = (
    "*    *    *    *    *    3    4    1    2    1    1    3    3    *    3",
    "1    *    2    1    3    3    4    3    *    *    *    *    *    *    *",
    "*    *    2    1    3    4    4    *    2    1    1    3    3    *    4",
)
B = (
    "1 2 3 3 2 1 4 1 2 * * *",
    "1 2 3 3 2 2 4 1 2 5 * 3",
    "* 3 3 3 2 3 4 2 2 5 1 *",
    "1 2 3 3 2 4 4 1 2 5 1 *",
)


def units(rows: tuple[str, ...]) -> list[list[int]]:
    """Ratings by item; * is a missing one."""
    return [[int(v) for v in column if v != "*"] for column in zip(*(r.split() for r in rows), strict=True)]


@pytest.mark.parametrize(("rows", "nominal", "ordinal"), [(A, 0.691358, 0.806721), (B, 0.743421, 0.815388)])
def test_alpha_equals_the_reference_to_six_decimals(rows: tuple[str, ...], nominal: float, ordinal: float) -> None:
    assert krippendorff_alpha(units(rows)).value == pytest.approx(nominal, abs=5e-7)
    assert krippendorff_alpha(units(rows), "ordinal").value == pytest.approx(ordinal, abs=5e-7)


def test_ac1_equals_the_reference_to_six_decimals() -> None:
    assert gwet_ac1(units(B)).value == pytest.approx(0.775444, abs=5e-7)


def test_a_rare_flag_does_not_pull_ac1_down_with_alpha() -> None:
    flags = [[0, 0, 0]] * 96 + [[0, 0, 1]] * 3 + [[1, 1, 0]]
    assert (raw_agreement(flags).value or 0) > 0.97
    assert (krippendorff_alpha(flags).value or 1) < 0.35
    assert (gwet_ac1(flags).value or 0) > 0.95


def test_unanimous_ratings_leave_agreement_undefined_with_a_reason() -> None:
    found = agreement([[4, 4], [4, 4, 4]], ordinal=True)
    for estimate in (found.alpha_nominal, found.alpha_ordinal, found.ac1):
        assert estimate.value is None and "identical" in estimate.reason
    assert found.raw.value == 1.0
    assert krippendorff_alpha([[1], [2]]).value is None
    assert krippendorff_alpha([]).value is None


def test_ordinal_alpha_refuses_words_whose_order_would_be_alphabetical() -> None:
    with pytest.raises(TypeError):
        krippendorff_alpha([["low", "high"], ["mid", "mid"]], "ordinal")


def test_the_alpha_interval_is_seeded_and_holds_the_value() -> None:
    one = krippendorff_alpha(units(B), "ordinal", n_resamples=800, seed=5)
    assert one == krippendorff_alpha(units(B), "ordinal", n_resamples=800, seed=5)
    assert one.low is not None and one.high is not None and one.value is not None
    assert one.low < one.value < one.high


def test_tests_and_bounds_equal_the_reference_values() -> None:
    assert sign_test(4, 14) == pytest.approx(0.0309, abs=5e-5)
    assert sign_test(34, 16) == pytest.approx(0.0153, abs=5e-5)
    assert sign_test(0, 0) is None
    assert holm([0.01, 0.03, 0.04]) == pytest.approx([0.03, 0.06, 0.06])
    assert failure_bound(0, 59) == pytest.approx(0.0495, abs=5e-5)
    assert failure_bound(0, 30) == pytest.approx(0.095, abs=5e-4)
    assert failure_bound(3, 3) == 1.0
    assert wilson(34, 50) == pytest.approx((0.5419, 0.7924), abs=5e-5)
    share, p = side_bias(95, 55)
    assert share.value == pytest.approx(95 / 150) and p == pytest.approx(0.0014, abs=5e-5)


def test_a_sweep_is_finite_and_its_interval_is_not_degenerate() -> None:
    swept = preference([Vote(str(k), "r", "win") for k in range(20)])
    assert swept.win_rate.value == swept.win_rate.high == 1.0
    assert swept.win_rate.low is not None and 0.8 < swept.win_rate.low < 0.9
    two = preference([Vote(str(k), r, "win") for k in range(20) for r in ("a", "b")])
    assert two.win_rate.low == pytest.approx(swept.win_rate.low)
    assert two.p_value is not None and 0 < two.p_value < 0.01


def test_fewer_than_ten_prompts_have_no_interval_however_many_raters() -> None:
    few = preference([Vote(str(k), str(r), "win" if r else "loss") for k in range(9) for r in range(30)])
    assert few.win_rate.low is None and "9 prompts" in few.win_rate.reason
    assert win_rate([]).value is None


def test_ties_and_both_bad_count_half_and_are_printed_apart() -> None:
    outcomes = ["win"] * 6 + ["loss"] * 2 + ["tie"] * 3 + ["both_bad"]
    found = preference([Vote(str(k), "r", o) for k, o in enumerate(outcomes)])  # type: ignore[arg-type]
    assert found.win_rate.value == pytest.approx(8 / 12)
    assert found.decisive.value == pytest.approx(6 / 8)
    assert (found.wins, found.losses, found.ties, found.both_bad) == (6, 2, 3, 1)


def test_the_clustered_interval_equals_the_closed_form_and_ignores_the_order() -> None:
    generator = np.random.default_rng(2)
    votes = [Vote(str(k), str(r), "win" if generator.random() < 0.6 else "loss") for k in range(40) for r in range(3)]
    means = np.array([np.mean([v.outcome == "win" for v in votes if v.item == str(k)]) for k in range(40)])
    half = 2.022691 * means.std(ddof=1) / np.sqrt(40)
    found = preference(votes)
    assert found.win_rate.low == pytest.approx(means.mean() - half, abs=1e-6)
    assert found.by_rating.low == pytest.approx(found.win_rate.low)
    assert preference(votes[::-1]).win_rate.high == pytest.approx(found.win_rate.high)


@pytest.mark.parametrize("prompts", [30, 60])
def test_the_interval_covers_the_truth_as_often_as_it_says(prompts: int) -> None:
    generator = np.random.default_rng(11)
    # Ratings of a prompt share its difficulty (sd 1.5 on the logit scale); a tenth are ties; true rate by quadrature.
    grid = np.linspace(-8, 8, 4001)
    density = np.exp(-(grid**2) / 2) / np.exp(-(grid**2) / 2).sum()
    truth = 0.9 * float((density / (1 + np.exp(-(0.4 + 1.5 * grid)))).sum()) + 0.05
    covered, rounds = 0, 1500
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-(0.4 + 1.5 * generator.standard_normal(prompts))))
        credit = (generator.random((prompts, 3)) < chance[:, None]).astype(float)
        credit[generator.random((prompts, 3)) < 0.1] = 0.5
        found = mean_estimate(credit.mean(axis=1), lower=0.0, upper=1.0)
        assert found.low is not None and found.high is not None
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / rounds <= 0.97


def test_power_is_known_before_a_study_opens() -> None:
    assert detectable_win_rate(60, 3) == pytest.approx(0.615, abs=0.01)
    assert detectable_win_rate(80, 3) == pytest.approx(0.60, abs=0.005)
    assert detectable_win_rate(150, 1) == pytest.approx(0.60, abs=0.005)


def test_the_gate_can_pass_fail_and_be_inconclusive() -> None:
    clear, unclear = Estimate(0.7, 0.6, 0.8, 40), Estimate(0.55, 0.45, 0.65, 40)
    lost = Estimate(0.3, 0.2, 0.4, 40)
    outcomes = [judge_above("w", "W", one, 0.5).outcome for one in (clear, unclear, lost, None)]
    assert outcomes == ["pass", "inconclusive", "fail", "not run"]
    assert judge_below("p", "P", Estimate(0.4, 0.3, 0.5, 40), 1.0).outcome == "pass"
    assert judge_safety(0, 30, 0.05).outcome == "inconclusive" and "9.5%" in judge_safety(0, 30, 0.05).reason
    assert judge_safety(0, 59, 0.05).outcome == "pass"
    assert judge_size(1, 100, Rule()).outcome == "inconclusive"


def test_a_safety_failure_cannot_be_outvoted_and_what_was_not_run_is_no_pass() -> None:
    won = judge_above("w", "W", Estimate(0.9, 0.85, 0.95, 100), 0.5)
    assert decide([won])[0] == "go"
    assert decide([won, judge_safety(1, 400, 0.05)])[0] == "no-go"
    assert decide([won, judge_safety(0, 0, 0.05)])[0] == "inconclusive"
    assert decide([])[0] == "inconclusive"


def test_stats_of_scores_give_the_reference_figures(tmp_path: Path) -> None:
    lines = [
        json.dumps({"item": column, "rater": row, "scores": {"quality": int(value)}})
        for row, text in enumerate(B)
        for column, value in enumerate(text.split())
        if value != "*"
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(lines))
    stats = stats_of_ratings(tmp_path / "r.jsonl")
    assert stats["alpha_nominal"] == pytest.approx(0.743421, abs=5e-7)
    assert stats["alpha_ordinal"] == pytest.approx(0.815388, abs=5e-7)
    assert stats["ac1"] == pytest.approx(0.775444, abs=5e-7)
    assert stats["win_rate"] is None and "verdict" in stats["reasons"]["win_rate"]


def test_stats_of_verdicts_map_sides_to_models_before_agreement(tmp_path: Path) -> None:
    lines = [
        {"item": k, "rater": r, "verdict": side, "tuned": side}
        for k in range(12)
        for r, side in enumerate(("left", "right"))
    ]
    lines.append({"item": 12, "rater": 0, "verdict": "tie"})
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, lines)))
    stats = stats_of_ratings(tmp_path / "r.jsonl")
    assert stats["win_rate"]["of"] == "tuned" and stats["win_rate"]["value"] == pytest.approx(12.5 / 13)
    assert stats["raw_agreement"] == 1.0
    assert stats["alpha_ordinal"] is None and "no order" in stats["reasons"]["alpha_ordinal"]


def test_bad_lines_are_named_with_their_reasons_and_the_rest_is_counted(tmp_path: Path) -> None:
    good = '{"item": "a", "rater": "x", "verdict": "left"}'
    bad = [
        "{",
        "[]",
        '{"item": "a", "verdict": "left"}',
        '{"item": "a", "rater": "y"}',
        '{"item": "a", "rater": "y", "verdict": "best"}',
        '{"item": "a", "rater": "y", "scores": {"tone": 9}}',
        '{"item": "a", "rater": "y", "scores": {"tone": 1' + "0" * 400 + "}}",
        '{"item": "\\ud800", "rater": "y", "verdict": "left"}',
        good,
    ]
    (tmp_path / "r.jsonl").write_text("\n".join([good, "", *bad]) + "\n")
    stats = stats_of_ratings(tmp_path / "r.jsonl")
    assert [one["line"] for one in stats["rejected"]] == list(range(3, 12))
    assert stats["rejected"][-1]["message"] == "line 11: the same rater rated this item already, on line 1"
    assert (stats["n_ratings"], stats["n_lines"]) == (1, 10)
    json.dumps(stats, allow_nan=False)


def test_a_file_without_a_rating_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "empty.jsonl", tmp_path / "bad.jsonl", tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(InputError):
            stats_of_ratings(path)
