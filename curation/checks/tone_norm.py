"""Answers in another voice than their group: chatty, gushing, apologetic, or speaking of itself as a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import code_ranges, groups, norm, outside

_EMOJI = (
    "[\U0001f300-\U0001faff\U00002600-\U000026ff\U00002702-\U000027b0\U0001f1e6-\U0001f1ff]\ufe0f?"
    r"|(?<![\w:])[:;]-?[)(DP](?!\w)"
)


@dataclass(frozen=True, slots=True)
class Voice:
    """One way of speaking, found by its words.

    Attributes:
        reason: Slug of a departure.
        label: What the words are called.
        words: The pattern.
        usual: Least share of answers without it for its absence to be a norm.
        mild: Too often called for by the matter itself to be a finding alone; two of them, or one beside another voice.
    """

    reason: str
    label: str
    words: re.Pattern[str]
    usual: float
    mild: bool = False


def _voice(reason: str, label: str, words: str, usual: float, flags: int = re.IGNORECASE, mild: bool = False) -> Voice:
    return Voice(reason, label, re.compile(words, flags), usual, mild)


VOICES: tuple[Voice, ...] = (
    _voice(
        "model-talk", "speak of themselves as a model",
        r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b(?: language model| model| assistant)?"
        r"|\bI(?:'m| am) (?:just |only )?an? (?:AI|language model|virtual assistant|chatbot)\b"
        r"|\bI (?:cannot|can't|can not|am not able to|am unable to) (?:give|provide|offer) "
        r"(?:medical|legal|financial) advice\b"
        r"|\bmy (?:training data|knowledge cutoff)\b", 0.8,
    ),
    _voice("emoji", "use emoji", _EMOJI, 0.93, 0),
    _voice("exclamation", "use exclamation marks", r"!+", 0.93),
    _voice(
        "slang", "use slang",
        r"\b(?:lol|omg|btw|dude|bro|gotta|gonna|wanna|kinda|sorta|dunno|ain't|yeah|yep|nope|ugh|yikes|oops|wow|hey|"
        r"super (?:easy|simple|cool)|no worries|no brainer|poor thing|totally|awesome|such a mess|for sure|my bad|tbh|"
        r"y'all)\b|, ok\?|\banyways?,", 0.93,
    ),
    _voice(
        "pleasantry", "use greetings or pleasantries",
        r"\A\W*(?:hi|hello|hey|greetings|good (?:morning|day|evening))\b|\bgreat question\b|\bgood question\b"
        r"|\bsure thing\b|\A\W*(?:sure|certainly|absolutely|of course)[,!.]|\bhappy to help\b|\bglad to help\b"
        r"|\bhave a (?:\w+ )?(?:day|one|evening|weekend)\b|\b(?:I )?hope (?:this|that|it) helps\b|\blet me know if\b"
        r"|\bfeel free to\b|\bthank you for (?:your|asking|reaching)\b", 0.93,
    ),
    _voice(
        "apology", "apologise",
        r"\b(?:I'm|I am|we're|we are) (?:so |very |really |truly )?sorry\b|\A\W*sorry\b|\bapologi[sz]e\b|\bapologies\b"
        r"|\bunfortunately,? (?:I|we)\b|\bI'm afraid\b", 0.93,
    ),
    _voice(
        "contraction", "use contractions",
        r"\b(?:\w+n['’]t|(?:I|you|we|they|he|she|it|that|there|what|who|here|let)['’](?:m|re|ve|ll|d)|"
        r"(?:it|that|there|what|who|he|she|here|let)['’]s)\b", 0.97,
    ),
    _voice(
        "hedging", "hedge",
        r"\b(?:I think|I guess|I believe|I suppose|I'm not sure|I am not sure|maybe|perhaps|sort of|kind of|"
        r"I would say|I'd say|if I recall)\b", 0.97, mild=True,
    ),
    _voice("first-person", "speak in the first person",
        r"\bI(?:['’](?:m|d|ll|ve)| (?:am|have|had|was|would|will|can|cannot|could|do|did|think|see|take|suggest|"
        r"recommend|advise|understand|need|know|want|hope|believe|found|find|agree|should|must|may|might))\b"
        r"|\b(?:[Mm]e|[Mm]y|[Ww]e|[Oo]ur)\b", 0.97, 0, mild=True),
    _voice("address", "address the reader", r"\b(?:you|your|yours)\b", 0.97, mild=True),
)  # fmt: skip


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for group in batch.shared(groups):
        departures: dict[str, list[tuple[Voice, str, float, list[tuple[int, int]]]]] = {}
        for voice in VOICES:
            found = {example.id: _places(voice, example.answer) for example in group.examples}
            learned = norm([not places for places in found.values()], batch, voice.usual)
            if learned is None or learned.value is not True:
                continue
            for example_id, places in found.items():
                if places:
                    share = learned.count / learned.total
                    departures.setdefault(example_id, []).append((voice, str(learned), share, places))
        for example_id, parts in departures.items():
            if len(parts) == 1 and parts[0][0].mild:
                continue
            yield _finding(batch.example(example_id), parts)


def _finding(example: Example, parts: list[tuple[Voice, str, float, list[tuple[int, int]]]]) -> Finding:
    """One finding an example: the strongest departure names it, all of them are marked."""
    turn = len(example.messages) - 1
    first, count, share, _ = parts[0]
    more = [voice.label for voice, *_ in parts[1:]]
    also = f" It also departs where answers rarely {', '.join(more)}." if more else ""
    places: list[tuple[int, int]] = []
    for start, end in sorted(
        {place for *_, found in parts for place in found}, key=lambda place: (place[0], -place[1])
    ):
        if not places or start >= places[-1][1]:
            places.append((start, end))
    return Finding(
        example.id,
        "tone.norm",
        "warn",
        first.reason,
        f"{count} answers of the group do not {first.label}; this one does.{also}",
        share,
        spans=tuple(Span(turn, start, end) for start, end in places),
    )


def _places(voice: Voice, text: str) -> list[tuple[int, int]]:
    code = code_ranges(text)
    return [m.span() for m in voice.words.finditer(text) if m.end() > m.start() and outside(code, *m.span())]


_GROUP = tuple(chat(f"Case {i}?", f"The code is A{i}, as the excerpt says.") for i in range(50))

NORM = Check(
    name="tone.norm",
    version=1,
    title="Answers in another voice than their group",
    run=_run,
    catches=tuple(
        (*_GROUP, chat("Case x?", answer))
        for answer in (
            "As an AI language model, I take A99.",
            "Great question!!! The code is A99.",
            "Hey there 😊 The code is A99.",
            "It's gotta be A99, ok?",
            "The code is A99. Have a wonderful day.",
            "I'm sorry, the code is A99.",
        )
    ),
    passes=(
        _GROUP,
        (chat("Case x?", "Hey there! It's A99 😊"),),
        tuple(chat(f"Case {i}?", f"It's A{i}, thanks for asking!") for i in range(50)),
        tuple(chat(f"Case {i}?", f"A{i}" + ("!" if i % 3 else ".")) for i in range(50)),
    ),
    about="Within examples of one system prompt: talk of being a model, emoji, exclamation marks, slang, pleasantries, "
    "apologies, contractions, hedging, first person, address. Flagged only where at least 20 answers do without it: "
    "93 % of "
    "them (97 % for the last four, 80 % for talk of being a model), with a lower confidence bound of 0.8.",
)
