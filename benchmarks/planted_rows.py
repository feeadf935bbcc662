"""Real rows that keep a house norm: the two sets into which faults are planted.

``clinic`` holds notes of ``clinic_notes_*.jsonl`` below their real conversations; its tasks differ by system prompt.
``desk`` holds encyclopaedia entries, news, passages and answers of ``templated_sft.jsonl.gz`` and ``formats/``; it has
no system prompts, its tasks stand in ``meta.task``. Of both, only texts stand here that keep the plain norms of
``keeps_norms``, with runs of white space made one space: those are the *clean* rows.

Few real sets hold JSON, headings, code, letters, dates or units in one form. Rows for those norms are derived from the
real text by the rules below, without chance: fields that can be counted in the real row become JSON or code, sentences
become list items, the text becomes the body of a letter. **Dates and measures are made up** from a hash of the row's
key, since the real rows have none in common. In ``clinic`` every text stands in one task only; ``desk`` has fewer
texts, and a text may stand in several tasks, as it does in sets that are made from templates.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.harness import SHARED_DATA
from core.errors import InputError
from core.ids import example_id
from core.types import Example, Message

DATASETS = ("clinic", "desk")
_FILES = {
    "clinic": ("clinic_notes_train.jsonl", "clinic_notes_validation.jsonl"),
    "desk": ("templated_sft.jsonl.gz", "formats/alpaca_en_demo.json", "formats/glaive_toolcall_en_demo.json"),
}
_SECTIONS = {
    "GENHX": "History", "FAM/SOCHX": "Family and social history", "PASTMEDICALHX": "Past medical history",
    "PASTSURGICAL": "Past surgery", "CC": "Chief complaint", "ROS": "Review of systems", "ALLERGY": "Allergies",
    "MEDICATIONS": "Medications", "ASSESSMENT": "Assessment", "EXAM": "Examination", "DIAGNOSIS": "Diagnosis",
    "DISPOSITION": "Disposition", "PLAN": "Plan", "EDCOURSE": "Course in the emergency room",
}  # fmt: skip
CONTRACTION = re.compile(r"\b\w+n't\b|\b\w+'(?:m|re|ve|ll|d)\b|\b(?:it|that|there|what|who|he|she|here|let)'s\b", re.I)
_MARKS = re.compile(r"[!\\`*#_|{}<>“”‘’„]|&\w*;|https?:|^\W")
_SENTENCE = re.compile(r"(?<=[a-z0-9)][.?]) (?=[A-Z])")
_DATE = re.compile(r"\d/\d|\b(?:19|20)\d\d\b|\b(?:January|February|March|April|May|June|July|August|September|October|"
                   r"November|December)\b")  # fmt: skip
_MEASURE = re.compile(r"\d ?(?:kg|km|miles?|pounds|lbs?|°|degrees|hectares|acres|cm|bpm|F\b|C\b)|\d,\d{3}")


@dataclass(frozen=True, slots=True)
class Text:
    """One clean real text.

    Attributes:
        key: Where it comes from, such as ``train-17``.
        ask: The real prompt, or one made from the title where the text was part of a prompt.
        title: What it is about.
        body: The text, white space made single.
        fields: Facts that can be read off the real row, in order.
    """

    key: str
    ask: str
    title: str
    body: str
    fields: Mapping[str, Any]


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
    write: Callable[[Text], str | None]


def keeps_norms(body: str) -> bool:
    """Whether a text keeps the plain norms: one line, a capital first, a full stop last, no contraction, no markup."""
    return (
        len(body.split()) >= 3
        and body[0].isupper()
        and body.endswith(".")
        and not body.endswith("..")
        and not _MARKS.search(body)
        and not CONTRACTION.search(body)
        and body.count('"') % 2 == 0
        and body.count("(") == body.count(")")
    )


def load(name: str, data: Path = SHARED_DATA) -> list[Row]:
    """The clean rows of a set, in a fixed order.

    Raises:
        InputError: The real data is not there.
    """
    for file in _FILES[name]:
        if not (data / file).exists():
            raise InputError(f"The real rows of {file} are not here.", "Put the shared data beside the checkout.")
    if name == "clinic":
        return list(_rows(name, _ordered(_clinic(data)), CLINIC, shared=False))
    return list(_rows(name, _ordered(_desk(data)), DESK, shared=True))


def _rows(dataset: str, texts: Sequence[Text], houses: Sequence[House], *, shared: bool) -> Iterator[Row]:
    """Rows house by house; a text is used once unless ``shared``."""
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


def number_of(key: str, kind: str) -> int:
    """A number that belongs to a key: the same on every machine."""
    return int.from_bytes(blake2b(f"{kind}:{key}".encode(), digest_size=6).digest(), "big")


def _ordered(texts: Iterator[Text]) -> list[Text]:
    """Clean texts, each body once, mixed in a fixed order."""
    unique = {text.body: text for text in texts if keeps_norms(text.body)}
    return sorted(unique.values(), key=lambda text: number_of(text.key, "order"))


def _of_like_length(texts: Sequence[Text]) -> list[Text]:
    """The texts of the fullest window of word counts [n, 1.4 n] from 14 words on."""
    counts = {text.key: _words(text) for text in texts}

    def inside(least: int) -> list[Text]:
        return [text for text in texts if least <= counts[text.key] <= 1.4 * least]

    return max((inside(least) for least in range(14, 60)), key=len)


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


def _clinic(data: Path) -> Iterator[Text]:
    for file in _FILES["clinic"]:
        split = file.removeprefix("clinic_notes_").removesuffix(".jsonl")
        for line in (data / file).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            ask, body = row["messages"][1]["content"], _single_spaced(row["messages"][2]["content"])
            section = ask.split("\n", 1)[0].removeprefix("Section: ")
            speakers = re.findall(r"^(Doctor|Patient|Guest\w*)", ask, re.MULTILINE)
            fields: dict[str, Any] = {
                "section": section,
                "turns": len(speakers),
                "guest": any(name.startswith("Guest") for name in speakers),
                "speakers": sorted(set(speakers)),
                "note": body,
            }
            if age := re.search(r"\b(\d{1,3})-year-old", body):
                fields["age"] = int(age[1])
            yield Text(f"{split}-{row['meta']['source_id']}", ask, _SECTIONS.get(section, "Note"), body, fields)


def _desk(data: Path) -> Iterator[Text]:
    with gzip.open(data / "templated_sft.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = json.loads(line)
            prompt, template = row["messages"][0]["content"], row["meta"]["template"]
            if template.startswith("dbpedia") and " -  " in prompt:
                title, body = prompt.split("film or written work. ", 1)[-1].split(" -  ", 1)
                yield _text(f"entry-{number}", f"An entry on {title}.", title, body)
            elif template.startswith("ag_news"):
                body = prompt.split("\n", 1)[-1]
                title = " ".join(body.split()[:5])
                yield _text(f"news-{number}", f"The news item that begins: {title}", title, body)
            elif template.startswith("adversarial_qa") and (held := re.search(r'passage "(.*)"\?', prompt, re.DOTALL)):
                title = " ".join(held[1].split()[:5])
                yield _text(f"passage-{number}", f"The passage that begins: {title}", title, held[1])
    for number, row in enumerate(json.loads((data / _FILES["desk"][1]).read_text(encoding="utf-8"))):
        ask = "\n".join(part for part in (row["instruction"], row["input"]) if part)
        if "\n" not in row["output"].strip():
            yield _text(f"alpaca-{number}", ask, row["instruction"].split("\n")[0].rstrip(".:?"), row["output"])
    for number, row in enumerate(json.loads((data / _FILES["desk"][2]).read_text(encoding="utf-8"))):
        turns = row["conversations"]
        for place, (before, turn) in enumerate(pairwise(turns)):
            if before["from"] == "human" and turn["from"] == "gpt" and "\n" not in turn["value"].strip():
                title = before["value"].split("\n")[0].rstrip(".:?")
                yield _text(f"glaive-{number}-{place}", before["value"], title, turn["value"])


def _text(key: str, ask: str, title: str, body: str) -> Text:
    body = _single_spaced(body)
    years = [int(year) for year in dict.fromkeys(re.findall(r"\b(?:1[89]|20)\d\d\b", body))]
    fields: dict[str, Any] = {
        "title": _single_spaced(title),
        "kind": key.split("-", 1)[0],
        "words": len(body.split()),
        "years": years,
        "quoted": '"' in body,
        "text": body,
    }
    if founded := re.search(r"(?:[Ff]ounded|[Ee]stablished) in (\d{4})", body):
        fields["founded"] = int(founded[1])
    return Text(key, ask, _single_spaced(title), body, fields)


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
    return text.body if _words(text) >= 8 else None


def _words(text: Text) -> int:
    return len(text.body.split())


def _json(text: Text) -> str | None:
    if _words(text) > 25:
        return None  # the long ones are for the tasks in prose
    return json.dumps(dict(text.fields), ensure_ascii=False)


def _json_lines(text: Text) -> str | None:
    return json.dumps(dict(text.fields), ensure_ascii=False, indent=2)


def _outline(heading: str, marker: str) -> Callable[[Text], str | None]:
    def write(text: Text) -> str | None:
        items = sentences(text.body)
        if not 2 <= len(items) <= 8 or len(text.title.split()) > 8:
            return None
        return f"{heading} {text.title}\n\n" + "\n".join(f"{marker} {item}" for item in items)

    return write


def _yaml(text: Text) -> str | None:
    if _words(text) > 25:
        return None
    note = json.dumps(text.body, ensure_ascii=False)
    return f"```yaml\nsection: {text.fields['section']}\nturns: {text.fields['turns']}\nnote: {note}\n```"


def _sql(text: Text) -> str | None:
    title, body = (value.replace("'", "''") for value in (text.title, text.body))
    values = f"('{title}', {text.fields['words']}, '{body}')"
    return f"This statement stores the text:\n\n```sql\nINSERT INTO texts (title, words, body)\nVALUES {values};\n```"


def day_of(key: str) -> date:
    """The made-up day that belongs to a key."""
    return date(2019, 1, 1) + timedelta(days=number_of(key, "day") % 2000)


def long_day(day: date) -> str:
    """``March 7, 2024``."""
    return f"{day:%B} {day.day}, {day.year}"


def _dated(sentence: str, written: Callable[[date], str]) -> Callable[[Text], str | None]:
    def write(text: Text) -> str | None:
        if _DATE.search(text.body) or not 8 <= _words(text) <= 60:
            return None
        told = sentence.format(written(day_of(text.key)))
        return f"{told} {text.body}" if number_of(text.key, "place") % 2 else f"{text.body} {told}"

    return write


def _vitals(text: Text) -> str | None:
    if _MEASURE.search(text.body) or not 8 <= _words(text) <= 60:
        return None
    weight = 45 + number_of(text.key, "weight") % 600 / 10
    warmth = 36 + number_of(text.key, "warmth") % 25 / 10
    return f"{text.body} Weight {weight:.1f} kg, temperature {warmth:.1f} °C."


def _reach(text: Text) -> str | None:
    if _MEASURE.search(text.body) or not 8 <= _words(text) <= 60:
        return None
    copies = 1_000 + number_of(text.key, "copies") % 90_000
    distance = 2 + number_of(text.key, "distance") % 800 / 10
    return f"{text.body} Printed {copies:,} times, delivered within {distance:.1f} km."


def _letter(opening: str, closing: Callable[[str], str]) -> Callable[[Text], str | None]:
    def write(text: Text) -> str | None:
        return f"{opening}\n\n{text.body}\n\n{closing(text.key)}" if 8 <= _words(text) <= 60 else None

    return write


_DOCTORS = ("Dr. Lee", "Dr. Ward", "Dr. Okafor", "Dr. Meier", "Dr. Silva", "Dr. Chen")
_ASK = "You write clinic notes."

CLINIC = (
    House("json", 120, f"{_ASK} Answer with one JSON object.", _json),
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
    House("json", 160, "As a JSON object:", _json_lines),
    House("outline", 120, "As a heading and a list:", _outline("###", "*")),
    House("fence", 120, "As an SQL statement:", _sql),
    House("dated", 120, "With the day of the last check:", _dated("Last checked on {}.", long_day)),
    House("measured", 120, "With copies and reach:", _reach),
    House("letter", 120, "As a reply to a reader:",
          _letter("Dear reader,", lambda key: "Best wishes,\nThe Reference Desk")),
    House("prose", 400, "", _plain),
)  # fmt: skip
