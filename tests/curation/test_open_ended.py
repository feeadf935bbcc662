"""Requests with many right answers are told from questions with one."""

from __future__ import annotations

import pytest

from curation.checks.base import chat
from curation.evidence.open_ended import open_ended
from curation.runner import run_checks


@pytest.mark.parametrize(
    "ask",
    ["Write a short story about an animal.", "Give me an example of a prime number.", "Suggest a name for my dog.",
     "Generate a random number between 1 and 10.", "Name one country in Europe.", "Tell me a joke.",
     "Draft a greeting for a customer.", "Write a SQL query to get the top customers.", "List 5 ways to save water.",
     "Could you recommend something to read?", "Come up with a slogan.", "What is a good way to learn French?",
     "Think of three words that rhyme with day.", "Pick a number at random."],
)  # fmt: skip
def test_requests_with_many_right_answers_are_open(ask: str) -> None:
    assert open_ended(ask)


@pytest.mark.parametrize(
    "ask",
    ["What is the capital of France?", "How much ibuprofen may an adult take?", "Is it passed on by touch?",
     "Which code fits?", "Name the code and count its characters.", "Give the code for acute bronchitis.",
     "Write a summary of the following conversation.", "Tell me the opening hours.", "What colour is the wire?",
     "How many people live in Rome?", "Translate this sentence: I write a letter.", "When was it founded?",
     "List the side effects of aspirin.", "Describe the treatment of flu.", "Who wrote Emma?", ""],
)  # fmt: skip
def test_questions_with_one_right_answer_are_not(ask: str) -> None:
    assert not open_ended(ask)


def test_answers_to_open_requests_do_not_clash_and_the_report_says_so() -> None:
    rows = [
        chat("Name one country in Europe.", "France"),
        chat("Name one country in Europe.", "Spain"),
        chat("What is the capital of Spain?", "Madrid"),
        chat("What is the capital of Spain?", "Paris"),
    ]
    report = run_checks(rows, ["contradictions.clash"])
    (found,) = report.findings
    assert "Madrid" in found.message
    assert any("many right answers" in note for note in report.notes)
