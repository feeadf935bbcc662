"""Every check card: its own examples are true, any text is handled, and no fix touches what it does not name."""

from __future__ import annotations

import pkgutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ids import example_id
from core.types import Example, Finding, Message
from curation import checks
from curation.checks import CHECKS
from curation.checks.base import Check, chat
from curation.checks.docs import measured, render_docs
from curation.evidence.batch import Batch
from curation.evidence.facts import facts, opposed, stance
from curation.evidence.groups import lower_bound
from curation.evidence.settings import Settings
from curation.evidence.signs import meaning, same_meaning
from curation.minhash.sketch import sketch

FAST = [check for check in CHECKS if check.cost == "fast"]
every_check = pytest.mark.parametrize("check", FAST, ids=lambda check: check.name)

fragments = st.sampled_from(
    ["J20.9", "5 mg", "not", "don't", "two", "Yes.", "{{name}}", "“so”", "```", "* item\n",
     "  ", "&amp;", "FlÃ¼gel", "\x00", "marta@x.org",
     "(212) 555-0134", "812-45-6789", "4000 0012 3456 7899", "!", "😊", "**bold**",
     "{\"a\": 1}", "<|im_end|>", "Ünï", "語"]
)  # fmt: skip
texts = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),  # lone surrogates and NUL included
    st.lists(st.one_of(fragments, st.text(max_size=8)), max_size=6).map(" ".join),
)
roles = st.sampled_from(["system", "user", "assistant", "tool", "bot"])
examples = st.lists(st.builds(Message, roles, texts), max_size=4).map(lambda m: Example(example_id(m), tuple(m)))
answered = st.builds(chat, texts, texts)
batches = st.lists(st.one_of(examples, answered), max_size=5, unique_by=lambda example: example.id)


def apply(example: Example, finding: Finding) -> Example:
    """The example after the finding's edit; edits may not overlap."""
    assert finding.proposal is not None
    contents = [message.content for message in example.messages]
    last = (len(contents), 0)
    for edit in sorted(finding.proposal.replacements, key=lambda r: (r.turn, r.start, r.end), reverse=True):
        assert 0 <= edit.start <= edit.end <= len(contents[edit.turn])
        assert edit.turn < last[0] or edit.end <= last[1], "edits overlap"
        assert contents[edit.turn][edit.start : edit.end] != edit.text, "an edit that changes nothing"
        contents[edit.turn] = contents[edit.turn][: edit.start] + edit.text + contents[edit.turn][edit.end :]
        last = (edit.turn, edit.start)
    messages = tuple(Message(m.role, text) for m, text in zip(example.messages, contents, strict=True))
    return Example(example_id(messages), messages, example.meta)


def assert_well_formed(check: Check, batch: Sequence[Example], found: Sequence[Finding]) -> None:
    by_id = {example.id: example for example in batch}
    for finding in found:
        assert finding.check == check.name
        assert set(finding.members) <= set(by_id)
        assert len(set(finding.members)) == len(finding.members)
        assert finding.score is None or 0 <= finding.score <= 1
        for span in finding.spans:
            assert span.example_id is None or span.example_id in finding.members
            text = by_id[span.example_id or finding.example_id].messages[span.turn].content
            assert 0 <= span.start < span.end <= len(text)
        if finding.proposal is not None:
            assert set(finding.proposal.targets) <= set(finding.members)
            assert finding.proposal.targets
            if finding.proposal.action == "edit":
                assert finding.proposal.targets == (finding.example_id,)
                apply(by_id[finding.example_id], finding)


def test_every_file_of_the_package_is_in_the_deck() -> None:
    files = {module.name for module in pkgutil.iter_modules(checks.__path__)} - {"base", "docs"}
    text = Path(checks.__file__).read_text(encoding="utf-8")
    assert all(f"    {name}" in text for name in files)
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@every_check
def test_the_check_card_is_true(check: Check) -> None:
    assert check.catches and check.passes and check.title and check.about
    for batch in check.catches:
        found = list(check.run(batch))
        assert found, batch[-1]
        assert_well_formed(check, batch, found)
    for batch in check.passes:
        assert not list(check.run(batch)), batch[-1]


@every_check
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batch=batches)
def test_any_text_is_handled_and_order_does_not_matter(check: Check, batch: list[Example]) -> None:
    found = list(check.run(batch))
    assert sorted(map(repr, found)) == sorted(map(repr, check.run(batch[::-1])))
    assert_well_formed(check, batch, found)


@every_check
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batch=batches)
def test_a_fix_makes_its_own_check_pass(check: Check, batch: list[Example]) -> None:
    """Random rows beside the card's own, so that groups are large enough for norms."""
    batch = [*batch, *check.catches[0]]
    for finding in check.run(batch):
        if finding.proposal is None or finding.proposal.action != "edit":
            continue
        mended = apply(next(e for e in batch if e.id == finding.example_id), finding)
        rest = [e for e in batch if e.id not in (finding.example_id, mended.id)]
        fixed = {replacement.turn for replacement in finding.proposal.replacements}
        again = [f for f in check.run([*rest, mended]) if f.example_id == mended.id and f.reason == finding.reason]
        assert not any(span.turn in fixed for f in again for span in f.spans), (finding, mended)


@every_check
def test_the_fixes_of_the_card_are_applied_cleanly(check: Check) -> None:
    for batch in check.catches:
        for finding in check.run(batch):
            if finding.proposal is not None and finding.proposal.action == "edit":
                mended = apply(next(e for e in batch if e.id == finding.example_id), finding)
                rest = [e for e in batch if e.id != finding.example_id]
                again = {(f.example_id, f.reason) for f in check.run([*rest, mended])}
                assert (mended.id, finding.reason) not in again


def test_the_semantic_card_is_true() -> None:
    check = by_name("duplicates.semantic")
    for batch in check.catches:
        found = list(check.run(batch))
        assert found
        assert_well_formed(check, batch, found)
        assert sorted(map(repr, found)) == sorted(map(repr, check.run(batch[::-1])))
        assert all(finding.proposal is None or not finding.proposal.safe for finding in found)
    for batch in check.passes:
        assert not list(check.run(batch))


def by_name(name: str) -> Check:
    return next(check for check in CHECKS if check.name == name)


PROMPT = (
    "The patient is a forty year old teacher who came in with a fever, a dry cough and aching limbs since Monday, and "
    "wants to know whether she may go back to school tomorrow. What do we tell her about it?"
)
ANSWER = (
    "Tell her to stay at home until a full day has passed without fever, to rest and drink enough, and to call again "
    "if "
    "breathing becomes hard or the fever climbs. She can return after that."
)


def test_a_row_is_dropped_only_when_its_answer_is_alike_too() -> None:
    other = chat(PROMPT, "She has to be seen today; send her to the clinic at once, since this may be a pneumonia.")
    found = list(by_name("duplicates.near").run([chat(PROMPT, ANSWER), other]))
    assert all(finding.proposal is None for finding in found)
    assert [f.reason for f in by_name("duplicates.conflict").run([chat(PROMPT, ANSWER), other])] == ["answers-differ"]


@pytest.mark.parametrize(
    ("old", "new"), [("a full day", "2 full days"), ("can return", "cannot return"), ("breathing", "not breathing")]
)
def test_a_number_or_negation_apart_is_never_proposed_for_dropping(old: str, new: str) -> None:
    batch = [chat(PROMPT, ANSWER), chat(PROMPT, ANSWER.replace(old, new))]
    assert all(finding.proposal is None for finding in by_name("duplicates.near").run(batch))


def test_a_negated_twin_is_neither_dropped_nor_a_contradiction() -> None:
    batch = [
        chat(PROMPT.replace("a fever", "fever"), "The code is J11.1."),
        chat(PROMPT.replace("a fever", "no fever"), "The code is J20.9."),
    ]
    for name in ("duplicates.exact", "duplicates.near", "contradictions.clash", "duplicates.conflict"):
        assert all(finding.proposal is None for finding in by_name(name).run(batch))
    assert not list(by_name("contradictions.clash").run(batch))


def test_another_word_in_the_answer_is_not_safe_to_drop() -> None:
    batch = [chat(PROMPT, ANSWER), chat(PROMPT, ANSWER.replace("at home", "in bed"))]
    (finding,) = by_name("duplicates.near").run(batch)
    assert finding.proposal is not None and not finding.proposal.safe
    batch = [chat(PROMPT, ANSWER), chat(PROMPT.replace("aching", "sore"), ANSWER)]
    (finding,) = by_name("duplicates.near").run(batch)
    assert finding.proposal is not None and not finding.proposal.safe
    batch = [chat(PROMPT, ANSWER), chat(PROMPT.replace("a fever", "fever"), ANSWER)]
    (finding,) = by_name("duplicates.near").run(batch)
    assert finding.proposal is not None and finding.proposal.safe


ROUND = (
    "Please read the note of the ward round and tell me in one or two sentences what the nurse ought to hand out to "
    "the patient in room seven today before visitors arrive."
)
HANDED = (
    "According to the note of the ward round the nurse ought to hand out the tablets as follows to the patient today: "
    "{} with a glass of water, and to write it down in the chart at once afterwards so that nobody hands it out again."
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Take 1/2 tablets.", "Take 1-2 tablets."), ("Is C# typed?", "Is C typed?"), (":)", ":("),
     ("if (!valid) stop", "if (valid) stop"), ("Give 5 % of it.", "Give 5 of it."),
     ("About 10⁶ cells.", "About 106 cells."),
     ("print(4-2)", "print(4//2)")],
)  # fmt: skip
def test_texts_that_differ_in_a_sign_are_never_safe_to_drop(one: str, other: str) -> None:
    for batch in ([chat(one, "Yes."), chat(other, "Yes.")], [chat("How many?", one), chat("How many?", other)]):
        for name in ("duplicates.exact", "duplicates.near"):
            assert not any(f.proposal and f.proposal.safe for f in by_name(name).run(batch))


@pytest.mark.parametrize(
    ("one", "other"),
    [("5 mg in the morning and 10 mg at night", "10 mg in the morning and 5 mg at night"),
     ("the white one is allowed and the red one is not", "the white one is not allowed and the red one is"),
     ("move them from the box to the bag", "move them to the box from the bag"),
     ("she should have two", "she may have two")],
)  # fmt: skip
def test_other_order_and_other_small_words_are_not_safe_to_drop(one: str, other: str) -> None:
    found = by_name("duplicates.near").run([chat(ROUND, HANDED.format(one)), chat(ROUND, HANDED.format(other))])
    assert not any(f.proposal and f.proposal.safe for f in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [(".5 mg", ".25 mg"), ("1,5 mg", "15 mg"), ("lot 12345678901", "lot 12345678902"), ("vitamin b12", "vitamin b6"),
     ("code j20.9", "code j20.8"), ("<5 mg", ">5 mg"), ("thirteen", "fourteen"), ("5 s", "5 ms"),
     ("you shouldnt", "you should"), ("1.2.3", "1.2.4"), ("sha1", "sha256"), ("±5", "5"), ("3 March", "3 May")],
)  # fmt: skip
def test_another_number_or_code_is_never_proposed_for_dropping(one: str, other: str) -> None:
    batch = [chat(ROUND, HANDED.format(one)), chat(ROUND, HANDED.format(other))]
    for name in ("duplicates.exact", "duplicates.near"):
        assert not any(f.proposal for f in by_name(name).run(batch))


def test_an_opposite_in_the_context_above_the_question_keeps_both() -> None:
    context = (
        "The patient came in this morning after a fall from a ladder at home and complains of pain and swelling in the "
        "{} knee when walking and at night and cannot bend it."
    )
    batch = [
        chat(context.format(side) + "\n\nWhat should we tell the patient?", HANDED.format("two tablets"))
        for side in ("left", "right")
    ]
    assert not any(f.proposal for f in by_name("duplicates.near").run(batch))


def test_a_copy_that_reads_otherwise_does_not_go_with_its_unit() -> None:
    for note in ("aa", "bb", "cc", "dd"):
        prompt = f"{ROUND} Note {note}."
        said = [HANDED.format(f"{dose} tablets in the evening, {end}") for dose, end in
                (("1.5", "and then to bed"), ("1.5", "and to bed"), ("1-5", "and to bed"))]  # fmt: skip
        kept, _, other = batch = [chat(prompt, answer) for answer in said]
        for name in ("duplicates.exact", "duplicates.near"):
            for found in by_name(name).run(batch):
                gone = found.proposal.targets if found.proposal else ()
                assert not (found.example_id == kept.id and other.id in gone)


@given(texts, texts)
def test_equal_fingerprints_mean_the_same(one: str, other: str) -> None:
    for left, right in ((one, other), (one, one.replace(" ", "  ")), (f"{one} 5 {other}", f"{one} 5 % {other}")):
        made = sketch([left, right]).left
        if (made.keys[0] == made.keys[1]).all() and made.fixed[0] == made.fixed[1]:
            assert meaning(left) == meaning(right)


pieces = st.lists(
    st.sampled_from([
        "5", "10", "0.5", "1,000", "-5", "-", "$", "5%", "%", "°C", "mg", "mg/kg", "g", "grams", "in", "for", "days",
        "percent", "J20.9", "US-5", "US", "x", "take", "the", "evening", "not", "no", "thank", "thank you", "only",
        "isn't", "can't", "two", "half", "non-smoker", "2026-01-05", "10:30", "5-fold", "(5)", "5,", "5.", "5,mg",
        "_5", "5_mg", "May", "may", "+", "<", "€", "5–10", "1/2", "naïve", "熱", "不", "三",
        "#5", "x5", "a@b", "5½", "µg",
    ]),
    max_size=9,
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(pieces, pieces, pieces, pieces, st.sampled_from([" ", "  ", ", ", "\n", ". ", "-"]))
def test_equal_fingerprints_mean_the_same_whatever_stands_around(
    start: list[str], one: list[str], other: list[str], end: list[str], gap: str
) -> None:
    left, right = " ".join([*start, *one, *end]), " ".join([*start, gap.join(other), *end])
    made = sketch([left, right]).left
    if made.fixed[0] == made.fixed[1]:
        assert meaning(left) == meaning(right)
    for known in (made.digits, made.odd):
        if known.all() and known[0] != known[1]:
            assert not same_meaning(left, right)


def test_a_dose_exchanged_for_another_is_another_meaning() -> None:
    assert not same_meaning("Give 5 mg at noon and 10 mg at night.", "Give 10 mg at noon and 5 mg at night.")
    assert same_meaning("Give 5 mg at noon and 10 mg at night.", "Take 5 mg at midday and then 10 mg at night.")


def test_a_long_row_of_letters_and_digits_is_read_in_a_moment() -> None:
    started = time.perf_counter()
    meaning("x1" * 20_000)
    assert time.perf_counter() - started < 5


def test_the_longest_most_complete_row_stays() -> None:
    short, long = chat(PROMPT, ANSWER), chat(PROMPT, ANSWER + " Then she is fine.")
    unfilled = chat(PROMPT + " {{name}}", ANSWER + " Then she is fine indeed, I say.")
    (finding,) = by_name("duplicates.near").run([short, unfilled, long])
    assert finding.example_id == long.id


def test_identical_rows_are_one_example_with_its_lines() -> None:
    row = chat("Which code?", "J20.9.")
    (finding,) = by_name("duplicates.exact").run(Batch([row], Settings(rows={row.id: (3, 8, 9)})))
    assert finding.proposal is not None
    assert (finding.reason, finding.related, finding.proposal.targets) == ("identical-rows", (), (row.id,))
    assert finding.proposal.safe and "3 rows" in finding.message


def test_a_clash_marks_the_words_on_both_sides() -> None:
    one, other = chat("Which code?", "The code is J20.9."), chat("Which code?", "The code is J20.8.")
    (finding,) = by_name("contradictions.clash").run([one, other])
    words = {}
    for span in finding.spans:
        example = {one.id: one, other.id: other}[span.example_id or finding.example_id]
        words[example.id] = example.messages[span.turn].content[span.start : span.end]
    assert words == {one.id: "J20.9", other.id: "J20.8"}
    assert "J20.9" in finding.message and "J20.8" in finding.message


def test_a_norm_is_told_with_its_counts_and_its_fix() -> None:
    group = [chat(f"Case {i}?", f"The code is A{i}.") for i in range(10, 52)]
    odd = chat("Case x?", "The code is A99")
    (finding,) = by_name("format.norm").run([*group, odd])
    assert finding.example_id == odd.id
    assert "42 of 43 answers" in finding.message and "full stop" in finding.message
    assert apply(odd, finding).answer == "The code is A99."


def test_two_departments_have_two_norms() -> None:
    one = [chat(f"Case {i}?", f"The code is A{i}.", system="Clinic.") for i in range(10, 50)]
    two = [chat(f"Case {i}?", f"A{i} - as listed", system="Ward.") for i in range(10, 50)]
    assert not list(by_name("format.norm").run([*one, *two]))


def test_a_placeholder_is_the_same_for_the_same_value() -> None:
    row = chat("Write to ann@clinic.org or bob@clinic.org.", "I wrote to Ann@clinic.org.")
    (finding,) = by_name("privacy.email").run([row])
    assert [m.content for m in apply(row, finding).messages] == [
        "Write to [EMAIL_1] or [EMAIL_2].", "I wrote to [EMAIL_1].",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["Order id: 4155550199", "sha 9fceb02d0ae598e95dc970b74767f19372d61af8", "v1.2.3.4",
     "1234567890123456", "2026-11-21 10:30",
     "ISBN 978-3-16-148410-0", "pi is 3.14159265358979", "from 1,234,567 to 2,345,678", "10.0.0.0/8 is not a version"],
)  # fmt: skip
def test_numbers_that_are_no_personal_data_pass(text: str) -> None:
    names = [f"privacy.{kind}" for kind in ("phone", "card", "ssn", "iban", "secret", "email")]
    assert not [f for name in names for f in by_name(name).run([chat(text, "Noted.")])]


def test_facts_compare_doses_in_one_unit() -> None:
    values = lambda text: [fact.value for fact in facts(text)]  # noqa: E731
    assert values("500 mg") == values("0.5 g") != values("5 g")
    assert values("J20.9") == ["J20.9"] and values("T40.2X1A") == ["T40.2X1A"]
    assert opposed("on the left", "on the right") and not opposed("left and right", "right")


@given(texts)
def test_the_stance_of_a_text_agrees_with_its_facts(text: str) -> None:
    """On ASCII text; elsewhere lower-casing can move letters."""
    text = text.encode("ascii", "ignore").decode()
    found = facts(text)
    fixed, negations = stance(text)
    assert fixed == {fact.value for fact in found if fact.kind in ("code", "number")}
    assert negations == sum(fact.kind == "negation" for fact in found)


def test_the_lower_bound_is_that_of_clopper_and_pearson() -> None:
    assert lower_bound(20, 20, 0.95) == pytest.approx(0.05 ** (1 / 20))
    assert lower_bound(19, 20, 0.95) == pytest.approx(0.7839, abs=1e-4)
    assert lower_bound(0, 20, 0.95) == 0.0


def test_every_check_says_how_well_it_was_measured_or_why_not() -> None:
    known = measured()
    assert known.keys() == {check.name for check in CHECKS}
    root = Path(__file__).parents[2]
    for entry in known.values():
        assert "why" in entry or (root / f"{entry['by'].replace('.', '/')}.py").is_file()
        assert "why" in entry or entry["recall"]


def test_the_page_of_checks_is_the_deck() -> None:
    page = Path(__file__).parents[2] / "docs" / "checks.md"
    assert page.read_text(encoding="utf-8") == render_docs(), "run: python -m curation.checks.docs > docs/checks.md"
