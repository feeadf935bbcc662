"""Prompts that are all cut from one template: the same beginning, the same end, or the same words but for names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.checks.coverage_cluster import LISTED
from curation.evidence.batch import Batch
from curation.evidence.coverage import ask

WORDS = 6
"""Words at the beginning or the end of a prompt that make a template."""

LONGEST_WHOLE = 30
"""Words of the longest prompt that is compared whole."""

FEWEST = 20
"""Fewest prompts of a template."""

_REACH = 240  # characters at either end in which those words are looked for
_SAME = 0.8  # two templates with this many prompts in common are one
_DIGITS = re.compile(r"\d+")
_HOW = {"whole": "are the same but for names and numbers", "begin": "begin", "end": "end"}


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    asked = {example.id: text for example in batch if (text := ask(example)).strip()}
    least = max(FEWEST, batch.settings.template_share * len(asked))
    by_form: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, text in asked.items():
        for form in _forms(text):
            by_form[form].append(key)
    kinds = list(_HOW)
    large = [(form, ids) for form, ids in by_form.items() if len(ids) >= least]
    large.sort(key=lambda item: (-len(item[1]), kinds.index(item[0][0]), item[0][1]))
    told: list[frozenset[str]] = []
    for (kind, words), ids in large:
        members = frozenset(ids)
        if any(len(members & other) >= _SAME * min(len(members), len(other)) for other in told):
            continue
        told.append(members)
        yield _finding(batch.example(ids[0]), kind, words, ids, len(asked))


def _forms(text: str) -> Iterable[tuple[str, str]]:
    """What of a prompt may be a template: kind and words, names and numbers masked."""
    opening, *others = text[:_REACH].split()
    if len(others) < WORDS - 1:
        return
    first = [_DIGITS.sub("#", opening), *map(_masked, others)]
    if len(text) <= _REACH and len(first) <= LONGEST_WHOLE:
        yield "whole", " ".join(first)
        if len(first) < 2 * WORDS:
            return
    yield "begin", " ".join(first[:WORDS])
    yield "end", " ".join(map(_masked, text[-_REACH:].split()[-WORDS:]))


@lru_cache(maxsize=65_536)
def _masked(word: str) -> str:
    """A word with its digits as one ``#``; a capitalised word as ``…``, unless it is all that there could be."""
    if word[0].isupper() and word[1:].islower() and len(word) > 3:
        return "…"
    return _DIGITS.sub("#", word)


def _finding(example: Example, kind: str, words: str, ids: Sequence[str], total: int) -> Finding:
    """One finding a template; it stands with its first example by id."""
    turn = next(place for place in reversed(range(len(example.prompt))) if example.messages[place].role == "user")
    text = example.messages[turn].content
    start, end = 0, len(text)
    if kind == "begin" and (match := re.match(rf"\s*(?:\S+\s+){{{WORDS - 1}}}\S+", text)):
        start, end = match.span()
    elif kind == "end" and (match := re.search(rf"(?:\S+\s+){{{WORDS - 1}}}\S+\s*\Z", text[-_REACH:])):
        start = len(text) - len(text[-_REACH:]) + match.start()
    listed = f" ({min(len(ids), LISTED)} of them are listed)" if len(ids) > LISTED else ""
    how = _HOW[kind] if kind == "whole" else f"{_HOW[kind]} with the same words"
    return Finding(
        example.id,
        "coverage.template",
        "info",
        f"same-{kind}" if kind == "whole" else f"same-{'beginning' if kind == 'begin' else 'end'}",
        f"{len(ids):,} of {total:,} prompts ({len(ids) / total:.0%}){listed} {how}: “{words}”. The model may come to "
        "expect them; ask in other words too.",
        round(len(ids) / total, 4),
        spans=(Span(turn, start, end),) if end > start else (),
        related=tuple(ids[1:LISTED]),
    )


_OPEN = (
    "How do I",
    "What is the way to",
    "Please tell me to",
    "Can somebody",
    "Where might I",
    "When should we",
    "Why",
)
_VERBS = ("open an account here", "close the garden gate", "change a tyre in the rain", "write to the council",
          "bake bread without any yeast at home", "find my way to the old station", "mend this coat")  # fmt: skip
_FREE = tuple(chat(f"{_OPEN[i % 7]} {_VERBS[i // 7]} {i}?", f"Answer {i}.") for i in range(49))

TEMPLATE = Check(
    name="coverage.template",
    version=1,
    title="Prompts cut from one template",
    run=_run,
    catches=(
        (*_FREE, *(chat(f"Which code applies to a patient with finding number {i}?", f"A{i}.") for i in range(30))),
        (*_FREE, *(chat(f"{_VERBS[i % 7]} {i} is what they did. Is this review positive or negative? Say it.", "Yes.")
                   for i in range(30))),
        (*_FREE, *(chat(f"What is the capital of {'ABCDE'[i % 5]}land{'xyzuvw'[i % 6]}?", "A.") for i in range(30))),
    ),
    passes=(
        _FREE,
        (*_FREE, *(chat(f"Which code applies to a patient with finding number {i}?", f"A{i}.") for i in range(10))),
        tuple(chat("Yes or no?", f"Answer {i}.") for i in range(60)),
        (),
    ),
    about="Compared are the last requests: their first six words, their last six, and short ones whole, with digits "
    "and capitalised words masked. A template in at least 20 % of the prompts (``template_share``), and in 20 of them, "
    "gives one finding; it names up to 50 of its examples and says how many there are. It is a note, not a fault: a "
    "model that is always asked in the same words may fail when asked otherwise.",
)  # fmt: skip
