"""Real rows that keep a house norm: the two sets into which faults are planted.

``clinic`` holds notes of ``clinic_notes_*.jsonl`` below their real conversations; its tasks differ by system prompt.
``desk`` holds encyclopaedia entries, news, passages and answers of ``templated_sft.jsonl.gz`` and ``formats/``; it has
no system prompts, its tasks stand in ``meta.task``. Of both, only texts stand here that keep the plain norms of
``planted_sources.is_clean``, with runs of white space made one space: those are the *clean* rows. Nothing else is
left out, and no check has a say in it.

Few real sets hold JSON, headings, code, letters, dates or units in one form. Rows for those norms are derived from the
real text by the rules below, without chance: fields that can be counted in the real row become JSON or code, sentences
become list items, the text becomes the body of a letter. **Dates and measures are made up** from a hash of the row's
key, since the real rows have none in common. In ``clinic`` every text stands in one task only; ``desk`` has fewer
texts, and a text may stand in several tasks, as it does in sets that are made from templates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.harness import SHARED_DATA
from benchmarks.planted_sources import Text, number_of, read
from core.ids import example_id
from core.types import Example, Message

Write = Callable[[Text], str | None]

_LONGEST = 60  # words of a text in a task that adds something to it
_SENTENCE = re.compile(r"(?<=[a-z0-9)][.?]) (?=[A-Z])")
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(rf"\d/\d|\b(?:19|20)\d\d\b|\b(?:{_MONTH})\b")
_MEASURE = re.compile(r"\d ?(?:kg|km|miles?|pounds|lbs?|°|degrees|hectares|acres|cm|bpm|F\b|C\b)|\d,\d{3}")
_DOCTORS = ("Dr. Lee", "Dr. Ward", "Dr. Okafor", "Dr. Meier", "Dr. Silva", "Dr. Chen")
_ASK = "You write clinic notes."


@dataclass(frozen=True, slots=True)
class Row:
    """One clean row of a set: its task (``house``), its origin, and the example."""

    house: str
    key: str
    example: Example


@dataclass(frozen=True, slots=True)
class House:
    """One task of a set: which texts it takes, how it writes them, and how it is announced.

    Attributes:
        name: Of the norm that the task is there for.
        most: Rows at the most.
        told: System prompt (``clinic``), or the request put before the prompt (``desk``).
        write: A text as the task's answer; None = the text does not suit.
    """

    name: str
    most: int
    told: str
    write: Write


def load(dataset: str, data: Path = SHARED_DATA) -> list[Row]:
    """The clean rows of a set, in a fixed order, task by task.

    Raises:
        InputError: The real data is not there.
    """
    houses, shared = (CLINIC, False) if dataset == "clinic" else (DESK, True)
    return list(derived(dataset, read(dataset, data), houses, shared=shared))


def derived(dataset: str, texts: Sequence[Text], houses: Sequence[House], *, shared: bool) -> Iterator[Row]:
    """Rows task by task; a text is used once unless ``shared``."""
    used: set[str] = set()
    seen: set[str] = set()
    for house in houses:
        pool = [text for text in texts if shared or text.key not in used]
        if house.name == "length":
            pool = _of_like_length(pool)
        taken = 0
        for text in pool:
            answer = house.write(text) if taken < house.most else None
            if answer is None:
                continue
            row = _row(dataset, house, text, answer)
            if row.example.id not in seen:
                seen.add(row.example.id)
                used.add(text.key)
                taken += 1
                yield row


def _row(dataset: str, house: House, text: Text, answer: str) -> Row:
    if dataset == "clinic":
        messages = [Message("system", house.told), Message("user", text.ask), Message("assistant", answer)]
        meta: dict[str, Any] = {"source_id": text.key}
    else:
        ask = f"{house.told}\n\n{text.ask}" if house.told else text.ask
        messages = [Message("user", ask), Message("assistant", answer)]
        meta = {"source_id": text.key, "task": house.name}
    return Row(house.name, text.key, Example(example_id(messages), tuple(messages), meta))


def _of_like_length(texts: Sequence[Text]) -> list[Text]:
    """The texts of the fullest window of word counts [n, 1.4 n] from 14 words on."""

    def inside(least: int) -> list[Text]:
        return [text for text in texts if least <= text.words <= 1.4 * least]

    return max((inside(least) for least in range(14, 60)), key=len)


def sentences(body: str) -> list[str]:
    """The sentences of a text, as far as a full stop and a capital tell; very short ones stay with the one before."""
    found: list[str] = []
    for part in _SENTENCE.split(body):
        if found and (len(part.split()) < 3 or len(found[-1].split()) < 3):
            found[-1] += f" {part}"
        else:
            found.append(part)
    return found


def _plain(text: Text) -> str | None:
    return text.body if text.words >= 8 else None


def _json(longest: int, indent: int | None) -> Write:
    def write(text: Text) -> str | None:
        return json.dumps(dict(text.fields), ensure_ascii=False, indent=indent) if text.words <= longest else None

    return write


def _outline(heading: str, marker: str) -> Write:
    def write(text: Text) -> str | None:
        items = sentences(text.body)
        if not 2 <= len(items) <= 8 or len(text.title.split()) > 8:
            return None
        return f"{heading} {text.title}\n\n" + "\n".join(f"{marker} {item}" for item in items)

    return write


def _yaml(text: Text) -> str | None:
    if text.words > 25:
        return None
    note = json.dumps(text.body, ensure_ascii=False)
    return f"```yaml\nsection: {text.fields['section']}\nturns: {text.fields['turns']}\nnote: {note}\n```"


def _sql(text: Text) -> str | None:
    title, body = (value.replace("'", "''") for value in (text.title, text.body))
    values = f"('{title}', {text.words}, '{body}')"
    return f"This statement stores the text:\n\n```sql\nINSERT INTO texts (title, words, body)\nVALUES {values};\n```"


def _long_day(day: date) -> str:
    return f"{_MONTH.split('|')[day.month - 1]} {day.day}, {day.year}"


def _dated(sentence: str, written: Callable[[date], str]) -> Write:
    """The text with a sentence that holds a made-up day, before it or after it."""

    def write(text: Text) -> str | None:
        if _DATE.search(text.body) or not 8 <= text.words <= _LONGEST:
            return None
        told = sentence.format(written(date(2019, 1, 1) + timedelta(days=number_of(text.key, "day") % 2000)))
        return f"{told} {text.body}" if number_of(text.key, "place") % 2 else f"{text.body} {told}"

    return write


def _vitals(text: Text) -> str | None:
    """The text with a made-up weight and temperature."""
    if _MEASURE.search(text.body) or not 8 <= text.words <= _LONGEST:
        return None
    weight = 45 + number_of(text.key, "weight") % 600 / 10
    warmth = 36 + number_of(text.key, "warmth") % 25 / 10
    return f"{text.body} Weight {weight:.1f} kg, temperature {warmth:.1f} °C."


def _reach(text: Text) -> str | None:
    """The text with a made-up number of copies and a made-up distance."""
    if _MEASURE.search(text.body) or not 8 <= text.words <= _LONGEST:
        return None
    copies = 1_000 + number_of(text.key, "copies") % 90_000
    distance = 2 + number_of(text.key, "distance") % 800 / 10
    return f"{text.body} Printed {copies:,} times, delivered within {distance:.1f} km."


def _letter(opening: str, closing: Callable[[str], str]) -> Write:
    def write(text: Text) -> str | None:
        return f"{opening}\n\n{text.body}\n\n{closing(text.key)}" if 8 <= text.words <= _LONGEST else None

    return write


CLINIC = (
    House("json", 120, f"{_ASK} Answer with one JSON object.", _json(25, None)),
    House("fence", 80, f"{_ASK} Answer with YAML in a code block.", _yaml),
    House("length", 100, f"{_ASK} Summarise the conversation in two lines.", _plain),
    House("outline", 80, f"{_ASK} Answer with a heading and a list.", _outline("##", "-")),
    House("dated", 80, f"{_ASK} Say when the visit was.", _dated("Seen on {}.", date.isoformat)),
    House("measured", 80, f"{_ASK} End with weight and temperature.", _vitals),
    House(
        "letter", 80, f"{_ASK} Write a letter to the colleague who sent the patient.",
        _letter("Dear colleague,", lambda key: f"Kind regards,\n{_DOCTORS[number_of(key, 'doctor') % len(_DOCTORS)]}"),
    ),
    House("prose", 400, f"{_ASK} Summarise the conversation as the requested section of the note.", _plain),
)  # fmt: skip
DESK = (
    House("length", 100, "In two or three lines:", _plain),
    House("json", 160, "As a JSON object:", _json(1000, 2)),
    House("outline", 120, "As a heading and a list:", _outline("###", "*")),
    House("fence", 120, "As an SQL statement:", _sql),
    House("dated", 120, "With the day of the last check:", _dated("Last checked on {}.", _long_day)),
    House("measured", 120, "With copies and reach:", _reach),
    House("letter", 120, "As a reply to a reader:",
          _letter("Dear reader,", lambda key: "Best wishes,\nThe Reference Desk")),
    House("prose", 400, "", _plain),
)  # fmt: skip
