"""More than two models: finite after a sweep, the true order where there is one, honest about what was never met."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.ranking import Duel, rank_models
from evaluation.stats import stats_of_ratings


def test_a_sweep_is_finite_with_the_winner_first_and_an_interval_that_is_not_degenerate() -> None:
    duels = [Duel(str(k), "tuned", "base", 1.0) for k in range(19)] + [Duel("19", "tuned", "base", 1.0)]
    first, second = rank_models(duels)
    assert (first.model, second.model) == ("tuned", "base")
    assert first.strength.value is not None and math.isfinite(first.strength.value) and first.strength.value > 1
    mixed = [*duels, Duel("20", "tuned", "base", 0.0)]
    best = rank_models(mixed)[0].strength
    assert best.low is not None and best.high is not None and best.low < best.high and math.isfinite(best.high)


def test_two_models_have_the_odds_of_their_votes() -> None:
    duels = [Duel(str(k), "b", "a", 1.0 if k < 250 else 0.0) for k in range(400)]
    first, second = rank_models(duels, n_resamples=50)
    assert first.strength.value is not None and second.strength.value is not None
    assert math.exp(first.strength.value - second.strength.value) == pytest.approx(250 / 150, rel=0.01)


def test_the_true_order_is_found_and_held_in_the_intervals() -> None:
    generator = np.random.default_rng(4)
    truth = {"base": -1.0, "step 100": 0.0, "step 200": 1.0}
    names = list(truth)
    duels = []
    for item in range(60):
        for a, b in ((0, 1), (0, 2), (1, 2)):
            share = 1 / (1 + math.exp(truth[names[b]] - truth[names[a]]))
            duels += [Duel(str(item), names[a], names[b], float(generator.random() < share)) for _ in range(2)]
    found = rank_models(duels)
    assert [one.model for one in found] == ["step 200", "step 100", "base"]
    for one in found:
        assert one.strength.low is not None and one.strength.high is not None
        assert one.strength.low < truth[one.model] < one.strength.high
    assert [(one.rank_low, one.rank_high) for one in found] == [(1, 1), (2, 2), (3, 3)]
    assert rank_models(duels[::-1])[0].strength.value == pytest.approx(found[0].strength.value)


def test_votes_on_one_prompt_do_not_make_the_interval_narrower() -> None:
    generator = np.random.default_rng(1)
    single = [Duel(str(k), "a", "b", float(generator.random() < 0.6)) for k in range(40)]
    once, copied = rank_models(single)[0].strength, rank_models(single * 3)[0].strength
    assert None not in (once.low, once.high, copied.low, copied.high)
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.1)  # type: ignore[operator]


def test_models_that_never_met_are_of_different_groups_and_few_prompts_have_no_interval() -> None:
    found = rank_models([Duel("1", "a", "b", 1.0), Duel("2", "c", "d", 0.5), Duel("3", "a", "a", 1.0)])
    group = {one.model: one.group for one in found}
    assert group["a"] == group["b"] != group["c"] == group["d"]
    assert all(one.strength.low is None and "2 prompts" in one.strength.reason for one in found)
    assert rank_models([]) == []


def test_a_file_of_ratings_that_names_models_is_ranked(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"item": k, "rater": "x", "verdict": "left" if k % 4 else "tie", "models": ["tuned", other]}
        for k in range(12)
        for other in ("base", "step 100")
    ]
    lines += [{"item": k, "rater": "x", "verdict": "right", "models": ["base", "step 100"]} for k in range(12)]
    bad = [
        {"item": 1, "rater": "y", "verdict": "left", "models": ["a", "a"]},
        {"item": 1, "rater": "x", "verdict": "right", "models": ["base", "tuned"]},
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, [*lines, *bad])))
    found = stats_of_ratings(tmp_path / "r.jsonl")
    assert [one["model"] for one in found["ranking"]] == ["tuned", "step 100", "base"]
    assert found["win_rate"] is None and found["reasons"]["win_rate"] == "several models: see ranking"
    assert (found["n_items"], found["n_raters"]) == (12, 1)
    reasons = [one["reason"] for one in found["rejected"]]
    assert "two different models" in reasons[0] and "rated this item already" in reasons[1]
    json.dumps(found, allow_nan=False)
