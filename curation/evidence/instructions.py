"""Reads the measurable instructions of a prompt: how long, in what form, with which words an answer is to be.

Only what is said firmly and for every case counts: a sentence with a condition ("if", "unless", "when") or a hedge
("about", "try to", "ideally") is no instruction here, and neither is what stands in quotation marks or code. English
only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from curation.evidence.groups import code_ranges, outside
from curation.evidence.instructions_rules import RULES

_ENDS_READ = 8_000  # characters of a long prompt's beginning and end: where instructions stand
_LONGEST = 600  # of a sentence that is read
_LINE = 300  # of a request's first and last line
_CONDITION = re.compile(
    r"\b(?:if|unless|when|whenever|where|except|depending|otherwise|in case|as needed|for example|for instance|such as|"
    r"for (?:yes|no|long|short|simple|complex|open|closed))\b|\be\.g|\bi\.e",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:about|around|roughly|approximately|ideally|usually|generally|normally|typically|try|aim|prefer\w*|"
    r"(?:where|when|as) \w*\s?possible|may|might|can|could|sometimes|often|mostly|or so|feel free|optional\w*|"
    r"unnecessar\w*|needless\w*|excessive\w*|overly|too (?:many|much)|other than|instead of|rather than)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=[^\s\"'”’)])|[.!?](?=[\"'”’)]+[^\s\"'”’)]))+[.!?]*[\"'”’)]*\.?")
_PART_BEFORE = re.compile(
    r"\b(?:titles?|headlines?|subjects?|names?|labels?|keys?|items?|bullets?|lines?|sections?|fields?|captions?|"
    r"quotes?|each|every (?!answer|repl|response)\w+|per \w+|then|followed by|introduction|conclusion|plus|begin|start|"
    r"end|first|"
    r"last|(?:explain|justify|reason|describe|say|add|why)\b[^.]*\b(?:and|then)\b) [^.]*\Z",
    re.IGNORECASE,
)
_PART_AFTER = re.compile(
    r"\s*(?:per|each|long titles?|titles?|headlines?|of (?:explanation|context|reasoning|the|each)|for each|explaining|"
    r"that|which|from|in the|using the)\b",
    re.IGNORECASE,
)
_OF_A_REQUEST = frozenset({"count-sentences", "count-words", "count-items", "json", "labels", "no-list", "no-emoji"})
_REQUEST_CUES = ("sentence", "word", "bullet", "json", "yes", "one of", "either", "list", "emo")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing that a prompt asks of every answer, and that can be measured.

    Attributes:
        kind: Such as ``count-sentences``, ``json``, ``labels``, ``never-say``.
        text: The words of the prompt that ask for it.
        start: First code point in the turn.
        end: One past the last.
        least: Fewest, for kinds that count; None = no bound.
        most: Most, for kinds that count; None = no bound.
        words: The labels, the word or the language that the kind is about.
    """

    kind: str
    text: str
    start: int
    end: int
    least: int | None = None
    most: int | None = None
    words: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def instructions(text: str) -> tuple[Instruction, ...]:
    """The measurable instructions of a system prompt, in order of place; of one kind, the first of a sentence.

    Args:
        text: The prompt. Of a very long one the first and last 8,000 characters are read.
    """
    if len(text) <= 2 * _ENDS_READ:
        return tuple(_found(text, 0, len(text)))
    return (*_found(text, 0, _ENDS_READ), *_found(text, len(text) - _ENDS_READ, len(text)))


def asked_of_answer(text: str) -> tuple[Instruction, ...]:
    """The measurable instructions that a user's request gives about the form of its answer.

    They are looked for in its first and its last line, each of 300 characters at most: what stands between, or in a
    longer line, is more often a text to work on. Where the request speaks of writing for somebody else (a prompt, a
    rule, a test), none is taken.
    """
    stripped = text.strip()
    if not stripped:
        return ()
    start = text.index(stripped[0])
    end = start + len(stripped)
    first = text.find("\n", start, end)
    last = text.rfind("\n", start, end) + 1
    lines = [(start, end)] if first < 0 else [(start, first), (last, end)]
    found: list[Instruction] = []
    for low, high in lines:
        if high - low > _LINE:
            continue
        lowered = text[low:high].lower()
        if any(cue in lowered for cue in _REQUEST_CUES) and not _FOR_OTHERS.search(lowered):
            found += [one for one in _found(text, low, high) if one.kind in _OF_A_REQUEST]
    return tuple(found)


_FOR_OTHERS = re.compile(r"\b(?:prompt|instruction|rule|template|example|translate|rewrite|rephrase|correct|edit)s?\b")


def _found(text: str, first: int, last: int) -> Iterator[Instruction]:
    code = code_ranges(text)
    for sentence in _SENTENCE.finditer(text, first, last):
        said = sentence[0]
        if len(said) > _LONGEST or said.rstrip().endswith("?") or _CONDITION.search(said) or _HEDGE.search(said):
            continue
        lowered = said.lower()
        taken: set[str] = set()
        for rule in RULES:
            if not any(cue in lowered for cue in rule.cues) or (match := rule.pattern.search(said)) is None:
                continue
            made = rule.make(match)
            if made is None or made[0] in taken or _is_quoted(said, match.start()) or _of_a_part(said, match, made[0]):
                continue
            start, end = sentence.start() + match.start(), sentence.start() + match.end()
            if not outside(code, start, end):
                continue
            taken.add(made[0])
            while start < end and text[start] in " \t\r\n,.;:(!":
                start += 1
            while end > start and text[end - 1] in " \t\r\n,;:":
                end -= 1
            yield Instruction(made[0], " ".join(text[start:end].split()), start, end, *made[1:])


def _of_a_part(said: str, match: re.Match[str], kind: str) -> bool:
    """Whether a number bounds a part of the answer (a title, each line), not all of it."""
    if not kind.startswith("count-"):
        return False
    return bool(_PART_BEFORE.search(said[: match.start()]) or _PART_AFTER.match(said, match.end()))


def _is_quoted(said: str, at: int) -> bool:
    """Whether the words stand inside quotation marks: they are somebody else's."""
    before = said[:at]
    return before.count('"') % 2 == 1 or before.count("“") > before.count("”")
