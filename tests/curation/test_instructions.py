"""Instructions of a prompt are read where they are firm, and an answer is held to what can be measured."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Example, Finding
from curation.checks.base import chat
from curation.checks.contradictions_system import SYSTEM
from curation.evidence.habits import Answer
from curation.evidence.instructions import Instruction, asked_of_answer, instructions
from curation.evidence.instructions_kept import broken

LONG = "Hold the button for ten seconds. Wait until the light is green. Then call us."


def only(text: str) -> Instruction:
    (one,) = instructions(text)
    return one


def found(answer: str, system: str, ask: str = "How do I reset it?") -> list[Finding]:
    return list(SYSTEM.run([chat(ask, answer, system=system)]))


@pytest.mark.parametrize(
    ("text", "kind", "least", "most"),
    [
        ("You are a bot. Answer in one sentence.", "count-sentences", 1, 1),
        ("Respond in at most three sentences.", "count-sentences", None, 3),
        ("Answer in two to three sentences.", "count-sentences", 2, 3),
        ("Keep your answers under 50 words.", "count-words", None, 49),
        ("Be concise: 30 words max.", "count-words", None, 30),
        ("Replies must not exceed 40 words.", "count-words", None, 40),
        ("Use at least 5 words.", "count-words", 5, None),
        ("Give at most 3 bullet points.", "count-items", None, 3),
        ("Keep replies under 200 characters.", "count-characters", None, 199),
    ],
)
def test_how_much_is_asked_for(text: str, kind: str, least: int | None, most: int | None) -> None:
    one = only(text)
    assert (one.kind, one.least, one.most) == (kind, least, most)
    assert " ".join(text[one.start : one.end].split()) == one.text


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Reply with JSON only.", "json", ()),
        ("Answer only with one of these labels: good, bad, neutral.", "labels", ("good", "bad", "neutral")),
        ("Classify the ticket as one of: billing, technical, other.", "labels", ("billing", "technical", "other")),
        ("Answer yes or no.", "labels", ("yes", "no")),
        ("Always answer in English.", "language", ("English",)),
        ("Never mention Acme.", "never-say", ("Acme",)),
        ('Never use the word "cheap".', "never-say", ("cheap",)),
        ('Always end with "Anything else?".', "ends", ("Anything else?",)),
        ("Do not apologise.", "no-apology", ()),
        ("Use no bullet points.", "no-list", ()),
        ("Never ask questions.", "no-question", ()),
        ("Reply in lowercase only.", "lower-case", ()),
    ],
)
def test_what_form_is_asked_for(text: str, kind: str, words: tuple[str, ...]) -> None:
    assert (only(text).kind, only(text).words) == (kind, words)


def test_several_instructions_of_one_sentence_are_all_read() -> None:
    kinds = {one.kind for one in instructions("Do not use bullet points, headings or bold; no emoji, no markdown.")}
    assert kinds == {"no-list", "no-heading", "no-bold", "no-emoji", "no-markdown"}


@pytest.mark.parametrize(
    "text",
    [
        "You write clinic notes. Summarise the conversation as the requested section of the note.",
        "Be brief.",
        "If the user writes French, answer in French.",
        "Try to answer in one sentence.",
        "Answer in about 50 words.",
        "Keep it under 100 words unless more is asked for.",
        'The user says "answer in one sentence" at times.',
        "`Answer in one sentence.`",
        "Can you answer in one sentence?",
        "Give the code and a title of at most five words.",
        "Avoid unnecessary lists.",
        "Give the code, then explain in one sentence.",
        "Wait two words later.",
    ],
)
def test_what_is_conditional_hedged_quoted_or_of_a_part_is_no_instruction(text: str) -> None:
    assert instructions(text) == ()


@pytest.mark.parametrize(
    ("system", "kept", "breaks"),
    [
        ("Answer in one sentence.", "Dr. Lee, e.g., takes 2.5 mg at 5 p.m. daily.", LONG),
        ("Use at most 5 words.", "One two three four five.", "One two three four five six."),
        ("Answer with at least 3 words.", "我存在的目的", "Two words."),
        ("Give at most 1 bullet point.", "- one", "- one\n- two"),
        ("Reply with JSON only.", '```json\n{"a": 1}\n```', "It is one."),
        ("Answer yes or no.", "Yes, it is.", "It depends."),
        ("Answer only with one of: red, blue.", "Red.", "Green."),
        ("Always answer in English.", "Sí.", "Mantenga pulsado el botón durante diez segundos y espere, por favor."),
        ("Use no lists.", "One, two and three.", "- one\n- two"),
        ("Do not use bold.", "So it is.", "**So** it is."),
        ("Do not use markdown.", "- one\n- two", "## One\ntwo"),
        ("No emoji.", "Fine :(2)", "Fine 😊"),
        ("No exclamation marks.", "5! = 120.", "Fine!"),
        ("Avoid contractions.", "It is.", "It isn't."),
        ("Never ask questions.", "See https://a.b/?x=1 for it.", "Which one is it?"),
        ("Do not apologise.", "It is down.", "Sorry, it is down."),
        ("Never mention Acme.", "The acme of it.", "As at Acme."),
        ('Always begin with "Hello".', "Hello, it is on.", "It is on."),
        ('Always end with "Bye."', "It is on. Bye.", "It is on."),
        ("Reply in lowercase.", "it is on", "It is on"),
    ],
)
def test_an_answer_keeps_or_breaks_it(system: str, kept: str, breaks: str) -> None:
    assert broken(only(system), Answer(kept)) is None
    assert broken(only(system), Answer(breaks)) is not None


def test_the_instruction_and_the_words_that_break_it_are_marked() -> None:
    (finding,) = found(LONG, "You help customers. Answer in one sentence.")
    system, answer = finding.spans
    assert (system.turn, answer.turn) == (0, 2)
    assert "Answer in one sentence" in finding.message and "3 sentences" in finding.message
    assert LONG[answer.start : answer.end].startswith("Wait until")


def test_a_user_who_asks_for_something_else_overrules_the_system_prompt() -> None:
    assert not found(LONG, "Answer in one sentence.", "Explain it in detail.")
    assert found(LONG, "Answer in one sentence.")


def test_a_prompt_that_most_answers_break_is_the_odd_one_and_told_once() -> None:
    rows = [chat(f"Case {i}?", f"{LONG} {i}.", system="Answer in one sentence.") for i in range(8)]
    kept = [chat(f"Case {i}?", f"Hold {i}.", system="Answer in one sentence.") for i in range(10, 13)]
    (finding,) = SYSTEM.run([*rows, *kept])
    assert finding.reason == "instruction-unkept" and len(finding.members) == 8
    assert finding.message.startswith("8 of 11 answers")


def test_a_request_is_read_at_its_edges_only() -> None:
    (one,) = asked_of_answer("Summarise it in one sentence.\n\nSome text.\nMore.")
    assert one.kind == "count-sentences"
    assert asked_of_answer("Summarise it.\n\nAnswer in one sentence.\n\nSome text.") == ()
    assert asked_of_answer("Write a prompt that asks to answer in one sentence.") == ()
    assert asked_of_answer("") == ()


def test_a_long_prompt_takes_linear_time() -> None:
    started = time.perf_counter()
    instructions("Answer in one sentence, " * 4000)
    instructions("Answer in one sentence. " * 4000)
    instructions("write the the the " * 4000)
    asked_of_answer("in one sentence " * 100_000)
    assert time.perf_counter() - started < 5


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_handled(system: str, answer: str) -> None:
    example: Example = chat("Why?", answer, system=f"Answer in one sentence. {system}")
    for finding in SYSTEM.run([example]):
        assert all(span.start < span.end for span in finding.spans)
