"""Pairs of answers that only look as if they clashed, and their twins that do: support, code, how-tos, prices."""

from __future__ import annotations

import time

import pytest

from curation.clash.judge import clash_between
from curation.clash.negation import read

NO_CLASH = (
    ("How many?", "1e6", "1,000,000"),
    ("How fast is light?", "3 x 10^8 m/s", "3.0e8 m/s"),
    ("How much?", "€1.234,50", "1234.50 EUR"),
    ("Is smoking allowed?", "Smoking is prohibited.", "No, smoking is not allowed."),
    ("Who is older?", "Ann is older than Bob.", "Bob is younger than Ann."),
    ("Is the glass full?", "It is half full.", "It is half empty."),
    ("Is it toxic?", "It is not toxic.", "It is non-toxic."),
    ("Isn't it closed today?", "Yes, it is closed.", "No, sorry, it is closed today."),
    ("Do you mind if I smoke?", "No, go ahead.", "Yes, please do."),
    ("Don't dogs like cats?", "No, many dogs don't like cats.", "Many dogs do not like cats."),
    (
        "How do I clean a pan?",
        "Wash it with hot water, do not use soap, dry it and oil it.",
        "Rinse it with hot water, scrub with salt, dry well and rub with oil.",
    ),
    (
        "Explain recursion.",
        "A function that calls itself until a base case stops it.",
        "Recursion is when a function calls itself. Without a base case it never stops.",
    ),
    (
        "How do I check that a file exists?",
        "import os\nos.path.exists('f.txt')",
        "from pathlib import Path\nif not Path('f.txt').exists():\n    print('missing')",
    ),
)
CLASH = (
    ("How many?", "1e6", "2,000,000"),
    ("How fast is light?", "3 x 10^8 m/s", "3.0e6 m/s"),
    ("How much?", "€1.234,50", "1243.50 EUR"),
    ("Is smoking allowed?", "Smoking is allowed.", "No, smoking is not allowed."),
    ("Who is older?", "Ann is older than Bob.", "Ann is younger than Bob."),
    ("Is the glass full?", "It is full.", "It is empty."),
    ("Is it toxic?", "It is toxic.", "It is non-toxic."),
    ("Isn't it closed today?", "Yes, it is closed.", "No, it is not closed."),
    ("Is it closed today?", "Yes.", "No."),
    ("Does she have any of these?", "She has a fever.", "She does not have a cough, fever or chills."),
    ("How is he?", "He has pain.", "He is without pain."),
)


@pytest.mark.parametrize(("asked", "one", "other"), NO_CLASH)
def test_answers_that_can_both_be_right_do_not_clash(asked: str, one: str, other: str) -> None:
    assert clash_between(one, other, asked=asked) is None
    assert clash_between(other, one, asked=asked) is None


@pytest.mark.parametrize(("asked", "one", "other"), CLASH)
def test_their_twins_that_cannot_both_be_right_do(asked: str, one: str, other: str) -> None:
    assert clash_between(one, other, asked=asked) is not None
    assert clash_between(other, one, asked=asked) is not None


def test_a_long_run_of_commas_and_negations_is_read_in_linear_time() -> None:
    started = time.process_time()
    read("not a, " * 30_000)
    read("no, " * 50_000)
    clash_between("He ran, " + "w, " * 20_000, "He did not run, " + "v, " * 20_000)
    assert time.process_time() - started < 20
