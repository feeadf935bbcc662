"""What a house style asks of an answer's format, in terms of the habits that answers are read by."""

from __future__ import annotations

from dataclasses import dataclass

from curation.evidence.habits import HABITS, Answer, Habit, Range
from curation.evidence.habits_answer import ABSENT
from curation.evidence.house_style import HouseStyle

_DATES = {
    "2026-11-21": "ISO dates (2026-11-21)",
    "21.11.2026": "dates with dots (21.11.2026)",
    "November 21, 2026": "dates like November 21, 2026",
    "21 November 2026": "dates like 21 November 2026",
    "11/21/2026": "dates with slashes (11/21/2026)",
    "2026/11/21": "dates with slashes, the year first (2026/11/21)",
}
_THOUSANDS = {
    "1,000": "separate thousands with a comma",
    "1 000": "separate thousands with a space",
    "1000": "write large numbers without a separator",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a house style asks for.

    Attributes:
        key: Of the house style.
        habit: Whose value it is about.
        wanted: The value; completes "answers that ...".
    """

    key: str
    habit: Habit
    wanted: str

    def departs(self, answer: Answer) -> bool:
        """Whether an answer does it otherwise; what it does not do at all is no departure."""
        value = self.habit.value(answer)
        return value is not None and value != self.wanted and value not in self.habit.ignored


def rules(style: HouseStyle) -> list[Rule]:
    """The rules of a house style about format, in the order of its vocabulary. What it allows is no rule."""
    found: list[Rule] = []
    for key, value in style.keys.items():
        if key == "max_words":
            found.append(Rule(key, _most(int(value)), f"have {value} words at most"))
        elif key == "min_words":
            found.append(Rule(key, _least(int(value)), f"have {value} words at least"))
        else:
            found += [Rule(key, _habit_with(reason, wanted), wanted) for reason, wanted in _asked(key, value)]
    return found


def _asked(key: str, value: str | bool | int) -> list[tuple[str, str]]:
    """Reason and wanted value of the habits that a declaration is about."""
    if key == "headings":
        if value == "none":
            return [("heading", "use no headings")]
        if value == "bold":
            return [("heading-style", "write headings as bold lines")]
        return [("heading-style", "write headings with #"), ("heading-level", f"begin their headings with {value}")]
    if isinstance(value, bool):
        switched = {
            ("bold", False): ("bold", "use no bold"),
            ("lists", False): ("list", "use no lists"),
            ("capital_start", True): ("start", "begin with a capital"),
        }
        return [switched[key, value]] if (key, value) in switched else []
    text = str(value)
    named = {
        "bullets": ("list-marker", f"mark list items with {text}"),
        "numbering": ("list-number", f"number list items as {text}"),
        "quotes": ("quotes", "use no curly quotes" if text == "straight" else "use curly quotes"),
        "dash": ("dash", f"use {text} as a dash"),
        "dates": ("date-format", f"write {_DATES.get(text, text)}"),
        "times": ("time-format", f"write times like {text}"),
        "thousands": ("thousands", _THOUSANDS.get(text, text)),
        "decimals": ("decimal-mark", f"write decimals with a {text}"),
        "percent": ("percent", f"write percentages like {text}"),
        "units": (
            "unit-space",
            "put a space before units (5 mg)" if " " in text else "put no space before units (5mg)",
        ),
        "final_punctuation": ("final-punctuation", "end with a full stop" if text != "none" else "end without a mark"),
    }
    return [named[key]] if key in named else []


def _habit_with(reason: str, wanted: str) -> Habit:
    """The habit of a reason that knows the wanted value: of two with one reason, the one that may have it as norm."""
    return next(habit for habit in HABITS if habit.reason == reason and wanted not in habit.never)


def _words(answer: Answer) -> list[Range]:
    found, at = [], 0
    for word in answer.text.split():
        start = answer.text.index(word, at)
        at = start + len(word)
        found.append((start, at))
    return found


def _most(number: int) -> Habit:
    def value(answer: Answer) -> str:
        return f"have {number} words at most" if len(answer.text.split()) <= number else "have more words"

    def beyond(answer: Answer, norm: str) -> list[Range]:
        words = _words(answer)
        return [(words[number][0], words[-1][1])] if len(words) > number else []

    return Habit("max-words", value, beyond, usual=ABSENT)


def _least(number: int) -> Habit:
    def value(answer: Answer) -> str:
        return f"have {number} words at least" if len(answer.text.split()) >= number else "have fewer words"

    return Habit("min-words", value, usual=ABSENT)
