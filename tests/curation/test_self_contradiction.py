"""Two sentences of one answer that cannot both be right are found; what only looks like it is left alone."""

from __future__ import annotations

import time

import pytest

from core.types import Finding
from curation.checks.base import chat
from curation.checks.contradictions_self import SELF


def found(answer: str) -> list[Finding]:
    return list(SELF.run([chat("What about the syrup?", answer)]))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("The dose of the syrup is 5 ml. Shake it well. The dose of the syrup is 50 ml.", "dose"),
        ("The syrup is safe for infants. Keep it cool. The syrup is not safe for infants.", "negation"),
        ("The report was sent on 3 March 2024. It is long. The report was sent on 5 May 2024.", "date"),
        ("The code of the case is J20.9. It is billable. The code of the case is J20.8.", "code"),
    ],
)
def test_what_is_said_and_denied_is_found_with_both_places(answer: str, reason: str) -> None:
    (finding,) = found(answer)
    assert finding.reason == reason
    assert len({answer[span.start : span.end] for span in finding.spans}) >= 1
    assert all(span.turn == 1 for span in finding.spans)


@pytest.mark.parametrize(
    "answer",
    [
        "The dose of the syrup is 500 mg. Shake it. The dose of the syrup is 0.5 g.",
        "The dose is 5 ml in the morning. The dose is 10 ml in the evening.",
        "If the child is small, the dose is 5 ml. If the child is tall, the dose is 10 ml.",
        "Some syrups are safe for infants. Other syrups are not safe for infants.",
        "The left kidney is enlarged. The right kidney is not enlarged.",
        "The left lung is clear. The right lung is clear.",
        "1. The price of it is 5 dollars.\n2. The price of it is 7 dollars.",
        "| The price is 5 dollars |\n| The price is 7 dollars |",
        "## Plan A\nThe price of it is 5 dollars.\n\n## Plan B\nThe price of it is 7 dollars.",
        "Anna: The dose is 5 ml.\nBert: The dose is 10 ml.",
        "The dose was 5 ml before that. The dose is 10 ml now.",
        'They say "The syrup is safe for infants." The syrup is not safe for infants.',
        "```\nThe dose is 5 ml.\nThe dose is 10 ml.\n```",
        "Is the syrup safe for infants? The syrup is not safe for infants.",
    ],
)
def test_alternatives_lists_dialogues_and_comparisons_are_no_contradictions(answer: str) -> None:
    assert not found(answer)


def test_a_long_answer_of_alike_sentences_takes_linear_time() -> None:
    started = time.perf_counter()
    found("".join(f"The dose of syrup number {n} is {n} ml. " for n in range(3000)))
    assert time.perf_counter() - started < 10
