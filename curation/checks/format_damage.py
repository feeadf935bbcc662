"""Damaged text that can be mended without a look: broken encodings, entities, control characters, stray spaces."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import code_ranges, groups, outside

Edit = tuple[int, int, str]

_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|ndash|mdash|hellip|rsquo|lsquo|rdquo|ldquo|#\d{2,6}|#x[0-9a-fA-F]{2,5});"
)
_MARKUP = re.compile(r"</?(?:p|div|span|br|a|b|i|ul|li|table|td|tr|html|body|h[1-6])\b[^>]*>", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]+")
_DOUBLED = re.compile(r"(?<=\S)(?<![|+]) {2,}(?=[^\s|])")
_TRAILING = re.compile(r"\s+\Z")
_COMMON_SHARE = 0.2  # a habit of more than a fifth of a group is its habit, not damage


def _mojibake(text: str) -> Iterator[Edit]:
    if text.isascii():
        return
    import ftfy
    from ftfy.badness import is_bad

    start = 0
    for line in text.splitlines(keepends=True):
        body = line.rstrip("\r\n")
        if not body.isascii() and is_bad(body):
            mended = ftfy.fix_encoding(body)
            if mended != body and ftfy.fix_encoding(mended) == mended and not _CONTROL.search(mended):
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
    if "&" not in text or _MARKUP.search(text):
        return
    code = code_ranges(text)
    for match in _ENTITY.finditer(text):
        plain = html.unescape(match[0]).replace("\xa0", " ")
        if plain != match[0] and outside(code, *match.span()) and not _CONTROL.search(plain):
            yield *match.span(), plain


def _controls(text: str) -> Iterator[Edit]:
    for match in _CONTROL.finditer(text):
        yield *match.span(), ""


def _doubled(text: str) -> Iterator[Edit]:
    code = code_ranges(text)
    for match in _DOUBLED.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        table = line.startswith(("    ", "\t", "|")) or "|" in line
        if not table and outside(code, *match.span()):
            yield *match.span(), " "


def _trailing(text: str) -> Iterator[Edit]:
    match = _TRAILING.search(text)
    if match and match.start():
        yield *match.span(), ""


# reason, what the sentence calls it, finder, whether prompts count too
_KINDS: tuple[tuple[str, str, Callable[[str], Iterator[Edit]], bool], ...] = (
    ("mojibake", "text in a broken encoding", _mojibake, True),
    ("html-entity", "HTML entities in plain text", _entities, True),
    ("control-character", "control characters", _controls, True),
    ("doubled-space", "doubled spaces", _doubled, False),
    ("trailing-space", "white space after the answer's end", _trailing, False),
)


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for reason, label, find, everywhere in _KINDS:
        habit = set() if everywhere else _habitual(batch, find, label)
        for example in batch:
            if example.id in habit:
                continue
            last = len(example.messages) - 1
            edits = [
                Replacement(turn, *edit)
                for turn, message in enumerate(example.messages)
                if message.content.strip() and (everywhere or (turn == last and message.role == "assistant"))
                for edit in find(message.content)
            ]
            if edits:
                yield Finding(
                    example.id,
                    "format.damage",
                    "warn",
                    reason,
                    f"It holds {label} ({len(edits)} place{'s' * (len(edits) > 1)}).",
                    spans=tuple(Span(e.turn, e.start, e.end) for e in edits if e.end > e.start),
                    proposal=Proposal("edit", (example.id,), True, tuple(edits)),
                )


def _habitual(batch: Batch, find: Callable[[str], Iterator[Edit]], label: str) -> set[str]:
    """Examples of groups in which more than a fifth of the answers have it: their habit, so no fault."""
    habit: set[str] = set()
    for group in batch.shared(groups):
        having = sum(1 for example in group.examples if next(find(example.answer), None))
        if having > _COMMON_SHARE * len(group.examples):
            habit |= {example.id for example in group.examples}
            batch.note(
                f"format.damage: {having} of {len(group.examples)} answers of one group have {label}; taken as its "
                f"habit."
            )
    return habit


DAMAGE = Check(
    name="format.damage",
    version=1,
    title="Broken encodings, HTML entities, control characters, doubled and trailing spaces",
    run=_run,
    catches=(
        (chat("Der FlÃ¼gel?", "Ja."),),
        (chat("Is A &amp; B right?", "Yes."),),
        (chat("Is it?", "Yes,\x00 it is."),),
        (chat("Is it?", "Yes,  it is."),),
        (chat("Is it?", "Yes, it is. \n"),),
    ),
    passes=(
        (chat("Der Flügel? Größe, naïve café — “so”…", "Ja."),),
        (chat("How is `&amp;` written?", "<p>As &amp;amp;</p>"),),
        (chat("A table", "| a  | b |\n| -- | - |"),),
        (chat("Code", "```\nx  = 1\n```"),),
        (chat("Is it?  Really? ", "Yes."),),
    ),
    about="ftfy finds the broken encodings. Doubled and trailing spaces count only in answers, and only where no "
    "more than "
    "a fifth of the group has them. Every finding carries the exact edit, which is safe.",
)
