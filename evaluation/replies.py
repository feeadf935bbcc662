"""Answers of models as replies that studies compare: base and tuned from the same tokens, or read from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.chat import prompt_ids
from core.errors import InputError
from core.files import explain_os_error
from core.generation import Answer, Generation
from core.ids import content_id
from core.types import Example, Reject, Reply


@contextmanager
def as_base(model: Any) -> Iterator[Any]:
    """The model without its adapter inside the block: the same weights in the same precision."""
    with model.disable_adapter():
        yield model


def prompts_of(tokenizer: Any, examples: Sequence[Example]) -> list[list[int]]:
    """Token ids of each example's turns before its final answer."""
    return [prompt_ids(tokenizer, example.prompt) for example in examples]


def as_reply(source: str, example_id: str, answer: Answer, settings: Generation) -> Reply:
    """An answer as the noun that studies compare; its id depends on what was said, by whom, to which prompt."""
    stored = {**settings.as_dict(), "truncated": answer.truncated, "tokens": answer.tokens}
    return Reply(content_id([source, example_id, answer.text, stored]), source, example_id, answer.text, stored)


def read_replies(path: Path, source: str, prompt_ids_known: set[str]) -> tuple[list[Reply], list[Reject]]:
    """Answers of any other model from JSONL: ``{"prompt_id": <example id>, "text": …}`` a line.

    A line may say whether its answer was cut (``truncated``), how many ``seconds`` it took and how many ``tokens`` it
    has; its other fields are not read.

    Returns:
        The replies, and the lines that are none with their reasons (unknown prompt, answered twice, not JSON).

    Raises:
        InputError: The file cannot be read, or no line of it is a reply.
    """
    try:
        raw_lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        explained = explain_os_error(error, path)
        raise InputError(explained.message, explained.hint) from error
    replies: list[Reply] = []
    rejects: list[Reject] = []
    seen: dict[str, int] = {}
    at = 0
    for number, raw in enumerate(raw_lines, start=1):
        start, at = at, at + len(raw) + 1
        if not raw.strip():
            continue
        found = _parse_reply(raw, prompt_ids_known, seen)
        if isinstance(found, str):
            rejects.append(Reject(number, found, start, start + len(raw)))
            continue
        prompt_id, text, known = found
        seen[prompt_id] = number
        replies.append(
            Reply(content_id([source, prompt_id, text]), source, prompt_id, text, {"imported": True, **known})
        )
    if not replies:
        first = f" The first problem: line {rejects[0].line} {rejects[0].reason}." if rejects else ""
        raise InputError(f"{path} holds no reply.{first}", 'Each line needs "prompt_id" and "text".')
    return replies, rejects


def _parse_reply(raw: bytes, known: set[str], seen: dict[str, int]) -> tuple[str, str, dict[str, Any]] | str:
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(value, dict):
        return "is not a JSON object"
    prompt_id, text = value.get("prompt_id"), value.get("text")
    if not isinstance(prompt_id, str) or not isinstance(text, str):
        return 'has no "prompt_id" and "text"'
    if prompt_id not in known:
        return "names a prompt that is not in the hold-out"
    if prompt_id in seen:
        return f"answers a prompt that line {seen[prompt_id]} answered already"
    seconds, tokens, truncated = (value.get(name) for name in ("seconds", "tokens", "truncated"))
    more: dict[str, Any] = {"truncated": truncated} if isinstance(truncated, bool) else {}
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0:
        more["seconds"] = float(seconds)
    if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0:
        more["tokens"] = tokens
    return prompt_id, text, more
