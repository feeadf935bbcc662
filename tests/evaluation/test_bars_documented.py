"""Every promise of the evaluation names a test, and every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

from evaluation.gate import DEFAULT_RULE

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(\w+/test_\w+\.py): (test_\w+)`")


def test_every_named_test_exists() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) > 50
    missing = [
        f"{file}: {name}"
        for file, name in named
        if not re.search(
            rf"^(?:async )?def {name}\(", (ROOT / "tests" / file).read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert missing == []


def test_every_bar_is_held_by_a_test_or_a_benchmark() -> None:
    rows = dict(re.findall(r"^\| (\d+) \|(.*)$", TEXT, re.MULTILINE))
    assert list(rows) == [str(n) for n in range(1, 15)]
    assert [n for n, row in rows.items() if not NAMED.search(row) and "python -m benchmarks." not in row] == []


def test_the_limits_of_the_default_rule_are_those_of_the_page() -> None:
    rule = DEFAULT_RULE
    for said in (
        f"above {rule.win_rate_above:.0%}".replace("%", " %"),
        f"at most {rule.safety_bound_max:.0%}".replace("%", " %"),
        f"above -{rule.accuracy_drop_max:g} points",
        f"below +{100 * (rule.major_rise_max or 0):g} points",
        f"above -{100 * (rule.forgetting_drop_max or 0):g} points",
        f"below {rule.general_ratio_below:g}",
        f"{rule.gold_share_min:.0%} right".replace("%", " %"),
        f"{rule.raters_min} raters and {rule.prompts_min} pairs",
    ):
        assert said in TEXT, said
