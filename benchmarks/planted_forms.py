"""One fault at a time: how an answer of a set form is spoilt: lists, code, JSON, dates, measures, letters."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks import planted_texts as texts
from benchmarks.planted_faults import Fault, replaced


def list_marker(answer: str, chance: Random) -> str | None:
    """All list items get another marker."""
    mark = next((line[0] for line in answer.splitlines() if line[:2] in ("- ", "* ")), "")
    if not mark:
        return None
    new = chance.choice([other for other in ("-", "*", "•", "+", "1.", "1)") if other != mark])
    lines, number = [], 0
    for line in answer.splitlines():
        if line.startswith(f"{mark} "):
            number += 1
            lines.append((f"{number}{new[1]}" if new[0] == "1" else new) + line[1:])
        else:
            lines.append(line)
    return "\n".join(lines)


def heading(answer: str, chance: Random) -> str | None:
    """The heading is written in another way: another level, bold, underlined, or with a colon."""
    held = re.match(r"(#+) (.+)\n", answer)
    if not held:
        return None
    marks, title = held[1], held[2]
    others = [f"{level} {title}\n" for level in ("#", "##", "###") if level != marks]
    ways = [chance.choice(others), f"**{title}**\n", f"{title}\n{'=' * len(title)}\n", f"{title}:\n"]
    return replaced(answer, held, chance.choice(ways))


def no_fence(answer: str, chance: Random) -> str | None:
    """The lines that open and close the code block are gone."""
    lines = answer.split("\n")
    kept = [line for line in lines if not line.startswith("```")]
    return "\n".join(kept) if len(kept) == len(lines) - 2 else None


def _json(change: Callable[[dict[str, Any], Random], dict[str, Any] | None]) -> Fault:
    def spoil(answer: str, chance: Random) -> str | None:
        changed = change(json.loads(answer), chance)
        indent = 2 if answer.startswith("{\n") else None
        return None if changed is None else json.dumps(changed, ensure_ascii=False, indent=indent)

    return spoil


OPTIONAL = frozenset({"age", "founded"})
"""Keys that only some rows have: none of them is ever missing."""


def _drop(value: dict[str, Any], chance: Random) -> dict[str, Any]:
    gone = chance.choice([key for key in value if key not in OPTIONAL])
    return {key: item for key, item in value.items() if key != gone}


def _add(value: dict[str, Any], chance: Random) -> dict[str, Any]:
    return {**value, **dict([chance.choice(texts.EXTRA_KEYS)])}


def _retype(value: dict[str, Any], chance: Random) -> dict[str, Any]:
    key = chance.choice([key for key in value if key not in OPTIONAL])
    item = value[key]
    new: Any
    if isinstance(item, bool):
        new = chance.choice((str(item).lower(), int(item)))
    elif isinstance(item, int):
        new = chance.choice((str(item), None))
    elif isinstance(item, list):
        new = ", ".join(map(str, item))
    else:
        new = chance.choice(([item], None))
    return {**value, key: new}


def _misspell(value: dict[str, Any], chance: Random) -> dict[str, Any]:
    key = chance.choice([key for key in value if key not in OPTIONAL and len(key) > 3])
    place = chance.randrange(1, len(key) - 1)
    wrong = chance.choice((key.capitalize(), key[:place] + key[place + 1 :], key + "_"))
    return {wrong if name == key else name: item for name, item in value.items()}


json_missing = _json(_drop)
json_extra = _json(_add)
json_mistyped = _json(_retype)
json_misspelt = _json(_misspell)

_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_MONTHS = list(calendar.month_name)[1:]
_LONG = re.compile(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}}), (\d{{4}})\b")


def date_format(answer: str, chance: Random) -> str | None:
    """The date is written in another way."""
    if iso := _ISO.search(answer):
        year, month, day = (int(part) for part in iso.groups())
        held = iso
    elif long := _LONG.search(answer):
        year, month, day = int(long[3]), _MONTHS.index(long[1]) + 1, int(long[2])
        held = long
    else:
        return None
    ways = [
        f"{year}-{month:02}-{day:02}",
        f"{month:02}/{day:02}/{year}",
        f"{month}/{day}/{year % 100:02}",
        f"{day:02}.{month:02}.{year}",
        f"{_MONTHS[month - 1]} {day}, {year}",
        f"{day} {_MONTHS[month - 1]} {year}",
    ]
    del ways[0 if held is iso else 4]
    return replaced(answer, held, chance.choice(ways))


def unit(answer: str, chance: Random) -> str | None:
    """One measure is in another unit, or its unit is written in another way."""
    found = list(re.finditer(r"([\d.]+) (kg|km|°C)(?=[.,])", answer))[-2:]
    if not found:
        return None
    held = chance.choice(found)
    number = float(held[1])
    other = {
        "kg": (f"{number * 2.2046:.1f} lb", f"{held[1]} kilograms", f"{held[1]}kg"),
        "km": (f"{number / 1.6093:.1f} miles", f"{held[1]} kilometres", f"{held[1]}km"),
        "°C": (f"{number * 1.8 + 32:.1f} °F", f"{held[1]} degrees Celsius", f"{held[1]}°C"),
    }
    return replaced(answer, held, chance.choice(other[held[2]]))


def number_format(answer: str, chance: Random) -> str | None:
    """A decimal comma for the point, or thousands set apart in another way."""
    decimals = list(re.finditer(r"\d+\.\d(?= (?:kg|km|°C)[.,])", answer))
    thousands = list(re.finditer(r"(?<=Printed )\d+,\d{3}(?= times)", answer))
    if not decimals:
        return None
    held = chance.choice(decimals + thousands)
    if held in thousands:
        return replaced(answer, held, held[0].replace(",", chance.choice(("", ".", " "))))
    return replaced(answer, held, held[0].replace(".", ","))


def no_sign_off(answer: str, chance: Random) -> str | None:
    """The closing formula and the name are gone."""
    body, _, closing = answer.rpartition("\n\n")
    return body if closing.startswith(("Kind regards,", "Best wishes,")) else None
