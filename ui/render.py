"""The only place where text from a dataset becomes HTML: escaped, marked, folded with a stated count, never run."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.types import Message, Span
from ui.diff import Range, diff

MAX_TURNS = 60
EXCERPT_TURNS = 4
SHORT_WORD = 24
LONG_LINE = 20_000
BLOCK = 2_000
"""A line of more characters than LONG_LINE is laid out in blocks of so many."""

INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]|\r(?!\n)"
)
"""Characters that act without being seen (controls, bidirectional overrides, zero widths): shown by their names."""

UNMARKED = re.compile(
    r"(?<=https)(?=://)|(?<=http)(?=://)|(?<=www)(?=\.)|(?=@[-\w]+\.)"  # addresses become links
    r"|(?<=:)(?=[-+\w]+[/:])|(?<=\s[-<>~])(?=[-=>])",  # :smile: and :material/home: become signs, -> an arrow
    re.IGNORECASE,
)
"""Where what Streamlit's Markdown acts on after escapes were undone can be cut in two."""

STYLE = """<style>
.ft-turn{max-width:80ch;margin:0 0 .9rem;padding:.1rem 0 .1rem .9rem;border-left:3px solid rgba(128,134,136,.45)}
.ft-turn.ft-assistant{border-left-color:#1b8a9b}
.ft-turn.ft-user{border-left-color:rgba(128,134,136,.8)}
.ft-turn.ft-tool{border-left-color:#8d74c4}
.ft-role{font-size:.78rem;font-weight:600;opacity:.72;margin-bottom:.15rem;letter-spacing:.01em}
.ft-text{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.55;unicode-bidi:plaintext;tab-size:4}
.ft-text mark{color:inherit;background:rgba(234,170,40,.38);border-radius:3px;padding:0 1px}
.ft-text mark.ft-differs{background:rgba(124,92,200,.24);box-shadow:inset 0 -2px 0 rgba(124,92,200,.75)}
.ft-text mark.ft-gone{background:rgba(214,69,56,.2);text-decoration:line-through}
.ft-text mark.ft-new{background:rgba(40,150,90,.24);box-shadow:inset 0 -2px 0 rgba(40,150,90,.75)}
.ft-block{display:inline-block;width:100%;unicode-bidi:plaintext;content-visibility:auto;
contain-intrinsic-size:auto 60ch auto 40em}
.ft-fold{display:block;font-size:.82rem;opacity:.75;border:1px dashed rgba(128,134,136,.6);border-radius:4px;
padding:.1rem .5rem;margin:.35rem 0;white-space:normal}
.ft-char{font-family:monospace;font-size:.72em;border:1px solid rgba(128,134,136,.6);border-radius:3px;padding:0 .2em;
opacity:.85;unicode-bidi:isolate}
.ft-empty{font-style:italic;opacity:.65}
.ft-line{overflow-wrap:anywhere;unicode-bidi:isolate}
.ft-note{max-width:80ch;overflow-wrap:anywhere;line-height:1.5}
.ft-row{margin:.15rem 0}.ft-row b{font-weight:600}
.ft-note small{opacity:.72}
.ft-head{font-size:1.12rem;font-weight:600;white-space:normal}
</style>"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A half-open range of code points to highlight; ``kind`` is found, differs, gone or new.

    The kind ``place`` keeps a spot in view without a highlight: where words are missing that the other side has.
    """

    start: int
    end: int
    kind: str = "found"


@dataclass(frozen=True, slots=True)
class Windows:
    """What stays visible of a text longer than ``above`` code points: its start, its end, and around each mark."""

    above: int
    head: int
    tail: int
    around: int


FOLDED = Windows(12_000, 6_000, 1_500, 400)
ASIDE = Windows(700, 280, 180, 200)
"""For turns without a mark in a conversation that has marks elsewhere."""
EXCERPT = Windows(420, 120, 0, 140)


def escape(text: str) -> str:
    """Text as HTML that shows exactly its characters; those that cannot be seen appear as U+XXXX."""

    def named(match: re.Match[str]) -> str:
        return f'<span class="ft-char">U+{ord(match[0]):04X}</span>'

    return INVISIBLE.sub(named, html.escape(text, quote=True)).replace("\r\n", "\n")


def text_html(text: str, marks: Iterable[Mark] = (), *, windows: Windows | None = FOLDED) -> str:
    """One text with its marks. A long one is folded around them, and each fold states how many characters it holds."""
    flat = _flatten([_trimmed(mark, text) for mark in marks], len(text))
    pieces = []
    if not text:
        return '<span class="ft-empty">(empty)</span>'
    at = 0
    for start, end in _visible(text, flat, windows) if windows else [(0, len(text))]:
        if start > at:
            pieces.append(_fold_note(start - at))
        pieces += _lines(text, start, end, flat)
        at = end
    if at < len(text):
        pieces.append(_fold_note(len(text) - at))
    return "".join(pieces)


def turn_html(message: Message, marks: Iterable[Mark] = (), *, windows: Windows | None = FOLDED) -> str:
    """One turn: its role as a label, its text below."""
    role = message.role if message.role in ("system", "user", "assistant", "tool") else "other"
    label = escape(message.role) or "(no role)"
    body = text_html(message.content, marks, windows=windows)
    return (
        f'<div class="ft-turn ft-{role}"><div class="ft-role">{label}</div>'
        f'<div class="ft-text" dir="auto">{body}</div></div>'
    )


def conversation_html(
    messages: Sequence[Message],
    marks: Mapping[int, Sequence[Mark]] | None = None,
    *,
    fold: bool = True,
    aside: Windows = FOLDED,
) -> str:
    """All turns in order; ``marks`` by 0-based turn; ``aside`` folds the turns without marks where others have some."""
    marks = marks or {}
    shown = messages[:MAX_TURNS] if fold else messages
    turns = []
    for turn, message in enumerate(shown):
        windows = aside if any(marks.values()) and not marks.get(turn) else FOLDED
        turns.append(turn_html(message, marks.get(turn, ()), windows=windows if fold else None))
    if len(shown) < len(messages):
        turns.append(f'<div class="ft-fold">{len(messages) - len(shown):,} more turns are folded.</div>')
    return STYLE + ("".join(turns) or '<div class="ft-turn ft-empty">(no turns)</div>')


def conversation(messages: Sequence[Message], marks: Mapping[int, Sequence[Mark]] | None = None, *, key: str) -> None:
    """Draw a conversation; where something is folded, a switch shows all of it."""
    size = sum(len(m.content) for m in messages)
    fold = len(messages) > MAX_TURNS or any(len(m.content) > FOLDED.above for m in messages)
    if fold:
        fold = not st.toggle(f"Show all {size:,} characters", key=f"unfold-{key}")
    st.html(conversation_html(messages, marks, fold=fold))


def evidence(messages: Sequence[Message], marks: Mapping[int, Sequence[Mark]]) -> None:
    """Draw a conversation on a desk: long turns without a mark are folded too, until F shows all text."""
    st.html(conversation_html(messages, marks, fold=not st.session_state.get("whole_text"), aside=ASIDE))


def turns(messages: Sequence[Message], marks: Mapping[int, Sequence[Mark]], which: Sequence[int]) -> None:
    """Draw some turns of a conversation on a desk; long ones are folded round their marks, until F shows all text."""
    whole = st.session_state.get("whole_text")
    shown = which if whole else which[:MAX_TURNS]
    pieces = [turn_html(messages[turn], marks.get(turn, ()), windows=None if whole else ASIDE) for turn in shown]
    if len(shown) < len(which):
        pieces.append(f'<div class="ft-fold">{len(which) - len(shown):,} more turns are folded.</div>')
    st.html(STYLE + "".join(pieces))


def excerpts(messages: Sequence[Message], marks: Mapping[int, Sequence[Mark]]) -> None:
    """Only the turns that have marks, cut to what surrounds them; what is left out is counted."""
    turns = [turn for turn, found in sorted(marks.items()) if found and turn < len(messages)]
    shown = turns[:EXCERPT_TURNS]
    pieces = [turn_html(messages[turn], marks[turn], windows=EXCERPT) for turn in shown]
    if not turns and messages:
        pieces = [turn_html(messages[-1], windows=EXCERPT)]
    if len(turns) > len(shown):
        pieces.append(f'<div class="ft-fold">{len(turns) - len(shown):,} more marked turns are left out.</div>')
    st.html(STYLE + ("".join(pieces) or '<div class="ft-turn ft-empty">(no turns)</div>'))


def span_marks(spans: Iterable[Span], example_id: str, own: str) -> dict[int, list[Mark]]:
    """A finding's spans that lie in one example, by turn. ``own`` is the finding's own example (span id None)."""
    marks: dict[int, list[Mark]] = {}
    for span in spans:
        if (span.example_id or own) == example_id:
            marks.setdefault(span.turn, []).append(Mark(span.start, span.end))
    return marks


def twin_marks(
    left: Sequence[Message], right: Sequence[Message], kinds: tuple[str, str] = ("differs", "differs")
) -> tuple[dict[int, list[Mark]], dict[int, list[Mark]], str]:
    """Marks for where two conversations differ, turn by turn, and the coarsest unit in which they were compared."""
    marks: tuple[dict[int, list[Mark]], dict[int, list[Mark]]] = ({}, {})
    unit = "word"
    for turn in range(max(len(left), len(right))):
        a = left[turn].content if turn < len(left) else ""
        b = right[turn].content if turn < len(right) else ""
        found = diff(a, b)
        unit = found.unit if found.unit != "word" else unit
        for side, ranges in enumerate((found.left, found.right)):
            if ranges:
                marks[side][turn] = [Mark(start, end, kinds[side]) for start, end in ranges]
            elif not found.same:
                marks[side][turn] = _places((a, b)[side], (found.right, found.left)[side])
    return marks[0], marks[1], unit


def line_html(text: str, *, limit: int = 160) -> str:
    """The start of a text on one line; a cut states how many characters follow."""
    flat = " ".join(text[: limit * 4].split())
    shown = flat[:limit]
    rest = len(text) - len(shown) if len(text) > limit else 0
    more = f' <span class="ft-empty">… {rest:,} more characters</span>' if rest > 0 else ""
    return f'<span class="ft-line">{escape(shown) or "(empty)"}</span>{more}'


def headline(text: str) -> None:
    """What was found, in one sentence that may quote the dataset, larger than the rest."""
    st.html(f'{STYLE}<div class="ft-note ft-text ft-head">{escape(text)}</div>')


def note(text: str, small: str = "") -> None:
    """A sentence that may quote the dataset or a file name."""
    extra = f"<br><small>{escape(small)}</small>" if small else ""
    st.html(f'{STYLE}<div class="ft-note ft-text" style="white-space:normal">{escape(text)}{extra}</div>')


def lines(items: Iterable[tuple[str, str]], *, limit: int = 160) -> None:
    """Short rows of a label and the start of a text, both escaped."""
    rows = "".join(
        f'<div class="ft-row"><b>{escape(label)}</b>&ensp;{line_html(text, limit=limit)}</div>' for label, text in items
    )
    st.html(f"{STYLE}<div>{rows}</div>")


def cell(text: str, *, limit: int = 200) -> str:
    """The start of a text for a cell of a table, which draws it as it is: characters that are not seen by their names.

    A cut ends in an ellipsis; a table is for finding a row, and the row is read in full elsewhere.
    """
    shown = INVISIBLE.sub(lambda match: f"<U+{ord(match[0]):04X}>", text[:limit])
    return f"{shown}…" if len(text) > limit else shown


def plain(text: str) -> str:
    """Text for a Streamlit label or caption, with Markdown's signs switched off (names and paths, not dataset text).

    Some things are acted on after escapes were undone; a word joiner (U+2060, which is not seen) keeps them apart.
    """
    shown = UNMARKED.sub("\u2060", INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text))
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~<>$:^=&\"'])", r"\\\1", shown)


def _places(text: str, missing: Sequence[Range]) -> list[Mark]:
    """Where in ``text`` the words would stand that only the other side has (approximately, for long changes)."""
    last = max(len(text) - 1, 0)
    return [Mark(min(start, last), min(start, last) + 1, "place") for start, _ in missing]


def _trimmed(mark: Mark, text: str) -> Mark:
    """The mark without white space at its ends (which would cut a line end in two), unless it holds nothing else."""
    words = text[mark.start : mark.end]
    if mark.kind == "place" or not words.strip():
        return mark
    before, after = len(words) - len(words.lstrip()), len(words) - len(words.rstrip())
    return Mark(mark.start + before, mark.start + len(words) - after, mark.kind)


def _flatten(marks: Iterable[Mark], length: int) -> list[Mark]:
    """Sorted, clipped to the text, without overlaps (the earlier mark wins)."""
    flat: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, -m.end)):
        start = max(mark.start, flat[-1].end if flat else 0, 0)
        end = min(mark.end, length)
        if start < end:
            flat.append(Mark(start, end, mark.kind))
    return flat


def _visible(text: str, marks: Sequence[Mark], w: Windows) -> list[Range]:
    """What stays visible of a text, as sorted ranges that do not touch and cut no short word in two."""
    length = len(text)
    if length <= w.above:
        return [(0, length)]
    wanted = [(0, w.head), (length - w.tail, length)]
    wanted += [(max(0, m.start - w.around), min(length, min(m.end, m.start + w.head) + w.around)) for m in marks[:50]]
    visible: list[Range] = []
    for start, end in sorted(r for r in wanted if r[0] < r[1]):
        if visible and start <= visible[-1][1] + w.around // 2:
            visible[-1] = (visible[-1][0], max(end, visible[-1][1]))
        else:
            visible.append((start, end))
    return [(_word_edge(text, start, -1), _word_edge(text, end, 1)) for start, end in visible]


def _word_edge(text: str, at: int, step: int) -> int:
    """The nearest white space at or beyond ``at`` in one direction, if there is any within a short word."""
    for distance in range(SHORT_WORD):
        moved = at + step * distance
        if moved <= 0 or moved >= len(text) or text[moved if step > 0 else moved - 1].isspace():
            return min(max(moved, 0), len(text))
    return at


def _lines(text: str, start: int, end: int, marks: Sequence[Mark]) -> list[str]:
    """A range of a text. A line of many thousand characters is cut into blocks that are laid out one by one.

    Browsers take time with the square of a line's length: 20 s for a megabyte in Chromium, and 0.4 s in blocks.
    """
    pieces, at, line = [], start, start
    while line < end:
        stop = text.find("\n", line, end)
        stop = end if stop < 0 else stop
        if stop - line > LONG_LINE:
            pieces.append(_segment(text, at, line, marks))
            at = line
            while at < stop:
                cut = min(_word_edge(text, min(at + BLOCK, stop), 1), stop)
                pieces.append(f'<span class="ft-block">{_segment(text, at, cut, marks)}</span>')
                at = cut
        line = stop + 1
    return [*pieces, _segment(text, at, end, marks)]


def _segment(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    pieces, at = [], start
    for mark in marks:
        if mark.end <= start or mark.start >= end:
            continue
        if mark.kind == "place":
            continue
        first, last = max(mark.start, start), min(mark.end, end)
        name = "" if mark.kind == "found" else f' class="ft-{mark.kind}"'
        pieces.append(escape(text[at:first]))
        pieces.append(f"<mark{name}>{escape(text[first:last])}</mark>")
        at = last
    pieces.append(escape(text[at:end]))
    return "".join(pieces)


def _fold_note(count: int) -> str:
    return f'<span class="ft-fold">{count:,} characters are folded here.</span>'
