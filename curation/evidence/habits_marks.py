"""Habits of punctuation: how an answer ends, marks of lists, quotes, dashes."""

from __future__ import annotations

import re

from curation.evidence.habits_answer import ABSENT, Answer, Edit, Habit, Range

_CLOSERS = ")'\"”’*_ ]"
_STOP = "end with a full stop"
_NO_MARK = "end without a mark"
_ENDS = {".": _STOP, "": _NO_MARK}
_ABBREVIATION = re.compile(
    r"(?<!\w)(?:(?:[^\W\d_]\.){2,}|(?:etc|Inc|Ltd|Corp|Bros|Jr|Sr|Ave|et al|approx|usw)\.)[)'\"\u2019\u201d*_ \]]*\Z"
)
"""A point that belongs to the last word, as in "Washington, D.C.": it may end the sentence too, nobody can tell."""


def _end_of(text: str) -> str | None:
    """What a line ends with; None where it ends with a mark of the voice, or in a script with marks of its own."""
    last = (text.rstrip(_CLOSERS) or text)[-1:]
    if not last or last in "!?…" or not last.isascii():
        return None
    if last.isalnum() or last in "%)'\"*_]`":
        return ""
    return last


def _ending(answer: Answer) -> str | None:
    text = answer.text.rstrip()
    if not text or text.endswith(("```", "|", "}", "]", ">")):
        return None
    if _ABBREVIATION.search(text[-24:]):
        return None
    items = _items(answer)
    if items and items[-1] == answer.lines[-1]:
        return None
    mark = _end_of(text)
    return None if mark is None else _ENDS.get(mark, f"end with {mark}")


def _last(answer: Answer) -> list[Range]:
    text = answer.text.rstrip()
    return [(len(text) - 1, len(text))] if text else []


def _fix_ending(answer: Answer, norm: str) -> list[Edit]:
    text, now = answer.text.rstrip(), _ending(answer)
    if norm == _STOP and now == _NO_MARK:
        return [(len(text), len(text), ".")]
    if norm == _STOP and now in ("end with ,", "end with ;"):
        return [(len(text) - 1, len(text), ".")] if text[-1] in ",;" else []
    if norm == _NO_MARK and text.endswith(".") and text[-2:-1].isalnum():
        return [(len(text) - 1, len(text), "")]
    return []


def _items(answer: Answer) -> list[Range]:
    """The lines that are list items, if there are two or more."""
    if len(answer.bullets) + len(answer.numbered) < 2:
        return []
    starts = {m.start(1) for m in answer.bullets} | {m.start() for m in answer.numbered}
    return [line for line in answer.lines if line[0] in starts or answer.text.rfind("\n", 0, line[0]) + 1 in starts]


def _item_ending(answer: Answer) -> str | None:
    ends = {_end_of(answer.text[start:end]) for start, end in _items(answer)}
    if not ends or None in ends:
        return None
    if len(ends) > 1:
        return "end some list items with a mark"
    mark = ends.pop()
    return f"{_ENDS.get(mark or '', f'end with {mark}').replace('end', 'end list items', 1)}"


def _bullet(answer: Answer) -> str | None:
    marks = {m[1] for m in answer.bullets}
    if not marks or (len(answer.bullets) < 2 and not marks & {"*", "•", "‣", "◦"}):
        return None
    return f"mark list items with {' and '.join(sorted(marks))}"


def _fix_bullet(answer: Answer, norm: str) -> list[Edit]:
    wanted = norm.removeprefix("mark list items with ")
    if len(wanted) != 1:
        return []
    return [(*mark.span(1), wanted) for mark in answer.bullets if mark[1] != wanted]


def _number(answer: Answer) -> str | None:
    marks = {m[1] for m in answer.numbered}
    if len(answer.numbered) < 2:
        return None
    return f"number list items as {' and '.join('1' + mark for mark in sorted(marks))}"


def _fix_number(answer: Answer, norm: str) -> list[Edit]:
    wanted = norm.removeprefix("number list items as ")
    if len(wanted) != 2:
        return []
    return [(*mark.span(1), wanted[1]) for mark in answer.numbered if mark[1] != wanted[1]]


def _list_kind(answer: Answer) -> str | None:
    if len(answer.bullets) + len(answer.numbered) < 2:
        return None
    if answer.bullets and answer.numbered:
        return "mark some list items and number others"
    return "mark list items with a sign" if answer.bullets else "number list items"


def _fix_list_kind(answer: Answer, norm: str) -> list[Edit]:
    """Numbers to hyphens only: the other way round would say an order that nobody gave."""
    if norm != "mark list items with a sign" or answer.bullets:
        return []
    return [(m.start() + _indent(m), m.end(1), "-") for m in answer.numbered]


def _indent(match: re.Match[str]) -> int:
    return len(match[0]) - len(match[0].lstrip())


_CURLY = re.compile("[“”„‟‘’‚‛]")
_STRAIGHT = re.compile(r"\"(?<![0-9]\")|'(?:(?<=[^\W\d_]')(?=[^\W\d_])|(?<!\S')(?=\w)|(?<=[^\W\d_]')(?!\w))")
_PLAIN = {**dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‘’‚‛", "'")}
_USE_CURLY, _USE_NO_CURLY, _USE_STRAIGHT = "use curly quotes", "use no curly quotes", "use straight quotes"


def _curly(answer: Answer) -> list[Range]:
    return [] if answer.text.isascii() else [m.span() for m in _CURLY.finditer(answer.prose)]


def _straight(answer: Answer) -> list[Range]:
    if '"' not in answer.text and "'" not in answer.text:
        return []
    return [m.span() for m in _STRAIGHT.finditer(answer.prose)]


def _curly_value(answer: Answer) -> str | None:
    return _USE_NO_CURLY if answer.text.isascii() or not _CURLY.search(answer.prose) else _USE_CURLY


def _fix_curly(answer: Answer, norm: str) -> list[Edit]:
    if norm != _USE_NO_CURLY:
        return []
    return [(start, end, _PLAIN[answer.text[start:end]]) for start, end in _curly(answer)]


def _quotes(answer: Answer) -> str | None:
    if ('"' in answer.text or "'" in answer.text) and _STRAIGHT.search(answer.prose):
        return _USE_STRAIGHT
    return _USE_CURLY if _curly(answer) else None


def _fix_straight(answer: Answer, norm: str) -> list[Edit]:
    """Straight to curly by what stands before: white space or an opening bracket opens, anything else closes."""
    if norm != _USE_CURLY:
        return []
    edits = []
    for start, end in _straight(answer):
        before = answer.text[start - 1 : start]
        opens = not before or before.isspace() or before in "([{—–-"
        double = answer.text[start] == '"'
        edits.append((start, end, ("“" if opens else "”") if double else ("‘" if opens else "’")))
    return edits


_DASH = re.compile(r"(?<=\S) ([-–—]|--) (?=\S)|(?<=[a-z])(—)(?=[a-z])")


def _dashes(answer: Answer) -> list[re.Match[str]]:
    text = answer.text
    hyphen = "-" in text and (" - " in text or " -- " in text)
    if not hyphen and (text.isascii() or ("—" not in text and "–" not in text)):
        return []
    return list(_DASH.finditer(answer.prose))


def _dash(answer: Answer) -> str | None:
    marks = {match[1] or match[2] for match in _dashes(answer)}
    return f"use {' and '.join(sorted(marks))} as a dash" if marks else None


def _fix_dash(answer: Answer, norm: str) -> list[Edit]:
    wanted = norm.removeprefix("use ").removesuffix(" as a dash")
    if wanted not in ("-", "–", "—", "--"):
        return []
    edits: list[Edit] = []
    for match in _dashes(answer):
        if match[2] and wanted != "—":
            edits.append((*match.span(2), f" {wanted} "))
        elif match[1] and match[1] != wanted:
            edits.append((*match.span(1), wanted))
    return edits


MARKS: tuple[Habit, ...] = (
    Habit("quotes", _curly_value, lambda a, n: _curly(a), _fix_curly, ABSENT, never=frozenset({_USE_CURLY})),
    Habit("quotes", _quotes, lambda a, n: _straight(a), _fix_straight, firm=frozenset({_USE_CURLY}),
          never=frozenset({_USE_STRAIGHT})),
    Habit("list-marker", _bullet, lambda a, n: [m.span(1) for m in a.bullets], _fix_bullet),
    Habit("list-number", _number, lambda a, n: [m.span(1) for m in a.numbered], _fix_number),
    Habit("list-marker", _list_kind, lambda a, n: [m.span() for m in (*a.bullets, *a.numbered)], _fix_list_kind, ABSENT,
          safe=False, never=frozenset({"mark some list items and number others"})),
    Habit("dash", _dash, lambda a, n: [m.span() for m in _dashes(a)], _fix_dash),
    Habit("final-punctuation", _ending, lambda a, n: _last(a), _fix_ending, firm=frozenset({_NO_MARK}),
          after=frozenset({"json", "code-fence"})),
    Habit("item-punctuation", _item_ending, lambda a, n: [(end - 1, end) for _, end in _items(a)], usual=ABSENT,
          never=frozenset({"end some list items with a mark"})),
)  # fmt: skip
