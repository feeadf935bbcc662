"""Values are the same in every spelling, and only values that cannot both be right are apart."""

from __future__ import annotations

import datetime
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from curation.clash.codes import codes_differ
from curation.clash.dates import MONTH_WORDS
from curation.clash.numbers import values_clash
from curation.clash.numbers_words import ONES, ORDINALS, TENS
from curation.clash.values import apart
from curation.clash.values_keyed import keyed_differ
from curation.clash.values_read import values

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_PIECES = [
    "5", "mg", " ", "twice", "daily", "-", "/", ":", ".", ",", "May", "2024", "°F", "one", "and", "a", "half", "$",
    "J20.9", "q", "12", "h", "every", "to", "at least", "½", "th", "|", "\n", "{", "}", '"', "é", "５", "²",
    "٣", "\ud800",
]  # fmt: skip
ANY_TEXT = st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=3)), max_size=14).map("".join)
WORDS = {n: word for word, n in ONES.items()}


def in_words(n: int) -> str:
    if n in WORDS:
        return WORDS[n]
    if n < 100:
        ten = next(word for word, value in TENS.items() if value == n // 10 * 10)
        return ten + (f"-{WORDS[n % 10]}" if n % 10 else "")
    rest = f" and {in_words(n % 100)}" if n % 100 else ""
    return f"{WORDS[n // 100]} hundred{rest}"


def ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def spelt(day: datetime.date) -> list[str]:
    month = _MONTHS[day.month - 1]
    return [
        day.isoformat(), f"{day.day} {month} {day.year}", f"{month} {ordinal(day.day)}, {day.year}",
        f"{month} {day.day}, {day.year}", f"the {ordinal(day.day)} of {month}, {day.year}",
        f"{day.day:02} {month[:3]} {day.year}", f"{day.day:02}/{day.month:02}/{day.year}",
        f"{day.month}/{day.day}/{day.year}", f"{day.day}.{day.month}.{day.year}",
    ]  # fmt: skip


def doses(micrograms: int) -> list[str]:
    milligrams = micrograms / 1000
    return [
        f"{micrograms} mcg", f"{micrograms}µg", f"{micrograms} micrograms", f"{milligrams:.10g} mg",
        f"{milligrams:.10g}mg", f"{milligrams:.10g} milligrams",
    ]  # fmt: skip


def durations(hours: int) -> list[str]:
    return [
        f"{hours} hours",
        f"{hours * 60} minutes",
        f"{hours}h",
        f"{in_words(hours)} hours",
        f"{hours * 3600} seconds",
    ]


SENTENCES = (
    "The patient waited {} before surgery.",
    "It is {}.",
    "- Result: {}",
    "{}",
    "He was given {} by the nurse.",
)


def of(text: str) -> list[tuple[str, str]]:
    return [(text[value.start : value.end], value.kind) for value in values(text)]


@pytest.mark.parametrize("sentence", SENTENCES)
@given(data=st.data())
def test_one_date_in_two_spellings_is_no_clash_and_another_date_is(sentence: str, data: st.DataObject) -> None:
    days = st.dates(datetime.date(1950, 1, 1), datetime.date(2049, 12, 31))
    day, other = data.draw(days), data.draw(days)
    one, two = data.draw(st.sampled_from(spelt(day))), data.draw(st.sampled_from(spelt(day)))
    assert values_clash(sentence.format(one), sentence.format(two)) is None
    assume((day.year, {day.month, day.day}) != (other.year, {other.month, other.day}))
    clash = values_clash(sentence.format(one), sentence.format(data.draw(st.sampled_from(spelt(other)[:6]))))
    assert clash is not None
    assert clash.reason == ("value" if sentence.startswith("- Result") else "date")


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(("spellings", "most"), [(doses, 90_000), (durations, 120)])
@given(data=st.data())
def test_one_quantity_in_two_spellings_is_no_clash_and_another_is(
    sentence: str, spellings: object, most: int, data: st.DataObject
) -> None:
    assert callable(spellings)
    amount, other = data.draw(st.integers(1, most)), data.draw(st.integers(1, most))
    one, two = data.draw(st.sampled_from(spellings(amount))), data.draw(st.sampled_from(spellings(amount)))
    assert values_clash(sentence.format(one), sentence.format(two)) is None
    assume(max(amount, other) > 1.2 * min(amount, other))
    different = sentence.format(data.draw(st.sampled_from(spellings(other))))
    assert values_clash(sentence.format(one), different) is not None


@given(st.integers(2, 999), st.integers(2, 999))
def test_number_words_are_numbers(n: int, other: int) -> None:
    assert values_clash(f"He saw {in_words(n)} grey dogs.", f"He saw {n} grey dogs.") is None
    clash = values_clash(f"He saw {in_words(n)} grey dogs.", f"He saw {other} grey dogs.")
    assert (clash is None) == (n == other)


@given(st.sampled_from(sorted(ORDINALS.items())), st.integers(1, 40))
def test_ordinal_words_are_ordinals(word: tuple[str, float], n: int) -> None:
    clash = values_clash(f"She came in {word[0]} place.", f"She came in {ordinal(n)} place.")
    assert (clash is None) == (n == word[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("500 mg", "0.5 g"), ("1 hour", "60 minutes"), ("3 in", "7.62 cm"), ("6 feet 2 inches", "188 cm"),
        ("6'2\"", "6 ft 2 in"), ("98.6 °F", "37 °C"), ("150 lb", "68 kg"), ("1,500 m", "1.5 km"),
        ("1.500 €", "1,500 €"),
        ("$5k", "5,000 dollars"), ("half an hour", "30 minutes"), ("2½ hours", "two and a half hours"),
        ("1 hour 30 minutes", "90 minutes"), ("6 months", "half a year"), ("2 weeks", "fourteen days"),
        ("twice daily", "BID"), ("every 12 hours", "b.i.d."), ("q8h", "three times a day"),
        ("once daily", "every day"),
        ("every other day", "every 2 days"), ("a dozen eggs", "12 eggs"), ("50%", "fifty percent"),
        ("5:30 pm", "17:30"), ("5:30", "5:30 p.m."), ("noon", "12:00"), ("44-year-old", "44 y/o"),
        ("05/06/2024", "5 June 2024"), ("05/06/2024", "6 May 2024"), ("10/30/07", "October 30, 2007"),
        ("5-10 mg", "7 mg"), ("5 to 10 mg", "between 8 and 20 mg"), ("about 50 men", "45 men"),
        ("2 or 3 days", "3 days"),
        ("up to 5 mg", "3 mg"), ("at least 5 days", "7 days"), ("more than 5 days", "2 weeks"), ("5+ days", "8 days"),
        ("3.1", "3.14"), ("1/2 tablet", "half a tablet"), ("J20", "J20.9"), ("7/10", "7 out of 10"),
        ("10 mg once daily", "5 mg twice daily"), ("a couple of days", "3 days"), ("May 2024", "11 May 2024"),
    ],
)  # fmt: skip
def test_the_same_in_other_words_is_no_clash(one: str, other: str) -> None:
    for sentence in ("{}", "He takes it: {}.", "The clinic gave {} to the man."):
        left, right = sentence.format(one), sentence.format(other)
        assert values_clash(left, right) is None
        assert values_clash(right, left) is None


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("5 mg", "50 mg", "dose"), ("5 mL", "5 L", "dose"), ("2 tablets", "3 tablets", "dose"),
        ("5 km", "6 km", "number"),
        ("$5", "$6", "number"), ("5%", "6%", "number"), ("98.6 °F", "39 °C", "number"), ("-5 °C", "5 °C", "number"),
        ("2 hours", "3 hours", "number"), ("44-year-old", "45 y/o", "number"), ("5 pm", "6 pm", "number"),
        ("twice daily", "once daily", "number"), ("BID", "every 8 hours", "number"), ("120/80", "130/80", "number"),
        ("2024-05-11", "May 12th, 2024", "date"), ("May 2024", "June 2024", "date"), ("1945", "1946", "date"),
        ("5-10 mg", "20-30 mg", "dose"), ("about 50 mg", "500 mg", "dose"),
        ("at least 18 years", "at least 21 years", "number"),
        ("up to 5 mg", "20 mg", "dose"), ("1:1000", "1:100", "number"), ("12 eggs", "two dozen eggs", "number"),
        ("5 mg/kg", "50 mg/kg", "dose"), ("the second floor", "the 3rd floor", "number"), ("1.2.3", "1.2.4", "code"),
        ("vitamin B12", "vitamin D3", "code"), ("J20.9", "J20.8", "code"), ("twice", "three times", "number"),
    ],
)  # fmt: skip
def test_another_value_in_the_same_slot_is_a_clash(one: str, other: str, reason: str) -> None:
    for sentence in ("The clinic wrote down {}.", "The clinic said {} to the man."):
        left, right = sentence.format(one), sentence.format(other)
        clash = values_clash(left, right)
        assert clash is not None, (left, right)
        assert clash.reason in (reason, "dose")
        assert left[slice(*clash.left[0])] in one
        assert right[slice(*clash.right[0])] in other
        back = values_clash(right, left)
        assert back is not None
        assert (back.left, back.right) == (clash.right, clash.left)


@given(ANY_TEXT, ANY_TEXT)
def test_any_two_texts_are_judged_alike_from_both_sides(left: str, right: str) -> None:
    clash, back = values_clash(left, right), values_clash(right, left)
    assert (clash is None) == (back is None)
    assert values_clash(left, left) is None
    for found in (clash, codes_differ(left, right), keyed_differ(left, right)):
        if found:
            assert all(0 <= start < end <= len(left) for start, end in found.left)
            assert all(0 <= start < end <= len(right) for start, end in found.right)


@given(ANY_TEXT)
def test_values_of_any_text_stand_in_order_and_never_contradict_themselves(text: str) -> None:
    end = 0
    for value in values(text):
        assert end <= value.start < value.end <= len(text)
        assert not apart(value, value)
        end = value.end


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call 555-123-4567 at 5 pm.", [("555-123-4567", "phone"), ("5 pm", "clock")]),
        ("It may march on; one of them, no one, at first.", []),
        ("COVID-19, L4-5 and an mp3 in the 1990s", [("1990", "date")]),
        ("five hundred and twenty men", [("five hundred and twenty", "count")]),
        ("a second later; the second time; five seconds", [("second", "ordinal"), ("five seconds", "time")]),
        ("a bid of one dollar", [("one dollar", "money usd")]),
        ("The 5-year-4-month-old boy", [("5-year-4-month", "time")]),
    ],
)
def test_values_are_found_in_their_places(text: str, found: list[tuple[str, str]]) -> None:
    assert of(text) == found


def test_months_are_words_that_begin_a_date() -> None:
    assert {month.lower() for month in _MONTHS} <= MONTH_WORDS


@pytest.mark.parametrize(
    "text", ["5" * 100_000, "5 mg " * 9_000, "one and " * 9_000, "1/" * 30_000, "May 5" + " " * 90_000]
)
def test_a_long_text_of_numbers_does_not_hang(text: str) -> None:
    began = time.monotonic()
    values_clash(text, text + " 7 g")
    assert time.monotonic() - began < 30


def test_a_full_stop_at_the_end_of_a_field_does_not_stand_in_the_sentence() -> None:
    clash = keyed_differ("Code: A66.3 (5 characters).\nTitle: Yaws.", "Code: A66.3 (4 characters).\nTitle: Yaws.")
    assert clash is not None
    assert clash.sentence == "Value of “code” differs: A66.3 (5 characters) / A66.3 (4 characters)."
