"""Answers that depart from what nearly all answers of their group do."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.checks.format_truncated import truncated
from curation.evidence.batch import Batch
from curation.evidence.habits import ABSENT, HABITS, Answer, Edit, Range, mended
from curation.evidence.habits_formulas import CLOSINGS, Words, closing, common_tail, formula, shown
from curation.evidence.habits_json import (
    KeyNorm,
    Object,
    key_departures,
    key_ranges,
    learn_keys,
    objects,
    parsed,
    retyped,
)
from curation.evidence.habits_norms import Formula, Norms, Scope, Task, readings, tasks
from curation.evidence.harmless import is_harmless, unbroken
from curation.evidence.norms import LearnedNorm

_TOKEN = re.compile(r"\S+")
_SAMPLE = 500
_TRIVIAL = ("use no ", "are plain text")  # said only where somebody departs from it
_EXPLAINS = frozenset({"json", "code-fence", "code-case", "bold", "quotes", "list-marker"})
_NAME = "format.norm"
Told = dict[str, set[str]]


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    if not batch.shared(tasks):
        return
    norms = Norms(batch)
    told: dict[str, set[str]] = defaultdict(set)
    last = len(HABITS) - 1
    for place in range(last):
        yield from _habit(batch, norms, place, told)
    yield from _json_keys(batch, norms, told)
    yield from _openings(batch, norms, told)
    yield from _closings(batch, norms, told)
    yield from _habit(batch, norms, last, told)


def _habit(batch: Batch, norms: Norms, place: int, told: Told) -> Iterator[Finding]:
    """Departures from the norms of one habit, unless the house style has taken its place."""
    habit = HABITS[place]
    if habit.reason not in batch.settings.style.declared:
        for scope in norms.learn(place):
            some = scope.count < scope.total or batch.kept is not None
            found = _departures(batch, norms, scope, place, told) if some else ()
            yield from _noted(batch, scope, habit.reason, str(scope.wanted), found)


def _noted(batch: Batch, scope: Scope, reason: str, sentence: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings about a norm, which is put on record with how many there are."""
    found = list(findings)
    if found or not sentence.startswith(_TRIVIAL):
        batch.norms.append(
            LearnedNorm(_NAME, reason, scope.label, sentence, scope.count, scope.total, scope.bound, len(found))
        )
    yield from found


def _members(norms: Norms, scope: Scope, place: int) -> Iterator[tuple[Example, str | None]]:
    """The examples of a norm, each with its value."""
    for task in scope.tasks:
        yield from zip(task.group.examples, norms.column(task, place), strict=True)


def _departures(batch: Batch, norms: Norms, scope: Scope, place: int, told: Told) -> Iterator[Finding]:
    habit, wanted = HABITS[place], str(scope.wanted)
    cut = batch.shared(truncated) if habit.reason == "final-punctuation" else {}
    for example, value in _members(norms, scope, place):
        if value is None or value == wanted or value in habit.ignored or example.id in cut:
            continue
        known = told[example.id]
        if habit.reason in known or known & habit.after or (known and "*" in habit.after):
            continue
        known.add(habit.reason)
        answer = Answer(example.answer, example)
        edits = unbroken(answer, mended(answer, habit, wanted))
        yield _finding(
            example,
            habit.reason,
            f"{scope} {wanted}; this one does not.",
            scope.count / scope.total,
            habit.spans(answer, wanted),
            edits,
            bool(edits) and is_harmless(habit, answer, edits),
        )


def _finding(
    example: Example,
    reason: str,
    message: str,
    score: float,
    ranges: Iterable[Range],
    edits: Sequence[Edit] = (),
    safe: bool = False,
) -> Finding:
    turn = len(example.messages) - 1
    marked = [place for place in ranges if place[0] < place[1]] or [(0, len(example.answer))]
    proposal = (
        Proposal("edit", (example.id,), safe, tuple(Replacement(turn, *edit) for edit in edits)) if edits else None
    )
    spans = tuple(Span(turn, start, end) for start, end in marked)
    return Finding(example.id, _NAME, "warn", reason, message, score, spans=spans, proposal=proposal)


def _json_keys(batch: Batch, norms: Norms, told: Told) -> Iterator[Finding]:
    """Keys that are missing, that no other answer has, or whose value is of another type."""
    json_place = next(place for place, habit in enumerate(HABITS) if habit.reason == "json")
    for task in batch.shared(tasks):
        held: list[tuple[Example, Answer, list[tuple[str, dict[str, object]]]]] = []
        for example, value in zip(task.group.examples, norms.column(task, json_place), strict=True):
            if value == "are JSON":
                answer = Answer(example.answer, example)
                held.append((example, answer, list(objects(parsed(answer)))))
        for norm in _key_norms(batch, norms, task, [found for *_, found in held]):
            scope = Scope(task.group.label, (task,), norm.wanted, norm.count, norm.total, norm.bound)
            findings = []
            for example, answer, found in held:
                keys = key_departures(found, norm)
                if not keys:
                    continue
                named = ", ".join(f"“{norm.path}{key}”" for key in keys)
                ranges = [place for key in keys for place in key_ranges(answer, key)]
                edits = retyped(answer, norm.key, next(iter(norm.allowed))) if norm.reason == "json-type" else []
                told[example.id].add(norm.reason)
                verb = {"json-missing-key": "is missing", "json-extra-key": "no other has"}.get(norm.reason, "differs")
                message = f"{scope} {norm.wanted}; here {named} {verb}."
                findings.append(_finding(example, norm.reason, message, norm.count / norm.total, ranges, edits))
            yield from _noted(batch, scope, norm.reason, norm.wanted, findings)


def _key_norms(batch: Batch, norms: Norms, task: Task, held: Sequence[list[Object]]) -> list[KeyNorm]:
    settings = batch.settings

    def made() -> list[KeyNorm] | None:
        if len(held) < settings.min_group:
            return None
        return learn_keys(held, settings.min_group, settings.norm_share, norms.bound) or None

    return batch.learn("format.norm/keys", task.group.key, made) or []


def _openings(batch: Batch, norms: Norms, told: Told) -> Iterator[Finding]:
    """Answers that do not open with the formula that the group opens with, if it has one of up to four words."""
    read = batch.shared(readings)
    for task in batch.shared(tasks):
        texts = {example.id: read[example.id].opening for example in task.group.examples}
        known = batch.learn("format.norm/opening", task.group.key, partial(_formula, norms, task, texts, last=False))
        if known is None:
            continue
        scope = known.scope(task)
        wanted = known.words
        findings = []
        for example in task.group.examples:
            if texts[example.id][: len(wanted)] == wanted or told[example.id]:
                continue
            told[example.id].add("opening")
            words = list(_TOKEN.finditer(example.answer))
            ranges = [(words[0].start(), words[min(len(words), len(wanted)) - 1].end())]
            message = f"{scope} open with {shown(wanted)}; this one does not."
            findings.append(_finding(example, "opening", message, scope.count / scope.total, ranges))
        yield from _noted(batch, scope, "opening", f"open with {shown(wanted)}", findings)


def _closings(batch: Batch, norms: Norms, told: Told) -> Iterator[Finding]:
    """Answers without the closing formula that the group ends with: its last words, or its last short paragraph."""
    for task in batch.shared(tasks):
        known = batch.learn("format.norm/closing", task.group.key, partial(_closing, norms, task))
        if known is not None:
            scope = known.scope(task)
            found = list(_unclosed(batch, task, scope, known, told))
            yield from _noted(batch, scope, "closing", _closes(known.kind, known.words), found)


def _closing(norms: Norms, task: Task) -> Formula | None:
    if not _may_close(norms, task):
        return None
    ends = [closing(example.answer) for example in task.group.examples]
    for kind in CLOSINGS:
        texts: dict[str, Words] = {
            example.id: getattr(end, kind) or () for example, end in zip(task.group.examples, ends, strict=True)
        }
        found = _formula(norms, task, texts, last=kind == "words")
        if found is not None and not (kind == "words" and len(found.words) < 2):
            held = [e.answer for e in task.group.examples if _closes_so(texts[e.id], found.words, kind)]
            return replace(found, kind=kind, tail=common_tail(held, found.words, kind))
    return None


def _closes_so(words: Words, wanted: Words, kind: str) -> bool:
    return (words[-len(wanted) :] if kind == "words" else words[: len(wanted)]) == wanted


def _may_close(norms: Norms, task: Task) -> bool:
    """Whether a thinned part of a large task has a closing formula; if it has none, nor has the whole."""
    step = len(task.group.examples) // _SAMPLE
    if step < 2:
        return True
    ends = [closing(example.answer) for example in task.group.examples[::step]]
    firsts = [[words[0] for end in ends if (words := getattr(end, kind))] for kind in CLOSINGS[:2]]
    lasts = [end.words[-1] for end in ends if end.words]
    return any(max(Counter(held).values(), default=0) > 0.8 * len(ends) for held in (*firsts, lasts))


def _unclosed(batch: Batch, task: Task, scope: Scope, known: Formula, told: Told) -> Iterator[Finding]:
    wanted, kind, tail = known.words, known.kind, known.tail
    cut = batch.shared(truncated)
    for example in task.group.examples:
        if _closes_so(getattr(closing(example.answer), kind) or (), wanted, kind) or told[example.id] & _EXPLAINS:
            continue
        told[example.id].add("closing")
        text = example.answer.rstrip()
        words = list(_TOKEN.finditer(text))
        edits = [(len(text), len(text), tail)] if tail and example.id not in cut else []
        message = f"{scope} {_closes(kind, wanted)}; this one does not."
        ranges = [(words[-min(len(words), len(wanted))].start(), len(text))]
        yield _finding(example, "closing", message, scope.count / scope.total, ranges, edits)


def _closes(kind: str, wanted: Words) -> str:
    """What the answers with a closing formula do; only ``words`` are known to their end."""
    how = {"block": "have a last paragraph that begins with", "line": "have a last line that begins with"}
    return f"{how.get(kind, 'close with')} {shown(wanted)}"


def _formula(norms: Norms, task: Task, texts: dict[str, Words], *, last: bool) -> Formula | None:
    def decide(values: Sequence[Words | None]) -> tuple[Words, int, int] | None:
        counted = Counter(values)
        value = norms.decide(counted, ABSENT)
        return (value, counted[value], counted.total()) if isinstance(value, tuple) else None

    learned = formula(list(texts.values()), decide, last=last)
    return Formula(*learned, norms.bound(*learned[1:])) if learned else None


_GROUP = tuple(chat(f"Case {i}?", f"The code is A{i}.{i % 7}, as listed.") for i in range(10, 70))
_LETTERS = tuple(chat(f"Case {i}?", f"Case {i} is done.\n\nKind regards,\nThe desk") for i in range(10, 70))
_OBJECTS = tuple(chat(f"Case {i}?", f'{{"code": "A{i}", "sure": {i}, "why": "listed"}}') for i in range(10, 70))
_DATED = tuple(chat(f"Case {i}?", f"It was seen on 2026-03-{i % 18 + 10} and weighs {i} kg.") for i in range(10, 50))
_LISTS = tuple(chat(f"Case {i}?", f"## Case {i}\n\n- First {i}.\n- Then {i + 1}.") for i in range(10, 40))
_CODE = tuple(chat(f"Case {i}?", f"```python\nx = {i}\nprint(x + 1)\n```") for i in range(10, 50))
_MIXED = tuple(chat(f"Write case {i} as JSON.", f'{{"code": "A{i}"}}') for i in range(10, 60)) + tuple(
    chat(f"Tell me about case {i}.", f"The code of this case is A{i}.") for i in range(10, 60)
)

NORM = Check(
    name=_NAME,
    version=2,
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
        (*_LETTERS, chat("Case x?", "Case 99 is done.")),
        (*_OBJECTS, chat("Case x?", '{"code": "A99", "why": "listed"}')),
        (*_OBJECTS, chat("Case x?", '{"code": "A99", "sure": 9, "why": "listed", "note": ""}')),
        (*_OBJECTS, chat("Case x?", '{"code": "A99", "sure": "9", "why": "listed"}')),
        (*_DATED, chat("Case x?", "It was seen on March 3, 2026 and weighs 9 kg.")),
        (*_DATED, chat("Case x?", "It was seen on 2026-03-03 and weighs 9kg.")),
        (*_DATED, chat("Case x?", "It was seen on 2026-03-03 and weighs 9 lb.")),
        (*_DATED, chat("Case x?", "It was seen on 2026-03-03 and weighs 9 kilograms.")),
        (*_LISTS, chat("Case x?", "## Case 99\n\n* First 9.\n* Then 10.")),
        (*_LISTS, chat("Case x?", "**Case 99**\n\n- First 9.\n- Then 10.")),
        (*_CODE, chat("Case x?", "x = 9\nprint(x + 1)")),
        (*_CODE, chat("Case x?", "```\nx = 9\nprint(x + 1)\n```")),
        (*_MIXED, chat("Write case 99 as JSON.", "The code of this case is A99.")),
    ),
    passes=(
        _GROUP,
        (*_GROUP[:18], chat("Case x, A99.1?", "the code is a99.1")),
        tuple(chat(f"Case {i}?", f"Code A{i}" + "." * (i % 2)) for i in range(10, 60)),
        _LETTERS,
        _OBJECTS,
        _LISTS,
        _CODE,
        _MIXED,
    ),
    about="Within examples of one system prompt and task tag, split further by the words of the request where those "
    "separate two forms of answers: final punctuation, capital or list marker at the start, opening and closing "
    "formula, list marks, dash, quotes, headings, bold and other Markdown, code blocks and their label, JSON and its "
    "keys, dates, times, numbers and units, case of codes, number of lines. A norm needs 20 answers, a share of 0.9 "
    "(0.93 where it is to leave something out) and a lower confidence bound (Clopper-Pearson, 95 %) of its share of "
    "0.8. What the house style asks for is not learned.",
)
