"""Pairs that test the raters instead of the models: gold and equal pairs, unseen among the others, and training pairs.

Gold and training pairs have an answer that is known to be better; a training pair comes first and says afterwards which
it was. The two answers of an equal pair are the same text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from core.errors import InputError
from core.files import read_jsonl
from core.ids import content_id
from core.types import ROLES, Message

CheckKind = Literal["gold", "training", "equal"]
FORM = '{"prompt": "...", "better": "...", "worse": "...", "why": "...", "kind": "gold"}'


@dataclass(frozen=True, slots=True)
class Check:
    """A pair with a known answer.

    Attributes:
        kind: ``gold`` (shown unseen among the others), ``equal`` (too, with the same answer twice) or ``training``
            (shown first, with feedback).
        prompt: The turns before the answer.
        better, worse: The two answers; the same text twice asks whether a rater calls equals equal.
        why: A sentence for the feedback.
        id: As on the desk; given when it becomes part of a study.
    """

    kind: CheckKind
    prompt: tuple[Message, ...]
    better: str
    worse: str
    why: str = ""
    id: str = ""

    def within(self, study_id: str) -> Check:
        """The same as part of a study, under an id that tells nothing."""
        return replace(self, id=f"{study_id}.{content_id([study_id, self.as_dict()])[:12]}")

    def right(self, verdict: str, better_side: str) -> bool:
        """Whether a verdict is the known one: the better side, or for equal answers no side."""
        if self.better.strip() == self.worse.strip():
            return verdict in ("tie", "both_bad")
        return verdict == better_side

    def as_dict(self) -> dict[str, Any]:
        """A plain dict without the id, ready for JSON."""
        turns = [{"role": message.role, "content": message.content} for message in self.prompt]
        return {**{k: v for k, v in asdict(replace(self, prompt=())).items() if k != "id"}, "prompt": turns}


def check_from(value: Mapping[str, Any], where: str = "A check") -> Check:
    """A check from a mapping such as :data:`FORM`; ``prompt`` is a text or a list of turns.

    Raises:
        InputError: A field is missing or is not what it should be; ``where`` begins the sentence.
    """
    kind, prompt = value.get("kind", "gold"), value.get("prompt")
    texts = [value.get("better"), value.get("worse"), value.get("why", "")]
    turns: list[Any] = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else []
    turns = prompt if isinstance(prompt, list) else turns
    whole = turns and all(isinstance(turn, dict) and turn.get("role") in ROLES for turn in turns)
    if kind not in ("gold", "training", "equal") or not whole or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{where} is not a gold or training pair.", f"Write it like {FORM}.")
    better, worse, why = texts
    if not str(better).strip() or not str(worse).strip():
        raise InputError(f"{where} has an empty answer.", f"Write it like {FORM}.")
    if kind == "equal" and better != worse:
        raise InputError(f"{where} is called equal, but its answers differ.", f"Write it like {FORM}.")
    return Check(kind, tuple(Message(t["role"], str(t.get("content", ""))) for t in turns), better, worse, why)


def read_checks(path: Path) -> tuple[Check, ...]:
    """Gold and training pairs from a JSONL file, in its order.

    Raises:
        InputError: A line is not one, with its number; or the same pair stands there twice.
    """
    return checks_in(read_jsonl(path), path.name)


def checks_in(rows: Sequence[tuple[int, Mapping[str, Any]]], name: str) -> tuple[Check, ...]:
    """The same of lines that were read already.

    Raises:
        InputError: As :func:`read_checks`.
    """
    found = tuple(check_from(value, f"Line {number} of {name}") for number, value in rows)
    if len({content_id(one.as_dict()) for one in found}) < len(found):
        raise InputError(f"{name} holds the same pair twice.", "Leave each pair there once.")
    return found
