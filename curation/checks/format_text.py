"""Text that was never meant for the model: role markers, special tokens, placeholders that nobody filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.groups import code_ranges, outside

_ROLE = r"(?:system|user|assistant|model|tool|human)"
_TOKEN = re.compile(
    rf"<\|(?:im_start|start_header_id|start)\|>[ \t]*{_ROLE}?\b(?:<\|(?:end_header_id|message)\|>)?\s*"
    r"|<\|[A-Za-z_][A-Za-z0-9_]{1,40}\|>\s*"
    rf"|<start_of_turn>[ \t]*{_ROLE}?\b\s*|<(?:end_of_turn|bos|eos|pad|unk)>"
    r"|<｜[^\s｜>]{1,40}｜>\s*"
    r"|\[/?INST\]|<</?SYS>>|\A\s*<s>|</s>\s*\Z"
    r"|^#{2,3} ?(?:Instruction|Response|Human|Assistant|User|System|Input|Output)s?:[ \t]*\n?",
    re.MULTILINE,
)
_TOKEN_HINTS = ("<|", "<｜", "INST]", "SYS>>", "<s>", "</s>", "_of_turn>", "<bos>", "<eos>", "<pad>", "<unk>", "##")
_SPEAKER = re.compile(r"^[ \t>*]{0,4}(?:User|Human|Assistant|AI|Bot|System|GPT|ChatGPT)(?:\*\*)?:[ \t]*", re.MULTILINE)
_SPEAKER_HINTS = ("User", "Human", "Assistant", "AI", "Bot", "System", "GPT")
_PLACEHOLDER = re.compile(
    r"\{\{[ \t]*[A-Za-z_][\w .|-]{0,60}?[ \t]*\}\}|<<[A-Z_]{3,40}>>|\$\{[A-Za-z_]\w{0,40}\}|%\([a-z_]{2,40}\)s"
    r"|\[(?:your|insert|company|customer|recipient|sender|enter|fill in|patient) ?[\w' "
    r"]{0,30}\]|\b(?:TODO|FIXME|XXX)\b:?"
    r"|\blorem ipsum\b",
    re.IGNORECASE,
)
_CASED = re.compile(r"\b(?:todo|fixme|xxx)\b", re.IGNORECASE)
_PLACEHOLDER_HINTS = ("{{", "<<", "${", "%(", "[", "TODO", "FIXME", "XXX", "orem ipsum", "OREM IPSUM", "orem Ipsum")


def _role_text(examples: Sequence[Example]) -> Iterable[Finding]:
    for example in examples:
        for turn, message in enumerate(example.messages):
            text = message.content
            marks = _marks(text, message.role)
            if not marks:
                continue
            edits = _fix(text, marks, message.role)
            fix = (
                Proposal("edit", (example.id,), False, tuple(Replacement(turn, *e, "") for e in edits))
                if edits
                else None
            )
            yield Finding(
                example.id,
                "format.role_text",
                "warn",
                "role-marker",
                f"Turn {turn + 1} ({message.role}) holds {_count(len(marks))} that a chat template should write.",
                spans=tuple(Span(turn, a, b) for a, b in marks),
                proposal=fix,
            )


def _count(marks: int) -> str:
    return "a role marker or special token" if marks == 1 else f"{marks} role markers or special tokens"


def _marks(text: str, role: str) -> list[tuple[int, int]]:
    marks: list[tuple[int, int]] = []
    if any(hint in text for hint in _TOKEN_HINTS):
        marks = [match.span() for match in _TOKEN.finditer(text)]
    if role == "assistant" and ":" in text and any(hint in text for hint in _SPEAKER_HINTS):
        marks += [match.span() for match in _SPEAKER.finditer(text)]
    if not marks:
        return []
    code = code_ranges(text)
    return _trimmed([(a, b) for a, b in marks if outside(code, a, b)])


def _fix(text: str, marks: Sequence[tuple[int, int]], role: str) -> list[tuple[int, int]]:
    """What to take out: marks at either edge, and from an answer the turn of somebody else that follows it."""
    first = 0
    while first < len(marks) and not text[(marks[first - 1][1] if first else 0) : marks[first][0]].strip():
        first += 1
    edges, rest = list(marks[:first]), list(marks[first:])
    while (
        rest and not text[rest[-1][1] : (edges[-1][0] if edges and edges[-1][0] > rest[-1][1] else len(text))].strip()
    ):
        edges.append(rest.pop())
    if rest and role == "assistant":
        edges = [(a, b) for a, b in edges if b <= rest[0][0]] + [(rest[0][0], len(text))]
    elif rest:
        return []
    edits = []
    for start, end in sorted(edges):
        last = not text[end:].strip()
        edits.append((len(text[:start].rstrip()), len(text)) if last else (start, end))
    left = "".join(
        text[a:b] for a, b in zip([0, *(e for _, e in edits)], [*(s for s, _ in edits), len(text)], strict=True)
    )
    return edits if left.strip() and not _marks(left, role) else []


def _trimmed(marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Marks in order, without overlaps."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(marks)):
        if start < end and (not kept or start >= kept[-1][1]):
            kept.append((start, end))
    return kept


def _placeholder(examples: Sequence[Example]) -> Iterable[Finding]:
    for example in examples:
        spans = []
        for turn, message in enumerate(example.messages):
            if not any(hint in message.content for hint in _PLACEHOLDER_HINTS):
                continue
            code = code_ranges(message.content)
            for match in _PLACEHOLDER.finditer(message.content):
                if _CASED.match(match[0]) and not match[0].rstrip(":").isupper():
                    continue
                if outside(code, *match.span()):
                    spans.append(Span(turn, *match.span()))
        if spans:
            names = sorted({example.messages[s.turn].content[s.start : s.end] for s in spans})
            what = "a placeholder was" if len(spans) == 1 else f"{len(names)} placeholders were"
            yield Finding(
                example.id, "format.placeholder", "warn", "placeholder", f"{what.capitalize()} never filled in.",
                spans=tuple(spans),
            )  # fmt: skip


ROLE_TEXT = Check(
    name="format.role_text",
    version=2,
    title="Role markers and special tokens inside a turn",
    run=_role_text,
    catches=(
        (chat("Hello", "Assistant: Hello."),),
        (chat("Hello", "Hello.<|im_end|>"),),
        (chat("### Instruction:\nSay hello.", "Hello."),),
        (chat("Hello", "Hello.\nUser: And now?\nAssistant: Bye."),),
        (chat("[INST] Hello [/INST]", "Hello."),),
        (chat("Hello", "<|im_start|>assistant\nHello."),),
        (chat("Hello", "<start_of_turn>model\nHello."),),
        (chat("Hello", "Hello.\n### Instruction:\nWrite the next one."),),
    ),
    passes=(
        (chat("User: hi\nSummarise this chat.", "They greet."),),
        (chat("How does ChatML end a turn?", "With the token `<|im_end|>`."),),
        (chat("Doctor: hi\nPatient: hello", "The patient said hello. The system: intact."),),
    ),
    about="Special tokens of the usual chat templates anywhere outside code; speaker names at the start of a line "
    "only in "
    "answers. The proposal removes markers at the very edge of a turn, and from an answer the turn of somebody else "
    "that follows it.",
)
PLACEHOLDER = Check(
    name="format.placeholder",
    version=1,
    title="Placeholders that were never filled in",
    run=_placeholder,
    catches=(
        (chat("Dear {{name}}, which code?", "J20.9."),),
        (chat("Write a letter.", "Kind regards,\n[Your Name]"),),
        (chat("Hi", "I am ${assistant_name}."),),
        (chat("Hi", "TODO: write this answer"),),
    ),
    passes=(
        (chat("What does Jinja print for `{{ name }}`?", "The value of the variable."),),
        (chat("A set?", "{1, 2} or {a: {b: c}}"),),
        (chat("Mi lista de todo", "See [1] and [the guide](x)."),),
    ),
    about="{{name}}, ${name}, [Your Name], <<NAME>>, TODO and lorem ipsum, outside code.",
)
