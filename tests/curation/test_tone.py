"""Voices and measures of tone: what departs is named with its words, what is quoted or called for does not depart."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Example, Finding
from curation.checks.base import chat
from curation.checks.tone_norm import NORM
from curation.checks.tone_profile import PROFILE
from curation.evidence.batch import Batch
from curation.evidence.house_style import HouseStyle
from curation.evidence.settings import Settings
from curation.evidence.tone_fixes import applied, fix
from curation.evidence.tone_politeness import STRATEGIES, politeness, used
from curation.evidence.tone_profile import formality, reading_ease, spread
from curation.evidence.tone_readings import prose_of, read_all, sentence_ranges
from curation.evidence.tone_voices import VOICES
from curation.evidence.tone_words import syllables

PLAIN = tuple(chat(f"Case {i}?", f"The code is A{i}, as the excerpt of the record says.") for i in range(60))
FIXABLE = [
    ("It's A9.", "It is A9."),
    ("We've checked it, and they don't fit.", "We have checked it, and they do not fit."),
    ("You can't use A9. Let's take A8.", "You cannot use A9. Let us take A8."),
    ("He's been coded twice.", "He has been coded twice."),
    ("The code is A9!!", "The code is A9."),
    ("Is it A9?! It is.", "Is it A9? It is."),
    ("The code is A9 😊.", "The code is A9."),
    ("👍 The code is A9.", "The code is A9."),
    ("I'm sorry, but the code is A9.", "The code is A9."),
    ("Sorry about that. The code is A9.", "The code is A9."),
    ("I apologize for any inconvenience. The code is A9.", "The code is A9."),
    ("As an AI language model, the code is A9.", "The code is A9."),
    ("Great question! The code is A9.", "The code is A9."),
    ("The code is A9. I hope this helps!", "The code is A9."),
    ("The code is A9.\n\nPlease let me know if you need more.", "The code is A9."),
    ("Thank you for reaching out. Sure, it's A9!", "Thank you for reaching out. Sure, it's A9!"),
]


def findings(check: object, *answers: str, group: Sequence[Example] = PLAIN) -> list[Finding]:
    rows = [chat(f"Another case {n}?", answer) for n, answer in enumerate(answers)]
    ids = {row.id for row in rows}
    return [found for found in check.run([*group, *rows]) if found.example_id in ids]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("answer", "mended"), FIXABLE[:-1])
def test_a_voice_is_taken_out_and_the_rest_stays(answer: str, mended: str) -> None:
    [found] = findings(NORM, answer)
    assert found.proposal is not None, found
    edits = [(r.start, r.end, r.text) for r in found.proposal.replacements]
    assert applied(answer, edits) == mended


@pytest.mark.parametrize(
    "answer",
    ["It's gotta be A9.", "Don't you take A9?", "Yahoo! is a site for A9.", "I am unable to help with A9.", "Sorry."],
)
def test_what_no_rule_can_mend_gets_no_proposal(answer: str) -> None:
    [found] = findings(NORM, answer)
    assert found.proposal is None


def test_only_edits_that_cannot_change_what_is_taught_are_safe() -> None:
    safe = {"They don't fit A9.": True, "It's A9.": False, "The code is A9!": True, "The code is A9 😊.": False}
    for answer, expected in safe.items():
        [found] = findings(NORM, answer)
        assert found.proposal is not None
        assert found.proposal.safe is expected, answer


def test_quotations_code_and_possessives_are_not_the_voice_of_the_answer() -> None:
    answers = (
        'The label says "Don\'t shake!" on A9.', "The patient's code is A9.", "Run `x != y!` for A9.",
        "The factorial 5! = 120 is A9.", "Write to sorry@example.org on A9.", "See [the list](http://a.b/!x) for A9.",
    )  # fmt: skip
    assert not findings(NORM, *answers)


def test_the_message_says_how_strong_the_norm_is_and_names_the_words() -> None:
    [found] = findings(NORM, "It's A9, and they don't say more.")
    assert "60 of 61 answers of the group do not use contractions (98.4%, surely over 92%)" in found.message
    assert "“It's”, “don't”" in found.message
    assert [(span.start, span.end) for span in found.spans] == [(0, 4), (18, 23)]


def test_one_hedge_alone_is_called_for_but_not_beside_another_departure() -> None:
    assert not findings(NORM, "The code is perhaps A9.")
    assert [found.reason for found in findings(NORM, "I think your code is A9.")] == ["hedging"]


def test_there_is_no_norm_of_fewer_than_twenty_answers_or_of_a_divided_set() -> None:
    assert not findings(NORM, "It's A9!", group=PLAIN[:18])
    divided = [chat(f"Divided {i}?", f"It's A{i}." if i % 8 == 0 else f"The code is A{i}.") for i in range(80)]
    assert not findings(NORM, "It's A9.", group=divided)


def test_where_all_talk_to_the_reader_an_answer_that_does_not_is_found() -> None:
    warm = [
        chat(f"Order {i}?", f"You'll find that I've sent your order number {i} on its way to you today.")
        for i in range(60)
    ]
    [found] = findings(NORM, "The order was sent from the warehouse in the morning.", group=warm)
    assert found.message.startswith("60 of 61 answers of the group use contractions")
    assert "address the reader" in found.message
    assert found.proposal is None
    assert not findings(NORM, "Sent today.", group=warm)  # too short to tell


def test_norms_are_handed_to_the_page_with_their_departures() -> None:
    batch = Batch([*PLAIN, chat("Another?", "It's A9!")])
    found = list(NORM.run(batch))
    by_reason = {norm.reason: norm for norm in batch.norms}
    assert len(found) == 1
    assert by_reason["contraction"].departures == by_reason["exclamation"].departures == 1
    assert by_reason["address"].departures == 0
    assert "apology" not in by_reason, "that nobody apologises is nothing to tell"
    assert by_reason["contraction"].sentence == "do not use contractions"
    assert (by_reason["contraction"].count, by_reason["contraction"].total) == (60, 61)
    assert 0.9 < by_reason["contraction"].bound < 60 / 61


def test_a_house_style_outranks_what_the_set_does() -> None:
    chatty = [chat(f"Chatty {i}?", f"It's A{i}, and I don't doubt it!") for i in range(30)]
    style = HouseStyle(contractions=False, exclamations=False, person="no first")
    batch = Batch(chatty, Settings(style=style))
    found = list(NORM.run(batch))
    assert len(found) == 30
    assert found[0].message.startswith("By the house style answers do not use exclamation marks; this one does: “!”.")
    assert found[0].proposal is None, "no rule takes out the first person"
    assert {norm.reason for norm in batch.norms if norm.declared} == {"contraction", "exclamation", "first-person"}
    [one] = list(NORM.run(Batch(chatty[:1], Settings(style=HouseStyle(contractions=False)))))
    assert one.proposal is not None
    edits = [(r.start, r.end, r.text) for r in one.proposal.replacements]
    assert applied(chatty[0].answer, edits) == "It is A0, and I do not doubt it!"
    allowed = Settings(style=HouseStyle(contractions=True))
    assert not list(NORM.run(Batch([*PLAIN, chat("Another?", "It's A9.")], allowed)))


words = st.sampled_from(
    ["It's", "don't", "they've", "can't", "He'd", "let's", "code", "A9.", "A8", "Sorry.", "I'm sorry, but",
     "Great question!", "!", "!!", "?!", "😊", "👍", "Hi there!", "As an AI language model,", "“Don't!”", "`it's`",
     "\n", "Thanks for asking.", "I apologize for the delay.", "Have a nice day!", "the", "patient's", ",", "(ok)",
     "\u00a0", "İt's", "ﬁ", "perhaps", "I think", "you", "we", "gonna", "I can't help", "My training data",
     "let me know if"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(words, min_size=1, max_size=9).map(" ".join))
def test_every_fix_passes_its_own_check_and_touches_nothing_else(answer: str) -> None:
    for found in findings(NORM, answer):
        if found.proposal is None:
            continue
        edits = [(r.start, r.end, r.text) for r in found.proposal.replacements]
        mended = applied(answer, edits)
        assert not findings(NORM, mended), (answer, mended)
        kept, at = "", 0
        for start, end, new in sorted(edits):
            assert at <= start <= end
            assert prose_of(answer)[start:end] == answer[start:end], "an edit within a quotation or code"
            kept, at = kept + answer[at:start] + new, end
        assert kept + answer[at:] == mended


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=9).map(" ".join)))
def test_any_text_can_be_read_and_fixed(text: str) -> None:
    prose = prose_of(text)
    assert len(prose) == len(text)
    read = read_all([("one", text)])
    assert read.sentences[0] >= 1
    heard = [voice for voice in VOICES if voice.places(prose)]
    for voice in heard:
        assert 0 in voice.candidates(read), "the cheap look leaves out what the pattern finds"
    made = fix(text, prose, heard)
    assert made is None or applied(text, made.edits) != text


def test_an_answer_far_from_the_formality_of_its_group_is_named_with_its_words() -> None:
    group = PROFILE.catches[0][:-1]
    [found] = findings(PROFILE, PROFILE.catches[0][-1].answer, group=group)
    assert "robust z -" in found.message
    assert "formality" in found.message
    assert "“you”" in found.message or "“so”" in found.message
    assert found.severity == "info"


def test_the_limit_of_a_graded_departure_is_a_setting() -> None:
    batch = PROFILE.catches[0]
    assert list(PROFILE.run(Batch(batch)))
    assert not list(PROFILE.run(Batch(batch, Settings(tone_z=50.0))))


def test_a_spread_of_zero_falls_back_to_the_mean_deviation_and_then_to_none() -> None:
    import numpy as np

    assert spread(np.array([1.0, 2.0, 3.0])).scale == pytest.approx(1.4826)
    some = spread(np.array([0.0] * 9 + [10.0]))
    assert some.by_mean
    assert some.scale == pytest.approx(1.2533)
    assert spread(np.zeros(5)).scale == 0


def test_formality_and_reading_ease_order_texts_as_people_do() -> None:
    read = read_all([
        ("chat", "So I just told you, it's really great and you can get it now."),
        ("plain", "Take one tablet with water in the morning."),
        ("statute", "The determination of the eligibility of the applicant for the allowance is subject to the "
         "provisions of the regulation concerning the assessment of the property."),
    ])  # fmt: skip
    assert list(formality(read)) == sorted(formality(read))
    assert list(reading_ease(read)) == sorted(reading_ease(read), reverse=True)


@pytest.mark.parametrize(
    ("word", "count"),
    [("open", 2), ("medicine", 3), ("used", 1), ("wanted", 2), ("table", 2), ("radiology", 5), ("the", 1), ("idea", 2)],
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_sentences_end_at_marks_and_lines_but_not_in_numbers() -> None:
    assert len(sentence_ranges("Take 3.5 mg. Then wait!\n- one\n- two")) == 4


def test_polite_requests_score_above_rude_ones() -> None:
    polite = politeness("Thanks for the answer! Could you please show me an example? I'm not sure how it works.")
    rude = politeness("Why don't you just do your homework? You should really know this.")
    assert polite > 1 > -1 > rude
    names = {strategy.name for strategy, _ in used("Thanks! Could you please help?")}
    assert {"gratitude", "please", "could you"} <= names


@pytest.mark.parametrize("text", ["@Bob: why? But you can't!", "Well done, nice code. So what?", "Hi, any idea? :)"])
def test_the_cheap_look_leaves_out_no_strategy(text: str) -> None:
    assert {s.name for s, _ in used(text)} == {s.name for s in STRATEGIES if s.words.search(text)}


def test_reading_an_answer_costs_little() -> None:
    texts = [
        (str(i), f"The patient {i} has had a cough for three days, and it doesn't get better. " * 4) for i in range(500)
    ]
    read_all(texts)
    started = time.process_time()
    read = read_all(texts)
    for voice in VOICES:
        for row in voice.candidates(read):
            voice.places(read.prose[int(row)])
    assert (time.process_time() - started) / len(texts) < 0.001  # 0.1 ms is the aim; a busy machine is slower
