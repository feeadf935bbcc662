"""An answer is held to the context that its own prompt gives: a conversation, a document, a list of codes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from core.ids import example_id
from core.types import Example, Finding, Message
from curation.checks.base import chat
from curation.checks.contradictions_context import CONTEXT
from curation.evidence.grounding import is_grounded
from curation.evidence.grounding_asked import asked_and_answered

NOTES = Path(__file__).parents[3] / "shared" / "data" / "clinic_notes_train.jsonl"
TALK = (
    "Section: HISTORY\n\nDoctor: What brings you in today?\nPatient: My right knee hurts since Monday.\n"
    "Doctor: Do you smoke?\nPatient: No.\nDoctor: Any fever or chills?\nPatient: No, none.\n"
    "Doctor: Are you taking any medicine?\nPatient: Just lisinopril 20 mg in the morning.\n"
    "Doctor: Are you allergic to penicillin?\nPatient: Yes.\n"
)
DOCUMENT = (
    "The warranty of the pump lasts 24 months from the date of purchase. It covers the motor and the seals. "
    "Customers do not pay for the return of the pump.\n\nWhat does it cover?"
)


def found(context: str, answer: str) -> list[Finding]:
    return list(CONTEXT.run([chat(context, answer)]))


def test_questions_with_a_plain_answer_are_statements() -> None:
    facts = {(tuple(sorted(fact.heads)), fact.holds) for fact in asked_and_answered(TALK)}
    assert {(("smok",), False), (("fever",), False), (("chill",), False)} <= facts


@pytest.mark.parametrize(
    "reply", ["No, just a little.", "Not since March.", "No, I quit last year.", "It comes and goes.", "Yes and no."]
)
def test_an_answer_that_is_not_plain_says_nothing(reply: str) -> None:
    assert not [f for f in asked_and_answered(f"Doctor: Do you smoke?\nPatient: {reply}") if f.holds is False]


@pytest.mark.parametrize(
    ("context", "answer", "reason"),
    [
        (TALK, "He has pain in the left knee.", "opposite"),
        (TALK, "Right knee pain. He smokes.", "negation"),
        (TALK, "Right knee pain. He reports fever.", "negation"),
        (TALK, "He takes lisinopril 200 mg in the morning.", "number"),
        (DOCUMENT, "The warranty of the pump lasts 12 months from the date of purchase.", "number"),
        (DOCUMENT, "Customers do pay for the return of the pump.", "negation"),
    ],
)
def test_what_the_context_denies_is_found_and_marked_on_both_sides(context: str, answer: str, reason: str) -> None:
    (finding, *_) = found(context, answer)
    assert finding.reason == reason
    assert {span.turn for span in finding.spans} == {0, 1}


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        (TALK, "He has pain in the right knee. He does not smoke. No fever. No known drug allergies."),
        (TALK, "A 40-year-old man who takes lisinopril 20 mg and was seen on 3 March for 15 minutes."),
        (TALK + "Doctor: The right one?\nPatient: Actually it is the left one.", "His left knee hurts."),
        (TALK + "Patient: I do smoke a cigar at parties.", "He smokes."),
        (TALK, "Family history: his father smokes."),
        (DOCUMENT, "The warranty of the pump lasts two years from the date of purchase."),
        ("Rewrite it with twelve months.\n" + DOCUMENT, "The warranty of the pump lasts 12 months from the date."),
        ("Is it the left knee?", "It is the right knee."),
    ],
)
def test_what_the_context_supports_corrects_or_does_not_speak_of_is_left_alone(context: str, answer: str) -> None:
    assert not found(context, answer)


def test_a_code_with_the_title_of_another_is_found() -> None:
    listed = (
        "Excerpt:\nB26.0 Mumps orchitis\nB26.83 Mumps nephritis\nB26.85 Mumps arthritis\n\nA man was seen for an "
        "inflammation of the testis from mumps. Which one applies?"
    )
    assert [finding.reason for finding in found(listed, "The code is B26.83, Mumps orchitis.")] == ["code"]
    assert not found(listed, "The code is B26.0, Mumps orchitis.")


def test_a_request_to_change_a_text_is_not_grounded() -> None:
    assert is_grounded(DOCUMENT) and not is_grounded("Correct the mistakes.\n" + DOCUMENT)
    assert not is_grounded("True or false: the pump lasts 24 months.")


def test_a_long_context_is_passed_over_and_said_so() -> None:
    from curation.evidence.batch import Batch

    batch = Batch([chat(TALK * 200, "He smokes.")])
    assert not list(CONTEXT.run(batch)) and "passed over" in batch.notes[0]


def test_long_lines_take_linear_time() -> None:
    started = time.perf_counter()
    found("Do you have, " * 1400, "He denies a, b and c. " * 60)
    found("a? no " * 2900 + "\nx: no\n", "He has 5 mg of it. " * 60)
    assert time.perf_counter() - started < 5


def test_hardly_any_clinic_note_is_said_to_contradict_its_conversation() -> None:
    if not NOTES.is_file():
        pytest.skip("The clinic notes are not at hand (../shared/data/clinic_notes_train.jsonl).")
    rows = []
    for line in NOTES.read_text(encoding="utf-8").splitlines():
        messages = tuple(Message(m["role"], m["content"]) for m in json.loads(line)["messages"])
        rows.append(Example(example_id(messages), messages))
    assert 1 <= len(list(CONTEXT.run(rows))) <= 5
