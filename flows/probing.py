"""Evaluates a run with its probes: curation reads facts and instructions, evaluation asks and compares the models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.jobs import JobContext
from core.types import Example
from curation.clash.codes import code_values
from curation.clash.values import apart
from curation.clash.values_read import values
from curation.clash.words_kinds import common_word
from curation.evidence.habits import Answer
from curation.evidence.instructions import Instruction, asked_of_answer, instructions
from curation.evidence.instructions_kept import broken
from curation.evidence.languages import language_of
from evaluation import actions
from evaluation.probes.battery import Answered
from evaluation.probes.grounding import Facts
from evaluation.probes.probe import Finding, Row
from flows.looking import look

OWN_INSTRUCTIONS = "own_instructions"
_MARKER = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+", re.MULTILINE)
_NAME = re.compile(
    r"(?:(?<=[\w,;] )|(?<=[DM]r\. )|(?<=Ms\. )|(?<=Mrs\. )|(?<=Prof\. ))"
    r"[A-Z][^\W\d_]{2,}(?:[ -][A-Z][^\W\d_]{2,})*"
)
_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")


def run_evaluation(context: JobContext) -> dict[str, Any]:
    """Measure a run on its hold-out, with the checks' metrics and the probes that the spec names. Worker target.

    See :func:`evaluation.actions.run_evaluation`.
    """
    return actions.run_evaluation(
        context, facts_of=facts_of, extra=own_instructions, look_in=look, language_of=language_of
    )


def facts_of(answer: str, given: str) -> Facts:
    """The numbers, codes and names of an answer, and those that the prompt does not hold.

    A number is held where the prompt has one that may mean the same (5 mg and 0.005 g), or its digits; a number in
    words counts as none, and neither does the number of a list's line. A name is a word with a capital in the middle
    of a sentence that is no common word; it is held where the prompt has it, whatever its case.

    Args:
        answer: What a model or an expert said.
        given: All of the prompt.
    """
    text = _MARKER.sub("", answer)
    found = [*_codes(text, given), *_numbers(text, given), *_names(text, given)]
    unsupported = dict.fromkeys((kind, words) for kind, words, held in found if not held)
    return Facts(len({(kind, words) for kind, words, _ in found}), tuple(unsupported))


def _codes(text: str, given: str) -> Iterator[tuple[str, str, bool]]:
    known = {value.unit for value in code_values(given)}
    yield from (("code", value.unit, value.unit in known) for value in code_values(text))


def _numbers(text: str, given: str) -> Iterator[tuple[str, str, bool]]:
    taken = [(value.start, value.end) for value in code_values(text)]
    known, digits = values(given), set(_DIGITS.findall(given))
    for value in values(text):
        words = text[value.start : value.end]
        if not any(c.isdigit() for c in words) or any(s < value.end and value.start < e for s, e in taken):
            continue
        own = _DIGITS.findall(words)
        held = any(one.kind == value.kind and not apart(one, value) for one in known)
        yield "number", words, held or (bool(own) and all(each in digits for each in own))


def _names(text: str, given: str) -> Iterator[tuple[str, str, bool]]:
    known = {word.casefold() for word in _WORD.findall(given)}
    for match in _NAME.finditer(text):
        parts = [word.casefold() for word in _WORD.findall(match[0])]
        if all(common_word(part) for part in parts):
            continue
        yield "name", match[0].strip(), all(part in known or common_word(part) for part in parts)


def own_instructions(answered: Answered) -> list[Finding]:
    """Share of the measurable instructions of the hold-out's own prompts that each answer keeps.

    How long, in what form and with which words an answer is to be, as curation reads it from system prompts and
    requests. An example without such an instruction, or whose reference breaks it, is not scored.
    """
    rows = []
    for example, before, after in zip(*answered, strict=True):
        asked = _asked(example)
        prompt = example.prompt[-1].content if example.prompt else ""
        kept: tuple[float | None, float | None] = (None, None)
        if asked and _kept(asked, example.answer, example) == 1.0:
            kept = (_kept(asked, before, example), _kept(asked, after, example))
        kind = asked[0].kind if asked else ""
        rows.append(Row(OWN_INSTRUCTIONS, example.id, kind, prompt, before, after, *kept))
    scored = any(row.base is not None for row in rows)
    reason = "" if scored else "no prompt of the hold-out gives one that can be measured"
    what = "Share of the measurable instructions of each hold-out prompt that its answer keeps."
    title = "Instructions of the prompts themselves that are kept"
    return [Finding(OWN_INSTRUCTIONS, title, what, "higher", True, tuple(rows), reason=reason)]


def _asked(example: Example) -> tuple[Instruction, ...]:
    system = [one for m in example.prompt if m.role == "system" for one in instructions(m.content)]
    last = example.prompt[-1] if example.prompt else None
    return (*system, *(asked_of_answer(last.content) if last and last.role == "user" else ()))


def _kept(asked: tuple[Instruction, ...], said: str, example: Example) -> float:
    answer = Answer(said, example)
    return sum(broken(one, answer) is None for one in asked) / len(asked)
