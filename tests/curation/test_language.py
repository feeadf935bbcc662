"""Languages are told from short texts, out-of-line rows are found, and what the prompt calls for is left alone."""

from __future__ import annotations

import pytest

from core.types import Example, Finding, Message
from curation.checks import language_other, language_reply
from curation.checks.base import chat, of
from curation.evidence.batch import Batch
from curation.evidence.languages import answer_languages, at_a_glance, called_for, identify, language_of

SENTENCES = {
    "en": "The patient was seen in the clinic with a cough that would not go away.",
    "de": "Der Patient wurde wegen Husten, der nicht aufhörte, in der Klinik gesehen.",
    "fr": "Le patient a été vu à la clinique pour une toux qui ne passait pas.",
    "es": "El paciente fue atendido en la clínica por una tos que no se le quitaba.",
    "it": "Il paziente è stato visto in clinica per una tosse che non passava.",
    "pt": "O paciente foi atendido na clínica com uma tosse que não passava.",
    "nl": "De patiënt werd in de kliniek gezien met een hoest die niet overging.",
    "sv": "Patienten kom till kliniken med en hosta som inte ville gå över.",
    "pl": "Pacjent zgłosił się do przychodni z kaszlem, który nie ustępował.",
    "tr": "Hasta, geçmeyen bir öksürük şikayetiyle kliniğe başvurdu.",
    "ru": "Пациент обратился в клинику с кашлем, который не проходил.",
    "ja": "患者は治らない咳のためにクリニックを受診しました。",
    "zh": "患者因持续咳嗽不止到诊所就诊。",
    "ar": "حضر المريض إلى العيادة بسبب سعال لا يتوقف.",
}
SHORT = {"de": "Ja, das ist richtig.", "fr": "Oui, c'est la bonne réponse.", "es": "Sí, es la respuesta correcta."}
TERMS = ("Angina pectoris", "Carcinoma in situ", "Status post appendectomy.", "5 stars", "J20.9", "Yes", "Bob Barker",
         "Metoprolol 25 mg p.o. b.i.d.", "x^2 + y^2 = z^2", "SELECT name FROM users;", "")  # fmt: skip
ENGLISH = [chat(f"What does case {i} show?", f"The note of case {i} shows what they would expect.") for i in range(60)]
TITLES = ("Acute cough", "Low back pain", "Broken arm, left", "Fever of unknown origin", "Pain in right knee")
CLIPPED = [chat(f"Which code is number {i}?", f"A{i} - {TITLES[i % 5]}.") for i in range(60)]


def found(examples: list[Example]) -> list[Finding]:
    return list(language_other.OTHER.run(examples))


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_enough_to_tell_the_language(code: str) -> None:
    assert language_of(SENTENCES[code]) == code
    assert at_a_glance(SENTENCES[code]) in (code, None)


@pytest.mark.parametrize("text", TERMS)
def test_terms_names_and_code_are_of_no_other_language(text: str) -> None:
    assert identify(text).code in (None, "en")
    assert not found([*ENGLISH, chat("What else?", text)])


@pytest.mark.parametrize("code", [code for code in SENTENCES if code != "en"])
def test_a_row_in_another_language_is_found(code: str) -> None:
    odd = chat("What else?", SENTENCES[code])
    assert [finding.example_id for finding in found([*ENGLISH, odd])] == [odd.id]


@pytest.mark.parametrize("code", SHORT)
def test_a_short_answer_in_another_language_is_found_among_short_answers(code: str) -> None:
    odd = chat("Which code is it?", SHORT[code])
    assert [finding.example_id for finding in found([*CLIPPED, odd])] == [odd.id]
    assert Batch([*CLIPPED]).shared(answer_languages)[CLIPPED[0].id] == "en", "too short alone, told together"


@pytest.mark.parametrize(
    "prompt",
    ["Say it in German.", "German version, please", "Translate this note.", "Wie heißt das auf Deutsch?",
     "Answer in the language of the patient."],
)  # fmt: skip
def test_an_answer_that_the_prompt_calls_for_is_left_alone(prompt: str) -> None:
    asked = chat(prompt, SENTENCES["de"])
    assert called_for(asked, "de") and not found([*ENGLISH, asked])
    system = of(Message("system", "Always reply in German."), *chat("What else?", SENTENCES["de"]).messages)
    assert not found([*ENGLISH, system])


@pytest.mark.parametrize(
    "prompt", ["A patient was bitten by a German shepherd. What now?", "What is natural language?"]
)
def test_a_german_shepherd_does_not_call_for_german(prompt: str) -> None:
    odd = chat(prompt, SENTENCES["de"])
    assert [finding.example_id for finding in found([*ENGLISH, odd])] == [odd.id]


def test_a_quotation_is_not_the_language_of_an_answer() -> None:
    quoting = chat("What did they say?", "The patient said “mir ist schlecht”, which means that they feel sick.")
    assert not found([*ENGLISH, quoting])


def test_a_set_of_two_languages_has_no_odd_ones() -> None:
    german = [chat(f"Was zeigt Fall {i}?", f"Die Notiz zu Fall {i} zeigt, was zu erwarten ist.") for i in range(30)]
    both = [*ENGLISH[:30], *german]
    assert not found(both) and not list(language_reply.REPLY.run(both))
    odd = chat("Was zeigt der letzte Fall in dieser Liste?", "The note of that case shows what they would expect.")
    assert [finding.example_id for finding in language_reply.REPLY.run([*both, odd])] == [odd.id]


def test_the_language_is_a_norm_of_the_set_for_the_page() -> None:
    batch = Batch([*ENGLISH, chat("What else?", SENTENCES["de"])])
    list(language_other.OTHER.run(batch))
    (norm,) = batch.norms
    assert (norm.group, norm.sentence) == ("all answers", "are in English")
    assert (norm.count, norm.total, norm.departures) == (60, 61, 1)


def test_nothing_is_said_about_a_few_rows() -> None:
    assert not found([*ENGLISH[:10], chat("What else?", SENTENCES["de"])])


def test_one_row_is_told_once() -> None:
    odd = chat("What else does that case show?", SENTENCES["de"])
    batch = Batch([*ENGLISH, odd])
    batch.found["language.other"] = list(language_other.OTHER.run(batch))
    assert len(batch.found["language.other"]) == 1 and not list(language_reply.REPLY.run(batch))
