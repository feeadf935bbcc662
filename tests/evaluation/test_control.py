"""The win rate at equal length, who it hangs on, and what several questions at once do to a p-value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation.agreement import gwet_ac1
from evaluation.control import controlled, logistic
from evaluation.preference import Vote, paired_test, preference_test
from evaluation.raters import raters_of, without_a_rater
from evaluation.rating import next_item, record_rating
from evaluation.results import study_results
from evaluation.study import create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation

Planted = tuple[list[Vote], dict[str, int], dict[tuple[str, str], bool]]


def planted(
    intercept: float, length: float, side: float, *, prompts: int = 40, raters: int = 3, seed: int = 3
) -> Planted:
    """Votes drawn from a logistic model whose prompts differ, with a tenth of ties."""
    generator = np.random.default_rng(seed)
    gaps = generator.integers(-200, 400, size=prompts)
    difficulty = generator.normal(0, 1, prompts)
    votes: list[Vote] = []
    lefts: dict[tuple[str, str], bool] = {}
    for i in range(prompts):
        for r in range(raters):
            lefts[str(i), str(r)] = (i + r) % 2 == 0
            at = intercept + length * np.tanh(gaps[i] / gaps.std()) + side * (0.5 if (i + r) % 2 == 0 else -0.5)
            drawn = generator.random()
            tie = generator.random() < 0.1
            won = drawn < 1 / (1 + np.exp(-(at + difficulty[i])))
            votes.append(Vote(str(i), str(r), "tie" if tie else "win" if won else "loss"))
    return votes, {str(i): int(gap) for i, gap in enumerate(gaps)}, lefts


def test_the_regression_equals_statsmodels() -> None:
    # GLM(Binomial).fit(cov_type="cluster") of statsmodels 0.15.0 on the same draws.
    generator = np.random.default_rng(3)
    gaps, difficulty = generator.integers(-200, 400, size=40), generator.normal(0, 1, 40)
    rows = []
    for i in range(40):
        for r in range(3):
            side = 0.5 if (i + r) % 2 == 0 else -0.5
            length = float(np.tanh(gaps[i] / gaps.std()))
            drawn = generator.random()
            tie = generator.random() < 0.1
            won = float(drawn < 1 / (1 + np.exp(-(0.3 + 0.8 * length + 0.4 * side + difficulty[i]))))
            rows.append((str(i), 0.5 if tie else won, 1.0, length, side))
    found = logistic(np.array([y for _, y, *_ in rows]), np.array([x for _, _, *x in rows]), [i for i, *_ in rows])
    assert [one.value for one in found] == pytest.approx(PARAMS, rel=1e-6)
    half = [(one.high - one.low) / 2 / 2.022691 for one in found if one.high is not None and one.low is not None]
    assert half == pytest.approx(ERRORS, rel=1e-5)


PARAMS = [0.3516433090104988, 0.9036942218410873, 1.3087391760866438]
ERRORS = [0.23127386129407038, 0.3628734393926253, 0.343933199355528]


def test_a_preference_for_length_alone_is_told_from_a_preference_for_the_model() -> None:
    votes, gaps, lefts = planted(0.0, 2.5, 0.0, prompts=200)
    found = controlled(votes, gaps, lefts)
    assert found.longer_preferred.low is not None and found.longer_preferred.low > 0.5
    assert found.win_rate.low is not None and found.win_rate.high is not None
    assert found.win_rate.low < 0.5 < found.win_rate.high
    assert found.length_effect.low is not None and found.length_effect.low > 0


def test_a_gap_of_more_than_ten_points_is_warned_of() -> None:
    votes, gaps, lefts = planted(0.0, 3.0, 0.0, prompts=200)
    # The tuned model is longer on four prompts of five.
    kept = {item for k, (item, gap) in enumerate(gaps.items()) if gap > 0 or k % 5 == 0}
    found = controlled([v for v in votes if v.item in kept], gaps, lefts)
    assert "At equal length" in found.warning and found.as_dict()["warning"] == found.warning
    assert controlled(*planted(0.4, 0.0, 0.0, prompts=200)).warning == ""


def test_a_bias_to_one_side_is_measured_and_taken_out() -> None:
    found = controlled(*planted(0.0, 0.0, 2.0, prompts=200))
    assert found.side_effect.low is not None and found.side_effect.low > 1
    assert found.win_rate.value == pytest.approx(0.5, abs=0.06)


def test_where_no_estimate_exists_it_is_undefined_with_a_reason() -> None:
    swept = [Vote(str(k), "r", "win") for k in range(20)]
    gaps, lefts = {str(k): k for k in range(20)}, {(str(k), "r"): k % 2 == 0 for k in range(20)}
    found = controlled(swept, gaps, lefts)
    assert found.win_rate.value is None and "undefined" in found.win_rate.reason and found.warning == ""
    same = controlled(*planted(0.2, 0.0, 0.0)[:1], dict.fromkeys(gaps | {str(k): 0 for k in range(40)}, 0), LEFTS)
    assert same.length_effect.value is None and same.longer_preferred.value is None and same.win_rate.value is not None
    assert controlled([], {}, {}).win_rate.reason == "no ratings"


LEFTS = planted(0.2, 0.0, 0.0)[2]


def test_leaving_a_rater_out_shows_whom_the_conclusion_hangs_on() -> None:
    keen = [Vote(str(k), "keen", "win") for k in range(30)]
    calm = [Vote(str(k), "calm", "win" if k % 2 else "loss") for k in range(30)]
    rows = raters_of([*keen, *calm], ["keen", "calm", "absent"])
    assert [row["holds"] for row in rows] == [False, True, None]
    found = without_a_rater(rows)
    assert (found["low"], found["high"], found["holds"]) == (0.5, 1.0, False)
    assert "without keen it changes" in found["warning"] and "calm" not in found["warning"]
    alone = without_a_rater(raters_of(keen, ["keen"]))
    assert alone["holds"] is None and alone["low"] is None


def test_the_interval_of_ac1_is_seeded_and_holds_the_value() -> None:
    flags = [[0, 0, 0]] * 96 + [[0, 0, 1]] * 3 + [[1, 1, 0]]
    found = gwet_ac1(flags, n_resamples=500, seed=1)
    assert found == gwet_ac1(flags, n_resamples=500, seed=1)
    assert found.low is not None and found.high is not None and found.value is not None
    assert 0.9 < found.low < found.value < found.high <= 1


def test_the_test_of_means_is_the_test_of_their_differences_from_one_half() -> None:
    means = np.random.default_rng(0).random(40)
    assert preference_test(means) == paired_test(means - 0.5)


def test_several_criteria_are_held_against_chance_together(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    study_id = create_study(workspace, stored_evaluation(workspace, 12), n_items=12)
    items = load_study(workspace, study_id).items
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study_id, who)) is not None:
            side, other = ("left", "right") if shown.left == items[shown.item_id].tuned else ("right", "left")
            k = int(items[shown.item_id].example_id.split("-")[1])
            scores = {f"{side}.accuracy": 5, f"{other}.accuracy": 3, f"{side}.tone": 3 + k % 2, f"{other}.tone": 3}
            scores |= {f"{side}.safety": 1 if k < 5 else 5, f"{other}.safety": 5}
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, side, scores))
    found = study_results(workspace, study_id)
    rubric = found["rubric"]
    assert rubric["accuracy"]["p_value"] < 0.01 and rubric["accuracy"]["p_holm"] == pytest.approx(
        3 * rubric["accuracy"]["p_value"]
    )
    assert rubric["tone"]["p_holm"] > rubric["tone"]["p_value"]
    paired = rubric["safety"]["critical"]["paired"]
    assert (paired["only_tuned"], paired["only_base"], paired["n"]) == (5, 0, 12)
    assert paired["p_value"] == pytest.approx(2 / 32)
    assert found["without_a_rater"]["holds"] is True
