"""Damage of a text, kind by kind, each with the edits that mend it and touch nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.entities import html5

from curation.evidence.groups import code_ranges, outside
from curation.evidence.habits_answer import Edit

_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,5});")
_MARKUP = re.compile(
    r"</?(?:p|div|span|br|hr|a|b|i|u|em|strong|ul|ol|li|table|td|tr|html|body|h[1-6]|font)\b[^<>\n]*>", re.IGNORECASE
)
_ASCII_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_ESCAPE = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")  # ANSI: colours of a terminal
_BREAKS = {**dict.fromkeys("\x0b\x0c", "\n"), **dict.fromkeys("\x1c\x1d\x1e\x1f", " ")}
_NO_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff]")
_LOST = re.compile("\ufffd+")
_DOUBLED = re.compile(r"(?<=\S)(?<![|+]) {2,}(?=[^\s|])")
_LINE_END = re.compile(r"[ \t]+(?=\r?\n)")
_HARD_BREAK = "  "  # two spaces end a line in Markdown
_RETURN = re.compile(r"\r\n?")
_MIXED = re.compile(r"[A-Za-z][\u0400-\u04ff\u03bf]|[\u0400-\u04ff\u03bf][A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC = "аеорсухіјѕһԁАВЕКМНОРСТУХІЈЅ\u03bf"
_LATIN = "aeopcyxijshdABEKMHOPCTYXIJSo"
_TO_LATIN = dict(zip(_CYRILLIC, _LATIN, strict=True))
_TO_CYRILLIC = {latin: letter for letter, latin in _TO_LATIN.items() if letter != "\u03bf"}
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage.

    Attributes:
        reason: Slug of its findings.
        label: What a sentence calls it.
        find: The edits that mend a text; (start, end, None) where nothing can.
        prompts: Whether turns before the answer count too.
        safe: Whether mending cannot change what is taught.
    """

    reason: str
    label: str
    find: Callable[[str], Iterator[tuple[int, int, str | None]]]
    prompts: bool
    safe: bool = True


def _mojibake(text: str) -> Iterator[Edit]:
    if text.isascii():
        return
    import ftfy
    from ftfy.badness import is_bad

    if not is_bad(text):
        return
    start = 0
    for line in text.splitlines(keepends=True) if "\x85" not in text else [text]:
        body = line.rstrip("\r\n")
        if not body.isascii() and is_bad(body):
            mended = ftfy.fix_encoding(body)
            if mended != body and ftfy.fix_encoding(mended) == mended:
                yield _smallest(body, mended, start)
        start += len(line)


def _smallest(old: str, new: str, offset: int) -> Edit:
    """The edit without what both begin and end with."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return offset + head, offset + len(old) - tail, new[head : len(new) - tail]


def _entities(text: str) -> Iterator[Edit]:
    if "&" not in text or ";" not in text or _MARKUP.search(text):
        return
    code = code_ranges(text)
    for match in _ENTITY.finditer(text):
        name = match[0][1:]
        if name[0] != "#" and name not in html5:
            continue
        plain = html.unescape(match[0]).replace("\xa0", " ")
        if plain != match[0] and outside(code, *match.span()) and not _CONTROL.search(plain):
            yield *match.span(), plain


def _tags(text: str) -> Iterator[Edit]:
    if "<" not in text or ">" not in text:
        return
    code = code_ranges(text)
    for match in _MARKUP.finditer(text):
        if outside(code, *match.span()):
            breaks = match[0].lower().startswith(("<br", "</p", "</div", "</li"))
            yield *match.span(), "\n" if breaks and match.end() < len(text.rstrip()) else ""


def _controls(text: str) -> Iterator[Edit]:
    """Control characters go, a terminal's colours whole; those that part words become white space.

    Those of the range that Windows-1252 uses for letters and marks become these. A zero-width space between words of a
    script that is written without spaces belongs there.
    """
    if text.isascii():
        if len(text.encode().translate(None, _ASCII_CONTROLS)) == len(text):
            return
    elif not _CONTROL.search(text):
        return
    broken = [(start, end) for start, end, _ in _mojibake(text)]
    done = 0
    for match in _CONTROL.finditer(text):
        start, end = match.span()
        if start < done or not outside(broken, start, end):
            continue
        if match[0] == "\u200b" and _NO_SPACES.search(text[max(0, start - 1) : end + 1]):
            continue
        if colour := _ESCAPE.match(text, start):
            end = colour.end()
        done = end
        yield start, end, _instead_of(match[0], text[start - 1 : start], text[end : end + 1])


def _instead_of(control: str, before: str, after: str) -> str:
    """What takes a control character's place: white space where it parts two words."""
    if control in _BREAKS:
        return _BREAKS[control] if before.strip() and after.strip() else ""
    return _WINDOWS.get(ord(control), "")


def _lost(text: str) -> Iterator[tuple[int, int, None]]:
    if "\ufffd" in text:
        for match in _LOST.finditer(text):
            yield *match.span(), None


def _doubled(text: str) -> Iterator[Edit]:
    if "  " not in text:
        return
    code = code_ranges(text)
    for match in _DOUBLED.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        table = line.startswith(("    ", "\t", "|")) or "|" in line
        if not table and outside(code, *match.span()):
            yield *match.span(), " "


def _trailing(text: str) -> Iterator[Edit]:
    end = len(text.rstrip())
    if "\n" in text and (" \n" in text or "\t\n" in text or " \r" in text):
        code = code_ranges(text)
        for match in _LINE_END.finditer(text, 0, end):
            if match[0] != _HARD_BREAK and outside(code, *match.span()):
                yield *match.span(), ""
    if 0 < end < len(text):
        yield end, len(text), ""


def _leading(text: str) -> Iterator[Edit]:
    start = len(text) - len(text.lstrip())
    if 0 < start < len(text) and not text.startswith(("    ", "\t")):
        yield 0, start, ""


def _line_ends(text: str) -> Iterator[Edit]:
    if "\r" in text:
        for match in _RETURN.finditer(text):
            yield *match.span(), "\n"


def _scripts(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Words of letters of two scripts; those that look like a letter of the other script become it."""
    if text.isascii() or not _MIXED.search(text):
        return
    for match in _WORD.finditer(text):
        word = match[0]
        if not _MIXED.search(word):
            continue
        latin = sum(letter.isascii() for letter in word)
        table = _TO_LATIN if 2 * latin >= len(word) else _TO_CYRILLIC
        whole = "".join(table.get(letter, letter) for letter in word)
        yield *match.span(), None if _MIXED.search(whole) else whole


DAMAGES: tuple[Damage, ...] = (
    Damage("mojibake", "text in a broken encoding", _mojibake, True),
    Damage("html-entity", "HTML entities in plain text", _entities, True),
    Damage("html-tag", "HTML tags in plain text", _tags, False, safe=False),
    Damage("control-character", "control characters", _controls, True),
    Damage("lost-character", "characters that were lost when the text was read", _lost, True),
    Damage("mixed-scripts", "words with letters of two scripts", _scripts, True, safe=False),
    Damage("line-ends", "line ends of another kind", _line_ends, False),
    Damage("doubled-space", "doubled spaces", _doubled, False),
    Damage("leading-space", "white space before the answer's beginning", _leading, False),
    Damage("trailing-space", "white space after the answer's end or that of a line", _trailing, False),
)
