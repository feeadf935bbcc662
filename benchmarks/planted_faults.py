"""One fault at a time: how an answer in prose is spoilt, and nothing else in it.

Each function takes an answer and a source of chance and returns the answer with one fault, or None where this answer
gives no place for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from benchmarks import planted_texts as texts

Fault = Callable[[str, Random], str | None]

_WORD = re.compile(r"[^\W\d_]{5,}")
_OPEN_WORD = re.compile(r" (?:the|a|an|and|or|of|with|from|his|their|its|was|is|has|which) ")
_SPACE = re.compile(r"(?<=\S) (?=\S)")
_NOT = re.compile(r"\b(is|are|was|were|does|did|do|has|have|had|would|could|should) not\b")
_PRONOUN = re.compile(r"\b(He|She|It|he|she|it|There|there) is\b(?! not)")
_SPELT_OUT: tuple[tuple[re.Pattern[str], str], ...] = (
    (_NOT, r"\1n't"),
    (re.compile(r"\bcannot\b"), "can't"),
    (_PRONOUN, r"\1's"),
    (re.compile(r"\b(He|She|It|he|she|it) has been\b"), r"\1's been"),
    (re.compile(r"\b([Tt]hey|[Ww]e|[Yy]ou) are\b"), r"\1're"),
    (re.compile(r"\b([Hh]e|[Ss]he|[Ii]t|[Tt]hey|I|[Yy]ou|[Ww]e) will\b"), r"\1'll"),
    (re.compile(r"\bI (?:am)\b"), "I'm"),
)


def no_full_stop(answer: str, chance: Random) -> str | None:
    """The final full stop is gone (not after an abbreviation, where it belongs to the word)."""
    last = answer.rsplit(maxsplit=1)[-1]
    return answer[:-1] if answer.endswith(".") and "." not in last[:-1] and len(last) > 3 else None


def lower_start(answer: str, chance: Random) -> str | None:
    """The first letter is small (not that of an abbreviation)."""
    if len(answer) > 2 and answer[0].isupper() and answer[1].islower():
        return answer[0].lower() + answer[1:]
    return None


def replaced(answer: str, match: re.Match[str], new: str) -> str:
    return answer[: match.start()] + new + answer[match.end() :]


def curly(answer: str, chance: Random) -> str | None:
    """Straight quotes and apostrophes become curly ones."""
    if '"' not in answer and "'" not in answer:
        return None
    text = re.sub(r'"([^"]*)"', "“\\1”", answer)
    text = re.sub(r"(?<![^\W_])'(?=\w)", "‘", text)
    return text.replace("'", "’")


def markdown(answer: str, chance: Random) -> str | None:
    """Bold or code marks round some words, a heading above, or the sentences as list items."""
    kind = chance.choice(("bold", "code", "heading", "list"))
    if kind == "heading":
        return f"{chance.choice(('#', '##', '###'))} Summary\n\n{answer}"
    if kind == "list":
        parts = re.split(r"(?<=[a-z0-9)][.]) (?=[A-Z])", answer)
        if len(parts) > 1:
            return "\n".join(f"{'-' if chance.random() < 0.5 else '*'} {part}" for part in parts)
    word = chance.choice(list(_WORD.finditer(answer)) or [None])
    mark = "`" if kind == "code" else "**"
    return replaced(answer, word, f"{mark}{word[0]}{mark}") if word else None


def mojibake(answer: str, chance: Random) -> str | None:
    """One character was written as UTF-8 and read as Windows-1252: a curly apostrophe, an accent, a dash, a space."""
    proper = {"'": "’", '"': "“", "-": "–"}
    places = list(re.finditer(r"(?<=\w)'(?=s)|\"(?=\w)|(?<=\d)-(?=\d)|(?<= )-(?= )|[^\x00-\x7f]", answer))
    if not places or chance.random() < 0.2:
        places, proper = list(_SPACE.finditer(answer)), {" ": "\xa0"}
    if not places:
        return None
    place = chance.choice(places)
    return replaced(answer, place, _misread(proper.get(place[0], place[0])))


def _misread(character: str) -> str:
    """UTF-8 read as Windows-1252, where bytes without a character stay as they are."""
    read = []
    for byte in character.encode():
        try:
            read.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            read.append(chr(byte))
    return "".join(read)


def entity(answer: str, chance: Random) -> str | None:
    """One character stands as an HTML entity."""
    forms = {
        "'": ("&#39;", "&apos;", "&#x27;"),
        '"': ("&quot;", "&#34;"),
        "&": ("&amp;",),
        "é": ("&eacute;",),
        "°": ("&deg;",),
        " ": ("&nbsp;", "&#160;"),
        ">": ("&gt;",),
    }
    found = sorted({character for character in answer if character in forms and character != " "}) or [" "]
    character = chance.choice(found)
    places = list(re.finditer(re.escape(character), answer))
    return replaced(answer, chance.choice(places), chance.choice(forms[character])) if places else None


def trailing_space(answer: str, chance: Random) -> str | None:
    """White space after the end."""
    return answer + chance.choice((" ", "  ", "\n", " \n", "\t"))


def double_space(answer: str, chance: Random) -> str | None:
    """One space between two words becomes two or three."""
    places = list(_SPACE.finditer(answer))
    return replaced(answer, chance.choice(places), " " * chance.choice((2, 2, 3))) if places else None


def control_character(answer: str, chance: Random) -> str | None:
    """A control character somewhere."""
    place = chance.randrange(1, len(answer))
    return answer[:place] + chance.choice(texts.CONTROL) + answer[place:]


def role_text(answer: str, chance: Random) -> str | None:
    """A role marker or special token before or after the answer."""
    if chance.random() < 0.5:
        return chance.choice(texts.ROLE_BEFORE) + answer
    return answer + chance.choice(texts.ROLE_AFTER)


def cut_off(known: frozenset[str]) -> Fault:
    """The answer stops within a word or after one that cannot end a sentence, beyond a third of its length.

    Elsewhere nobody could tell a cut from a full stop that was left out. ``known`` are the words of the set in lower
    case: what is left of a word must be none of them.
    """

    def cut(answer: str, chance: Random) -> str | None:
        least = len(answer) // 3
        places = [match.end() - 1 for match in _OPEN_WORD.finditer(answer, least)]
        if not places or chance.random() < 0.5:
            words = [match for match in _WORD.finditer(answer, least) if match.start() > least]
            inside = [(match, n) for match in words for n in range(2, len(match[0]) - 1)]
            places = [match.start() + n for match, n in inside if match[0][:n].lower() not in known] or places
        return answer[: chance.choice(places)] if places else None

    return cut


def misspelt(known: frozenset[str]) -> Fault:
    """A word of six letters or more loses a letter, doubles one or swaps two; what comes out is no word of the set."""

    def misspell(answer: str, chance: Random) -> str | None:
        words = list(re.finditer(r"\b[a-z]{6,}\b", answer))
        chance.shuffle(words)
        for word in words:
            place = chance.randrange(1, len(word[0]) - 2)
            before, one, two, after = word[0][:place], word[0][place], word[0][place + 1], word[0][place + 2 :]
            wrong = before + chance.choice((two + one, one, one + one + two)) + after
            if wrong != word[0] and wrong not in known:
                return replaced(answer, word, wrong)
        return None

    return misspell


def contraction(answer: str, chance: Random) -> str | None:
    """One spelt-out form is contracted."""
    found = [(match, form) for pattern, form in _SPELT_OUT for match in pattern.finditer(answer)]
    if not found:
        return None
    match, form = chance.choice(found)
    return replaced(answer, match, match.expand(form))


def exclamation(answer: str, chance: Random) -> str | None:
    """An exclamation mark for a full stop, or an emoji at the end."""
    kind = chance.choice(("mark", "marks", "inner", "emoji"))
    if kind == "emoji":
        return f"{answer} {chance.choice(texts.EMOJI)}"
    inner = list(re.finditer(r"(?<=[a-z]{3})\.(?= [A-Z])", answer))
    if kind == "inner" and inner:
        return replaced(answer, chance.choice(inner), "!")
    return answer[:-1] + ("!!" if kind == "marks" else "!") if answer.endswith(".") else None


def apology(answer: str, chance: Random) -> str | None:
    """An apology or refusal formula before the answer."""
    return chance.choice(texts.APOLOGIES) + answer


def foreign(dataset: str) -> Fault:
    """The answer is in another language, of about the same length but four sentences at the most."""

    def replace(answer: str, chance: Random) -> str | None:
        held = texts.FOREIGN[dataset]
        sentences = list(held[chance.choice(sorted(held))])
        chance.shuffle(sentences)
        told = sentences[:1]
        for sentence in sentences[1:]:
            if sum(map(len, told)) + len(sentence) > len(answer):
                break
            told.append(sentence)
        between = "" if told[0].endswith("。") else " "
        return between.join(told)

    return replace


def doubled(others: Sequence[str]) -> Fault:
    """The answer is followed by another of the same task, so that it has 1.9 to 2.1 times as many words."""

    def grow(answer: str, chance: Random) -> str | None:
        words = len(answer.split())
        fitting = [other for other in others if other != answer and 0.9 <= len(other.split()) / words <= 1.1]
        return f"{answer} {chance.choice(fitting)}" if fitting else None

    return grow
