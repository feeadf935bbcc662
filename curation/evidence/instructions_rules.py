"""The ways in which a prompt asks for a form: patterns, and what each of them means in figures and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Made = tuple[str, int | None, int | None, tuple[str, ...]]
"""Kind, fewest, most, words."""
Make = Callable[[re.Match[str]], Made | None]

LANGUAGES = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "russian": "ru", "chinese": "zh", "japanese": "ja", "korean": "ko", "arabic": "ar", "polish": "pl",
    "turkish": "tr",
}  # fmt: skip
_NUMBERS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "a single": 1, "single": 1, "a": 1, "twenty": 20, "thirty": 30, "fifty": 50, "a hundred": 100, "one hundred": 100,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A way to ask for a form.

    Attributes:
        cues: Lower-case texts of which a sentence holds one, or the pattern cannot match.
        pattern: What is said.
        make: What it means; None = nothing that can be measured.
    """

    cues: tuple[str, ...]
    pattern: re.Pattern[str]
    make: Make


def _rule(cues: str, pattern: str, make: Make) -> Rule:
    return Rule(tuple(cues.split("|")), re.compile(pattern), make)


_NUM = rf"(\d{{1,5}}|(?i:{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}))"
_SMALL = (
    r"(?:only|always|just|strictly|every|all|each|your|the|with|by|back|them|it|me|us|this|that|an?|questions?|"
    r"messages?|requests?|answers?|responses?|reply|replies|result|output|text|users?|customers?|patients?|must|be|is|"
    r"are|should)"
)
_DO = rf"\b(?i:(?:answer|reply|respond|return|output|write|give|provide|produce|speak|state|print)(?:\s+{_SMALL})*)"
_ANSWERS = r"(?i:(?:answers?|repl(?:y|ies)|responses?|messages?|summar(?:y|ies)))"
_EACH = rf"(?i:(?:your|every|each|all|the)\s+)?(?:{_ANSWERS}\s+)?"
_NEVER = r"\b(?i:do not|don['’]t|never|must not|should not|may not|refrain from|avoid|without)"
_ONLY = r"(?i:(?:only|exactly|just|simply)\s+)?"
_END = r"(?=\s*(?:[.,;:!)]|\Z|(?i:only|and|at most)\b))"
_STOP = r"(?=\s*(?:[.;:!)]|\Z))"
_QUOTE = r"(?:\"([^\"\n]{1,80})\"|“([^”\n]{1,80})”|'([^'\n]{1,80})'|‘([^’\n]{1,80})’|`([^`\n]{1,80})`)"
_SAID = r"(?i:the (?:exact )?(?:words?|phrases?|names?|terms?|expressions?|sentences?|lines?)\s*:?\s*)?"


def number(text: str) -> int:
    """The value of digits or of a number word."""
    text = " ".join(text.casefold().split())
    return int(text) if text.isdigit() else _NUMBERS[text]


def _limits(unit: str, cue: str, noun: str) -> Iterator[Rule]:
    """Rules about how many of a unit an answer has."""
    kind = f"count-{unit}"
    in_it = (
        rf"(?:{_DO}\s+(?i:in|within|using|with)|\b(?i:keep|limit|restrict)\b[^.\n]{{0,40}}?\b(?i:to)|\b(?i:in|within))"
    )
    most = (
        r"(?i:at (?:the )?most|(?:no|not) more than|up to|a max(?:imum)? of|max(?:\.|imum)?(?: of)?|"
        r"(?:not )?exceed(?:ing)?)"
    )
    noun = rf"{noun}\b"

    def some(match: re.Match[str]) -> Made | None:
        """In two sentences: so many and no more. In 50 words: nearly so many, which is no firm bound."""
        count = number(match[1])
        firm = unit != "words" or count <= 5 or re.search(r"\b(?:limit|restrict|within|exactly|only)\b", match[0], re.I)
        return (kind, None if unit == "words" and count > 5 else count, count, ()) if firm else None

    yield _rule(cue, rf"\b{most}\s+{_NUM}\s+{noun}", lambda m: (kind, None, number(m[1]), ()))
    yield _rule(
        cue, rf"\b(?i:fewer than|less than|under|below)\s+{_NUM}\s+{noun}", lambda m: (kind, None, number(m[1]) - 1, ())
    )
    yield _rule(
        cue,
        rf"\b{_NUM}\s+{noun}\s*(?i:or (?:less|fewer)|at (?:the )?most|max(?:imum)?|long at (?:the )?most)\b",
        lambda m: (kind, None, number(m[1]), ()),
    )
    yield _rule(
        cue,
        rf"(?:{in_it}|\b(?i:of))\s+{_ONLY}{_NUM}\s*(?:-|–|(?i:to|or))\s*{_NUM}\s+{noun}",
        lambda m: (kind, number(m[1]), number(m[2]), ()),
    )
    yield _rule(cue, rf"{in_it}\s+{_ONLY}(?i:the )?{_NUM}\s+{noun}{_END}", some)
    yield _rule(cue, rf"\b(?i:exactly|precisely)\s+{_NUM}\s+{noun}", lambda m: (kind, number(m[1]), number(m[1]), ()))
    yield _rule(
        cue,
        rf"\b(?i:at least|a minimum of|(?:no|not) (?:fewer|less) than)\s+{_NUM}\s+{noun}",
        lambda m: (kind, number(m[1]), None, ()),
    )


def _barred(kind: str, cues: str, noun: str) -> Iterator[Rule]:
    """Rules that an answer does without something: no X; do not use A, B or X; without X."""
    noun = rf"(?i:{noun})\b(?!\s+(?i:that|which|who|about|of|from|for|before|after|on|unless|if)\b)"
    others = r"(?:(?:[\w-]+\s+){1,2}?(?i:or|and|nor)\s+|(?:[\w-]+\s*){1,2}?,\s*(?:(?i:or|and|no)\s+)*){0,4}?"
    using = (
        r"(?i:(?:ever )?(?:us(?:e|ing)|writ(?:e|ing)|includ(?:e|ing)|add(?:ing)?|put(?:ting)?|mak(?:e|ing)|"
        r"format\w* (?:with|as|in|using))\s+)"
    )
    any_ = r"(?i:(?:any|the|an?)\s+)?"
    yield _rule(cues, rf"{_NEVER}\s+{using}{any_}{others}{noun}", _plain(kind))
    yield _rule(cues, rf"\b(?i:avoid|without)\s+{any_}{others}{noun}", _plain(kind))
    yield _rule(
        cues,
        rf"(?:\A|[.,;:(!]\s*|\b(?i:with|and|use)\s+)(?i:no)\s+{others}{noun}{_END}",
        _plain(kind),
    )


def _plain(kind: str) -> Make:
    return lambda match: (kind, None, None, ())


def _labels(match: re.Match[str]) -> Made | None:
    """The labels of a list such as ``A, B or C``; None where it is no plain list of short labels."""
    parts = re.split(r",\s*(?:or|and)\s+|[,;|]|\s+or\s+|/", match[1].strip().rstrip("."))
    labels = tuple(dict.fromkeys(label for part in parts if (label := part.strip(" \t\"'“”‘’`*()[]."))))
    if len(labels) < 2 or any(len(label.split()) > 3 or len(label) > 30 for label in labels):
        return None
    return "labels", None, None, labels


def _quoted(kind: str) -> Make:
    def made(match: re.Match[str]) -> Made | None:
        word = next(group for group in match.groups() if group is not None).strip()
        placeholder = re.search(r"[\[{<]|\.\.\.|…", word)
        return (kind, None, None, (word,)) if any(map(str.isalnum, word)) and not placeholder else None

    return made


def _language(match: re.Match[str]) -> Made:
    return "language", None, None, (match[1].capitalize(),)


_LANGUAGE = f"(?i:({'|'.join(LANGUAGES)}))"
_WHICH = (
    r"(?i:(?:of\b\s*)?(?:the following |these |the )?(?:labels?|categories|category|options|words|values|classes)?)"
)
_JSON = r"(?i:(?:(?:strict|valid|raw|pure|a|one|single)\s+)*)JSON\b"

RULES: tuple[Rule, ...] = (
    *_limits("sentences", "sentence", r"(?i:(?:short |complete |full |plain |brief |clear )?sentences?)"),
    *_limits("words", "word", r"(?i:words?)"),
    *_limits("characters", "character", r"(?i:characters?)"),
    *_limits("items", "bullet", r"(?i:bullet[- ]points?|bullets?)"),
    *_limits("paragraphs", "paragraph", r"(?i:(?:short )?paragraphs?)"),
    _rule("json", rf"{_DO}\s+(?i:in|as|using)\s+{_JSON}(?!\s*(?i:schema|lines|files?|or))", _plain("json")),
    _rule("json", rf"{_DO}\s+{_JSON}(?i: (?:object|array))?{_END}", _plain("json")),
    _rule("json", rf"{_DO}\s+{_JSON}(?i: (?:object|array))(?= with\b)", _plain("json")),
    _rule("json", rf"\bJSON(?i: object)?\s+(?i:only)\b|\b(?i:only (?:in |with |as )?){_JSON}", _plain("json")),
    _rule("one|either", rf"{_DO}\s+{_ONLY}(?i:one|either)\s+{_WHICH}\s*:?\s+([^.\n]{{3,300}})", _labels),
    _rule(
        "one of|as either",
        rf"\b(?i:classify|label|categori[sz]e|tag)\b[^.\n]{{0,60}}?\b(?i:as|into)\s+{_ONLY}(?i:one of|either)\s*"
        rf"{_WHICH}\s*:?\s+([^.\n]{{3,300}})",
        _labels,
    ),
    _rule(
        "yes", rf"{_DO}\s+([\"“'‘]?(?i:yes)[\"”'’]?\s+(?i:or)\s+[\"“'‘]?(?i:no)[\"”'’]?)(?i: only)?{_STOP}", _labels
    ),
    _rule(
        "|".join(LANGUAGES),
        rf"{_DO}\s+(?i:in)\s+(?i:(?:fluent|plain|simple|clear)\s+)?{_LANGUAGE}{_END}",
        _language,
    ),
    *_barred("no-list", "list|bullet", r"(?:bullet(?:ed)?|numbered)?[- ]?(?:lists|points)|bullets"),
    *_barred("no-markdown", "markdown|asterisk", r"markdown(?: formatting| syntax)?|asterisks"),
    *_barred("no-bold", "bold", r"bold(?: text| type| face)?"),
    *_barred("no-heading", "head", r"headings|headers"),
    *_barred("no-code", "code|backtick", r"code (?:blocks|fences)|backticks"),
    *_barred("no-emoji", "emo|smil", r"emojis?|emoticons|smileys"),
    *_barred("no-exclamation", "exclamation", r"exclamation (?:marks?|points?)"),
    *_barred("no-contraction", "contraction", r"contractions"),
    *_barred("no-first-person", "first person", r"first person"),
    _rule("ask", rf"{_NEVER}\s+(?i:ever )?(?i:ask(?:ing)?)\s+(?:[\w-]+\s+){{0,2}}?(?i:questions)\b{_STOP}",
          _plain("no-question")),
    _rule("apolog", rf"{_NEVER}\s+(?i:ever )?(?i:apologi[sz](?:e|ing))\b|\b(?i:no apologies)\b", _plain("no-apology")),
    _rule("us|say|writ|mention", rf"{_NEVER}\s+(?i:ever )?(?i:us(?:e|ing)|say(?:ing)?|writ(?:e|ing)|mention(?:ing)?)\s+"
          rf"{_SAID}{_QUOTE}", _quoted("never-say")),
    _rule("mention|say", rf"{_NEVER}\s+(?i:ever )?(?i:mention(?:ing)?|say(?:ing)?)\s+(?i:the (?:word|name)\s+)?"
          rf"([A-Z][\w-]+(?:\s[A-Z][\w-]+){{0,2}}){_STOP}", _quoted("never-say")),
    _rule("end|clos|finish", rf"\b(?i:end|close|finish)\s+{_EACH}(?i:with|by (?:saying|writing))\s+{_SAID}{_QUOTE}",
          _quoted("ends")),
    _rule("begin|start|open", rf"\b(?i:begin|start|open)\s+{_EACH}(?i:with|by (?:saying|writing))\s+{_SAID}{_QUOTE}",
          _quoted("begins")),
    _rule("question", rf"\b(?i:end|close|finish)\s+{_EACH}(?i:with a question(?: mark)?){_STOP}",
          lambda match: ("ends", None, None, ("?",))),
    _rule("lower", rf"{_DO}\s+(?i:in)\s+(?i:all )?(?i:lower[- ]?case)\b", _plain("lower-case")),
    _rule("upper|capital", rf"{_DO}\s+(?i:in)\s+(?i:all )?(?i:upper[- ]?case|capitals|capital letters)\b",
          _plain("upper-case")),
)  # fmt: skip
"""In the order in which they are tried; of one kind, the first that matches in a sentence counts."""
CUES = tuple(sorted({cue for rule in RULES for cue in rule.cues}))
