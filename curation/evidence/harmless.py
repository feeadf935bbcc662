"""Whether a fix that a rule made may be carried out without a look: never where every character counts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from statistics import median

from curation.evidence.habits_answer import Answer, Edit, Habit, edited_text
from curation.evidence.habits_code import bare_code

_COMMANDS = (
    "sudo|git|npm|npx|yarn|pip3?|conda|apt|apt-get|brew|docker|kubectl|helm|terraform|cargo|go|make|cd|ls|cat|cp|mv|rm|"
    "echo|export|grep|awk|sed|find|curl|wget|ssh|scp|chmod|chown|tar|python3?|node|java|psql|mysql"
)
_CODE_LINE = re.compile(
    rf"^[ \t]*(?:(?:{_COMMANDS}) (?:\S+ )*(?:-{{1,2}}\w|[\w./~]*[/.=]\w|install\b|add\b|commit\b|push\b|pull\b|run\b)"
    r"|(?:\$|>>>|PS>|C:\\>) ?\S"
    r"|[A-Za-z_][\w.\[\]]*(?: *[-+*/|&]?=(?!=)|\(.*\)[;:]?[ \t]*$| *:= *)"
    r"|(?:def|class|function|func|fn|import|from|return|const|let|var|public|private|static|print)\b.*[(){};=:]"
    r"|(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH)\b.*"
    r"|[-+]{3} [ab]/|@@ -\d|\|?[ \t]*:?-{2,}:?[ \t]*\|)"
    r"|[;{}][ \t]*$|[=!]==?[^=]|=>|->|&&|\|\||/\*|\*/|\\\w+\{|</?[a-zA-Z][\w-]*(?: [^<>\n]*)?/?>|\$\$"
    r"|\$[^$\n]*[\\^_][^$\n]*\$",
    re.MULTILINE,
)
_KEYED = re.compile(r"(?:[ \t]*(?:- )?[a-z][\w.-]*:(?:[ \t]\S[^\n]*)?(?:\n|\Z)){2,}\Z")  # YAML and settings
_JSON_LIKE = re.compile(r"\s*[\[{]")
_COLUMNS = re.compile(r"\S {3,}\S")
_ADDRESS_END = re.compile(r"(?:\w+://|www\.)\S+$|\S+@\S+\.\w+$|(?:^|\s)[~.]{0,2}/\S+$|\\\S+$")
_FRAGMENT_END = re.compile(r"[.!?]\s+\w{1,4}\Z")  # "she agrees. c": cut off, more likely
_WORD = re.compile(r"[^\W\d_]{2,}(?:[-'’][^\W\d_]{2,})*(?=\s|\Z|[,.:;!?)'’\"”]+(?:\s|\Z))")
_UNKNOWNS = re.compile(r"[=+^<>]")
_SENTENCE = re.compile(r"[.!?…]\s+\S")
_VERSE_LINES, _VERSE_WIDTH = 4, 60


def is_exact(text: str) -> bool:
    """Whether a text (or a part outside code blocks) is code, a command, markup, JSON, a formula or set in columns."""
    answer = Answer(text)
    prose = answer.prose
    if _JSON_LIKE.match(text) and text.rstrip().endswith(("}", "]")):
        return True
    if _KEYED.match(text.rstrip()):
        return True
    return bool(_CODE_LINE.search(prose)) or bool(bare_code(answer)) or _keeps_columns(prose)


def is_verse(text: str) -> bool:
    """Whether it is set in short lines, as poems and songs are, whose marks and contractions are part of them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < _VERSE_LINES or any(line.startswith(("-", "*", "•", "#", "|")) for line in lines):
        return False
    if any(line[0].isdigit() for line in lines):
        return False
    return median(map(len, lines)) <= _VERSE_WIDTH


def _keeps_columns(text: str) -> bool:
    """Whether its doubled spaces set columns below each other."""
    return "\n" in text and sum(1 for line in text.split("\n") if _COLUMNS.search(line)) > 1


def breaks_json(before: str, after: str) -> bool:
    """Whether a text was JSON and is none any more."""
    return _JSON_LIKE.match(before) is not None and _is_json(before) and not _is_json(after)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_harmless(habit: Habit, answer: Answer, edits: Sequence[Edit]) -> bool:
    """Whether the edits that give an answer a habit's wanted value cannot change what it says.

    A habit that is safe in prose is not in code, commands, markup, JSON and formulas that stand outside a code block,
    nor where the very words that it would touch may be meant as they are written.
    """
    if not habit.safe or is_exact(answer.text):
        return False
    careful = _CAREFUL.get(habit.reason)
    return careful is None or careful(answer, edits)


def _start(answer: Answer, edits: Sequence[Edit]) -> bool:
    """Not pH, mRNA, eGFR, iPhone, x, n-butanol, file.txt, a@b.org: only a plain word takes a capital by itself."""
    start = edits[0][0]
    word = _WORD.match(answer.text, start)
    return edits[0][2] == "" or (word is not None and word[0].islower())


def _ending(answer: Answer, edits: Sequence[Edit]) -> bool:
    """Not after an address or path, not where it takes the place of another mark, not of the last sentence only."""
    text = answer.text.rstrip()
    start, end, new = edits[0]
    if start == end:
        return _ADDRESS_END.search(text[-300:]) is None and _FRAGMENT_END.search(text[-12:]) is None
    return new == "" and _SENTENCE.search(text) is None


def _bullets(answer: Answer, edits: Sequence[Edit]) -> bool:
    """Not where marks may be signs (+ beside -, before a number) or one line may be a footnote."""
    marks = {match[1] for match in answer.bullets}
    if len(marks) > 1 and "+" in marks:
        return False
    if any(match[1] in "+-–" and answer.text[match.end() : match.end() + 1].isdigit() for match in answer.bullets):
        return False
    return len(answer.bullets) > 1 or "*" not in answer.text[: answer.bullets[0].start(1)]


def _dashes(answer: Answer, edits: Sequence[Edit]) -> bool:
    """Not between numbers or in a table, where a dash may be a minus or an empty cell."""
    text = answer.text
    if "|" in text:
        return False
    return not any(
        text[:start].rstrip()[-1:].isdigit() and text[end:].lstrip()[:1].isdigit() for start, end, _ in edits
    )


def _units(answer: Answer, edits: Sequence[Edit]) -> bool:
    """Not in algebra, where 2m is two times m."""
    return _UNKNOWNS.search(answer.prose) is None


_CAREFUL = {
    "start": _start,
    "final-punctuation": _ending,
    "list-marker": _bullets,
    "dash": _dashes,
    "unit-space": _units,
}


def unbroken(answer: Answer, edits: Sequence[Edit]) -> Sequence[Edit]:
    """The edits, or none where they would break an answer that is JSON."""
    if not edits or breaks_json(answer.text, edited_text(answer.text, edits)):
        return ()
    return edits
