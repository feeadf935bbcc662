"""Misspelt words are found and corrected; terms, names, code and other languages are left alone."""

from __future__ import annotations

import random

import pytest

from benchmarks import spelling_quality
from core.types import Example, Finding, Message
from curation.checks.base import chat, of
from curation.checks.spelling_typo import TYPO
from curation.evidence.batch import Batch
from curation.evidence.vocabulary import count_words, dictionary, is_known, slips, words_of
from curation.runner import run_checks

ROWS = [
    chat(f"What does case {i} show?", f"The patient of case {i} was given lisinopril and felt better.")
    for i in range(30)
]


def found(*odd: Example) -> list[Finding]:
    return list(TYPO.run([*ROWS, *odd]))


def fixed(example: Example, finding: Finding) -> str:
    assert finding.proposal is not None and not finding.proposal.safe
    text = example.answer
    for edit in sorted(finding.proposal.replacements, key=lambda edit: -edit.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


@pytest.mark.parametrize(
    ("written", "right"),
    [("The patinet felt better.", "The patient felt better."),
     ("The patient was givven lisinopril.", "The patient was given lisinopril."),
     ("She was given lisinoprl, then rest.", "She was given lisinopril, then rest."),
     ("Patiant felt better.", "Patient felt better."),
     ("They will recieve the patinet’s note.", "They will receive the patient’s note."),
     ("Rest.\n- **definately** at home\n- in bed", "Rest.\n- **definitely** at home\n- in bed")],
)  # fmt: skip
def test_a_misspelt_word_is_marked_and_corrected(written: str, right: str) -> None:
    odd = chat("What now?", written)
    (finding,) = found(odd)
    assert fixed(odd, finding) == right
    assert not found(chat("What now?", right))
    for span in finding.spans:
        assert written[span.start : span.end].lower() in finding.message


@pytest.mark.parametrize(
    "answer",
    ["She has dyspnoea, haematuria and oedema; the tumour was analysed at the centre.",
     "Give metoprolol, cefotaxime and sumatriptan.",
     "Mr Patiant and Ms Recieve felt better.",
     "The patient felt better after a follow-upp visit.",
     "Run `recieve --all` or see https://example.org/recieve or patinet@clinic.org or recieve() or my_recieve.",
     "```\nrecieve = patinet\n```",
     "Der Patient hat Husten und wurde in der Klinik gesehen, wie es üblich ist.",
     "HGB, BNP and iPTH were taken. e.g. the cxr of the pt",
     "The note says patinet"],
)  # fmt: skip
def test_what_is_no_slip_is_left_alone(answer: str) -> None:
    assert not found(chat("What now?", answer))


def test_a_word_of_the_request_is_not_judged() -> None:
    assert not found(chat("Who is the recieptor here?", "The recieptor is the patient."))
    assert not found(chat("Correct the spelling of these.", "It was “recieve” and is receive now."))


def test_a_term_of_the_set_is_no_slip() -> None:
    terms = [chat(f"What of case {i}?", f"The patieny scale of case {i} is known.") for i in range(20)]
    assert not list(TYPO.run([*ROWS * 1, *terms]))
    assert list(TYPO.run([*ROWS, *terms[:1]]))


def test_a_doubtful_correction_is_not_proposed() -> None:
    finding = next(iter(TYPO.run([chat("What now?", "They had tought about it before.")])), None)
    assert finding is None or finding.proposal is None or "thought" in finding.message


def test_only_answers_are_judged() -> None:
    row = of(Message("system", "You recieve notes."), Message("user", "The patinet?"), Message("assistant", "Yes, so."))
    assert not found(row)


def test_a_set_in_another_language_says_that_it_was_not_looked_at() -> None:
    german = [chat(f"Was zeigt Fall {i}?", f"Die Notiz zu Fall {i} zeigt, was zu erwarten ist.") for i in range(30)]
    batch = Batch([*ROWS[:10], *german])
    assert not list(TYPO.run(batch))
    assert any("30 of 40 answers were not looked at" in note and "German" in note for note in batch.notes)


def test_words_are_cut_out_of_their_punctuation() -> None:
    for token in ("word", "“word”,", "*word*", "(word)", "word's", "word’s."):
        place = words_of(token)
        assert place and token[slice(*place)] == "word"
    for token in ("a_word", "word-word", "word/word", "word2", "word()", "@word", "#word", "w@x.org", "—"):
        assert words_of(token) is None


def test_the_dictionary_knows_british_forms_parts_and_plurals() -> None:
    known = dictionary("en")
    for word in ("colour", "organised", "paediatric", "travelled", "centre", "unbelievable", "nontender", "timeframe"):
        assert is_known(word, known), word
    assert not is_known("recieve", known)
    assert slips(["recieve"], count_words([]), known)["recieve"].meant == "receive"


def test_most_typos_planted_into_the_demo_set_are_found() -> None:
    examples = spelling_quality.read(spelling_quality.SETS["demo set"])
    assert not run_checks(examples, ["spelling"]).findings
    made, planted = spelling_quality.plant(examples, seed=7)
    hit = {finding.example_id for finding in run_checks(made, ["spelling"]).findings}
    assert hit <= set(planted), "no finding on a row without a typo"
    assert len(hit) >= 0.75 * len(planted) and len(planted) >= 15


def test_a_planted_typo_is_one_slip() -> None:
    rng = random.Random(0)
    made = [spelling_quality.typo("patient", rng) for _ in range(50)]
    assert "patient" not in made and all(6 <= len(word) <= 8 for word in made)
