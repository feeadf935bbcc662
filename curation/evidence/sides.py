"""What the duplicate checks compare of each example: the prompt side, the answer, the system prompt, and its rank."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.jobs import Progress, no_progress
from core.types import Example, Message, spoken
from curation.minhash.normalise import normalise
from curation.minhash.sketch import Sketch, sketch

_ENDINGS = frozenset(".!?。！？…:;)]}\"'”’`*>")
_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Sides:
    """One row an example, in the order given.

    Attributes:
        made: The sketch of prompt sides (left) and answers (right), each without the system prompt.
        system: int32 [rows]: equal for system prompts that are equal after normalisation.
        all_asked: bool [rows]: whether the whole prompt side is what is asked (see ``ask_of``).
        order: int64 [rows]: the rows by rank: reviewed, answered, filled in, finished, long, then by place.
    """

    made: Sketch
    system: NDArray[np.int32]
    all_asked: NDArray[np.bool_]
    order: NDArray[np.int64]


def prompt_side(example: Example) -> str:
    """All turns before the final answer, without the system prompt."""
    return spoken(example.prompt)


def ask_of(example: Example) -> str:
    """What the last user turn asks: its last paragraph that asks or commands, not the context pasted above it."""
    turns = [message.content for message in example.prompt if message.role == "user"]
    if not turns:
        return ""
    paragraphs = [part for part in _PARAGRAPHS.split(turns[-1]) if part.strip()]
    if len(paragraphs) < 2:
        return turns[-1]
    asking = [part for part in paragraphs if "?" in part or "？" in part]
    return (asking or paragraphs)[-1]


def sides(examples: Sequence[Example], preferred: frozenset[str], progress: Progress = no_progress) -> Sides:
    """Take the examples apart; ``preferred`` ids rank first."""
    rows = len(examples)
    prompts: list[str] = []
    answers: list[str] = []
    system = np.zeros(rows, np.int32)
    flags = np.zeros((4, rows), np.bool_)  # worse first: not preferred, no answer, unfilled, unfinished
    all_asked = np.zeros(rows, np.bool_)
    systems: dict[str, int] = {}
    known: dict[str, int] = {"": 0}
    for row, example in enumerate(examples):
        messages = example.messages
        if len(messages) == 2 and messages[0].role == "user" and messages[1].role == "assistant":  # most by far
            prompt, answer = messages[0].content, messages[1].content
            all_asked[row] = "\n" not in prompt or _PARAGRAPHS.search(prompt) is None
        else:
            prompt, answer = prompt_side(example), example.answer
            turns = [message for message in example.prompt if message.role != "system"]
            all_asked[row] = len(turns) == 1 and turns[0].role == "user" and _PARAGRAPHS.search(prompt) is None
        if messages and messages[0].role == "system":
            raw = _system_prompt(messages)
            if raw not in known:
                known[raw] = systems.setdefault(normalise(raw), len(systems) + 1)
            system[row] = known[raw]
        elif len(messages) > 2 and any(message.role == "system" for message in messages):
            system[row] = systems.setdefault(normalise(_system_prompt(messages)), len(systems) + 1)
        prompts.append(prompt)
        answers.append(answer)
        if preferred and example.id not in preferred:
            flags[0, row] = True
        if not answer or answer.isspace():
            flags[1, row] = True
        if "{{" in prompt or "{{" in answer:
            flags[2, row] = True
        if answer[-1:] not in _ENDINGS and answer.rstrip()[-1:] not in _ENDINGS:
            flags[3, row] = True
    made = sketch(prompts, answers, progress=progress)
    order = np.lexsort((np.arange(rows), -made.whole.words, *flags[::-1]))
    return Sides(made, system, all_asked, order)


def _system_prompt(messages: Sequence[Message]) -> str:
    return "\n".join(message.content for message in messages if message.role == "system")
