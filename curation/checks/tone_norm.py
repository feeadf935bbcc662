"""Answers in another voice than their group: chatty, gushing, apologetic, or speaking of itself as a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, groups, lower_bound
from curation.evidence.house_style import HouseStyle
from curation.evidence.languages import answer_languages
from curation.evidence.norms import LearnedNorm
from curation.evidence.tone_fixes import applied, fix
from curation.evidence.tone_readings import Readings, prose_of, readings
from curation.evidence.tone_voices import VOICES, Range, Voice
from curation.evidence.tone_words import WORD, lowered

_TELLING = frozenset(("contraction", "exclamation", "first-person", "address"))
"""Norms that say something of a set even where nobody departs from them; that nobody apologises does not."""
_NAMED_WORDS = 3
_LEAST_WORDS = 8
"""An answer of fewer words cannot be expected to use a voice."""


_Held = tuple[Voice, LearnedNorm]


@dataclass(frozen=True, slots=True)
class _Departure:
    """One answer against one norm; ``places`` is empty where it lacks what the others have."""

    voice: Voice
    norm: LearnedNorm
    places: tuple[Range, ...]

    @property
    def mild(self) -> bool:
        return (self.voice.mild or not self.places) and not self.norm.declared

    def __str__(self) -> str:
        return f"{self.norm.count:,} of {self.norm.total:,}"


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    read = batch.shared(readings)
    heard = batch.shared(_heard)
    yield from _declared(batch, heard)
    for group in batch.shared(groups):
        yield from _of_group(batch, group, read, heard)


def _declared(batch: Batch, heard: dict[str, dict[str, tuple[Range, ...]]]) -> Iterator[Finding]:
    """Answers that use what the house style forbids, however many do."""
    barred = [voice for voice in VOICES if voice.reason in _forbidden(batch.settings.style)]
    total = sum(1 for example in batch if example.answer.strip())
    departures: dict[str, list[_Departure]] = defaultdict(list)
    norms = []
    for voice in barred:
        found = heard[voice.reason]
        count = total - len(found)
        norm = LearnedNorm(
            NAME, voice.reason, "all answers", f"do not {voice.label}", count, total, 1.0, len(found), declared=True
        )
        norms.append((voice, norm))
        for example_id, places in found.items():
            departures[example_id].append(_Departure(voice, norm, places))
    batch.norms += [norm for _, norm in norms]
    for example_id, parts in departures.items():
        yield _finding(batch.example(example_id), parts, norms)


def _forbidden(style: HouseStyle) -> frozenset[str]:
    """Reasons of the voices that a house style rules out."""
    ruled = {
        "contraction": style.contractions is False,
        "emoji": style.emoji is False,
        "exclamation": style.exclamations is False,
        "first-person": style.person in ("third", "no first"),
        "address": style.person == "third",
    }
    return frozenset(reason for reason, out in ruled.items() if out)


def _heard(batch: Batch) -> dict[str, dict[str, tuple[Range, ...]]]:
    """Voice by its reason, to the examples whose answers have it, and where."""
    read = batch.shared(readings)
    keys = list(read.row)
    found: dict[str, dict[str, tuple[Range, ...]]] = {}
    for voice in VOICES:
        tried = ((int(row), tuple(voice.places(read.prose[int(row)]))) for row in voice.candidates(read))
        found[voice.reason] = {keys[row]: places for row, places in tried if places}
    return found


def _of_group(
    batch: Batch, group: Group, read: Readings, heard: dict[str, dict[str, tuple[Range, ...]]]
) -> Iterator[Finding]:
    departures: dict[str, list[_Departure]] = defaultdict(list)
    norms: dict[str, LearnedNorm] = {}
    languages = batch.shared(answer_languages)
    for voice in VOICES:
        if voice.reason in batch.settings.style.declared:
            continue
        spoken = heard[voice.reason]
        voiced = {
            example.id: spoken.get(example.id, ())
            for example in group.examples
            if not voice.field or example.id in spoken or languages[example.id] in (None, "en")
        }
        able = [i for i, places in voiced.items() if places or read.words[read.row[i]] >= _LEAST_WORDS]
        make = partial(_learned, batch, group, voice, voiced, able)
        norm = batch.learn(NAME, f"{group.key} {voice.reason}", make)
        if norm is None:
            continue
        norms[voice.reason] = norm
        present = _is_presence(voice, norm)
        for example_id in able if present else voiced:
            if bool(voiced[example_id]) != present:
                departures[example_id].append(_Departure(voice, norm, voiced[example_id]))
    counted: dict[str, int] = defaultdict(int)
    held = [(voice, norms[voice.reason]) for voice in VOICES if voice.reason in norms]
    for example_id, parts in departures.items():
        if len(parts) == 1 and parts[0].mild:
            continue
        for part in parts:
            counted[part.voice.reason] += 1
        yield _finding(batch.example(example_id), sorted(parts, key=lambda part: part.mild), held)
    for reason, norm in norms.items():
        if counted[reason] or reason in _TELLING:
            batch.norms.append(replace(norm, departures=counted[reason]))


def _learned(
    batch: Batch, group: Group, voice: Voice, voiced: dict[str, tuple[Range, ...]], able: Sequence[str]
) -> LearnedNorm | None:
    without = _norm(batch, group, voice, sum(not places for places in voiced.values()), len(voiced), absent=True)
    if without is not None:
        return without
    return _norm(batch, group, voice, sum(bool(voiced[i]) for i in able), len(able), absent=False)


def _norm(batch: Batch, group: Group, voice: Voice, count: int, total: int, *, absent: bool) -> LearnedNorm | None:
    """The norm that a voice is left out (or used), where the group is large and firm enough for one."""
    usual = voice.usual if absent else voice.usual_with
    if usual is None or total < batch.settings.min_group or count < usual * total:
        return None
    bound = lower_bound(count, total, batch.settings.norm_confidence)
    if bound < batch.settings.norm_share:
        return None
    sentence = f"do not {voice.label}" if absent else voice.label
    return LearnedNorm(NAME, voice.reason, group.label, sentence, count, total, bound, 0)


def _is_presence(voice: Voice, norm: LearnedNorm) -> bool:
    return norm.sentence == voice.label


def _finding(example: Example, parts: Sequence[_Departure], held: Sequence[_Held]) -> Finding:
    """One finding an example: the strongest departure names it, all of them are marked."""
    turn, text = len(example.messages) - 1, example.answer
    first = parts[0]
    share = first.norm.count / first.norm.total
    does = "does not" if not first.places else f"does: {_quoted(text, first.places)}"
    also = "; ".join(_other(text, part) for part in parts[1:])
    firmly = f"({share:.1%}, surely over {int(100 * first.norm.bound)}%)"
    lead = f"{first} answers of the group {first.norm.sentence} {firmly}"
    if first.norm.declared:
        lead = f"By the house style answers {first.norm.sentence}"
    message = f"{lead}; this one {does}.{f' It also departs in this: {also}.' if also else ''}"
    spans = _merged(place for part in parts for place in part.places)
    return Finding(
        example.id, NAME, "warn", first.voice.reason, message, share,
        spans=tuple(Span(turn, start, end) for start, end in spans or [(0, len(text))]),
        proposal=_proposal(example, parts, held),
    )  # fmt: skip


def _quoted(text: str, places: Sequence[Range]) -> str:
    """The first of the words that depart, as they stand in the answer."""
    words = list(dict.fromkeys(text[start:end].strip() for start, end in places))
    more = f" and {len(words) - _NAMED_WORDS} more" if len(words) > _NAMED_WORDS else ""
    return ", ".join(f"“{word}”" for word in words[:_NAMED_WORDS]) + more


def _other(text: str, part: _Departure) -> str:
    if not part.places:
        return f"{part} {part.norm.sentence}"
    return f"{part} {part.norm.sentence} ({_quoted(text, part.places)})"


def _merged(places: Iterable[Range]) -> list[Range]:
    """Sorted, without overlaps: the longer one of two that begin together."""
    merged: list[Range] = []
    for start, end in sorted(set(places), key=lambda place: (place[0], -place[1])):
        if not merged or start >= merged[-1][1]:
            merged.append((start, end))
    return merged


def _proposal(example: Example, parts: Sequence[_Departure], held: Sequence[_Held]) -> Proposal | None:
    """Edits after which the answer is no finding any more; None where no rule can."""
    text = example.answer
    made = fix(text, prose_of(text), [part.voice for part in parts if not part.mild])
    if made is None:
        return None
    mended = applied(text, made.edits)
    prose = prose_of(mended)
    words = len(WORD.findall(lowered(prose)))
    left = [
        _Departure(voice, norm, tuple(places))
        for voice, norm in held
        for places in [voice.places(prose)]
        if bool(places) != _is_presence(voice, norm) and (places or words >= _LEAST_WORDS)
    ]
    if not any(c.isalnum() for c in mended) or len(left) > 1 or not all(part.mild for part in left):
        return None
    turn = len(example.messages) - 1
    return Proposal("edit", (example.id,), made.safe, tuple(Replacement(turn, *edit) for edit in made.edits))


NAME = "tone.norm"
_GROUP = tuple(chat(f"Case {i}?", f"The code is A{i}, as the excerpt says.") for i in range(50))

NORM = Check(
    name=NAME,
    version=2,
    title="Answers in another voice than their group",
    run=_run,
    catches=tuple(
        (*_GROUP, chat("Case x?", answer))
        for answer in (
            "As an AI language model, I take A99.",
            "I cannot provide an answer to that.",
            "Great question!!! The code is A99.",
            "Hey there 😊 The code is A99.",
            "It's gotta be A99, ok?",
            "The code is A99. Have a wonderful day.",
            "I'm sorry, the code is A99.",
            "The code isn't A99.",
        )
    ),
    passes=(
        _GROUP,
        (chat("Case x?", "Hey there! It's A99 😊"),),
        (*_GROUP, chat("Case x?", 'The label reads "Don\'t shake!", and the code is A99.')),
        (*_GROUP, chat("Case x?", "The code is A99: `!important` and 5! = 120.")),
        tuple(chat(f"Case {i}?", f"It's A{i}, thanks for asking!") for i in range(50)),
        tuple(chat(f"Case {i}?", f"A{i}" + ("!" if i % 3 else ".")) for i in range(50)),
    ),
    about="Within examples of one system prompt: talk of being a model, refusals, emoji, exclamation marks, slang, "
    "pleasantries, apologies, contractions, hedging, first person, address; quotations and code do not count. Flagged "
    "only where at least 20 answers do without it: 93 % of them (97 % for the last three, 80 % for talk of being a "
    "model and refusals), with a lower confidence bound of 0.8. Hedging, person and address count only beside another "
    "departure. Words are looked for in English: answers in another language have no part in these norms. Where 97 % "
    "of the answers use contractions, the first person or address the reader, an answer of eight words or more that "
    "lacks two of these is flagged too. Formulas are removed, contractions written out and exclamation marks made full "
    "stops, where that takes out all that departs. What the house style says of contractions, emoji, exclamation marks "
    "and person takes the place of what was learned.",
)
