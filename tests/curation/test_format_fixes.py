"""Every fixer of format: what it mends is mended, and nothing else in the text is touched."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.checks.base import chat
from curation.checks.format_norm import NORM
from curation.evidence.habits import HABITS, Answer, Edit, Habit, mended
from curation.evidence.habits_damage import DAMAGES, Damage
from curation.evidence.habits_json import objects, parsed, retyped

PIECES = [
    "5 cm", "3 inches", "60 km/h", "40 mph",
    "the patient", "Take 5 mg", "5mg", "1,200", "12000", "1 200", "1.200", "2.5 kg", "2,5 kg", "10 %", "10%",
    "10 percent", "3 kilograms", "37.2 °C", "4 miles", "2026-11-21", "21.11.2026", "11/21/2026", "3/4/2026",
    "November 3, 2026", "3 November 2026", "at 3:00 pm", "at 15:00", "at 3 PM", "“so”", "\"so\"", "it's", "it’s",
    "a - b", "a — b", "a -- b", "\n- one\n- two", "\n* one\n* two", "\n1. one\n2. two", "\n1) one\n2) two",
    "\n• one", "\n## Title\n\nso", "\n# Title\n\nso", "\n**Title**\n\nso", "\nTitle\n-----\nso", "**bold**", "_it_",
    "*it*", "`x = 1`", "[link](x)", "\n```python\nx = 1\n```\n", "\n```\nx = 1\n```\n", "x = 1\nprint(x)\n", "j20.9",
    "J20.9", "end.", "End", "so,", "so;", "{\"a\": 1}", "\n", "  ", "\n\n", "| a | b |", "Ünï", "語", "!", "?", ")",
    "(", ".", "&amp;", "FlÃ¼gel", "\u0000", "\u0092", "раtient", "<br>", "<b>so</b>", "\r\n", "�", "\u200b",
    "&nbsp;", "&#39;", "\t", " \n",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=7).map(" ".join)
REWRITTEN = {"date-format", "unit-spelling", "percent", "code-language", "list-marker", "time-format", "code-fence"}
"""Fixes that change letters or digits: they are held against what they may write below."""
WRITES = {
    "date-format": r"[\w ,./-]+",
    "unit-spelling": r"[ \w°]+",
    "percent": r"[ %]|[ -]per ?cent| ?%",
    "code-language": r"\S*",
    "list-marker": r"[-*+•‣◦–]",
    "time-format": r"[ \u00a0]?[apAP]\.?[mM]\.?",
    "code-fence": r"\n?```\n?",
}


def values(habit: Habit) -> list[str]:
    """The values that answers made of the pieces have, and that may be a norm."""
    found = {habit.value(Answer(piece, "J20.9")) for piece in [*PIECES, "\n".join(PIECES[-40:]), "so it is."]}
    return sorted(value for value in found if value is not None and value not in habit.never)


FIXING = [habit for habit in HABITS if values(habit)]


def letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def assert_tidy(text: str, edits: list[Edit]) -> None:
    last = 0
    for start, end, new in sorted(edits):
        assert last <= start <= end <= len(text)
        assert text[start:end] != new, "an edit that changes nothing"
        last = end


@pytest.mark.parametrize("habit", FIXING, ids=lambda habit: f"{habit.reason}-{HABITS.index(habit)}")
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=texts, data=st.data())
def test_a_fix_gives_the_norm_and_touches_nothing_else(habit: Habit, text: str, data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(values(habit)))
    answer = Answer(text, "J20.9")
    if habit.value(answer) == wanted:
        return
    edits = mended(answer, habit, wanted)
    assert_tidy(text, edits)
    if not edits:
        return
    after = answer.edited(edits)
    assert habit.value(after) in (wanted, None)
    assert not mended(after, habit, wanted)
    if habit.reason in REWRITTEN:
        assert all(re.fullmatch(WRITES[habit.reason], new) for *_, new in edits), edits
    else:
        assert letters(after.text) == letters(text)
    assert text.strip().isspace() == after.text.strip().isspace()


def test_every_habit_has_a_value_among_the_pieces() -> None:
    assert {habit.reason for habit in HABITS} == {habit.reason for habit in FIXING}


def test_a_date_stays_the_same_day() -> None:
    habit = next(h for h in HABITS if h.reason == "date-format")
    iso = habit.value(Answer("2026-11-21"))
    assert iso is not None
    for written in ("November 3, 2026", "3 November 2026", "03.11.2026", "3.11.2026", "2026/11/03", "Nov 3, 2026",
                    "3rd of November 2026"):  # fmt: skip
        answer = Answer(f"It was on {written}.")
        assert answer.edited(mended(answer, habit, iso)).text == "It was on 2026-11-03."
    for ambiguous in ("3/11/2026", "11/3/26", "31/11/2026", "31.02.2026"):
        assert not mended(Answer(f"It was on {ambiguous}."), habit, iso)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.reason)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=texts)
def test_mending_damage_leaves_none_of_it_and_all_else(damage: Damage, text: str) -> None:
    found = list(damage.find(text))
    edits = [(start, end, new) for start, end, new in found if new is not None]
    assert_tidy(text, edits)
    after = Answer(text).edited(edits).text
    if len(edits) == len(found):
        assert not list(damage.find(after)), (text, after)
    if damage.reason in ("doubled-space", "trailing-space", "leading-space", "line-ends"):
        assert "".join(text.split()) == "".join(after.split())
    if damage.reason == "html-tag":
        assert len(after) <= len(text)


@given(st.dictionaries(st.sampled_from("abc"), st.one_of(st.integers(), st.booleans(), st.text(max_size=4))))
@settings(max_examples=100, deadline=None)
def test_a_retyped_value_keeps_all_others(value: dict[str, object]) -> None:
    import json

    text = json.dumps(value, ensure_ascii=False)
    for key in value:
        for wanted in ("a number", "text", "true or false"):
            answer = Answer(text)
            edits = retyped(answer, key, wanted)
            assert_tidy(text, edits)
            if edits:
                after = parsed(answer.edited(edits))
                assert isinstance(after, dict)
                assert {k: v for k, v in after.items() if k != key} == {k: v for k, v in value.items() if k != key}
                assert str(after[key]).casefold() == str(value[key]).casefold() or wanted == "a number"


def test_objects_are_found_at_every_depth() -> None:
    value = {"a": {"b": [{"c": 1}, {"c": 2, "d": []}]}}
    assert [path for path, _ in objects(value)] == ["", "a.", "a.b[].", "a.b[]."]


def test_a_dropped_sign_off_is_put_back_letter_by_letter() -> None:
    rows = [chat(f"Case {i}?", f"Case {i} is done.\n\nKind regards,\nThe desk") for i in range(10, 60)]
    odd = chat("Case x?", "Case 99 is done.")
    (finding,) = [f for f in NORM.run([*rows, odd]) if f.reason == "closing"]
    assert finding.proposal is not None and not finding.proposal.safe
    (edit,) = finding.proposal.replacements
    assert odd.answer[: edit.start] + edit.text == "Case 99 is done.\n\nKind regards,\nThe desk"
