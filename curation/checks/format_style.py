"""Answers that depart from the format that the project's house style asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import lower_bound
from curation.evidence.habits import Answer, mended
from curation.evidence.harmless import is_harmless, unbroken
from curation.evidence.house_style import HouseStyle
from curation.evidence.house_style_rules import Rule, rules
from curation.evidence.norms import LearnedNorm
from curation.evidence.settings import Settings

_NAME = "format.style"


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    asked = rules(batch.settings.style)
    if not asked:
        return
    counts = {rule: [0, 0] for rule in asked}
    found: list[Finding] = []
    for example in batch:
        if not example.answer.strip():
            continue
        answer = Answer(example.answer, example)
        told: set[str] = set()
        for rule in asked:
            if rule.habit.value(answer) is None:
                continue
            departs = rule.departs(answer)
            counts[rule][0] += not departs
            counts[rule][1] += 1
            if departs and rule.key not in told:
                told.add(rule.key)
                found.append(_finding(example, answer, rule))
    for rule, (count, total) in counts.items():
        bound = lower_bound(count, total, batch.settings.norm_confidence) if total else 0.0
        departures = sum(finding.reason == rule.habit.reason for finding in found)
        batch.norms.append(
            LearnedNorm(_NAME, rule.habit.reason, "all answers", rule.wanted, count, total, bound, departures, True)
        )
    yield from found


def _finding(example: Example, answer: Answer, rule: Rule) -> Finding:
    turn = len(example.messages) - 1
    ranges = [place for place in rule.habit.spans(answer, rule.wanted) if place[0] < place[1]]
    edits = unbroken(answer, mended(answer, rule.habit, rule.wanted))
    safe = bool(edits) and is_harmless(rule.habit, answer, edits)
    changes = tuple(Replacement(turn, *edit) for edit in edits)
    return Finding(
        example.id,
        _NAME,
        "warn",
        rule.habit.reason,
        f"The house style asks for answers that {rule.wanted}; this one does not.",
        spans=tuple(Span(turn, start, end) for start, end in ranges or [(0, len(answer.text))]),
        proposal=Proposal("edit", (example.id,), safe, changes) if edits else None,
    )


def _declared(answer: str, **style: str | bool | int) -> Batch:
    """An answer with a house style, for the card."""
    return Batch([chat("Case x?", answer)], Settings(style=HouseStyle(**style)))  # type: ignore[arg-type]


STYLE = Check(
    name=_NAME,
    version=1,
    title="Answers that depart from the house style",
    run=_run,
    catches=(
        _declared("It is:\n* A99.1\n* A99.2", bullets="-"),
        _declared("It is “A99.1”.", quotes="straight"),
        _declared("It is 'A99.1'.", quotes="curly"),
        _declared("Seen on March 3, 2026.", dates="2026-11-21"),
        _declared("# A99.1\n\nSo it is.", headings="##"),
        _declared("The code is A99.1", final_punctuation="full stop"),
        _declared("The code is A99.1, as the table says.", max_words=5),
    ),
    passes=(
        (chat("Case x?", "It is:\n* “A99.1”"),),
        _declared("It is:\n- A99.1\n- A99.2", bullets="-", quotes="straight", max_words=6),
        _declared("It is A99.1.", bold=True),
    ),
    about="What ``[style]`` in finetooth.toml asks for about lists, headings, quotes, dashes, dates, times, numbers, "
    "units, punctuation, bold and length. It outranks what the set itself does. What it says of contractions, emoji, "
    "exclamation marks and person stands under tone.norm.",
)
