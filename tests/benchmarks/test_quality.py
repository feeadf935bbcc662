"""The measures of quality: they agree with a plain double loop, and see a finding that is wrong."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from benchmarks import duplicates_quality, exact, findings, made, signatures_speed
from benchmarks.exact import Sides
from benchmarks.findings import Found

WORDS = st.lists(st.sampled_from(["ka", "lo", "mi", "nu"]), min_size=0, max_size=30).map(" ".join)
LONG = " ".join(f"word{i}" for i in range(40))


@given(st.lists(WORDS, max_size=12))
def test_brute_force_finds_what_a_double_loop_finds(texts: list[str]) -> None:
    def expected(short: bool) -> set[tuple[int, int]]:
        return {
            (a, b)
            for a, b in combinations(range(len(texts)), 2)
            if texts[a] and texts[b] and exact.is_short(texts[a], texts[b]) == short
            if exact.similarity(texts[a], texts[b])[1]
        }

    for pairs, short in ((exact.near_pairs(texts), False), (exact.short_pairs(texts), True)):
        assert set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == expected(short)


def test_a_short_text_is_compared_by_characters_and_a_long_one_by_words() -> None:
    assert exact.similarity("which code fits a dry cough", "which code fits a dry coughs") == (23 / 24, True)
    assert exact.similarity(LONG, LONG.replace("word0 ", "")) == (37 / 38, True)
    assert exact.similarity(LONG, "word1 word2") == (0.0, False)
    assert exact.similarity("", "") == (1.0, True)


def test_system_turns_belong_to_neither_side() -> None:
    turns = [{"role": r, "content": c} for r, c in (("system", "Be kind."), ("user", "Hi!"), ("assistant", "Hello."))]
    assert exact.sides_of(turns) == Sides("hi", "hello")
    assert exact.sides_of(turns[:2]) == Sides("hi", "")


def test_a_drop_whose_answer_differs_is_counted() -> None:
    sides = [
        Sides(LONG, "give five drops a day"),
        Sides(LONG, "give nothing at all"),
        Sides(LONG, "give five drops a day"),
    ]
    right = Found("duplicates.near", "near-duplicate", (0, 2), (2,), 1.0)
    wrong = Found("duplicates.near", "near-duplicate", (0, 1), (1,), 1.0)
    assert findings.verify(sides, [right]).answer_below == 0
    found = findings.verify(sides, [right, wrong])
    assert (found.dropped, found.whole_below, found.prompt_below, found.answer_below) == (2, 0, 0, 1)
    assert (found.reported, found.reported_right, found.stated, found.stated_right) == (2, 2, 2, 1)


def test_findings_are_the_same_whatever_the_order_of_rows() -> None:
    def document(rows: list[int], drop: list[int], message: str = "2 rows are equal.") -> dict[str, Any]:
        finding = {
            "check": "duplicates.exact",
            "severity": "warn",
            "reason": "x",
            "message": message,
            "score": 1.0,
            "rows": rows,
            "proposal": {"action": "drop", "rows": drop, "safe": True},
        }
        return {"notes": [], "findings": [finding]}

    first = findings.canonical(document([1, 2, 3], [2, 3]), ["a", "b", "c"])
    assert first == findings.canonical(document([3, 1, 2], [1, 2]), ["b", "c", "a"])
    assert first != findings.canonical(document([2, 1, 3], [1, 3]), ["a", "b", "c"])  # another row would stay
    assert first != findings.canonical(document([1, 2, 3], [2, 3], "3 rows."), ["a", "b", "c"])


def test_recall_is_measured_with_the_real_checks(tmp_path: Path) -> None:
    path = made.write(tmp_path / "made.jsonl", duplicates_quality.made_recipe(150))
    figures, _ = duplicates_quality.recall("made", path)
    by_name = {figure.what: figure for figure in figures}
    top = by_name["made: recall of pairs, J 0.80-1.00"]
    assert top.value == 1.0
    assert top.met
    assert by_name["made: rows to drop, answer J under the threshold"].met


def test_speeds_are_measured_in_turn_and_as_ratios() -> None:
    texts = [f"{prompt} {answer}" for prompt, answer in made.rows(made.Recipe(40))]
    work = signatures_speed.contenders(normalised=False)
    work.pop("rensa")
    work.pop("rensa, batch function")
    figures = signatures_speed.measure(texts, 5, 2, work, "raw texts")
    names = [figure.what for figure in figures]
    assert names[-1] == "raw texts: times the speed of datasketch"
    assert all(figure.value and figure.value > 0 for figure in figures)
