"""Which differences of two prompts explain two answers, and which are only other words for the same question."""

from __future__ import annotations

import pytest

from curation.checks.base import chat
from curation.checks.contradictions_clash import CLASH

CASE = (
    "A 54-year-old man came to the clinic with chest pain that began two days ago after lifting a heavy box at work, "
    "and he also has a cough, some fever in the evening, and a history of high blood pressure for which he takes "
    "lisinopril every morning, and his wife says that he snores loudly at night and wakes up tired. He lives with her "
    "and two cats."
)
APART = [
    ("Who invented the telephone?", "Who bought the telephone?", "In 1876.", "In 1886."),
    ("Is this review positive? I loved all of it.", "Is this review positive? I hated all of it.", "Yes.", "No."),
    (f"{CASE}\n\nWhat is the main diagnosis?", f"{CASE}\n\nWhat is the secondary diagnosis?", "J20.9", "K29.0"),
    ('Are "How do I bake good bread at home?" and "How is bread baked?" the same?',
     'Are "How do I learn to swim fast?" and "How is swimming taught?" the same?', "Yes.", "No."),
    (f"{CASE}\n\nWhen does he take the tablet?\n\n- at 7:00 a.m.", f"{CASE}\n\nWhen did the pain get worse?"
     "\n\n- at 5:45 a.m.", "At 7:00 a.m.", "At 5:45 a.m."),
    (f"{CASE}\n\nWhat is his weight?", f"{CASE}\n\nWhat is his height?", "It is 80 kg.", "It is 90 kg."),
    (f"{CASE}\n\nIs he fit for surgery?", f"{CASE}\n\nIs he fit for work?", "Yes.", "No."),
    (f"{CASE}\n\nWhich code?", CASE.replace("cough", "rash") + "\n\nWhich code?", "J20.9", "L30.9"),
    (f"{CASE}\n\nAge?", CASE.replace("54-year", "45-year") + "\n\nAge?", "He is 54 years old.", "He is 45 years old."),
    (f"{CASE}\n\nDoes he smoke?", f"{CASE} He quit smoking in May.\n\nDoes he smoke?", "Yes.", "No."),
    (f"Section: GENHX\n\n{CASE}", f"Section: ASSESSMENT\n\n{CASE}", "He takes 5 mg daily.", "He takes 10 mg daily."),
    ("What does the report say that begins “Apple rises”?", "What does the report say that begins “Oracle rises”?",
     "It rose 5 percent.", "It rose 7 percent."),
    ("Is a visa needed for Norway?", "Is a visa needed for Brazil?", "No.", "Yes."),
    ("Can I return shoes that I used?", "Can I return shoes?", "No.", "Yes."),
    ("Can I still apply?", "Can I apply here?", "No.", "Yes."),
    ("What is the best time to visit Rome?", "What is the worst time to visit Rome?", "In 5 months.", "In 8 months."),
]  # fmt: skip
SAME = [
    ("Who invented the telephone?", "Tell me who invented the telephone.", "It was in 1876.", "It was in 1886."),
    ("How many days do I have to return an item?", "Within how many days can I return an item?", "30.", "14."),
    ("Is smoking allowed in the room?", "In the room, is smoking allowed?", "Yes.", "No."),
    ("What does the passage say that begins “Apple rises”?", "Please repeat the passage beginning “Apple rises”.",
     "It rose 5 percent.", "It rose 7 percent."),
    (f"{CASE}\n\nHow old is he?", f"Please read this with care.\n\n{CASE}\n\nHow old is he?",
     "He is 54 years old.", "He is 45 years old."),
    (f"Section: GENHX\n\n{CASE}", f"{CASE}\n\nSummarise the above as the section GENHX of a clinic note.",
     "He takes 5 mg daily.", "He takes 10 mg daily."),
    (f"{CASE}\n\nWhich code applies?", f"{CASE}\n\nWhich code applies?\n\nPlease answer briefly.", "J20.9", "J21.0"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "first", "second"), APART)
def test_what_is_asked_differently_explains_two_answers(one: str, other: str, first: str, second: str) -> None:
    assert not list(CLASH.run([chat(one, first), chat(other, second)]))
    assert not list(CLASH.run([chat(one, second), chat(other, first)]))


@pytest.mark.parametrize(("one", "other", "first", "second"), SAME)
def test_words_of_asking_explain_nothing(one: str, other: str, first: str, second: str) -> None:
    assert len(list(CLASH.run([chat(one, first), chat(other, second)]))) == 1


def test_labels_are_those_of_one_system_prompt() -> None:
    labels = [chat(f"The text of number {n}.", ("sports", "world")[n % 2], system="Name the topic.") for n in range(8)]
    essays = [chat(f"Write of thing {n}.", f"An essay on {'abcdefgh'[n % 8] * 3}, which is long.") for n in range(40)]
    clash = [chat("They played on Sunday.", topic, system="Name the topic.") for topic in ("sports", "world")]
    assert [finding.reason for finding in CLASH.run([*labels, *essays, *clash])] == ["label"]


def test_a_daily_amount_in_two_doses_is_twice_the_half() -> None:
    ask = "How much of it is given to an adult a day?"
    assert not list(CLASH.run([chat(ask, "2 g daily in two doses."), chat(ask, "1 g twice a day.")]))
    assert list(CLASH.run([chat(ask, "3 g daily in two doses."), chat(ask, "1 g twice a day.")]))
