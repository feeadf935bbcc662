"""Ways of speaking that are found by their words: contractions, apologies, emoji, talk of being a model."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.evidence.tone_readings import Readings

Range = tuple[int, int]

USUAL = 0.93
"""Share of a group's answers that do without a voice, from which its absence is a norm: most sets use all at times."""

_PICTURE = (
    "[\U0001f300-\U0001faff\U00002600-\U000026ff\U00002702-\U000027b0\U0001f1e6-\U0001f1ff\u2b50\u2b55]"
    "[\ufe0f\u200d\U0001f3fb-\U0001f3ff]*"
)
_SMILEY = r"(?<![\w:])[:;]-?[)(DP](?!\w)"
_SUBJECT = r"(?:I|you|we|they|he|she|it|that|there|what|who|here|this|how|where|let)"


@dataclass(frozen=True, slots=True)
class Voice:
    """One way of speaking, found by its words.

    Attributes:
        reason: Slug of a departure.
        label: What answers with it do; completes "9 of 10 answers ..." and "... do not ...".
        words: The pattern.
        field: The field of the readings that is over zero wherever the pattern can match; empty = see ``candidates``.
        usual: Least share of answers without it for its absence to be a norm.
        mild: Too often called for by the matter itself to be a finding alone; two of them, or one beside another voice.
        usual_with: Least share of answers with it for its presence to be a norm (departures from that are mild);
            None = never.
    """

    reason: str
    label: str
    words: re.Pattern[str]
    field: str
    usual: float = USUAL
    mild: bool = False
    usual_with: float | None = None

    def candidates(self, read: Readings) -> NDArray[np.int64]:
        """Rows of the readings in which the pattern is worth trying, ascending."""
        if self.field:
            return np.flatnonzero(read.column(self.field))
        if self.reason == "exclamation":
            return np.flatnonzero(read.exclamations)
        return np.array(
            [n for n, text in enumerate(read.prose) if ":" in text or ";" in text or not text.isascii()], dtype=np.int64
        )

    def places(self, prose: str) -> list[Range]:
        """Where its words stand in a text without code and quotations."""
        found = [match.span() for match in self.words.finditer(prose) if match.end() > match.start()]
        return [place for place in found if not _is_name(prose, *place)] if self.reason == "slang" else found


_NAME_BEFORE = re.compile(r"(?<![.!?…:\n] )(?<!\A)\b(?!(?:Oh|Ah|And|But|So|Well|Ok|Okay|I)\b)[A-Z][a-z]+ \Z")


def _is_name(prose: str, start: int, end: int) -> bool:
    """Whether what sounds like slang is part of a name (Bow Wow) or an abbreviation in brackets: (OMG)."""
    if not prose[start].isupper():
        return False
    if prose[start:end].isupper() and f"({prose[start:end]})" in prose:
        return True
    return _NAME_BEFORE.search(prose[max(0, start - 30) : start]) is not None and not prose[start:end].isupper()


def _voice(
    reason: str, label: str, words: str, field: str, usual: float = USUAL, flags: int = re.IGNORECASE,
    mild: bool = False, usual_with: float | None = None,
) -> Voice:  # fmt: skip
    return Voice(reason, label, re.compile(words, flags), field, usual, mild, usual_with)


VOICES: tuple[Voice, ...] = (
    _voice(
        "model-talk", "speak of themselves as a model",
        r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b(?: language model| model| assistant)?"
        r"|\bI(?:['’]m| am) (?:just |only )?an? (?:AI|(?:large )?language model|virtual assistant|chatbot)\b"
        r"|\bI (?:cannot|can['’]t|can not|am not able to|am unable to) (?:give|provide|offer) "
        r"(?:medical|legal|financial) advice\b"
        r"|\bmy (?:training data|knowledge cut-?off)\b", "model", 0.8,
    ),
    _voice(
        "refusal", "refuse",
        r"\bI(?:['’]m| am) (?:unable|not able) to (?:help|assist|provide|give|answer|offer|fulfil|comply|complete)\b"
        r"|\bI (?:cannot|can['’]t|can not|won['’]t) (?:help|assist|fulfil|comply|engage|answer|give|provide|offer)\b",
        "refusal", 0.8,
    ),
    _voice("emoji", "use emoji", f"{_PICTURE}|{_SMILEY}", "", flags=0),
    _voice(
        "exclamation", "use exclamation marks",
        r"(?:(?<=[^\W_])|(?<=[\"'”’)\]*_ …%€£°\ufe0f]))(?<!\b[a-z])[!?]*!+(?![=\w\[(])(?!\s*[=*/+×])", "", flags=0,
    ),
    _voice(
        "slang", "use slang",
        r"\b(?:lol|omg|btw|dude|bro|gotta|gonna|wanna|kinda|sorta|dunno|ain['’]t|yeah|yep|yup|nope|nah|ugh|yikes|oops|"
        r"wow|hey|super (?:easy|simple|cool|quick|helpful)|no worries|no[- ]brainer|poor thing|awesome|"
        r"such a mess|for sure|my bad|tbh|idk|imo|imho|fyi|lmk|gimme|lemme|cuz|thx|pls|plz|you guys|"
        r"y['’]all)\b|, ok\?|\banyways?,", "slang",
    ),
    _voice(
        "pleasantry", "use greetings or pleasantries",
        r"\A\W*(?:hi|hello|hey|greetings|good (?:morning|day|afternoon|evening))\b|\bgreat question\b"
        r"|\bgood question\b|\bsure thing\b|\A\W*(?:sure|certainly|absolutely|of course)[,!.]"
        r"|\b(?:happy|glad) to (?:help|assist)\b"
        r"|\bhave an? (?:good|great|nice|wonderful|lovely|fantastic|pleasant) "
        r"(?:day|one|evening|weekend|afternoon)\b|\b(?:I )?hope (?:this|that|it) helps\b"
        r"|\blet (?:me|us) know if\b|\bfeel free to\b|\bhesitate to (?:ask|reach|contact)\b|\byou['’]re welcome\b"
        r"|\bmy pleasure\b"
        r"|\b(?:kind|best|warm|kindest|warmest) (?:regards|wishes)\b"
        r"|\byours (?:sincerely|faithfully|truly)\b"
        r"|\bthank(?:s| you)(?: so much| very much)? for (?:your|asking|reaching|contacting|sharing)\b",
        "pleasantry",
    ),
    _voice(
        "apology", "apologise",
        r"\b(?:I['’]m|I am|we['’]re|we are) (?:so |very |really |truly |terribly )?sorry\b|\A\W*sorry\b"
        r"|(?<=[.!?] )sorry\b|\bapologi[sz]es? (?:for|that|if|to)\b|\b(?:I|we) (?:\w+ )?apologi[sz]e\b|\bapologies\b"
        r"|\bunfortunately,? (?:I|we)\b|\bI['’]m afraid\b|\bI am afraid (?:that )?(?:I|we|the|this|it|there)\b"
        r"|\b(?:I|we) (?:deeply |sincerely )?regret (?:that|to|the|any)\b",
        "apology",
    ),
    _voice(
        "contraction", "use contractions",
        rf"\b(?:\w+n['’]t|{_SUBJECT}['’](?:m|re|ve|ll|d)|(?:it|that|there|what|who|he|she|here|how|where|let)['’]s)\b",
        "contraction", usual_with=0.97,
    ),
    _voice(
        "hedging", "hedge",
        r"\b(?:I think|I guess|I believe|I suppose|I['’]m not sure|I am not sure|maybe|perhaps|sort of|kind of|"
        r"I would say|I['’]d say|if I recall)\b", "hedging", 0.97, mild=True,
    ),
    _voice("first-person", "speak in the first person",
        r"\bI(?:['’](?:m|d|ll|ve)| (?:am|have|had|was|would|will|can|cannot|could|do|did|think|see|take|suggest|"
        r"recommend|advise|understand|need|know|want|hope|believe|found|find|agree|should|must|may|might))\b"
        r"|\b(?:[Mm]e|[Mm]y|[Ww]e|[Oo]ur)\b", "first", 0.97, 0, mild=True, usual_with=0.97),
    _voice("address", "address the reader", r"\b(?:you|your|yours)\b", "second", 0.97, mild=True, usual_with=0.97),
)  # fmt: skip
