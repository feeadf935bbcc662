"""Short answers that say the same in other words than most of their group: "None." beside "NKDA."."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, groups, lower_bound
from curation.evidence.norms import LearnedNorm
from curation.evidence.wording import (
    ABBREVIATIONS,
    Key,
    is_about,
    is_short,
    learned_abbreviations,
    meaning,
    slot,
    slot_lines,
)
from curation.minhash.normalise import normalise

_NAME = "format.wording"
_SLOT_ROWS = 5  # prompts that share a line before it counts as what is asked for
_SHORT_SHARE = 0.01  # of a group that must be short answers for their wordings to be looked at


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    held = [(group, [e for e in group.examples if is_short(e.answer)]) for group in batch.shared(groups)]
    if not any(len(short) >= batch.settings.min_group for _, short in held):
        return
    known = ABBREVIATIONS | learned_abbreviations(message.content for e in batch for message in e.messages)
    for group, short in held:
        if len(short) >= max(batch.settings.min_group, _SHORT_SHARE * len(group.examples)):
            yield from _of_group(batch, group, short, known)


def _of_group(batch: Batch, group: Group, short: list[Example], known: dict[str, str]) -> Iterator[Finding]:
    by_meaning: dict[tuple[Key, str], list[Example]] = defaultdict(list)
    for example, key, where in _meanings(group, short, known):
        by_meaning[key, where].append(example)
    for (key, _), members in sorted(by_meaning.items(), key=lambda item: item[0]):
        wordings = Counter(normalise(example.answer) for example in members)
        total = len(members)
        if len(wordings) < 2 or total < batch.settings.min_group:
            continue
        usual, count = min(wordings.items(), key=lambda item: (-item[1], item[0]))
        if count < 2:
            continue
        written = Counter(e.answer.strip() for e in members if normalise(e.answer) == usual)
        shown = min(written.items(), key=lambda item: (-item[1], item[0]))[0]
        bound = lower_bound(count, total, batch.settings.norm_confidence)
        is_norm = bound >= batch.settings.norm_share
        if is_norm:
            sentence = f"say “{shown}” where they {'deny' if key[0] == 'no' else 'say'} this"
            batch.norms.append(LearnedNorm(_NAME, "wording", group.label, sentence, count, total, bound, total - count))
        for example in members:
            if normalise(example.answer) != usual:
                yield _finding(example, shown, count, total, is_norm)


def _meanings(group: Group, short: list[Example], known: dict[str, str]) -> Iterator[tuple[Example, Key, str]]:
    """Each short answer with what it says, and the slot where it says it (empty where that has no part in it).

    A bare "None." denies what the line of its prompt names, if other answers below that line deny it by name.
    """
    said = [(example, key) for example in short if (key := meaning(example.answer, known)) is not None]
    if all(key[0] != "none" for _, key in said):
        yield from ((example, key, "") for example, key in said)
        return
    lines = {example.id: slot_lines(example) for example in group.examples}
    common = Counter(line for found in lines.values() for line in found)
    keys = [(example, key, slot(lines[example.id], common, _SLOT_ROWS)) for example, key in said]
    named: dict[str, Counter[Key]] = defaultdict(Counter)
    for _, key, where in keys:
        if key[0] == "no" and len(key[1]) == 1 and is_about(key[1][0], where):
            named[where.name][key] += 1
    for example, key, where in keys:
        if key[0] != "none":
            yield example, key, ""
        elif where.name and (denied := named.get(where.name)):
            yield example, min(denied, key=lambda one: (-denied[one], one)), ""
        elif where.name:
            yield example, key, where.name


def _finding(example: Example, shown: str, count: int, total: int, is_norm: bool) -> Finding:
    turn, text = len(example.messages) - 1, example.answer
    start = text.index(text.strip()[0])
    end = start + len(text.strip())
    edit = Replacement(turn, start, end, shown)
    return Finding(
        example.id,
        _NAME,
        "warn" if is_norm else "info",
        "wording",
        f"{count} of {total} answers that say this say “{shown}”; this one says it in other words.",
        count / total,
        spans=(Span(turn, start, end),),
        proposal=Proposal("edit", (example.id,), False, (edit,)),
    )


def _asked(section: str, *answers: str) -> tuple[Example, ...]:
    return tuple(chat(f"Section: {section}\n\nNote {i} of {section}.", answer) for i, answer in enumerate(answers))


_ALLERGIES = _asked("ALLERGY", *["No known drug allergies."] * 14, *["Penicillin."] * 8)

WORDING = Check(
    name=_NAME,
    version=1,
    title="Short answers that say the same in other words",
    run=_run,
    catches=(
        (*_ALLERGIES, *_asked("allergy", *["None."] * 8)),
        (*_ALLERGIES, *_asked("allergy", *["He has no known allergies."] * 8)),
        (*_ALLERGIES, *_asked("allergy", *["NKDA"] * 8)),
        _asked("SMOKING", *["Denies tobacco use."] * 15, *["She does not smoke."] * 6),
        tuple(chat(f"Rate {i}.", "5 stars" if i % 2 else "five stars") for i in range(30)),
    ),
    passes=(
        _ALLERGIES,
        (*_ALLERGIES, *_asked("SURGERY", *["None."] * 8)),
        (*_ALLERGIES, *_asked("ALLERGY", *["No known food allergies."] * 8)),
        (*_ALLERGIES, *_asked("ALLERGY", *["Allergies."] * 8)),
        _asked("ALLERGY", *["No known drug allergies."] * 9, *["None."] * 9),
        tuple(chat(f"Same, {i}?", "equivalent" if i % 2 else "not equivalent") for i in range(40)),
        tuple(
            chat(f"Same, {i}?", "no known drug allergies." if i % 2 else "No known drug allergies") for i in range(40)
        ),
    ),
    about="Short answers of a group (up to 12 words, one sentence) that deny or say the same, by their head terms: "
    "synonyms, word order of lists, figures, and abbreviations that the set writes out count as one. A bare “None.” "
    "denies what a line of its prompt names, where other answers to that line deny it by name. From 20 answers with "
    "one meaning on, those in other words than the most common are told, as information; where that one is a norm "
    "(lower bound of its share 0.8), as a departure. Case and punctuation are format.norm's. Replacing the words wants "
    "a look.",
)
