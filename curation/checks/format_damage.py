"""Damaged text that can be mended: broken encodings, entities, tags, control characters, stray spaces and line ends."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import groups
from curation.evidence.habits_damage import DAMAGES, Damage
from curation.evidence.harmless import is_exact

_COMMON_SHARE = 0.2  # a habit of more than a fifth of a group is its habit, not damage

_SUBJECTS = {
    "html-entity": re.compile(
        r"\b(?:html|xml|entit(?:y|ies)|escap(?:e|ed|ing)|encod(?:e|ed|ing)|markup)\b", re.IGNORECASE
    ),
    "mojibake": re.compile(
        r"\b(?:mojibake|utf-?8|unicode|latin-?1|iso-?8859|windows-?1252|cp-?1252|(?:en|de)cod(?:e|ed|ing)|garbled)\b",
        re.IGNORECASE,
    ),
    "control-character": re.compile(
        r"\b(?:zero-width|control characters?|escape sequences?|ansi|null byte)\b", re.IGNORECASE
    ),
}
"""What a conversation speaks of in which the damage may stand on purpose."""

Place = tuple[int, int, int, str | None]


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    found: dict[str, list[tuple[Example, list[Place]]]] = defaultdict(list)
    for example in batch:
        last = len(example.messages) - 1
        for damage in DAMAGES:
            places = [
                (turn, *edit)
                for turn, message in enumerate(example.messages)
                if damage.prompts or (turn == last and message.role == "assistant")
                for edit in damage.find(message.content)
            ]
            if places and any(not example.messages[turn].content.isspace() for turn, *_ in places):
                found[damage.reason].append((example, places))
    for damage in DAMAGES:
        habit = (
            set() if damage.prompts else _habitual(batch, damage, {example.id for example, _ in found[damage.reason]})
        )
        for example, places in found[damage.reason]:
            if example.id not in habit and not (damage.reason == "html-tag" and _asked_for(example)):
                yield _finding(example, damage, places)


def _finding(example: Example, damage: Damage, places: Sequence[Place]) -> Finding:
    edits = [Replacement(turn, start, end, new) for turn, start, end, new in places if new is not None]
    return Finding(
        example.id,
        "format.damage",
        "warn",
        damage.reason,
        f"It holds {damage.label} ({len(places)} place{'s' * (len(places) > 1)}).",
        spans=tuple(Span(turn, start, end) for turn, start, end, _ in places if end > start),
        proposal=Proposal("edit", (example.id,), _is_safe(example, damage, edits), tuple(edits)) if edits else None,
    )


def _is_safe(example: Example, damage: Damage, edits: Sequence[Replacement]) -> bool:
    """Whether mending it cannot change what is taught: not where the damage may be what is spoken of."""
    if not damage.safe:
        return False
    if (subject := _SUBJECTS.get(damage.reason)) and any(subject.search(m.content) for m in example.messages):
        return False
    texts = [example.messages[turn].content for turn in {edit.turn for edit in edits}]
    if damage.reason == "html-entity":
        if any(edit.text == "<" or _in_address(example, edit) for edit in edits):
            return False
        return not any(map(is_exact, texts))
    if damage.reason == "doubled-space":
        return not any(map(is_exact, texts))
    if damage.reason == "leading-space":
        return not any(map(_is_indented, texts))
    return True


def _in_address(example: Example, edit: Replacement) -> bool:
    """Whether an entity other than &amp; stands in a web address, where it is a part of it: ?a=1&copy;=2."""
    before = example.messages[edit.turn].content[max(0, edit.start - 300) : edit.start]
    return edit.text != "&" and re.search(r"(?:://|www\.)\S*\Z", before) is not None


def _is_indented(text: str) -> bool:
    """Whether the white space before the first line may be one of several indents, as in a drawing or code."""
    first, _, rest = text.lstrip("\r\n").partition("\n")
    return first[:1] in (" ", "\t") and any(line[:1] in (" ", "\t") for line in rest.split("\n") if line.strip())


def _asked_for(example: Example) -> bool:
    """Whether a turn before the answer speaks of HTML or holds some."""
    return any("html" in m.content.lower() or "</" in m.content or "<br" in m.content for m in example.prompt)


def _or_none(usual: bool) -> bool | None:
    return usual or None


def _habitual(batch: Batch, damage: Damage, having: set[str]) -> set[str]:
    """Examples of groups in which more than a fifth of the answers have it: their habit, so no fault."""
    habit: set[str] = set()
    for group in batch.shared(groups) if having else ():
        count = sum(1 for example in group.examples if example.id in having)
        usual = count > _COMMON_SHARE * len(group.examples)
        if batch.learn("format.damage", f"{damage.reason} {group.key}", partial(_or_none, usual)):
            habit |= {example.id for example in group.examples}
            batch.note(
                f"format.damage: {count} of {len(group.examples)} answers of one group have {damage.label}; taken as "
                "its habit."
            )
    return habit


DAMAGE = Check(
    name="format.damage",
    version=2,
    title="Broken encodings, HTML entities and tags, control characters, mixed scripts, stray spaces and line ends",
    run=_run,
    catches=(
        (chat("Der FlÃ¼gel?", "Ja."),),
        (chat("Is A &amp; B right?", "Yes."),),
        (chat("Is it?", "Yes,\x00 it is."),),
        (chat("Is it the patient\x92s?", "Yes, it is."),),
        (chat("Is it?", "Yes,  it is."),),
        (chat("Is it?", "Yes, it is. \n"),),
        (chat("Is it?", "\nYes, it is."),),
        (chat("Is it?", "Yes, it is,<br>surely."),),
        (chat("Is it?", "Yes, it is,\r\nsurely."),),
        (chat("Is it the раtient?", "Yes."),),
        (chat("Is it the caf\ufffd?", "Yes."),),
    ),
    passes=(
        (chat("Der Flügel? Größe, naïve café — “so”…", "Ja."),),
        (chat("How is `&amp;` written in HTML?", "<p>As &amp;amp;</p>"),),
        (chat("A table", "| a  | b |\n| -- | - |"),),
        (chat("Code", "```\nx  = 1\n```"),),
        (chat("Is it?  Really? ", "Yes."),),
        (chat("Write HTML.", "<b>Yes</b>"),),
        (chat("Пациент принял 5 μg Na⁺?", "Да, в Excel."),),
    ),
    about="ftfy finds the broken encodings. Tags, spaces and line ends count only in answers, and only where no more "
    "than a fifth of the group has them; tags not where the request speaks of HTML. The finding carries the exact "
    "edit, which is safe but for tags, letters of another script, spaces that set columns, entities in code or that "
    "become tags, and where the conversation speaks of the very thing. Characters that were lost cannot be brought "
    "back.",
)
