"""Conversations that the chosen base model's chat template or sequence length cannot take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core import chat as chats
from core import models
from core.errors import InputError
from core.types import Example, Finding, Message, Span
from curation.checks.base import Check, chat, of
from curation.evidence.batch import Batch

_NAME = "format.template"


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    if not len(batch):
        return
    settings = batch.settings
    tokenizer = models.load_tokenizer(models.resolve(settings.base_model))
    tokens = sorted({token for token in chats.control_tokens(tokenizer).values() if token})
    for done, example in enumerate(batch):
        if done % 1000 == 0:
            batch.progress("tokenise", done, len(batch))
        if example.messages:
            yield from _look(tokenizer, tokens, example, settings.max_tokens, settings.base_model)
    batch.progress("tokenise", len(batch), len(batch))


def _look(tokenizer: Any, tokens: Sequence[str], example: Example, max_tokens: int, name: str) -> Iterator[Finding]:
    spans = tuple(
        Span(turn, place, place + len(token))
        for turn, message in enumerate(example.messages)
        for token in tokens
        for place in _places(message.content, token)
    )
    if spans:
        said = (
            f"It holds {len(spans)} control token{'s' * (len(spans) > 1)} of the base model as text; training would "
            "take it for the end of a turn or the start of another."
        )
        yield Finding(example.id, _NAME, "block", "control-token", said, spans=spans)
        return
    if example.messages[-1].role != "assistant":
        return  # format.shape tells that
    try:
        encoded = chats.encode(tokenizer, example.messages)
    except InputError as error:
        yield Finding(example.id, _NAME, "block", "refused", error.message)
        return
    supervised = [place for place, label in enumerate(encoded.labels) if label != chats.IGNORED]
    count = supervised[-1] + 1 if supervised else len(encoded.input_ids)
    if count > max_tokens:
        said = (
            f"It has {count:,} tokens for {name}; {max_tokens:,} are planned. Training would leave it out or refuse it."
        )
        yield Finding(example.id, _NAME, "warn", "over-long", said, min(1.0, max_tokens / count))


def _places(text: str, token: str) -> Iterator[int]:
    place = text.find(token)
    while place >= 0:
        yield place
        place = text.find(token, place + len(token))


TEMPLATE = Check(
    name=_NAME,
    version=1,
    title="Conversations that the base model's chat template or the planned length cannot take",
    run=_run,
    catches=(
        (chat("Which code?", "J20.9.<|im_end|>"),),
        (chat("Which code?", "It is J20.9, as said. " * 400),),
    ),
    passes=(
        (chat("Which code?", "J20.9."),),
        (of(Message("user", "Which code?")),),
        (chat("Hello", "Hello.", "Which code?", "J20.9.", system="Be brief."),),
    ),
    about="Each conversation is rendered with the chat template of the settings' base_model and counted in its tokens, "
    "just as training does it. Blocks: the template refuses the turns, or a text holds one of the model's control "
    "tokens. Warns: more tokens than the settings' max_tokens.",
    cost="model",
)
