"""What a domain expert would be annoyed to be told of raw rows, and what they would not."""

from __future__ import annotations

from core.types import Example
from curation.checks.base import chat
from curation.runner import run_checks

NOTES = tuple(
    chat(f"Case {i}?", f"The patient of case {i} was seen and was given lisinopril again.") for i in range(60)
)
WORKING = ("format.truncated", "format.norm", "format.role_text", "tone.norm", "tone.profile")


def reasons(*examples: Example) -> set[str]:
    """Why the last one is flagged."""
    report = run_checks(examples, WORKING)
    return {finding.reason for finding in report.findings if finding.example_id == examples[-1].id}


def test_a_name_a_drug_and_a_singular_are_no_cut_words() -> None:
    rows = (*NOTES, chat("Case a?", "There were complications and a college, and it was well tolerated."))
    for answer in ('Vincent "Mad Dog" Coll', "She was given hydrocodone", "It was done without complication"):
        assert "cut-word" not in reasons(*rows, chat("Case x?", answer)), answer
    for answer in ("The patient was given lisinop", "It was well toler", "It was done without complic"):
        assert "cut-word" in reasons(*rows, chat("Case x?", answer)), answer


def test_slang_in_a_name_or_an_abbreviation_is_none() -> None:
    for answer in (
        "It is by the rapper Bow Wow, as it says.",
        "The Object Management Group (OMG) keeps it, as it says.",
    ):
        assert "slang" not in reasons(*NOTES, chat("Case x?", answer)), answer
    for answer in ("Wow, that was given again.", "OMG, that was given again.", "Oh wow, that was given again."):
        assert "slang" in reasons(*NOTES, chat("Case x?", answer)), answer


def test_an_exclamation_after_a_sign_and_a_sign_off_are_seen() -> None:
    assert "exclamation" in reasons(*NOTES, chat("Case x?", "The share of the patients is 60%!!"))
    assert "pleasantry" in reasons(*NOTES, chat("Case x?", "The patient was seen again. Kind regards, the desk."))


def test_answers_in_another_language_have_no_part_in_norms_about_english_words() -> None:
    chinese = tuple(chat(f"问题{i}？", f"这是第{i}个问题的答案，请参见表格中的内容。") for i in range(60))
    english = tuple(chat(f"Who are you, {i}?", f"I am an AI, made for case {i}, and here to help.") for i in range(5))
    assert "model-talk" not in reasons(*chinese, *english)
    assert "model-talk" in reasons(*chinese, *NOTES, *english)


def test_a_table_is_not_measured_for_its_tone() -> None:
    rows = tuple(
        chat(f"Case {i}?", "The patient was seen. " * 3 + f"All was well {i}. " * (i % 3 + 1) + "So it was noted then.")
        for i in range(60)
    )
    table = "Year | Number\n-----|-------\n" + "\n".join(f"year {i} | seen" for i in range(20))
    assert "sentence-length" not in reasons(*rows, chat("Case x?", table))


def test_tokens_of_more_templates_are_seen() -> None:
    assert reasons(chat("Hello", "Hello.<｜end▁of▁sentence｜>")) == {"role-marker"}
