"""Reads a person's own questions about what a model must not forget: JSONL with a prompt and an answer or a check."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.files import explain_os_error
from core.general import Item
from core.types import Reject

_TEXTS = {"exact", "pattern"}
_LISTS = {"contains", "absent"}
_COUNTS = {"words", "words_max", "lines"}
CHECKS = ("number", "contains", "absent", "exact", "pattern", "words", "words_max", "lines", "json", "refusal")


def read_questions(path: Path) -> tuple[tuple[Item, ...], list[Reject]]:
    """Questions of a JSONL file: ``{"prompt": …, "answer": …, "check": {…}, "kind": …, "id": …}`` a line.

    ``prompt`` is needed, and ``answer`` (a good one), ``check`` (see :func:`core.general.fulfils`), or both. Without
    a check a reply passes where it holds the answer as whole words, case apart. ``kind`` and ``id`` are optional.

    Returns:
        The questions in the order of the file, and the lines that are none with their reasons.

    Raises:
        InputError: The file cannot be read, or no line of it is a question.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        explained = explain_os_error(error, path)
        raise InputError(explained.message, explained.hint) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from error
    items: list[Item] = []
    rejected: list[Reject] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        found = _question(line, number)
        if isinstance(found, Item) and found.id in seen:
            found = f"has the id of line {seen[found.id]}"
        if isinstance(found, str):
            rejected.append(Reject(number, found))
        else:
            seen[found.id] = number
            items.append(found)
    if not items:
        detail = f" The first problem: line {rejected[0].line} {rejected[0].reason}." if rejected else ""
        raise InputError(
            f"{path} holds no question.{detail}", 'Each line needs a "prompt", and an "answer" or a "check".'
        )
    return tuple(items), rejected


def _question(line: str, number: int) -> Item | str:
    """One line as a question, or the reason why it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(value, dict):
        return "is not a JSON object"
    prompt, answer, check = value.get("prompt"), value.get("answer", ""), value.get("check")
    if not isinstance(prompt, str) or not prompt.strip():
        return 'has no "prompt"'
    if not isinstance(answer, str):
        return 'its "answer" is not a text'
    if check is None and not answer.strip():
        return 'has neither an "answer" nor a "check"'
    check = {"contains": [answer.strip()]} if check is None else check
    wrong = _wrong_check(check)
    kind, name = value.get("kind", "own"), value.get("id", f"line {number}")
    if wrong:
        return wrong
    if not isinstance(kind, str) or not isinstance(name, str):
        return 'its "kind" or "id" is not a text'
    return Item(name, kind, prompt, answer, check)


def _wrong_check(check: Any) -> str:
    """Why a check cannot be made; empty where it can."""
    if not isinstance(check, dict) or not check:
        return 'its "check" is not an object such as {"contains": ["Paris"]}'
    for name, value in check.items():
        if name not in CHECKS:
            return f'its check "{name}" is none of {", ".join(CHECKS)}'
        if name in _TEXTS and not isinstance(value, str):
            return f'its check "{name}" needs a text'
        if name in _LISTS and not (isinstance(value, list) and value and all(isinstance(v, str) for v in value)):
            return f'its check "{name}" needs a list of texts'
        if name in _COUNTS and (isinstance(value, bool) or not isinstance(value, int)):
            return f'its check "{name}" needs a whole number'
        if name == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
            return 'its check "number" needs a number'
        if name == "refusal" and not isinstance(value, bool):
            return 'its check "refusal" needs true or false'
    try:
        re.compile(str(check.get("pattern", "")))
    except re.error:
        return "its pattern is no regular expression"
    return ""
