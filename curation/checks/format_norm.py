"""Answers that depart from what nearly all answers of their group do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from core.types import Example, Finding, Message, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.checks.format_text import truncated
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, groups, norm
from curation.evidence.habits import ABSENT, HABITS, Habit
from curation.minhash.normalise import normalise

_LONGEST_FORMULA = 4
_TOKEN = re.compile(r"\S+")
_IDENTIFIER = re.compile(r"(?=\S*\d)[A-Z][\w.-]*")


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for group in batch.shared(groups):
        flagged: set[str] = set()
        for habit in HABITS:
            for finding in _departures(batch, group, habit):
                flagged.add(finding.example_id)
                yield finding
        yield from _openings(batch, group, flagged)


def _departures(batch: Batch, group: Group, habit: Habit) -> Iterator[Finding]:
    values = [habit.value(example) for example in group.examples]
    learned = norm(values, batch, habit.usual)
    if learned is None:
        return
    wanted = str(learned.value)
    if wanted in habit.firm and learned.count < ABSENT * learned.total:
        return
    cut = batch.shared(truncated)
    for example, value in zip(group.examples, values, strict=True):
        if (
            value is None
            or value == wanted
            or value in habit.ignored
            or (habit.reason == "final-punctuation" and example.id in cut)
        ):
            continue
        turn, text = len(example.messages) - 1, example.answer
        ranges = [r for r in habit.spans(example, wanted) if r[0] < r[1]] or [(0, len(text))]
        yield Finding(
            example.id,
            "format.norm",
            "warn",
            habit.reason,
            f"{learned} answers of the group {wanted}; this one does not.",
            learned.count / learned.total,
            spans=tuple(Span(turn, start, end) for start, end in ranges),
            proposal=_proposal(example, habit, wanted),
        )


def _proposal(example: Example, habit: Habit, wanted: str) -> Proposal | None:
    """The habit's edits, if applying them gives the answer the wanted value."""
    edits = habit.fix(example, wanted)
    if not edits:
        return None
    turn = len(example.messages) - 1
    text = example.answer
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    mended = Example("", (*example.prompt, Message("assistant", text)))
    if not text.strip() or habit.value(mended) not in (wanted, None):
        return None
    return Proposal("edit", (example.id,), habit.safe, tuple(Replacement(turn, *edit) for edit in sorted(edits)))


def _openings(batch: Batch, group: Group, flagged: set[str]) -> Iterator[Finding]:
    """Answers that do not open with the formula that the group opens with, if it has one of up to four words."""
    openings = [_opening(example.answer) for example in group.examples]
    formula: tuple[str, ...] = ()
    share = None
    for length in range(1, _LONGEST_FORMULA + 1):
        learned = norm([opening[:length] if len(opening) >= length else ("",) for opening in openings], batch, 0.9)
        if learned is None or not isinstance(learned.value, tuple) or len(learned.value) < length:
            break
        formula, share = learned.value, learned
    if not formula or share is None:
        return
    shown = " ".join("a code" if word == "\0" else f"“{word}”" for word in formula)
    for example, opening in zip(group.examples, openings, strict=True):
        if opening[: len(formula)] == formula or example.id in flagged:
            continue
        words = list(_TOKEN.finditer(example.answer))
        yield Finding(
            example.id,
            "format.norm",
            "warn",
            "opening",
            f"{share} answers of the group open with {shown}; this one does not.",
            share.count / share.total,
            spans=(Span(len(example.messages) - 1, words[0].start(), words[min(len(words), len(formula)) - 1].end()),),
        )


def _opening(text: str) -> tuple[str, ...]:
    """The first words, in lower case and bare, with codes made equal."""
    words = text.split(None, _LONGEST_FORMULA)[:_LONGEST_FORMULA]
    return tuple("\0" if _IDENTIFIER.fullmatch(word.strip(".,:;()")) else normalise(word) or word for word in words)


_GROUP = tuple(chat(f"Case {i}?", f"The code is A{i}.{i % 7}, as listed.") for i in range(10, 70))

NORM = Check(
    name="format.norm",
    version=1,
    title="Answers that depart from the format of their group",
    run=_run,
    catches=(
        (*_GROUP, chat("Case x, A99.1?", "The code is A99.1, as listed")),
        (*_GROUP, chat("Case x, A99.1?", "The code is a99.1, as listed.")),
        (*_GROUP, chat("Case x, A99.1?", "The code is **A99.1**, as listed.")),
        (*_GROUP, chat("Case x, A99.1?", "The code is “A99.1”, as listed.")),
        (*_GROUP, chat("Case x, A99.1?", "* The code is A99.1, as listed.")),
        (*_GROUP, chat("Case x, A99.1?", "I would take A99.1, as listed.")),
        (*_GROUP, chat("Case x, A99.1?", "the code is A99.1, as listed.")),
    ),
    passes=(
        _GROUP,
        (*_GROUP[:18], chat("Case x, A99.1?", "the code is a99.1")),
        tuple(chat(f"Case {i}?", f"Code A{i}" + "." * (i % 2)) for i in range(10, 60)),
    ),
    about="Within examples of one system prompt: final punctuation, capital or list marker at the start, opening "
    "formula, "
    "list marker, dash, quotes, bold, headings, code blocks, JSON and its keys, dates, case of codes, number of "
    "lines. A "
    "norm needs 20 answers and a lower confidence bound (Clopper-Pearson, 95 %) of its share of 0.8; where "
    "the norm is to leave something out, also a share of 0.93.",
)
