"""Measures whether an answer keeps an instruction, and marks the words that break it.

Counting is kind to the answer: of several ways to count sentences or list items, the one that keeps the instruction
is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from curation.evidence.habits import Answer, Range
from curation.evidence.habits_json import parsed
from curation.evidence.house_style import HouseStyle
from curation.evidence.house_style_rules import Rule as StyleRule
from curation.evidence.house_style_rules import rules
from curation.evidence.instructions import Instruction
from curation.evidence.instructions_rules import LANGUAGES
from curation.evidence.languages import identify, name
from curation.evidence.tone_readings import prose_of
from curation.evidence.tone_voices import VOICES
from curation.minhash.normalise import normalise


@dataclass(frozen=True, slots=True)
class Break:
    """How an answer breaks an instruction.

    Attributes:
        told: Completes "the answer ...": ``has 3 sentences``.
        places: The words that break it; empty = all of the answer.
    """

    told: str
    places: tuple[Range, ...] = ()


Measure = Callable[[Instruction, Answer], Break | None]

_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’)\]*_]*(?=\s+[\"'“‘(\[*_]*[A-Z])")
_SHORT = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|st|prof|vs|no|nos|fig|eg|ie|e\.g|i\.e|etc|approx|dept|est|inc|ltd|co|corp|jr|sr|al|p|pp|"
    r"vol|ed|eds|rev|gen|col|capt|lt|sgt|hon|u\.s|u\.k|a\.m|p\.m|d\.c|ph\.d|q\.d|b\.i\.d|t\.i\.d|p\.r\.n|p\.o)"
    r"|\b[A-Za-z]|(?:^|\s)\d{1,3})\Z",
    re.IGNORECASE,
)
_PIECE = re.compile(r"[^.!?;:\n]*\w[^.!?;:\n]*")
_WORD = re.compile(r"\S*[^\W_]\S*")
_PARAGRAPH = re.compile(r"\S(?:[^\n]|\n(?!\s*\n))*")
_MARKS = re.compile(r"\*\*\S|^#{1,6} \S|^\|[^\n]*\|[ \t]*$|\[[^\]\n]+\]\(\w+://|^```", re.MULTILINE)
_QUESTION = re.compile(r"[^.!?\n]*\w\?(?=\s|[\"'”’)]|\Z)")
_UPPER, _LOWER = re.compile(r"\b[A-Z][A-Za-z]*"), re.compile(r"\b\w*[a-z]\w*")
_APOLOGY = re.compile(r"\b(?:sorry|apologi[sz]\w+|apologies|apology)\b", re.IGNORECASE)


def broken(instruction: Instruction, answer: Answer) -> Break | None:
    """How the answer breaks the instruction; None where it keeps it, or that cannot be told."""
    return _MEASURES[instruction.kind](instruction, answer)


def _sentences(answer: Answer) -> list[Range]:
    """The sentences of an answer, rather too few than too many: an end is a mark with a capital after it."""
    prose = answer.prose
    found, at = [], 0
    ends = [
        m.end() for m in _SENTENCE_END.finditer(prose) if not _SHORT.search(prose[max(0, m.start() - 8) : m.start()])
    ]
    for end in [*ends, len(prose)]:
        if re.search(r"\w", prose[at:end]):
            start = at + len(prose[at:end]) - len(prose[at:end].lstrip())
            found.append((start, start + len(prose[start:end].rstrip())))
        at = end
    return found


def _count(noun: str, few: Callable[[Answer], list[Range]], many: Callable[[Answer], int]) -> Measure:
    """A measure of a number of parts.

    Args:
        noun: What is counted.
        few: The parts, rather too few than too many.
        many: Their number, rather too many than too few.
    """

    def measure(instruction: Instruction, answer: Answer) -> Break | None:
        parts = few(answer)
        most, least = instruction.most, instruction.least
        if most is not None and len(parts) > most:
            return Break(f"has {len(parts)} {noun}s", ((parts[most][0], parts[-1][1]),))
        if least is not None and (held := many(answer)) < least:
            return Break(f"has only {held} {noun}{'s' * (held > 1)}" if held else f"has no {noun}s")
        return None

    return measure


def _words(answer: Answer) -> list[Range]:
    return [match.span() for match in _WORD.finditer(answer.text)]


def _items(answer: Answer) -> list[Range]:
    marked = answer.bullets if len(answer.bullets) >= len(answer.numbered) else answer.numbered
    return [match.span() for match in marked]


def _many_items(answer: Answer) -> int:
    return max(len(answer.bullets), len(answer.numbered), len(answer.lines), answer.text.count(";") + 1)


def _characters(instruction: Instruction, answer: Answer) -> Break | None:
    most, held = instruction.most, len(answer.text.strip())
    if most is None or held <= most:
        return None
    start = answer.text.index(answer.text.strip()[0])
    return Break(f"has {held} characters", ((start + most, start + held),))


def _json(instruction: Instruction, answer: Answer) -> Break | None:
    if parsed(answer) is not None or re.search(r"```(?:json)?\s*[\[{]", answer.text):
        return None
    return Break("does not begin with JSON") if answer.text.strip()[:1] not in tuple('[{"') else None


def _labels(instruction: Instruction, answer: Answer) -> Break | None:
    """Neither a label, nor words among which there is one (an exact form is asked for only with "only")."""
    plain = f" {normalise(answer.text)} "
    labels = {normalise(label) for label in instruction.words}
    if plain.strip() in labels or "" in labels:
        return None
    only = re.search(r"\b(?:only|just|exactly|simply)\b", instruction.text, re.IGNORECASE)
    if any(f" {label} " in plain for label in labels):
        said = len(plain.split())
        return Break("says more than one of them") if only and said > max(len(x.split()) for x in labels) + 3 else None
    return Break("is none of them")


def _language(instruction: Instruction, answer: Answer) -> Break | None:
    wanted = LANGUAGES[instruction.words[0].casefold()]
    guess = identify(answer.text)
    if guess.code is None or wanted in guess.possible or len(answer.text) < 40:
        return None
    return Break(f"seems to be in {name(guess.code)}")


def _never(instruction: Instruction, answer: Answer) -> Break | None:
    word = instruction.words[0]
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE if word.islower() or " " in word else 0)
    places = tuple(match.span() for match in pattern.finditer(answer.text))
    return Break("does", places) if places else None


def _ends(instruction: Instruction, answer: Answer) -> Break | None:
    word = instruction.words[0]
    if word == "?":
        return None if re.search(r"\?[\"'”’)*_]*\s*\Z", answer.text) else Break("ends without a question")
    plain = normalise(answer.text)
    if plain.endswith(normalise(word)):
        return None
    last = answer.lines[-1]
    return Break("ends otherwise", (last,))


def _begins(instruction: Instruction, answer: Answer) -> Break | None:
    if normalise(answer.text).startswith(normalise(instruction.words[0])):
        return None
    return Break("begins otherwise", (answer.lines[0],))


def _matched(pattern: re.Pattern[str], told: str, prose: bool = True) -> Measure:
    def measure(instruction: Instruction, answer: Answer) -> Break | None:
        places = tuple(match.span() for match in pattern.finditer(prose_of(answer.text) if prose else answer.text))
        return Break(told, tuple((start, end) for start, end in places if start < end)) if places else None

    return measure


def _voice(reason: str, told: str) -> Measure:
    voice = next(voice for voice in VOICES if voice.reason == reason)

    def measure(instruction: Instruction, answer: Answer) -> Break | None:
        places = tuple(voice.places(prose_of(answer.text)))
        return Break(told, places) if places else None

    return measure


@lru_cache(maxsize=8)
def _rule(key: str) -> StyleRule:
    style = {"list": HouseStyle(lists=False), "bold": HouseStyle(bold=False), "heading": HouseStyle(headings="none")}
    return rules(style[key])[0]


def _style(key: str, told: str) -> Measure:
    """A rule of the house style, asked for by the prompt."""

    def measure(instruction: Instruction, answer: Answer) -> Break | None:
        rule = _rule(key)
        if not rule.departs(answer):
            return None
        return Break(told, tuple(place for place in rule.habit.spans(answer, rule.wanted) if place[0] < place[1]))

    return measure


def _code(instruction: Instruction, answer: Answer) -> Break | None:
    places = tuple((start, end) for start, end in answer.code)
    return Break("has code between backticks", places) if places else None


def _pieces(answer: Answer) -> int:
    return len(_PIECE.findall(answer.text))


_MEASURES: dict[str, Measure] = {
    "count-sentences": _count("sentence", _sentences, _pieces),
    "count-words": _count("word", _words, lambda answer: len(normalise(answer.text).split())),
    "count-items": _count("list item", _items, _many_items),
    "count-paragraphs": _count(
        "paragraph", lambda answer: [m.span() for m in _PARAGRAPH.finditer(answer.text)], lambda a: len(a.lines)
    ),
    "count-characters": _characters,
    "json": _json,
    "labels": _labels,
    "language": _language,
    "no-list": _style("list", "has a list"),
    "no-bold": _style("bold", "has bold"),
    "no-heading": _style("heading", "has a heading"),
    "no-markdown": _matched(_MARKS, "has some", prose=False),
    "no-code": _code,
    "no-emoji": _voice("emoji", "has one"),
    "no-exclamation": _voice("exclamation", "has one"),
    "no-contraction": _voice("contraction", "has one"),
    "no-first-person": _voice("first-person", "uses it"),
    "no-question": _matched(_QUESTION, "asks"),
    "no-apology": _matched(_APOLOGY, "does"),
    "never-say": _never,
    "ends": _ends,
    "begins": _begins,
    "lower-case": _matched(_UPPER, "has capitals"),
    "upper-case": _matched(_LOWER, "has small letters"),
}

OVERRULED: dict[str, re.Pattern[str]] = {
    kind: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for kinds, words in (
        ("count-sentences count-words count-items count-paragraphs count-characters",
         r"longer|in (?:more )?detail|detailed|elaborate|in full|expand|lists?|words?|sentences?|paragraphs?|essay|"
         r"story|"
         r"bullets?|step by step|characters?"),
        ("json labels", r"explain|why|in words|plain text|json|table|describe|instead"),
        ("language", r"translat\w+|languages?|" + "|".join(LANGUAGES)),
        ("no-list no-markdown no-bold no-heading no-code",
         r"lists?|bullets?|points|markdown|table|bold|headings?|code|script|function|steps"),
        ("no-emoji no-exclamation lower-case upper-case", r"emojis?|exclamation|capitals?|upper ?case|lower ?case"),
        ("no-question", r"ask me|questions?|interview|quiz"),
        ("no-apology", r"apolog\w+|sorry"),
        ("no-first-person no-contraction", r"first person|letter|contractions?|role ?play"),
    )
    for kind in kinds.split()
}  # fmt: skip
"""What a request says where the user asks for something else than the system prompt."""
