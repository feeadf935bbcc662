"""A third set whose norms are the other way round: numbered lists, bold headings, decimal commas, no full stop.

It shows whether the checks learn a norm or know the two sets by heart. ``python -m benchmarks.consistency_planted
--dataset turned`` measures it; it is not part of the bars. Titles are real answers of ``templated_sft.jsonl.gz``, in
lower case and without a full stop; all else is derived from the texts of ``clinic`` as ``planted_rows`` does, and a
text may stand in several tasks.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from benchmarks.harness import SHARED_DATA
from benchmarks.planted_faults import curly, replaced
from benchmarks.planted_rows import House, Row, derived, sentences
from benchmarks.planted_sources import Text, number_of, read
from core.ids import example_id
from core.types import Example, Message

TITLES = "gigaword"
_ASK = "You keep the records of a clinic."


def load(data: Path = SHARED_DATA) -> list[Row]:
    """The rows, in a fixed order, task by task.

    Raises:
        InputError: The real data is not there.
    """
    texts = read("clinic", data)
    return [*_titles(data), *derived("clinic", texts, HOUSES, shared=True)]


def _titles(data: Path) -> Iterator[Row]:
    """Real prompts and titles; those that are not in lower case throughout, or end with a mark, are left out."""
    with gzip.open(data / "templated_sft.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = json.loads(line)
            answer = " ".join(row["messages"][-1]["content"].split())
            if row["meta"]["template"].startswith(TITLES) and answer == answer.lower() and answer[-1].isalpha():
                asked = Message("user", row["messages"][0]["content"])
                messages = (Message("system", "You write headlines."), asked, Message("assistant", answer))
                yield Row("titles", f"title-{number}", Example(example_id(messages), messages))


def _numbered(text: Text) -> str | None:
    items = sentences(text.body)
    if not 2 <= len(items) <= 8:
        return None
    return f"**{text.title}**\n\n" + "\n".join(f"{n}. {item}" for n, item in enumerate(items, start=1))


def _script(text: Text) -> str | None:
    if text.words > 40:
        return None
    return f"```python\nrecord.add({text.title!r}, {json.dumps(text.body)}, turns={text.fields['turns']})\n```"


def _nested(text: Text) -> str | None:
    if text.words > 40:
        return None
    counted = {"turns": text.fields["turns"], "words": text.words}
    held = {"id": text.key, "about": text.title, "counted": counted, "urgent": text.fields["guest"], "body": text.body}
    return json.dumps(held)


def _dotted(text: Text) -> str | None:
    if re.search(r"\d[/.]\d|\b(?:19|20)\d\d\b", text.body) or not 8 <= text.words <= 60:
        return None
    day = date(2019, 1, 1) + timedelta(days=number_of(text.key, "day") % 2000)
    return f"{text.body} Written down on {day:%d.%m.%Y}."


def _comma(text: Text) -> str | None:
    if re.search(r"\d", text.body) or not 8 <= text.words <= 60:
        return None
    weight, height = 45 + number_of(text.key, "weight") % 600 / 10, 1.5 + number_of(text.key, "height") % 50 / 100
    return f"{text.body} Weight {_point_to_comma(weight, 1)} kg, height {_point_to_comma(height, 2)} m."


def _point_to_comma(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def _curled(text: Text) -> str | None:
    return curly(text.body, Random(0)) if text.words >= 8 else None


def _closed(text: Text) -> str | None:
    if not 8 <= text.words <= 60:
        return None
    return f"{text.body}\n\nThe next visit is in {2 + number_of(text.key, 'weeks') % 5} weeks.\nYours, Clinic North"


HOUSES = (
    House("outline", 100, f"{_ASK} Write a numbered list below a heading.", _numbered),
    House("fence", 100, f"{_ASK} Write a line of code that adds the record.", _script),
    House("json", 100, f"{_ASK} Write the record as JSON.", _nested),
    House("dated", 100, f"{_ASK} Write the record with its day.", _dotted),
    House("measured", 100, f"{_ASK} Write the record with weight and height.", _comma),
    House("quoted", 200, f"{_ASK} Write the record.", _curled),
    House("letter", 100, f"{_ASK} Write to the patient.", _closed),
)


def added_full_stop(answer: str, chance: Random) -> str | None:
    """A full stop where the set has none."""
    return f"{answer}."


def capital_start(answer: str, chance: Random) -> str | None:
    """A capital where the set begins in lower case."""
    return answer[0].upper() + answer[1:] if answer[0].islower() else None


def straight(answer: str, chance: Random) -> str | None:
    """Curly quotes and apostrophes become straight ones."""
    return answer.translate(str.maketrans("“”‘’", "\"\"''"))


def list_marker(answer: str, chance: Random) -> str | None:
    """The numbers become marks, or get another form."""
    new = chance.choice(("-", "*", "•", ")"))
    return re.sub(r"^(\d+)\. ", r"\1) " if new == ")" else f"{new} ", answer, flags=re.MULTILINE)


def heading(answer: str, chance: Random) -> str | None:
    """The bold heading becomes one with number signs, a colon or a line below."""
    held = re.match(r"\*\*(.+)\*\*\n", answer)
    if not held:
        return None
    ways = (f"## {held[1]}\n", f"# {held[1]}\n", f"{held[1]}:\n", f"{held[1]}\n{'-' * len(held[1])}\n")
    return replaced(answer, held, chance.choice(ways))


def date_format(answer: str, chance: Random) -> str | None:
    """The day is written in another way."""
    held = re.search(r"(\d\d)\.(\d\d)\.(\d{4})", answer)
    if not held:
        return None
    day, month, year = held.groups()
    ways = (f"{year}-{month}-{day}", f"{day}/{month}/{year}", f"{int(day)} {date(2000, int(month), 1):%B} {year}")
    return replaced(answer, held, chance.choice(ways))


def number_format(answer: str, chance: Random) -> str | None:
    """A decimal point for the comma."""
    held = chance.choice(list(re.finditer(r"\d+,\d+(?= (?:kg|m)\b)", answer)))
    return replaced(answer, held, held[0].replace(",", "."))


def unit(answer: str, chance: Random) -> str | None:
    """One measure in another unit, or its unit written in another way."""
    held = chance.choice(list(re.finditer(r"(\d+),(\d+) (kg|m)\b", answer)))
    number = float(f"{held[1]}.{held[2]}")
    short = held[3]
    factor, foreign, long = (2.2046, "lb", "kilograms") if short == "kg" else (3.2808, "ft", "metres")
    other = f"{_point_to_comma(number * factor, 2)} {foreign}"
    told = f"{held[1]},{held[2]}"
    return replaced(answer, held, chance.choice((other, f"{told} {long}", f"{told}{short}")))


def no_sign_off(answer: str, chance: Random) -> str | None:
    """The last line is gone."""
    return answer.removesuffix("\nYours, Clinic North")
