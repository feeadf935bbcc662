"""Names of people, where a model that tags them is at hand: any local token-classification model of transformers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.types import Example, Finding
from curation.checks.base import Check, chat
from curation.checks.privacy import Find, Kind, Match, Said, runner
from curation.checks.privacy_address import emails
from curation.checks.privacy_secret import secrets
from curation.evidence.batch import Batch

LEAST_SCORE = 0.5
_PERSON = re.compile(r"(?i)(?:[BIELSU][-_])?(?:per|pers|person|people|name|patient|doctor|staff|hcw)\w{0,12}")
_NAME = re.compile(r"[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*)*")


def _names(batch: Batch) -> Find:
    """The finder of one model, loaded once for the batch, which reads each text once."""
    path = batch.settings.name_model or ""
    tag = _tagger(path)
    read: dict[str, list[Match]] = {}

    def find(said: Said) -> Iterator[Match]:
        if said.text not in read:
            read[said.text] = list(_people(said.text, tag(said.text))) if said.text.strip() else []
        return iter(read[said.text])

    return find


def _tagger(path: str) -> Any:
    """A transformers pipeline on the CPU that reads texts of any length, in overlapping windows.

    Raises:
        InputError: There is no such model, it cannot be loaded, or none of its tags means a person.
    """
    hint = "Set name_model to the folder of a token-classification model that tags persons, or remove the line."
    if not (Path(path) / "config.json").is_file():
        raise InputError(f"The setting name_model names no folder with a model: {path}.", hint)
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
        model = AutoModelForTokenClassification.from_pretrained(path, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"The model that name_model names cannot be loaded: {path}.", hint) from error
    labels = [str(label) for label in model.config.id2label.values()]
    if not any(_PERSON.fullmatch(label) for label in labels) or not tokenizer.is_fast:
        raise InputError(f"The model that name_model names does not tag persons: {path}.", hint)
    most = int(getattr(model.config, "max_position_embeddings", 512)) - 2  # some families count from two
    tokenizer.model_max_length = min(tokenizer.model_max_length, most)
    return pipeline(
        "token-classification",
        model=model,
        tokenizer=tokenizer,
        aggregation_strategy="first",
        stride=tokenizer.model_max_length // 4,
        device=-1,
    )


def _people(text: str, tagged: Iterable[dict[str, Any]]) -> Iterator[Match]:
    """The tagged places that are names: words with letters, whole, and sure enough."""
    for entity in tagged:
        if entity["score"] < LEAST_SCORE or not _PERSON.fullmatch(str(entity["entity_group"])):
            continue
        start, end = int(entity["start"]), int(entity["end"])
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        for name in _NAME.finditer(text, start, end):
            yield name.start(), name.start() + len(name[0].rstrip(".-'’"))


def _mentioned(said: Said) -> Iterator[Match]:
    """Every run of one to three words that begin with a capital: a name that was found is known there too."""
    words = list(re.finditer(r"[^\W\d_][\w'’-]*", said.text))
    for first, word in enumerate(words):
        if word[0][0].isupper():
            yield from ((word.start(), last.end()) for last in words[first : first + 3] if last[0][0].isupper())


def _same_name(value: str) -> str:
    return re.sub(r"\W+", " ", value).strip().casefold()


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    if batch.settings.name_model is None:
        batch.note("privacy.name did not run: it needs a model. Set name_model to the folder of one that tags persons.")
        return ()
    kind = Kind("name", "a person's name", batch.shared(_names), (secrets, emails), _mentioned, _same_name)
    return runner(kind)(batch)


NAME = Check(
    name="privacy.name",
    version=1,
    title="Names of people",
    run=_run,
    catches=((chat("Marta Okafor was admitted on Monday.", "Noted."),),),
    passes=((chat("The patient was admitted on Monday.", "Noted."),),),
    about="What the token-classification model in the setting name_model tags as a person (label PER, PERSON, NAME, "
    "PATIENT and the like, score 0.5 or more), read on the CPU in overlapping windows so that nothing is cut off. "
    "Without that setting it does not run, and the report says so. The placeholder always needs a look: a model errs, "
    "and names of drugs, tests and public people are what rows teach.",
    cost="model",
)
