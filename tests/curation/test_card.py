"""The data card: every figure is in it, and no name can break out of its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.card import STANDING_LIMITS, CardCheck, CardFacts, CardSource, code, data_card, text

FACTS = CardFacts(
    name="Clinic",
    revision_id="0123456789abcdef",
    n_rows=1201,
    n_imported=1200,
    n_examples=1180,
    splits={"train": 1062, "holdout": 118},
    sources=[CardSource("notes.jsonl", "f" * 64, "messages", 1201, 3, "CC BY 4.0", ("1 blank line(s) passed over.",))],
    dropped={"near duplicate": 15, "identical rows": 5},
    edited={"trailing space": 7},
    checks=[CardCheck("format.shape", "Turns in order", 9, 4)],
    norms={"units": "mg"},
    certificate={"passed": True, "cross_pairs": 0, "random_split_leak_share": 0.388, "thresholds": {"jaccard": 0.7}},
    frozen_by="Ada",
    limits=("English only.",),
)


def test_every_figure_stands_in_the_card() -> None:
    card = data_card(FACTS)
    for line in (
        "# Data card: Clinic",
        "- Revision `0123456789abcdef`",
        "- Frozen by Ada",
        f"| `notes.jsonl` | messages | 1,201 | 3 | CC BY 4.0 | `{'f' * 64}` |",
        "| Distinct conversations among them | 1,200 |",
        "| Dropped | 20 |",
        "| near duplicate | 15 |",
        "| trailing space | 7 |",
        "| `format.shape` | Turns in order | 9 | 4 | 5 |",
        "| train | 1,062 | 90.0% |",
        "| random split leak share | 38.8% |",
        "| thresholds: jaccard | 0.7 |",
        "- units: mg",
        "- English only.",
        *(f"- {limit}" for limit in STANDING_LIMITS),
    ):
        assert line in card.splitlines()
    assert "Passed:" in card


def test_what_is_not_known_is_said() -> None:
    bare = CardFacts("x", "r", 1, 1, 1, {"train": 1}, [CardSource("a.csv", "0", "alpaca", 1, 0)])
    card = data_card(bare)
    for sentence in (
        "not recorded",
        "Nothing was dropped.",
        "Nothing was edited.",
        "No check has run",
        "no certificate",
    ):
        assert sentence in card
    assert "Frozen" not in card


def test_a_failed_certificate_is_loud() -> None:
    assert "**Failed.**" in data_card(replace(FACTS, certificate={"passed": False, "cross_pairs": 3}))


def test_the_same_facts_give_the_same_card() -> None:
    assert data_card(FACTS) == data_card(replace(FACTS, dropped=dict(reversed(FACTS.dropped.items()))))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("![x](http://evil/p.png)", r"\!\[x\](http:\//evil/p.png)"),
        ("<script>", r"\<script\>"),
        ("a | b", r"a \| b"),
        ("two\n# lines", r"two \# lines"),
        ("- item", r"\- item"),
        ("1. one", r"1\. one"),
        ("\u202eback\x1b[31m", r"\<U+202E\>back\<U+001B\>\[31m"),
    ],
)
def test_free_text_is_shown_and_not_interpreted(name: str, shown: str) -> None:
    assert text(name) == shown


def test_a_name_with_backquotes_stays_in_its_code_span() -> None:
    assert code("a`b``c") == "```a`b``c```"
    assert code("`") == "`` ` ``"
    assert code("a|b`") == r"a\|b\`"


@given(st.text())
def test_no_name_adds_a_line_or_a_cell_to_the_card(name: str) -> None:
    before = data_card(replace(FACTS, sources=[replace(FACTS.sources[0], name="x", licence="y", notes=())]))
    after = data_card(replace(FACTS, sources=[replace(FACTS.sources[0], name=name, licence=name, notes=())]))
    assert len(after.splitlines()) == len(before.splitlines())
    row_before, row_after = before.splitlines()[8], after.splitlines()[8]
    assert row_after.replace(r"\|", "").count("|") == row_before.count("|")
