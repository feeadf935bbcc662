"""Habits of layout: headings, bold and other Markdown, code blocks, how an answer starts, how many lines it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from curation.evidence.habits_answer import ABSENT, BULLET, Answer, Edit, Habit, Range, presence

_SHOUTED, _MANY_CAPITALS = "are written in capitals", 20
_LOWER_WORD = re.compile(r"[^\W\d_A-Z]{3}")
_CAPITAL = re.compile(r"[A-Z]")
_ATX = re.compile(r"^(#{1,6})[ \t]+(?=\S)|^(#{2,6})(?=[A-Za-z])", re.MULTILINE)
_SETEXT = re.compile(r"^(?=\S)([^\n]*[^\s|-][^\n]*)\n(={3,}|-{3,})[ \t]*$", re.MULTILINE)
_BOLD_LINE = re.compile(r"^(\*\*|__)(?=\S)([^*_\n]+?)(?<=\S)\1[ \t]*$", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*|(?<!\w)__(?=\S)([^_\n]+?)(?<=\S)__(?!\w)")
_ITALIC = re.compile(r"(?<![\w*\\])\*(?=[^\W_])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_LINK = re.compile(r"\[[^\]\n]+\]\(\S+?\)")
_INLINE = re.compile(r"`+[^`\n]+`+")
_TABLE = re.compile(r"^\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$", re.MULTILINE)

_KIND_ATX, _KIND_SETEXT, _KIND_BOLD = "write headings with #", "underline headings", "write headings as bold lines"


def _headings(answer: Answer) -> list[tuple[str, Range, Range]]:
    """Kind of each heading, the lines it takes, and its title within them."""
    text, found = answer.prose, []
    if "#" in text:
        for match in _ATX.finditer(text):
            end = text.find("\n", match.end())
            line = (match.start(), len(text) if end < 0 else end)
            title = text[match.end() : line[1]].rstrip()
            bare = title.rstrip("#").rstrip() if title.endswith("#") else title
            found.append((_KIND_ATX, line, (match.end(), match.end() + len(bare or title))))
    if "\n---" in text or "\n===" in text:
        for match in _SETEXT.finditer(text):
            found.append((_KIND_SETEXT, match.span(), match.span(1)))
    if "**" in text or "__" in text:
        for match in _BOLD_LINE.finditer(text):
            if len(match[2]) <= 80 and not match[2].endswith((".", "!", "?")):
                found.append((_KIND_BOLD, match.span(), match.span(2)))
    return sorted(found, key=lambda heading: heading[1])


def _heading_kind(answer: Answer) -> str | None:
    kinds = {kind for kind, *_ in _headings(answer)}
    if len(kinds) > 1:
        return "write headings in several ways"
    return next(iter(kinds), None)


def _fix_heading_kind(answer: Answer, norm: str) -> list[Edit]:
    """From and to # and bold lines; underlined ones only away from: which line takes = or - nobody can tell."""
    text = answer.text
    levels = [len(m[1] or m[2]) for m in _ATX.finditer(answer.prose)]
    sign = "#" * (min(levels) if levels else 2)
    edits: list[Edit] = []
    for kind, (start, end), (first, last) in _headings(answer):
        title = text[first:last]
        if kind == norm:
            continue
        if norm == _KIND_ATX:
            edits.append((start, end, f"{sign} {title}"))
        elif norm == _KIND_BOLD and not re.search(r"[*_]", title):
            edits.append((start, end, f"**{title}**"))
        else:
            return []
    return edits


def _heading_level(answer: Answer) -> str | None:
    if "#" not in answer.text:
        return None
    match = _ATX.search(answer.prose)
    return f"begin their headings with {match[1] or match[2]}" if match else None


def _fix_heading_level(answer: Answer, norm: str) -> list[Edit]:
    """All headings of an answer by the same number of levels, so that their order stays."""
    wanted = len(norm.removeprefix("begin their headings with "))
    found = list(_ATX.finditer(answer.prose))
    by = wanted - len(found[0][1] or found[0][2]) if found else 0
    edits: list[Edit] = []
    for match in found:
        group = 1 if match[1] else 2
        level = len(match[group]) + by
        if not 1 <= level <= 6:
            return []
        space = "" if match[1] else " "
        edits.append((*match.span(group), "#" * level + space))
    return edits


def _heading_ranges(answer: Answer) -> Iterator[Range]:
    return (line for kind, line, _ in _headings(answer) if kind != _KIND_BOLD)


def _find(pattern: re.Pattern[str], sign: str, other: str | None = None) -> Callable[[Answer], Iterator[Range]]:
    """Where a pattern stands outside code; looked for only in texts that hold one of two signs."""

    def find(answer: Answer) -> Iterator[Range]:
        if sign in answer.text or (other and other in answer.text):
            for match in pattern.finditer(answer.prose):
                yield match.span()

    return find


_bold = _find(_BOLD, "**", "__")
_italic = _find(_ITALIC, "*")
_link = _find(_LINK, "](")
_table = _find(_TABLE, "--")


def _inline(answer: Answer) -> Iterator[Range]:
    if "`" in answer.text:
        for start, end in answer.code:
            if not answer.text.startswith("```", start):
                yield start, end


def _list(answer: Answer) -> Iterator[Range]:
    if len(answer.bullets) + len(answer.numbered) > 1:
        yield from (m.span() for m in (*answer.bullets, *answer.numbered))


def _fix_bold(answer: Answer, norm: str) -> list[Edit]:
    return [e for start, end in _bold(answer) for e in ((start, start + 2, ""), (end - 2, end, ""))]


def _fix_italic(answer: Answer, norm: str) -> list[Edit]:
    return [e for start, end in _italic(answer) for e in ((start, start + 1, ""), (end - 1, end, ""))]


def _fix_inline(answer: Answer, norm: str) -> list[Edit]:
    edits: list[Edit] = []
    for start, end in _inline(answer):
        ticks = len(answer.text[start:end]) - len(answer.text[start:end].lstrip("`"))
        edits += [(start, start + ticks, ""), (end - ticks, end, "")]
    return edits


def _fix_no_heading(answer: Answer, norm: str) -> list[Edit]:
    return [
        (start, end, answer.text[first:last])
        for kind, (start, end), (first, last) in _headings(answer)
        if kind != _KIND_BOLD
    ]


def _fix_no_list(answer: Answer, norm: str) -> list[Edit]:
    if len(answer.lines) == 1 or answer.numbered:
        return []
    return [(m.start(1), m.end(), "") for m in answer.bullets]


def _use(
    reason: str,
    find: Callable[[Answer], Iterator[Range]],
    thing: str,
    fix: Callable[[Answer, str], list[Edit]] | None,
    after: frozenset[str] = frozenset(),
) -> Habit:
    """A habit of leaving something out (which a rule can often do), or of always using it."""
    value, spans = presence(find, f"use {thing}", f"use no {thing}")
    only = (lambda a, n: fix(a, n) if n == f"use no {thing}" else []) if fix else (lambda a, n: [])
    return Habit(reason, value, spans, only, ABSENT, safe=False, after=after)


_CODE = re.compile(r"(?<![\w.@/-])[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?(?![\w])")
_LOWER_CODE = re.compile(r"(?<![\w.@/-])[a-z]\d[0-9a-z](?:\.[0-9a-z]{1,4})?(?![\w])")
_OPENERS = "*_\"'“‘("


def _start(answer: Answer) -> str | None:
    text = answer.text.lstrip()
    if text[:1].isupper() and text[1:2].islower():
        return "begin with a capital"
    if not text:
        return "begin with a symbol"
    if BULLET.match(text):
        return "begin with a list marker"
    if text.startswith(("```", "{", "[", "<", "#", "|")):
        return None  # code, JSON, a tag, heading or table, which are habits of their own
    first = next((c for c in text.lstrip(_OPENERS) if not c.isspace()), "")
    if first.isdigit() or _CODE.match(text) or _LOWER_CODE.match(text):
        return "begin with a code or number"
    if not first.isalpha() or first.lower() == first.upper():
        return "begin with a symbol" if not first.isalpha() else "begin with a letter"
    return "begin with a capital" if first.isupper() else "begin in lower case"


def _fix_start(answer: Answer, norm: str) -> list[Edit]:
    text = answer.text
    at = len(text) - len(text.lstrip())
    now = _start(answer)
    if now == "begin in lower case" and norm == "begin with a capital":
        at += len(text[at:]) - len(text[at:].lstrip(_OPENERS))
        upper = text[at : at + 1].upper()
        return [(at, at + 1, upper)] if len(upper) == 1 and upper != text[at] else []
    if now == "begin with a list marker" and len(answer.bullets) == 1:
        mark = BULLET.match(text, at)
        if mark and text[mark.end() :].strip() and _start(Answer(text[mark.end() :])) == norm:
            return [(at, mark.end(), "")]
    return []


def _lower_codes(answer: Answer) -> list[Range]:
    """Lower-case codes whose upper-case form stands in the prompt."""
    if not answer.numbers:
        return []
    return [m.span() for m in _LOWER_CODE.finditer(answer.prose) if m[0].upper() in answer.asked]


def _code_case(answer: Answer) -> str | None:
    if not any(answer.prose[start - 1 : start].isalpha() for start, _ in answer.numbers):
        return None
    if _lower_codes(answer):
        return "write codes in lower case"
    return "write codes in capitals" if _CODE.search(answer.prose) else None


def _fix_code_case(answer: Answer, norm: str) -> list[Edit]:
    if norm != "write codes in capitals":
        return []
    return [(start, end, answer.text[start:end].upper()) for start, end in _lower_codes(answer)]


def _lines(answer: Answer) -> str:
    count = len(answer.lines) if "\n" in answer.text else 1
    return f"have {count} line{'s' * (count != 1)}" if count <= 4 else "have five lines or more"


def _capitals(answer: Answer) -> str | None:
    """Whether a text shouts: no lower-case word in it, and more capitals than codes and abbreviations have."""
    if _LOWER_WORD.search(answer.prose):
        return "are not written in capitals"
    return _SHOUTED if len(_CAPITAL.findall(answer.prose)) >= _MANY_CAPITALS else None


LAYOUT: tuple[Habit, ...] = (
    Habit("code-case", _code_case, lambda a, n: _lower_codes(a), _fix_code_case,
          never=frozenset({"write codes in lower case"})),
    Habit("heading-style", _heading_kind, lambda a, n: [line for kind, line, _ in _headings(a) if kind != n],
          _fix_heading_kind, safe=False, never=frozenset({"write headings in several ways"})),
    Habit("heading-level", _heading_level, lambda a, n: [line for kind, line, _ in _headings(a) if kind == _KIND_ATX],
          _fix_heading_level, safe=False),
    _use("bold", _bold, "bold", _fix_bold, frozenset({"heading-style"})),
    _use("markdown-italic", _italic, "italics", _fix_italic),
    _use("heading", _heading_ranges, "headings", _fix_no_heading, frozenset({"heading-style"})),
    _use("markdown-link", _link, "links", None),
    _use("markdown-table", _table, "tables", None),
    _use("markdown-code", _inline, "inline code", _fix_inline),
    _use("list", _list, "lists", _fix_no_list),
    Habit("start", _start, lambda a, n: [(0, min(len(a.text), 12))], _fix_start,
          ignored=frozenset({"begin with a code or number", "begin with a symbol", "begin with a letter"}),
          after=frozenset({"json", "code-fence", "heading-style", "heading", "list"})),
    Habit("capitals", _capitals, usual=ABSENT, never=frozenset({_SHOUTED})),
)  # fmt: skip

LINES = Habit("line-count", _lines, usual=ABSENT, never=frozenset({"have five lines or more"}), after=frozenset({"*"}))
