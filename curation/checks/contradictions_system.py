"""Answers that break a measurable instruction of their own prompt, such as "one sentence" or "JSON only"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat, of
from curation.evidence.batch import Batch
from curation.evidence.habits import Answer
from curation.evidence.instructions import Instruction, asked_of_answer, instructions
from curation.evidence.instructions_kept import OVERRULED, Break, broken

_NAME = "contradictions.system"
_ODD_ROWS = 5  # answers from which a prompt can be the odd one
_ODD_SHARE = 0.5  # of them that break it
_REQUEST = 300


@dataclass(frozen=True, slots=True)
class _Broken:
    """One instruction that one example breaks."""

    example: Example
    turn: int
    instruction: Instruction
    answered: int
    how: Break


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    kept: dict[tuple[str, Instruction], int] = defaultdict(int)
    found: dict[tuple[str, Instruction], list[_Broken]] = defaultdict(list)
    for example in batch:
        answer: Answer | None = None
        text = example.answer
        if not text.strip():
            continue
        last = len(example.messages) - 1
        for turn, message in enumerate(example.messages[:-1]):
            if message.role != "system":
                continue
            for instruction in instructions(message.content):
                answer = answer or Answer(text, example)
                if _asks_otherwise(example, instruction):
                    continue
                how = broken(instruction, answer)
                key = message.content, instruction
                kept[key] += how is None
                if how is not None:
                    found[key].append(_Broken(example, turn, instruction, last, how))
        if last > 0 and example.messages[last - 1].role == "user":
            for instruction in asked_of_answer(example.messages[last - 1].content):
                answer = answer or Answer(text, example)
                if (how := broken(instruction, answer)) is not None:
                    yield _finding(_Broken(example, last - 1, instruction, last, how), "request")
    for key, breaks in found.items():
        yield from _told(breaks, kept[key])


def _asks_otherwise(example: Example, instruction: Instruction) -> bool:
    """Whether the user's last request asks for what the system prompt rules out."""
    pattern = OVERRULED.get(instruction.kind)
    if pattern is None:
        return False
    for message in reversed(example.messages[:-1]):
        if message.role == "user":
            text = message.content
            return bool(pattern.search(text if len(text) <= 2 * _REQUEST else f"{text[:_REQUEST]}\n{text[-_REQUEST:]}"))
    return False


def _told(breaks: list[_Broken], kept: int) -> Iterator[Finding]:
    """A finding for each example; one for all where most answers break it."""
    total = kept + len(breaks)
    if total >= _ODD_ROWS and len(breaks) > _ODD_SHARE * total:
        yield _finding(breaks[0], "instruction-unkept", breaks[1:], total)
    else:
        for one in breaks:
            yield _finding(one, "instruction")


def _finding(one: _Broken, reason: str, others: Sequence[_Broken] = (), total: int = 0) -> Finding:
    whose = "request" if reason == "request" else "system prompt"
    instruction = one.instruction
    message = f"The {whose} says “{instruction.text}”; the answer {one.how.told}."
    if reason == "instruction-unkept":
        message = (
            f"{len(others) + 1} of {total} answers break “{instruction.text}” of their system prompt (this one "
            f"{one.how.told}): rather the prompt is the odd one."
        )
    spans = [Span(one.turn, instruction.start, instruction.end)]
    spans += [Span(one.answered, *place) for place in one.how.places or ((0, len(one.example.answer)),)]
    return Finding(
        one.example.id,
        _NAME,
        "warn" if reason != "instruction-unkept" else "info",
        reason,
        message,
        0.9,
        spans=tuple(spans),
        related=tuple(other.example.id for other in others),
    )


def _asked(answer: str, system: str, ask: str = "How do I reset it?") -> tuple[Example, ...]:
    return (chat(ask, answer, system=system),)


_LONG = "Hold the button for ten seconds. Wait until the light is green. Then call us."
_KEPT = tuple(chat(f"What about {i}?", f"Press key {i}.", system="Reply in one sentence.") for i in range(6))

SYSTEM = Check(
    name=_NAME,
    version=1,
    title="Answers that break an instruction of their own prompt",
    run=_run,
    catches=(
        _asked(_LONG, "You help customers. Reply in one sentence."),
        (*_KEPT, chat("What now?", _LONG, system="Reply in one sentence.")),
        tuple(chat(f"What about {i}?", _LONG + f" {i}.", system="Reply in one sentence.") for i in range(6)),
        _asked(_LONG, "Keep your answers under 12 words."),
        _asked("It is the red one.", "Reply with JSON only."),
        _asked("Angry.", "Answer only with one of these labels: positive, negative, neutral."),
        _asked("- Hold the button\n- Wait", "Use no lists and no emoji."),
        _asked("Hold the button 😊", "Use no lists and no emoji."),
        _asked("Hold the button, as at Acme.", "Never mention Acme."),
        _asked("Hold the button.", 'Always end with "Anything else?"'),
        _asked("I'm sorry, hold the button.", "Do not apologise."),
        _asked("Halten Sie die Taste gedrückt und warten Sie, bis das Licht grün ist.", "Always answer in English."),
        (chat("Is it safe? Answer yes or no.", "It depends."),),
    ),
    passes=(
        _KEPT,
        _asked(_LONG, "You help customers. Be brief."),
        _asked(_LONG, "If the user is angry, reply in one sentence."),
        _asked(_LONG, "Try to reply in one sentence."),
        _asked(_LONG, "Reply in one sentence.", "Explain it in detail, please."),
        _asked("Dr. Lee, e.g., holds the button for 2.5 seconds.", "Reply in one sentence."),
        _asked('{"colour": "red"}', "Reply with JSON only."),
        _asked("Positive.", "Answer only with one of these labels: positive, negative, neutral."),
        _asked("Hold it. Anything else?", 'Always end with "Anything else?"'),
        (of(),),
        (chat("Write a prompt that says: answer in one sentence.", _LONG),),
    ),
    about="English instructions that can be measured: how many sentences, words, characters, list items or paragraphs; "
    "JSON; one of some labels; the language; no lists, bold, headings, markdown, code, emoji, exclamation marks, "
    "contractions, questions, apologies, first person; words never to be said; how to begin and to end; case. What is "
    "said with a condition or a hedge (if, when, about, try to) is passed over, and so is a row whose user asks for "
    "something else. Counting is kind to the answer. Where most of five answers or more break an instruction, that is "
    "said once, of the prompt. Of the user's last turn, the first and last line are read for the length, list, JSON "
    "or labels that they ask for.",
)
