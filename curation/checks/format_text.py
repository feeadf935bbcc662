"""Text that was never meant for the model: role markers, unfilled placeholders, answers that were cut off."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import code_ranges, outside

_TOKEN = re.compile(
    r"<\|(?:im_start|im_end|endoftext|eot_id|start_header_id|end_header_id|begin_of_text|end_of_text|user|assistant|"
    r"system|end|endofturn|pad|sep)\|>|<(?:start_of_turn|end_of_turn|bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>"
    r"|\A\s*<s>|</s>\s*\Z|^###? ?(?:Instruction|Response|Human|Assistant|User|System|Input)s?:",
    re.MULTILINE,
)
_SPEAKER = re.compile(r"^[ \t>*]{0,4}(?:User|Human|Assistant|AI|Bot|System)(?:\*\*)?:[ \t]*", re.MULTILINE)
_PLACEHOLDER = re.compile(
    r"\{\{[ \t]*[A-Za-z_][\w .|-]{0,60}?[ \t]*\}\}|<<[A-Z_]{3,40}>>|\$\{[A-Za-z_]\w{0,40}\}|%\([a-z_]{2,40}\)s"
    r"|\[(?:your|insert|company|customer|recipient|sender|enter|fill in|patient) ?[\w' "
    r"]{0,30}\]|\b(?:TODO|FIXME|XXX)\b:?"
    r"|\blorem ipsum\b",
    re.IGNORECASE,
)
_CASED = re.compile(r"\b(?:todo|fixme|xxx)\b", re.IGNORECASE)
_LAST_WORD = re.compile(r"([^\W\d_]{2,})\Z")
_HANGING = re.compile(r"(?:(?<![:;=8xX-])[,(\[{“]|\b(?:and|or|the|an|because|its|their|und|oder|et|les))\Z")
_ENDINGS = frozenset(".!?。！？…:;)]}\"'”’`*>|")
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def _role_text(examples: Sequence[Example]) -> Iterable[Finding]:
    for example in examples:
        for turn, message in enumerate(example.messages):
            code = code_ranges(message.content)
            marks = [m.span() for m in _TOKEN.finditer(message.content) if outside(code, *m.span())]
            if message.role == "assistant":
                marks += [m.span() for m in _SPEAKER.finditer(message.content) if outside(code, *m.span())]
            marks = _trimmed(message.content, marks)
            if not marks:
                continue
            text = message.content
            edges = [(a, b) for a, b in marks if not text[:a].strip() or not text[b:].strip()]
            fix = None
            if len(edges) == len(marks) and any(text[a:b].strip() != text.strip() for a, b in marks):
                fix = Proposal("edit", (example.id,), False, tuple(Replacement(turn, a, b, "") for a, b in marks))
            yield Finding(
                example.id,
                "format.role_text",
                "warn",
                "role-marker",
                f"Turn {turn + 1} ({message.role}) holds {len(marks)} role marker{'s' * (len(marks) > 1)} or special "
                "tokens that a chat template should write.",
                spans=tuple(Span(turn, a, b) for a, b in marks),
                proposal=fix,
            )


def _trimmed(text: str, marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
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


def truncated(batch: Batch) -> dict[str, tuple[str, str, int, int]]:
    """Answers that were cut off: example id to (reason, sentence, start, end). For ``batch.shared``."""
    found: dict[str, tuple[str, str, int, int]] = {}
    for example in batch:
        text = example.answer.rstrip()
        if not text:
            continue
        if text.count("```") % 2:
            start = text.rfind("```")
            found[example.id] = "unclosed-fence", "The answer ends inside a code block.", start, len(text)
        elif text[-1] not in _ENDINGS and (place := _unclosed(text)) is not None:
            found[example.id] = "unclosed-bracket", "The answer ends inside a bracket.", place, len(text)
        elif (hanging := _HANGING.search(text)) and len(text.split()) > 3:
            sentence = "The answer stops in the middle of a sentence."
            found[example.id] = "hanging-end", sentence, hanging.start(), len(text)
    found.update(_cut_words(batch, found))
    return found


def _unclosed(text: str) -> int | None:
    """Where the last bracket opens that nothing closes, outside code; None if all close."""
    code = code_ranges(text)
    open_places: list[tuple[str, int]] = []
    for match in re.finditer(r"(?<![:;=8xX-])[()\[\]{}]", text):
        mark, place = match[0], match.start()
        if not outside(code, place, place + 1):
            continue
        if mark in "([{":
            open_places.append((mark, place))
        elif open_places and open_places[-1][0] == _BRACKETS[mark]:
            open_places.pop()
        elif open_places:
            return None  # brackets are used loosely here
    return open_places[-1][1] if open_places else None


def _cut_words(
    batch: Batch, known: dict[str, tuple[str, str, int, int]]
) -> Iterator[tuple[str, tuple[str, str, int, int]]]:
    """Answers whose last word is the beginning of a longer word of the set, and a word nowhere else."""
    suspects: dict[str, tuple[Example, int, int]] = {}
    for example in batch:
        text = example.answer.rstrip()
        match = _LAST_WORD.search(text)
        if match and example.id not in known and len(text.split()) > 1:
            suspects[example.id] = (example, match.start(1), match.end(1))
    if not suspects:
        return
    counts: Counter[str] = Counter()
    own: dict[str, Counter[str]] = {}
    for example in batch:
        words = Counter(w.casefold() for m in example.messages for w in re.findall(r"[^\W\d_]{2,}", m.content))
        counts.update(words.keys())
        if example.id in suspects:
            own[example.id] = words
    longer = sorted(counts)
    for example_id, (example, start, end) in suspects.items():
        word = example.answer[start:end].casefold()
        if counts[word] > 1 or own[example_id][word] > 1:
            continue
        after = bisect_right(longer, word)
        if (
            after < len(longer)
            and longer[after].startswith(word)
            and (any(w.startswith(word) and w != word for w in own[example_id]) or len(word) > 3)
        ):
            yield example_id, ("cut-word", "The answer stops in the middle of a word.", start, end)


def _truncated(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for example_id, (reason, sentence, start, end) in batch.shared(truncated).items():
        turn = len(batch.example(example_id).messages) - 1
        yield Finding(example_id, "format.truncated", "warn", reason, sentence, spans=(Span(turn, start, end),))


ROLE_TEXT = Check(
    name="format.role_text",
    version=1,
    title="Role markers and special tokens inside a turn",
    run=_role_text,
    catches=(
        (chat("Hello", "Assistant: Hello."),),
        (chat("Hello", "Hello.<|im_end|>"),),
        (chat("### Instruction:\nSay hello.", "Hello."),),
        (chat("Hello", "Hello.\nUser: And now?\nAssistant: Bye."),),
        (chat("[INST] Hello [/INST]", "Hello."),),
    ),
    passes=(
        (chat("User: hi\nSummarise this chat.", "They greet."),),
        (chat("How does ChatML end a turn?", "With the token `<|im_end|>`."),),
        (chat("Doctor: hi\nPatient: hello", "The patient said hello. The system: intact."),),
    ),
    about="Special tokens of the usual chat templates anywhere outside code; speaker names at the start of a line "
    "only in "
    "answers. Markers at the very edge of a turn can be removed by the proposal.",
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
TRUNCATED = Check(
    name="format.truncated",
    version=1,
    title="Answers that were cut off",
    run=_truncated,
    catches=(
        (chat("Show it.", "```python\nprint(1)"),),
        (chat("Which code for an unspecified bronchitis?", "J20.9, acute bronchitis, unspecif"),),
        (chat("Why?", "It was given to the patient because of the"),),
        (chat("Why?", "It hurts (mostly at night"),),
    ),
    passes=(
        (chat("Show it.", "```python\nprint(1)\n```"),),
        (chat("Which code for a bronchitis?", "J20.9, acute bronchitis"),),
        (chat("Which?", "The one you asked for"),),
        (chat("Smile", "Sure :("),),
    ),
    about="An open code block or bracket at the end, a last word that only begins a sentence's next part, or a last "
    "word "
    "that is the beginning of a longer word of the set and is a word nowhere else in it.",
)
