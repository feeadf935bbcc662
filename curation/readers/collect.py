"""Gathers rows, rejects and remarks while a file is read, and puts the remarks into sentences with counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.ids import example_id
from core.turn_fields import RESERVED
from core.types import Example, Message, Reject, Row
from curation.readers.json_values import repair_surrogates
from curation.readers.result import ReadResult, RowProblem
from curation.readers.shapes import Conversation, conversation

SHOWN_LINES = 5
REMARKS: Mapping[str, str] = {
    "surrogates": "{n} broken character(s) (lone surrogates) replaced by U+FFFD",
    "unknown-role": "{n} message(s) with a role other than system, user, assistant or tool, kept as they are",
    "tool-calls": "{n} message(s) with tool calls: they stand in the text as JSON; an export as messages restores them",
    "parts": "{n} message(s) whose content is a list of text parts, joined without a separator",
    "no-content": "{n} message(s) without content, read as empty text",
    "no-answer": "{n} row(s) without an answer, kept for the checks to report",
    "turn-fields": "{n} message(s) with fields beside role and content, kept in meta and not shown to the model",
    "second-system": "{n} row(s) with a system field beside a system message, the field kept in meta",
    "extra-fields": "{n} row(s) with other fields, kept in meta",
}
_EVERYWHERE = ("extra-fields",)  # usually every row: the lines would say nothing


class Remarks:
    """Counts of what was met, with the first lines of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lines: dict[str, dict[int, None]] = {}

    def add(self, key: str, line: int, count: int = 1) -> None:
        """Count ``count`` occurrences on a line."""
        self._counts[key] += count
        self._lines.setdefault(key, {})[line] = None

    def sentences(self, place: str) -> list[str]:
        """One sentence a remark, in a fixed order; ``place`` is ``line`` or ``record``."""
        out = []
        for key, sentence in REMARKS.items():
            if key in self._counts:
                where = "" if key in _EVERYWHERE else f" ({_places(list(self._lines[key]), place)})"
                out.append(f"{sentence.format(n=self._counts[key])}{where}.")
        roles = sorted(key.split(":")[1:] for key in self._counts if key.startswith("role:"))
        if roles:
            named = ", ".join(f"{name} as {role} {self._counts[f'role:{name}:{role}']}×" for name, role in roles)
            out.append(f"Roles read under their usual names: {named}.")
        return out


class Collector:
    """Turns parsed values into rows and rejects; ``shape`` is the one they must have (None = any)."""

    def __init__(self, shape: str | None = None) -> None:
        self.rows: list[Row] = []
        self.rejects: list[Reject] = []
        self.remarks = Remarks()
        self.shape = shape
        self._shapes: Counter[str] = Counter()

    def add(self, line: int, value: object, start: int = 0, end: int = 0, *, repair: bool = False) -> None:
        """Make a row of a parsed value, or a reject with the reason."""
        try:
            found, repaired = conversation(value, self.shape), 0
            if repair:  # afterwards: a text may hold JSON with surrogates of its own
                found, repaired = _repaired(found)
        except RowProblem as problem:
            self.reject(line, problem.reason, start, end)
            return
        if repaired:
            self.remarks.add("surrogates", line, repaired)
        self._keep(line, found)

    def keep(self, first_line: int, examples: Sequence[Example]) -> None:
        """Make rows of conversations in the messages shape that stand on successive lines."""
        self._shapes["messages"] += len(examples)
        self.rows += map(Row, range(first_line, first_line + len(examples)), examples)

    def reject(self, line: int, reason: str, start: int = 0, end: int = 0) -> None:
        """Note that a line could not become an example."""
        self.rejects.append(Reject(line, reason, start, end))

    def result(self, container: str, notes: Sequence[str] = ()) -> ReadResult:
        """All that was gathered; ``notes`` come before those of the rows."""
        place = "record" if container in ("json", "parquet") else "line"
        shapes = [shape for shape, count in self._shapes.most_common() if count]
        mixed = ", ".join(f"{shape} {self._shapes[shape]}" for shape in sorted(shapes))
        several = [f"The file mixes shapes: {mixed} (rows)."] if len(shapes) > 1 else []
        return ReadResult(
            rows=tuple(self.rows),
            rejects=tuple(self.rejects),
            format="mixed" if len(shapes) > 1 else (shapes[0] if shapes else "none"),
            notes=(*notes, *several, *self.remarks.sentences(place)),
            container=container,
        )

    def _keep(self, line: int, found: Conversation) -> None:
        self._shapes[found.shape] += 1
        for remark in found.remarks:
            self.remarks.add(remark, line)
        self.rows.append(Row(line, Example(example_id(found.messages), found.messages, found.meta)))


def _repaired(found: Conversation) -> tuple[Conversation, int]:
    texts, in_texts = repair_surrogates([[message.role, message.content] for message in found.messages])
    meta, in_meta = repair_surrogates(found.meta)
    messages = tuple(Message(role, content) for role, content in texts)
    _, noted_twice = repair_surrogates(found.meta.get(RESERVED))
    return replace(found, messages=messages, meta=meta), in_texts + in_meta - noted_twice or noted_twice


def _places(lines: Sequence[int], place: str) -> str:
    named = ", ".join(str(line) for line in lines[:SHOWN_LINES])
    more = f" and {len(lines) - SHOWN_LINES} more" if len(lines) > SHOWN_LINES else ""
    return f"{place}{'s' if len(lines) > 1 else ''} {named}{more}"
