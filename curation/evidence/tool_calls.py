"""Tool calls as they stand in the text of a turn: which there are, and whether their arguments are JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_TAGGED = re.compile(r"<(tool_call|function_call|functioncall)>\s*(.*?)\s*(?:</\1>|\Z)", re.DOTALL)
_FIELDS = ("tool_calls", "function_call")
_LIKE = re.compile(r'\s*\[?\s*\{\s*"(?:name|arguments|function|id|type)"\s*:')


@dataclass(frozen=True, slots=True)
class Calls:
    """The tool calls of one turn.

    Attributes:
        start, end: Where they stand in the text, half open.
        count: How many there are.
        broken: Whether they are no JSON, or the arguments of one of them are not.
    """

    start: int
    end: int
    count: int
    broken: bool


def tool_calls(text: str) -> Calls | None:
    """The calls of an assistant turn; None where it holds none.

    Read are the forms that readers and sets write: a last line of JSON with ``tool_calls`` or ``function_call``, a text
    that is one call or a list of them (``{"name": …, "arguments": …}``), and calls between ``<tool_call>`` tags.
    """
    if "{" not in text and "_call>" not in text:
        return None
    if "call>" in text and (tagged := list(_TAGGED.finditer(text))):
        values = [_parsed(match[2]) for match in tagged]
        return Calls(tagged[0].start(), tagged[-1].end(), len(values), any(_is_broken(value) for value in values))
    start = text.rfind("\n") + 1
    if any(f'"{field}"' in text[start:] for field in _FIELDS) and text.startswith("{", start):
        value = _parsed(text[start:])
        held = [call for field in _FIELDS if isinstance(value, dict) for call in _listed(value.get(field))]
        return Calls(start, len(text), max(1, len(held)), not held or any(_is_broken(call) for call in held))
    if '"arguments"' in text and _LIKE.match(text):
        held = _listed(_parsed(text))
        if held and not all(isinstance(call, dict) and _is_call(call) for call in held):
            return None
        return Calls(0, len(text), max(1, len(held)), not held or any(_is_broken(call) for call in held))
    return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is_call(call: dict[str, Any]) -> bool:
    inner = call.get("function", call)
    return isinstance(inner, dict) and "name" in inner and "arguments" in inner


def _is_broken(call: Any) -> bool:
    """Whether a call is no object, or its arguments are neither an object nor text that holds one."""
    if not isinstance(call, dict):
        return True
    inner = call.get("function", call)
    if not isinstance(inner, dict):
        return True
    arguments = inner.get("arguments", inner.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = _parsed(arguments) if arguments.strip() else {}
    return not isinstance(arguments, dict)
