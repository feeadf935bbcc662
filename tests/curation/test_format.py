"""Norms of format are learned where answers belong together, and told with their shares."""

from __future__ import annotations

from random import Random

import pytest

from core.types import Example
from curation.checks.base import chat
from curation.evidence.batch import Batch
from curation.evidence.groups import groups
from curation.evidence.groups_asks import find_splits, leaf_of, request_words, told
from curation.evidence.groups_systems import differs_little
from curation.evidence.habits import Answer
from curation.evidence.habits_code import bare_code
from curation.evidence.habits_dates import DATES
from curation.evidence.habits_json import learn_keys, objects
from curation.evidence.habits_norms import tasks
from curation.evidence.habits_numbers import NUMBERS
from curation.evidence.tool_calls import tool_calls
from curation.runner import run_checks

CITIES = ("Oslo", "Lima", "Rome", "Cairo", "Quito", "Delhi", "Tunis", "Hanoi")


def mixed(seed: int = 0, size: int = 120) -> list[Example]:
    """One system prompt, three kinds of request: JSON, code, and prose."""
    chance = Random(seed)
    rows = []
    for i in range(size):
        city = chance.choice(CITIES)
        rows += [
            chat(f"Return the facts about {city} {i} as JSON.", f'{{"city": "{city}", "number": {i}}}', system="Help."),
            chat(
                f"Write a function for {city} number {i}.",
                f"```python\ndef f(x):\n    return x + {i}\n```",
                system="Help.",
            ),
            chat(f"Tell me about {city} and its {i} streets.", f"{city} has {i} streets.", system="Help."),
        ]
    return rows


def spoilt(rows: list[Example], place: int, answer: str) -> list[Example]:
    row = rows[place]
    changed = chat(row.messages[1].content, answer, system="Help.")
    return [*rows[:place], changed, *rows[place + 1 :]]


def test_json_tasks_and_prose_tasks_below_one_prompt_have_two_norms() -> None:
    rows = mixed()
    assert len(Batch(rows).shared(groups)) == 1
    assert len(Batch(rows).shared(tasks)) == 3
    report = run_checks(rows, ["format"])
    assert not report.findings
    said = {(norm.sentence, norm.group) for norm in report.norms}
    assert any(sentence == "are JSON" and group.startswith("requests with") for sentence, group in said)
    assert any(sentence == "put code in a block" for sentence, _ in said)


@pytest.mark.parametrize(
    ("place", "answer", "reason"),
    [(3, "Oslo is number 1.", "json"), (3, '{"city": "Oslo"}', "json-missing-key"),
     (3, '{"city": "Oslo", "number": "1"}', "json-type"), (4, "def f(x):\n    return x + 1", "code-fence"),
     (5, "Oslo has 1 streets", "final-punctuation"), (5, "oslo has 1 streets.", "start")],
)  # fmt: skip
def test_a_departure_is_found_within_its_own_kind_of_task(place: int, answer: str, reason: str) -> None:
    rows = spoilt(mixed(), place, answer)
    found = run_checks(rows, ["format.norm"]).findings
    assert {finding.example_id for finding in found} == {rows[place].id}
    assert reason in {finding.reason for finding in found}


def test_the_split_does_not_depend_on_the_order_of_rows() -> None:
    rows = mixed()
    Random(1).shuffle(rows)
    one = [(task.group.label, len(task.group.examples)) for task in Batch(rows).shared(tasks)]
    assert one == [(task.group.label, len(task.group.examples)) for task in Batch(mixed()).shared(tasks)]


def test_faults_alone_split_nothing() -> None:
    chance = Random(3)
    rows = [
        chat(f"Tell me about {chance.choice(CITIES)} {i}.", f"It has {i} streets" + "." * (chance.random() > 0.1))
        for i in range(400)
    ]
    assert len(Batch(rows).shared(tasks)) == 1


def test_requests_are_parted_by_the_word_that_tells_their_form() -> None:
    words = [frozenset({"list", "cities"} if i % 2 else {"name", "cities"}) for i in range(200)]
    split = find_splits(words, [["list" if i % 2 else "prose"] for i in range(200)])
    assert split is not None and split.word in ("list", "name")
    assert told(leaf_of(split, frozenset({"list"}))) != told(leaf_of(split, frozenset({"name"})))
    assert find_splits(words, [["prose"] for _ in range(200)]) is None
    assert "json" in request_words(chat("As JSON, please.", "{}"))


def test_a_norm_below_its_bound_is_none() -> None:
    """The bound is 0.8 from 20 answers on: 20 of 21 do not reach it, 24 of 25 do."""
    for size, expected in ((20, 0), (24, 1)):
        rows = [chat(f"Case {i}?", f"The streets of it are {i}.") for i in range(10, 10 + size)]
        odd = chat("Case x?", "the streets of it are 99.")
        found = [f for f in run_checks([*rows, odd], ["format.norm"]).findings if f.reason == "start"]
        assert len(found) == expected


def test_a_variant_of_a_system_prompt_keeps_the_norms_of_its_group() -> None:
    system = "You are the clinic's coding assistant. Choose one code."
    rows = [chat(f"Case {i}?", f"The code is A{i}.", system=system) for i in range(10, 60)]
    odd = chat("Case x?", "The code is A99", system=system.replace("Choose", "Chose"))
    found = run_checks([*rows, odd], ["format"]).findings
    assert {(f.check, f.reason) for f in found} == {
        ("format.system", "system-prompt"), ("format.norm", "final-punctuation"),
    }  # fmt: skip
    assert differs_little(system, system.replace("Choose", "Chose"))
    assert not differs_little(system + " Ward 1.", system + " Ward 2.")


def value(kinds: tuple[object, ...], reason: str, text: str) -> str | None:
    values = {habit.value(Answer(text)) for habit in kinds if habit.reason == reason}  # type: ignore[attr-defined]
    found = sorted(v for v in values if v)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("reason", "text", "expected"),
    [("thousands", "It has 1,200 parts.", "comma"), ("thousands", "It has 1.200.300 parts.", "point"),
     ("thousands", "In 2026 it had 12000 parts.", "without"), ("thousands", "It has 12 000 parts.", "space"),
     ("thousands", "Call 555-12345 or id A12345.", None), ("thousands", "In 2026 it had 9 parts.", None),
     ("decimal-mark", "It is 2.5 m.", "point"), ("decimal-mark", "It is 2,5 m.", "comma"),
     ("decimal-mark", "See version 1.2.3 of 21.11.2026.", None), ("percent", "It is 5 %.", "5 %"),
     ("unit-space", "Take 5mg.", "no space"), ("unit-space", "Take 5 mg and 5mg.", None),
     ("unit-spelling", "Take 5 milligrams.", "spell"), ("unit", "It weighs 9 lbs.", "lb"),
     ("unit", "At 37 degrees Celsius.", "°C"), ("unit", "It is 9 kilometres away.", "km")],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written(reason: str, text: str, expected: str | None) -> None:
    found = value(NUMBERS, reason, text)
    several = "several" in (found or "") or "some" in (found or "")
    assert several or found is None if expected is None else found is not None and expected in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [("On 2026-11-21.", "ISO"), ("On 11/21/26.", "slashes"), ("On 21.11.2026.", "dots"),
     ("On November 21, 2026.", "November 21, 2026"), ("In May 2026 the 3rd.", None), ("Score 3-2.", None)],
)  # fmt: skip
def test_dates_are_read_as_they_are_written(text: str, expected: str | None) -> None:
    found = value(DATES, "date-format", text)
    assert found is None if expected is None else found is not None and expected in found


def test_prose_is_no_code() -> None:
    assert not bare_code(Answer("If you (or she) go:\nreturn the form.\nThen wait; it takes a day."))
    (place,) = bare_code(Answer("It is:\n\nimport os\nprint(os.name)\n\nThat is all."))
    assert "It is:\n\nimport os\nprint(os.name)\n\nThat is all."[slice(*place)] == "import os\nprint(os.name)"


def test_a_free_form_map_has_no_strange_keys_and_an_optional_key_is_none() -> None:
    def learned(values: list[dict[str, object]]) -> set[tuple[str, str]]:
        norms = learn_keys([list(objects(v)) for v in values], 20, 0.8, lambda count, total: count / total)
        return {(norm.reason, norm.key) for norm in norms}

    free = learned([{"names": {f"n{i}": i}} for i in range(50)])
    assert free == {("json-missing-key", "names"), ("json-type", "names"), ("json-extra-key", "")}
    some = learned([{"a": 1, **({"b": 1} if i % 10 == 0 else {})} for i in range(50)])
    assert ("json-extra-key", "") in some and ("json-missing-key", "b") not in some


@pytest.mark.parametrize(
    ("text", "broken"),
    [('{"name": "f", "arguments": {"a": 1}}', False), ('{"name": "f", "arguments": "{\\"a\\": 1}"}', False),
     ('{"name": "f", "arguments": "a=1"}', True), ('{"name": "f", "arguments": {', True),
     ('So.\n{"tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}', False),
     ('So.\n{"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}', True),
     ('<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>', False), ("<tool_call>f(1)</tool_call>", True)],
)  # fmt: skip
def test_tool_calls_are_read_in_every_form(text: str, broken: bool) -> None:
    found = tool_calls(text)
    assert found is not None and found.broken == broken


def test_text_about_json_is_no_tool_call() -> None:
    assert tool_calls('{"name": "Ann", "age": 3}') is None
    assert tool_calls('Use {"name": "f", "arguments": {}} for it.') is None


def test_an_answer_in_capitals_departs_from_a_set_that_does_not_shout() -> None:
    rows = [chat(f"Where is street {i}?", f"Street {i} is behind the old town hall.") for i in range(40)]
    shouted = chat("Where is street 99?", "STREET 99 IS BEHIND THE OLD TOWN HALL.")
    abbreviated = chat("Which codes?", "ICD-10, HL7 and FHIR.")
    found = run_checks([*rows, shouted, abbreviated], ["format.norm"]).findings
    assert {f.example_id for f in found if f.reason == "capitals"} == {shouted.id}
