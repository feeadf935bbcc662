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
    """One row an example, in the order in which they came.

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


class Gathering:
    """Takes examples apart one by one.

    Args:
        preferred: Ids that rank first.
        progress: Told how many rows are done.
    """

    def __init__(self, preferred: frozenset[str] = frozenset(), progress: Progress = no_progress) -> None:
        self._preferred = preferred
        self._progress = progress
        self._prompts: list[str] = []
        self._answers: list[str] = []
        self._examples: list[Example] = []
        self._system = array("i")
        self._roles = array("i")
        self._orders: dict[tuple[str, ...], int] = {}  # of roles
        self._flaws = bytearray()
        self._all_asked = bytearray()
        self._ids = array("q")
        self._numbers: dict[str, int] = {}  # of normalised system prompts
        self._known: dict[str, int] = {}  # of raw ones

    def add(self, example: Example) -> None:
        """One more example; each must come once."""
        messages = example.messages
        if len(messages) == 2 and messages[0].role == "user" and messages[1].role == "assistant":  # most by far
            prompt, answer = messages[0].content, messages[1].content
            self._system.append(0)
            self._roles.append(0)
            asked = "\n" not in prompt or _PARAGRAPHS.search(prompt) is None
        else:
            prompt, answer = prompt_side(example), example.answer
            self._system.append(self._system_number(messages))
            roles = tuple(message.role for message in messages if message.role != "system")
            number = 0 if roles == ("user", "assistant") else self._orders.setdefault(roles, len(self._orders) + 1)
            self._roles.append(number)
            turns = [message for message in example.prompt if message.role != "system"]
            asked = len(turns) == 1 and turns[0].role == "user" and _PARAGRAPHS.search(prompt) is None
        flaws = 0  # the worst counts most
        if self._preferred and example.id not in self._preferred:
            flaws |= 8
        if not answer or answer.isspace():
            flaws |= 4
        if "{{" in prompt or "{{" in answer:
            flaws |= 2
        if answer[-1:] not in _ENDINGS and answer.rstrip()[-1:] not in _ENDINGS:
            flaws |= 1
        self._flaws.append(flaws)
        self._all_asked.append(asked)
        self._ids.append(int(example.id[:15], 16))
        self._examples.append(example)
        self._prompts.append(prompt)
        self._answers.append(answer)

    def done(self) -> Sides:
        """What was gathered; no more can be added."""
        made = sketch(self._prompts, self._answers, progress=self._progress)
        flaws = np.frombuffer(bytes(self._flaws), np.uint8)
        order = np.lexsort((np.array(self._ids, np.int64), -made.whole.words, flaws))
        all_asked = np.frombuffer(bytes(self._all_asked), np.bool_)
        system, roles = np.array(self._system, np.int32), np.array(self._roles, np.int32)
        return Sides(self._examples, made, system, roles, all_asked, order)

    def _system_number(self, messages: Sequence[Message]) -> int:
        raw = "\n".join(message.content for message in messages if message.role == "system")
        if not raw:
            return 0
        if raw not in self._known:
            self._known[raw] = self._numbers.setdefault(_as_read(raw), len(self._numbers) + 1)
        return self._known[raw]


def _as_read(raw: str) -> str:
    """A system prompt's words, and its tokens with a digit as they are written."""
    return "\n".join((normalise(raw), *(token for token in raw.split() if any(map(str.isdigit, token)))))


def sides(examples: Sequence[Example], preferred: frozenset[str], progress: Progress = no_progress) -> Sides:
    """Take all examples apart; see ``Gathering``."""
    gathering = Gathering(preferred, progress)
    for example in examples:
        gathering.add(example)
    return gathering.done()
