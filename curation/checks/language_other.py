"""Answers in another language than their group's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, Norm, groups, lower_bound, norm
from curation.evidence.languages import answer_languages, called_for, identify, name
from curation.evidence.norms import LearnedNorm

USUAL = 0.90
"""Least share of a group's answers in its language: below that, the group speaks several."""


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    languages = batch.shared(answer_languages)
    held: list[tuple[Group, Norm, int]] = []
    for group in batch.shared(groups):
        found_in = [languages[example.id] for example in group.examples]
        learned = batch.learn("language.other", group.key, partial(norm, found_in, batch, USUAL))
        if learned is not None:
            found = list(_departures(group, learned, languages))
            held.append((group, learned, len(found)))
            yield from found
    batch.norms.extend(_records(held, batch))


def _departures(group: Group, learned: Norm, languages: Mapping[str, str | None]) -> Iterator[Finding]:
    """The answers of a group that are clearly not in its language."""
    usual = str(learned.value)
    for example in group.examples:
        if languages[example.id] in (None, usual):
            continue
        closely = identify(example.answer)
        if closely.code is None or usual in closely.possible or called_for(example, closely.code):
            continue
        yield Finding(
            example.id,
            "language.other",
            "warn",
            "other-language",
            f"{learned} answers of the group are in {name(usual)}; this one seems to be in {name(closely.code)}.",
            learned.count / learned.total,
            spans=(Span(len(example.messages) - 1, 0, len(example.answer)),),
        )


def _records(held: Sequence[tuple[Group, Norm, int]], batch: Batch) -> Iterator[LearnedNorm]:
    """The norms for the page: one, where all groups have the same language."""
    if len(held) > 1 and len({learned.value for _, learned, _ in held}) == 1:
        count, total = sum(learned.count for _, learned, _ in held), sum(learned.total for _, learned, _ in held)
        value, departures = held[0][1].value, sum(departures for _, _, departures in held)
        held = [(Group("", ()), Norm(value, count, total), departures)]
    for group, learned, departures in held:
        bound = lower_bound(learned.count, learned.total, batch.settings.norm_confidence)
        yield LearnedNorm(
            "language.other", "other-language", group.label, f"are in {name(str(learned.value))}", learned.count,
            learned.total, bound, departures,
        )  # fmt: skip


_GROUP = tuple(chat(f"Case {i}?", f"The code for this case is A{i}, and it is in the table.") for i in range(50))
_GERMAN = tuple(
    chat(f"Fall {i}?", f"Der Code für diesen Fall ist A{i}, und er steht in der Tabelle.") for i in range(10)
)

OTHER = Check(
    name="language.other",
    version=2,
    title="Answers in another language than their group",
    run=_run,
    catches=(
        (*_GROUP, chat("Case x?", "Der Code für diesen Fall ist A99, und er steht in der Tabelle.")),
        (*_GROUP, chat("Case x?", "Kod dla tego przypadku to A99 i znajduje się w tabeli.")),
        (*_GROUP, chat("Case x?", "この症例のコードは表にあるものです。")),
        (*_GROUP, chat("Case x?", "Ja, das stimmt so.")),
        (*_GROUP, chat("Wie lautet der Code?", "Der Code für diesen Fall ist A99, und er steht in der Tabelle.")),
    ),
    passes=(
        _GROUP,
        (*_GROUP, chat("Case x?", "A99 - Angina pectoris, status asthmaticus")),
        (*_GROUP, chat("Case x?", "Merci !")),
        (*_GROUP, chat("Say that in German.", "Der Code für diesen Fall ist A99, und er steht in der Tabelle.")),
        (*_GROUP, chat("Translate: it is A99.", "Der Code für diesen Fall ist A99, und er steht in der Tabelle.")),
        (*_GROUP, chat("Which words?", "The patient said “ich habe Kopfschmerzen”, which is to say a headache.")),
        (*_GROUP, chat("Case x?", "```python\nfor zeile in liste:\n    print(zeile, ende)\n```")),
        (*_GROUP, *_GERMAN),
        (chat("Fall?", "Der Code ist da und die Tabelle."),),
    ),
    about="Looked at is the beginning of each answer, without code and addresses: seven languages by their commonest "
    "words, and what is left or out of line by py3langid (64 languages). A finding needs a clear language, the "
    "group's own language excluded, and at least 90 % of the group's answers in that. Answers of fewer than eleven "
    "letters, Latin terms, and answers whose prompt names their language or speaks of translating are passed over.",
)
