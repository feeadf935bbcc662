"""Statements of fact in different answers: found where both speak of one thing, silent where a case explains them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.ids import example_id
from core.types import Example, Message
from curation.checks.base import chat
from curation.checks.contradictions_fact import FACT
from curation.evidence.standing import Standing
from curation.runner import Settings, run_checks

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
BOILS = "Water boils at 100 °C at sea level."
WRONG = "Water boils at 80 °C at sea level."


def test_two_answers_to_different_questions_state_different_facts() -> None:
    one, other = chat("How is tea made?", f"Heat it. {BOILS}"), chat("How do I cook pasta?", f"Salt it. {WRONG}")
    (finding,) = FACT.run([one, other])
    assert set(finding.members) == {one.id, other.id}
    texts = {one.id: one.answer, other.id: other.answer}
    marked = {texts[span.example_id or finding.example_id][span.start : span.end] for span in finding.spans}
    assert any("100" in text for text in marked) and any("80" in text for text in marked)


def test_a_statement_of_more_rows_is_told_with_its_number() -> None:
    rows = [chat(ask, BOILS) for ask in ("How is tea made?", "How is rice boiled?", "What is steam?")]
    (finding,) = FACT.run([*rows, chat("How do I cook pasta?", WRONG)])
    told = Standing.read(finding.message)
    assert told is not None and sorted((told.left, told.right)) == [1, 3]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("He was admitted to the ward on 3 May.", "He was admitted to the ward on 9 May."),
        ("The patient was given 5 mg of it.", "The patient was given 50 mg of it."),
        ("Your order will arrive in 3 days.", "Your order will arrive in 5 days."),
        ("The answer to the sum is 12.", "The answer to the sum is 15."),
        ("Mars has two moons that are small.", "Venus has no moons that are small."),
        ("Is water boiled at 100 °C at sea level?", "Is water boiled at 80 °C at sea level?"),
    ],
)
def test_statements_of_a_case_or_of_another_thing_are_left_alone(one: str, other: str) -> None:
    assert not list(FACT.run([chat("How is tea made?", one), chat("How do I cook pasta?", other)]))


def test_a_prompt_that_names_what_the_sentence_leaves_out_explains_it() -> None:
    rows = [
        chat("How high is the tax in Norway?", "The standard sales tax is 25 percent."),
        chat("And how high is it in Japan?", "The standard sales tax is 10 percent."),
    ]
    assert not list(FACT.run(rows))


def test_a_pasted_context_explains_what_is_said() -> None:
    rows = [
        chat("Report:\nBoiler at 80.\n\nWhen does it boil?", WRONG),
        chat("Report:\nBoiler at 100.\n\nWhen does it boil?", BOILS),
    ]
    assert not list(FACT.run(rows))


def test_over_the_set_size_no_statements_are_compared_and_the_report_says_so() -> None:
    rows = [chat("How is tea made?", BOILS), chat("How do I cook pasta?", WRONG)]
    report = run_checks(rows, ["contradictions"], settings=Settings(reworded_rows=1))
    assert not report.findings and any("statements" in note for note in report.notes)


def test_notes_of_patients_hold_no_facts_of_the_world() -> None:
    path = SHARED / "clinic_notes_train.jsonl"
    if not path.exists():
        pytest.skip("../shared/data is not here")
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        messages = tuple(Message(turn["role"], turn["content"]) for turn in json.loads(line)["messages"])
        rows.append(Example(example_id(messages), messages))
    assert not list(FACT.run(rows))
