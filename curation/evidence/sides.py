"""What the duplicate checks compare of each example: the prompt side, the answer, the system prompt, and its rank."""

from __future__ import annotations

import re
from array import array
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
    """One row an example, in order of id.

    Attributes:
        examples: By row.
        made: The sketch of prompt sides (left) and answers (right), each without the system prompt.
        system: int32 [rows]: equal for system prompts that are equal after normalisation.
        roles: int32 [rows]: equal for the same roles in the same order.
        all_asked: bool [rows]: whether the whole prompt side is what is asked (see ``ask_of``).
        order: int64 [rows]: the rows by rank: reviewed, answered, filled in, finished, long, then by id.
    """

    examples: Sequence[Example]
    made: Sketch
    system: NDArray[np.int32]
    roles: NDArray[np.int32]
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
    """Take all examples apart.

    Args:
        examples: In order of id.
        preferred: Ids that rank first.
        progress: Told how many rows are done.
    """
    prompts, answers = list[str](), list[str]()
    flaws, all_asked = bytearray(), bytearray()
    systems, orders = _Systems(), dict[tuple[str, ...], int]()
    system, roles = array("i"), array("i")
    for example in examples:
        messages = example.messages
        if len(messages) == 2 and messages[0].role == "user" and messages[1].role == "assistant":  # most by far
            prompt, answer = messages[0].content, messages[1].content
            system.append(0)
            roles.append(0)
            asked = "\n" not in prompt or _PARAGRAPHS.search(prompt) is None
        else:
            prompt, answer = prompt_side(example), example.answer
            system.append(systems.number(messages))
            order = tuple(message.role for message in messages if message.role != "system")
            roles.append(0 if order == ("user", "assistant") else orders.setdefault(order, len(orders) + 1))
            turns = [message for message in example.prompt if message.role != "system"]
            asked = len(turns) == 1 and turns[0].role == "user" and _PARAGRAPHS.search(prompt) is None
        flawed = 0  # the worst counts most
        if preferred and example.id not in preferred:
            flawed |= 8
        if not answer or answer.isspace():
            flawed |= 4
        if "{{" in prompt or "{{" in answer:
            flawed |= 2
        if answer[-1:] not in _ENDINGS and answer.rstrip()[-1:] not in _ENDINGS:
            flawed |= 1
        flaws.append(flawed)
        all_asked.append(asked)
        prompts.append(prompt)
        answers.append(answer)
    made = sketch(prompts, answers, progress=progress)
    return Sides(
        examples, made, np.array(system, np.int32), np.array(roles, np.int32),
        np.frombuffer(bytes(all_asked), np.bool_),
        np.lexsort((-made.whole.words, np.frombuffer(bytes(flaws), np.uint8))),  # stable: then by id
    )  # fmt: skip


class _Systems:
    """Numbers system prompts; 0 = none."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}  # of normalised ones
        self._known: dict[str, int] = {}  # of raw ones

    def number(self, messages: Sequence[Message]) -> int:
        raw = "\n".join(message.content for message in messages if message.role == "system")
        if not raw:
            return 0
        if raw not in self._known:
            self._known[raw] = self._numbers.setdefault(_as_read(raw), len(self._numbers) + 1)
        return self._known[raw]


def _as_read(raw: str) -> str:
    """A system prompt's words, and its tokens with a digit as they are written."""
    return "\n".join((normalise(raw), *(token for token in raw.split() if any(map(str.isdigit, token)))))
