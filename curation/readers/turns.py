"""Turns one message object of any chat format into a role and a text, keeping aside what these two cannot hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.types import ROLES, Message
from curation.readers.result import RowProblem, kind_of

ROLE_SYNONYMS: Mapping[str, str] = {
    "human": "user",
    "customer": "user",
    "prompter": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "function_call": "assistant",
    "developer": "system",
    "observation": "tool",
    "function": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
SHAREGPT_NAMES: Mapping[str, str] = {"user": "human", "assistant": "gpt", "system": "system", "tool": "observation"}
"""How ShareGPT files name the roles."""

TEXT_PARTS = ("text", "input_text", "output_text", "refusal")
CALLS = ("tool_calls", "function_call")

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """A message, and what stands beside it.

    Attributes:
        message: Role and text.
        fields: What role and text cannot hold, under the names of the messages format (``tool_calls``, ``name``,
            ``content`` where it was not plain text, ``from`` for an uncommon ShareGPT name); None when nothing.
        remarks: Keys of ``collect.REMARKS``, for the notes.
    """

    message: Message
    fields: Fields | None
    remarks: tuple[str, ...]


def read_turn(item: object, position: int) -> Turn:
    """One message object (``role``/``content`` or ``from``/``value``) as a turn.

    Args:
        item: The parsed JSON value.
        position: Its 1-based place in the conversation, for the reason.

    Raises:
        RowProblem: It is not an object, has no role, or its content is not text.
    """
    if not isinstance(item, dict):
        raise RowProblem(f"message {position} is {kind_of(item)}, not an object with a role and a content")
    if len(item) == 2 and item.get("role") in ROLES and isinstance(item.get("content"), str):  # nearly all of them
        return Turn(Message(item["role"], item["content"]), None, ())
    role_key = "role" if "role" in item else "from"
    content_key = "content" if "content" in item else "value"
    role, role_remarks = _role(item.get(role_key), position)
    fields: Fields = {key: value for key, value in item.items() if key not in (role_key, content_key)}
    remarks = list(role_remarks)
    if fields:
        remarks.append("turn-fields")
    present, content = content_key in item, item.get(content_key)
    spoken = {"content": content} if present else {}
    text = spoken_text({**fields, **spoken}, position)
    if isinstance(content, str) and content == text:
        if fields and not text:
            fields["content"] = text
        kept = bool(fields)
    else:
        fields |= spoken
        kept = True
        remarks.append(_speech_remark(fields, content))
    if role_key == "from" and item["from"] not in (role, SHAREGPT_NAMES.get(role)):
        fields["from"], kept = item["from"], True
    return Turn(Message(role, text), fields if kept else None, tuple(remarks))


def spoken_text(fields: Mapping[str, Any], position: int) -> str:
    """The text that stands for a message's content and tool calls.

    Text parts are joined without a separator, as chat templates do. Tool calls follow the content on a new line as
    JSON with sorted keys: ``{"tool_calls": [...]}``.

    Raises:
        RowProblem: The content is neither text, nor null, nor a list of text parts.
    """
    text = _content_text(fields.get("content"), position)
    calls = {key: fields[key] for key in CALLS if fields.get(key)}
    if not calls:
        return text
    encoded = json.dumps(calls, ensure_ascii=False, sort_keys=True)
    return f"{text}\n{encoded}" if text else encoded


def message_object(message: Message, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """A message in the messages format, with its fields put back where they still fit the text."""
    if fields is None:
        return {"role": message.role, "content": message.content}
    extras = {key: value for key, value in fields.items() if key != "from"}
    speech = {key for key in extras if key == "content" or (key in CALLS and extras[key])}
    if (speech or not message.content) and _says(extras, message.content):
        spoken = {"content": extras.pop("content")} if "content" in extras else {}
        return {"role": message.role, **spoken, **_sorted(extras)}
    plain = {key: value for key, value in extras.items() if key not in speech}
    return {"role": message.role, "content": message.content, **_sorted(plain)}


def fields_left_over(message: Message, fields: Mapping[str, Any] | None) -> Fields | None:
    """The fields that ``message_object`` leaves out, because an edit changed the text or the format has no name."""
    if fields is None:
        return None
    written = message_object(message, fields)
    left = {key: value for key, value in fields.items() if key not in written or written[key] != value}
    return left or None


def _says(fields: Mapping[str, Any], text: str) -> bool:
    try:
        return spoken_text(fields, 0) == text
    except RowProblem:
        return False


def _sorted(fields: Mapping[str, Any]) -> Fields:
    return {key: fields[key] for key in sorted(fields)}


def _role(role: object, position: int) -> tuple[str, tuple[str, ...]]:
    if role is None:
        raise RowProblem(f"message {position} has no role")
    if not isinstance(role, str):
        raise RowProblem(f"message {position} has a role that is {kind_of(role)}, not text")
    if role in ROLES:
        return role, ()
    name = role.strip().lower()
    if not name:
        raise RowProblem(f"message {position} has an empty role")
    known = name if name in ROLES else ROLE_SYNONYMS.get(name)
    if known is None:
        return role, ("unknown-role",)
    return known, (f"role:{name}:{known}",)


def _content_text(content: object, position: int) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(_part_text(part, position) for part in content)
    raise RowProblem(f"message {position} has a content that is {kind_of(content)}, not text")


def _part_text(part: object, position: int) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and part.get("type", "text") in TEXT_PARTS:
        text = part.get("refusal") if part.get("type") == "refusal" else part.get("text")
        if isinstance(text, str):
            return text
    raise RowProblem(f"message {position} has a part that is not text (an image or a sound?); only text can be read")


def _speech_remark(fields: Mapping[str, Any], content: object) -> str:
    if any(fields.get(key) for key in CALLS):
        return "tool-calls"
    return "parts" if isinstance(content, list) else "no-content"
