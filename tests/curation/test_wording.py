"""Equal meanings of short answers are found in other words, and what says something else is not called equal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import example_id
from core.types import Example, Finding, Message
from curation.checks.base import chat
from curation.checks.format_wording import WORDING
from curation.evidence.batch import Batch
from curation.evidence.wording import is_short, learned_abbreviations, meaning

NOTES = Path(__file__).parents[3] / "shared" / "data" / "clinic_notes_train.jsonl"


def asked(section: str, answer: str, count: int, first: int = 0) -> list[Example]:
    return [chat(f"Section: {section}\n\nNote {i}.", answer) for i in range(first, first + count)]


def found(*rows: Example) -> list[Finding]:
    return list(WORDING.run(rows))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("No known drug allergies.", "NKDA"),
        ("No known drug allergies.", "He has no known medical allergies."),
        ("No known allergies", "There are no allergies."),
        ("She does not smoke.", "Denies tobacco use."),
        ("Non-smoker.", "Nonsmoker"),
        ("No tobacco or alcohol.", "She does not drink or smoke."),
        ("Denied Tobacco/ETOH/illicit drug use.", "No smoking, alcohol, or drug abuse."),
        ("No previous surgeries.", "She has undergone no surgical procedures."),
        ("Noncontributory.", "Not contributory."),
        ("None.", "None known."),
        ("Nausea and vomiting.", "Vomiting, nausea."),
        ("5 stars", "Five stars."),
        ("The patient has asthma.", "Asthma."),
    ],
)
def test_these_say_the_same(one: str, other: str) -> None:
    assert meaning(one) == meaning(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("No known drug allergies.", "No known food allergies."),
        ("No surgeries.", "No allergies."),
        ("None.", "No known drug allergies."),
        ("She smokes.", "She does not smoke."),
        ("He was a smoker.", "He is a smoker."),
        ("4 stars", "5 stars"),
        ("equivalent", "not equivalent"),
        ("No.", "None."),
        ("Negative.", "None."),
        ("Dog bites man.", "Man bites dog."),
        ("No significant history.", "No history."),
        ("Father denied diabetes.", "Mother denied diabetes."),
        ("Left knee pain.", "Right knee pain."),
    ],
)
def test_these_do_not(one: str, other: str) -> None:
    assert meaning(one) != meaning(other) or meaning(one) is None


@pytest.mark.parametrize(
    "text", ["No fever but a cough.", "Not without pain.", "She isn't sure.", "Penicillin only, otherwise none."]
)
def test_what_the_rules_cannot_tell_has_no_meaning(text: str) -> None:
    assert meaning(text) is None


@pytest.mark.parametrize("text", ["", "One. Two.", "Which one?", "a\nb", "{}", "word " * 20])
def test_only_one_short_sentence_is_looked_at(text: str) -> None:
    assert not is_short(text)


def test_a_bare_none_denies_what_its_line_names_and_nothing_else() -> None:
    allergies = asked("ALLERGY", "No known drug allergies.", 15)
    assert len(found(*allergies, *asked("ALLERGY", "None.", 8, 20))) == 8
    assert not found(*allergies, *asked("SURGERY", "None.", 30))
    assert not found(*allergies, *[chat(f"Any allergies, {i}?", "None.") for i in range(4)])


def test_the_commonest_wording_is_proposed_and_never_safe() -> None:
    rows = [*asked("ALLERGY", "No known drug allergies.", 15), *asked("ALLERGY", " None. ", 6, 20)]
    for finding in found(*rows):
        assert finding.severity == "info" and finding.proposal is not None and not finding.proposal.safe
        assert [edit.text for edit in finding.proposal.replacements] == ["No known drug allergies."]
        (span,) = finding.spans
        assert (span.start, span.end) == (1, 6)


def test_a_wording_that_nearly_all_use_is_a_norm() -> None:
    batch = Batch([*asked("ALLERGY", "No known drug allergies.", 60), *asked("ALLERGY", "NKDA", 2, 70)])
    assert [finding.severity for finding in WORDING.run(batch)] == ["warn", "warn"]
    (norm,) = batch.norms
    assert (norm.count, norm.total, norm.departures) == (60, 62, 2)


def test_few_answers_make_no_usual_wording() -> None:
    assert not found(*asked("ALLERGY", "No known drug allergies.", 12), *asked("ALLERGY", "NKDA", 5, 20))


def test_abbreviations_are_learned_where_they_are_written_out() -> None:
    learned = learned_abbreviations(["An upper respiratory infection (URI) again.", "The plan (ABC)."])
    assert learned == {"uri": "upper respiratory infection"}
    assert meaning("URI.", learned) == meaning("Upper respiratory infection.")


@given(st.text(max_size=60))
def test_any_text_is_handled(text: str) -> None:
    if is_short(text):
        meaning(text)


def test_all_that_is_told_of_the_clinic_notes_says_the_same() -> None:
    if not NOTES.is_file():
        pytest.skip("The clinic notes are not at hand (../shared/data/clinic_notes_train.jsonl).")
    rows = []
    for line in NOTES.read_text(encoding="utf-8").splitlines():
        messages = tuple(Message(m["role"], m["content"]) for m in json.loads(line)["messages"])
        rows.append(Example(example_id(messages), messages))
    answers = {row.id: row.answer for row in rows}
    told = {answers[finding.example_id] for finding in found(*rows)}
    assert "None." in told
    assert all("allerg" in text.lower() or "contributory" in text or text in ("None.", "None known.") for text in told)
