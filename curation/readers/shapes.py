"""Recognises the shape of one row (messages, ShareGPT, Alpaca, prompt/completion) and reads its conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.types import Message
from curation.readers.json_values import parse
from curation.readers.keeping import pack
from curation.readers.result import RowProblem, kind_of
from curation.readers.turns import Turn, read_turn

KNOWN_SHAPES = "messages, conversations, instruction/output, prompt/completion or question/answer"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one row says: its messages, its other fields, its shape, and remarks for the notes."""

    messages: tuple[Message, ...]
    meta: dict[str, Any]
    shape: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    turns: list[Turn]
    used: set[str]
    remarks: tuple[str, ...] = ()


def conversation(value: object, shape: str | None = None) -> Conversation:
    """Read one parsed row.

    Args:
        value: An object, or a bare list of messages.
        shape: The shape it must have; None = recognise it.

    Raises:
        RowProblem: It is not a conversation in a shape Finetooth knows, or not in the one asked for.
    """
    if isinstance(value, list):
        value = {"messages": value}
    if not isinstance(value, dict):
        raise RowProblem(f"the row is {kind_of(value)}, not an object with a conversation")
    found = shape_of(value)
    if found is None:
        raise RowProblem(_no_shape(value))
    if shape is not None and found != shape:
        raise RowProblem(f"the row has the shape {found}, not {shape}")
    parts = _READERS[found](value)
    if not parts.turns:
        raise RowProblem("the conversation has no messages")
    extras = {key: item for key, item in value.items() if key not in parts.used}
    remarks = [*parts.remarks, *(remark for turn in parts.turns for remark in turn.remarks)]
    if any(key != "meta" for key in extras):
        remarks.append("extra-fields")
    meta = pack(extras, [turn.fields for turn in parts.turns])
    return Conversation(tuple(turn.message for turn in parts.turns), meta, found, tuple(remarks))


def shape_of(row: Mapping[str, Any]) -> str | None:
    """The shape that a row's field names show; None when they show none."""
    if row.get("messages") is not None:
        return "messages"
    if row.get("conversations") is not None or row.get("conversation") is not None:
        return "sharegpt"
    if "instruction" in row:
        return "alpaca"
    if "prompt" in row and not ("chosen" in row and "rejected" in row):
        return "prompt_completion"
    if _asks_and_answers(row):
        return "prompt_completion"
    return "messages" if "messages" in row else None


def _asks_and_answers(row: Mapping[str, Any]) -> bool:
    if "question" in row and ("answer" in row or "response" in row):
        return not any(name in row for name in ("context", "passage", "choices", "options"))
    return "input" in row and "output" in row


def _no_shape(row: Mapping[str, Any]) -> str:
    if not row:
        return "the row is an empty object"
    if "chosen" in row and "rejected" in row:
        return "the row is a preference pair (chosen and rejected), not a chat with one answer"
    if "text" in row:
        return "the row has plain text only, without a prompt and an answer"
    return f"the row has none of the fields of a chat ({KNOWN_SHAPES})"


def _messages(row: Mapping[str, Any]) -> _Parts:
    return _Parts(_turns(row["messages"], "messages"), {"messages"})


def _sharegpt(row: Mapping[str, Any]) -> _Parts:
    key = "conversations" if row.get("conversations") is not None else "conversation"
    turns = _turns(row[key], key)
    system = row.get("system")
    if not isinstance(system, str) or not system:
        return _Parts(turns, {key})
    if turns and turns[0].message.role == "system":
        return _Parts(turns, {key}, ("second-system",))
    return _Parts([_said("system", system), *turns], {key, "system"})


def _alpaca(row: Mapping[str, Any]) -> _Parts:
    input_key = "input" if "input" in row else "context"
    answer_key = "output" if "output" in row else "response"
    used = {"instruction", input_key, answer_key, "system", "history"}
    turns = _system_turn(row, "system")
    for number, pair in enumerate(_as_list(row.get("history") or [], "history"), start=1):
        if not isinstance(pair, list) or len(pair) != 2:
            raise RowProblem(f"entry {number} of history is not a pair of question and answer")
        turns += [_said("user", _text(pair[0], "history")), _said("assistant", _text(pair[1], "history"))]
    instruction = _text(row["instruction"], "instruction")
    extra = _text(row.get(input_key), input_key)
    turns.append(_said("user", f"{instruction}\n\n{extra}" if instruction and extra else instruction or extra))
    return _with_answer(turns, row.get(answer_key), answer_key, used)


def _prompt_completion(row: Mapping[str, Any]) -> _Parts:
    pairs = (("prompt", ("completion", "response")), ("question", ("answer", "response")), ("input", ("output",)))
    prompt_key, answers = next((key, names) for key, names in pairs if key in row)
    answer_key = next((name for name in answers if name in row), answers[0])
    system_key = "system" if "system" in row else "system_prompt"
    prompt, answer = row[prompt_key], row.get(answer_key)
    turns = _system_turn(row, system_key)
    turns += _turns(prompt, prompt_key) if isinstance(prompt, list) else [_said("user", _text(prompt, prompt_key))]
    used = {prompt_key, answer_key, system_key}
    if isinstance(answer, list):
        first = len(turns)
        return _Parts([*turns, *_turns(answer, answer_key, first)], used)
    return _with_answer(turns, answer, answer_key, used)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], _Parts]] = {
    "messages": _messages,
    "sharegpt": _sharegpt,
    "alpaca": _alpaca,
    "prompt_completion": _prompt_completion,
}
SHAPES = tuple(_READERS)


def _with_answer(turns: list[Turn], answer: object, name: str, used: set[str]) -> _Parts:
    if answer is None:
        return _Parts(turns, used, ("no-answer",))
    return _Parts([*turns, _said("assistant", _text(answer, name))], used)


def _system_turn(row: Mapping[str, Any], name: str) -> list[Turn]:
    text = _text(row.get(name), name)
    return [_said("system", text)] if text else []


def _said(role: str, text: str) -> Turn:
    return Turn(Message(role, text), None, ())


def _turns(value: object, name: str, before: int = 0) -> list[Turn]:
    items = _as_list(value, name)
    if not items and name not in ("prompt", "completion", "response"):
        raise RowProblem(f"{name} is an empty list")
    return [read_turn(item, before + number) for number, item in enumerate(items, start=1)]


def _as_list(value: object, name: str) -> list[Any]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = parse(value)
        except RowProblem as problem:
            raise RowProblem(f"{name} is text that looks like a list: {problem.reason}") from problem
    if not isinstance(value, list):
        raise RowProblem(f"{name} is {kind_of(value)}, not a list of messages")
    return value


def _text(value: object, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowProblem(f"{name} is {kind_of(value)}, not text")
    return value
