"""Answers that contradict the context that their own prompt gives: the note says what the conversation denies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.grounding import Against, against, is_grounded

_NAME = "contradictions.context"
_LONGEST = 20_000  # characters of a context that is read


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    long = 0
    for example in batch:
        answer = example.answer
        turns = [turn for turn, message in enumerate(example.prompt) if message.role == "user"]
        if not turns or len(answer) < 4:
            continue
        turn = turns[-1]
        context = example.messages[turn].content
        if not is_grounded(context):
            continue
        if len(context) + len(answer) > _LONGEST:
            long += 1
            continue
        for found in against(answer, context):
            yield _finding(example, turn, found)
    if long:
        batch.note(f"{_NAME}: {long} examples with a context of more than {_LONGEST:,} characters were passed over.")


def _finding(example: Example, turn: int, found: Against) -> Finding:
    last = len(example.messages) - 1
    spans = [Span(last, start, end) for start, end in found.said if start < end]
    spans += [Span(turn, start, end) for start, end in found.given if start < end]
    return Finding(example.id, _NAME, "warn", found.reason, found.sentence, found.score, spans=tuple(spans))


_TALK = (
    "Section: HISTORY\n\nDoctor: What brings you in today?\nPatient: My right knee hurts since Monday.\n"
    "Doctor: Do you smoke?\nPatient: No.\nDoctor: Any allergies?\nPatient: No.\nDoctor: Are you taking any medicine?\n"
    "Patient: Just lisinopril 20 mg in the morning, nothing else."
)
_DOCUMENT = (
    "The warranty of the pump lasts 24 months from the date of purchase. It covers the motor and the seals. Repairs "
    "are made at the workshop in Leeds. Customers do not pay for the return of the pump.\n\nWhat does it cover?"
)
_LIST = (
    "Excerpt:\nB26.0 Mumps orchitis\nB26.83 Mumps nephritis\nB26.84 Mumps polyneuropathy\nB26.85 Mumps arthritis\n\n"
    "A man was seen for inflammation of the testis from mumps. Which code applies?"
)

CONTEXT = Check(
    name=_NAME,
    version=1,
    title="Answers that contradict their own prompt's context",
    run=_run,
    catches=(
        (chat(_TALK, "He has pain in the left knee."),),
        (chat(_TALK, "Right knee pain. He smokes."),),
        (chat(_TALK, "Right knee pain. He takes lisinopril 200 mg in the morning."),),
        (chat(_DOCUMENT, "The warranty of the pump lasts 12 months from the date of purchase."),),
        (chat(_LIST, "The code is B26.83, Mumps orchitis."),),
    ),
    passes=(
        (chat(_LIST, "The code is B26.0, Mumps orchitis."),),
        (chat(_LIST, "The code is B26.83, an inflammation."),),
        (chat(_TALK, "He has pain in the right knee. He does not smoke. No known drug allergies."),),
        (chat(_TALK, "He takes lisinopril 20 mg. He is 40 years old."),),
        (chat(_TALK + "\nDoctor: The right one?\nPatient: Actually it is the left one.", "His left knee hurts."),),
        (chat(_DOCUMENT, "The warranty of the pump lasts two years from the date of purchase."),),
        (chat("Rewrite it with twelve months.\n" + _DOCUMENT,
              "The warranty of the pump lasts 12 months from the date of purchase."),),
        (chat("Is the knee left or right?", "It is the left knee."),),
    ),
    about="Where the last user turn gives a context of 100 characters or more and asks for no change of it. Questions "
    "of a dialogue with a plain yes or no are read as statements. Reported: a thing denied there and stated in the "
    "answer, or the reverse; the other side of the same part; a dose, size or price at a word that the context gives "
    "with another one; a code with the title of another; a sentence of the context with one number, negation or "
    "opposite changed. What the context speaks of at another place too, or corrects later, is passed over, and so is a "
    "figure that the context does not have at all.",
)  # fmt: skip
