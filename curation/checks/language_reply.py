"""Answers in another language than the request they answer, where the set answers in the language it is asked in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from core.types import Example, Finding, Message, Span
from curation.checks.base import Check, chat, of
from curation.checks.language_other import USUAL
from curation.evidence.batch import Batch
from curation.evidence.groups import groups, norm
from curation.evidence.languages import (
    LOOKED_AT,
    answer_languages,
    called_for,
    identify,
    language_of,
    name,
)

_WORD = re.compile(r"[^\W\d_]{4,}")
_PART = re.compile(r"[:\n\"“”«»]")


def _ask(example: Example) -> str:
    """The last thing the user says before the answer."""
    return next((message.content for message in reversed(example.prompt) if message.role == "user"), "")


def ask_languages(batch: Batch) -> dict[str, str | None]:
    """The language of each last request, by example id. Call it as ``batch.shared(ask_languages)``."""
    return {example.id: language_of(_ask(example)) for example in batch}


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    answers, asks = batch.shared(answer_languages), batch.shared(ask_languages)
    told = {finding.example_id for finding in batch.found.get("language.other", ())}
    for group in batch.shared(groups):
        agree = [
            None if answers[e.id] is None or asks[e.id] is None else answers[e.id] == asks[e.id] for e in group.examples
        ]
        learned = batch.learn("language.reply", group.key, partial(norm, agree, batch, USUAL))
        if learned is None or learned.value is not True:
            continue
        for example, same in zip(group.examples, agree, strict=True):
            if same is not False or example.id in told:
                continue
            asked, answered = _clear(_ask(example)), identify(example.answer)
            if asked is None or answered.code is None or asked in answered.possible:
                continue
            if called_for(example, answered.code) or called_for(example, asked) or _echoed(example):
                continue
            yield Finding(
                example.id,
                "language.reply",
                "warn",
                "reply-language",
                f"{learned} answers of the group are in the language of their request; here the request seems to be in "
                f"{name(asked)} and the answer in {name(answered.code)}.",
                learned.count / learned.total,
                spans=(Span(len(example.messages) - 1, 0, len(example.answer)),),
            )


def _clear(text: str) -> str | None:
    """The language of a request in all its parts: one that quotes another language has none."""
    whole = identify(text)
    parts = (identify(part) for part in (*_PART.split(text[:LOOKED_AT]), text[-LOOKED_AT:]))
    return whole.code if all(whole.code in part.possible for part in parts) else None


def _echoed(example: Example) -> bool:
    """Whether the answer takes up most words of the request: they are a name or a quotation, not its language."""
    asked = set(_WORD.findall(_ask(example).casefold()))
    return 2 * len(asked & set(_WORD.findall(example.answer.casefold()))) >= len(asked)


_ENGLISH = tuple(
    chat(f"Which code is it in case {i}?", f"The code is A{i}, and it is in the table.") for i in range(25)
)
_FRENCH = tuple(
    chat(f"Quel est le code dans le cas {i} ?", f"Le code est A{i}, et il est dans le tableau.") for i in range(25)
)
_ASKED = "Quel est le code dans ce cas, et où est-il dans le tableau ?"
_ANSWERED = "The code is A99, and it is in the table that you have."

REPLY = Check(
    name="language.reply",
    version=1,
    title="Answers in another language than their request",
    run=_run,
    catches=(
        (*_ENGLISH, *_FRENCH, chat(_ASKED, _ANSWERED)),
        (*_ENGLISH, *_FRENCH, chat("Which code is it in this case?", "Le code est A99, et il est dans le tableau.")),
        (*_ENGLISH, chat(_ASKED, _ANSWERED)),
    ),
    passes=(
        (*_ENGLISH, *_FRENCH),
        (*_ENGLISH, *_FRENCH, chat(f"Translate into English: {_ASKED}", _ANSWERED)),
        (*_ENGLISH, *_FRENCH, of(Message("system", "Answer in English."), Message("user", _ASKED),
                                 Message("assistant", _ANSWERED))),
        (*_ENGLISH, *_FRENCH, chat("Please answer this patient for me: où est le code dans ce tableau ?", _ANSWERED)),
        (*_ENGLISH, chat("An entry on Presses polytechniques et universitaires romandes.",
                         "Presses polytechniques et universitaires romandes is a publishing house.")),
        (*_ENGLISH, chat("", "The code is A99.")),
    ),
    about="Where at least 90 % of a group's answers are in the language of the user's last request. Both languages "
    "must be clear, and the request in one language from its beginning to its end; requests that name a language or "
    "speak of translating, answers that take up half of the request's words, and answers that language.other reports "
    "are passed over.",
)  # fmt: skip
