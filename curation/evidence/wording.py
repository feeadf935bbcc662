"""What a short answer says, whatever its wording: "None.", "NKDA." and "No known drug allergies." about allergies.

A meaning is a denial or an assertion with its head terms. It is told by rules and only where they are sure; anything
with two negations, two sentences, a contrast or a condition has no meaning here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.types import Example
from curation.evidence.lexicon import COUNTS
from curation.minhash.normalise import normalise

LONGEST = 12
"""Words of an answer that is looked at."""
_LONGEST_CHARACTERS = 100
_LONGEST_LABEL = 8

ABBREVIATIONS: dict[str, str] = {
    "nkda": "no known drug allergies", "nka": "no known allergies", "n a": "not applicable", "na": "not applicable",
    "etoh": "alcohol", "wnl": "within normal limits", "nad": "no acute distress", "htn": "hypertension",
    "h o": "history of", "meds": "medications", "tbd": "to be determined",
}  # fmt: skip
"""Usual ones; others are learned from the set, where it writes them out: "upper respiratory infection (URI)"."""

_DENYING = """
    no not non none nil never without denies denied denying negative nothing nor
"""
_DENIALS = frozenset(_DENYING.split())
_BARE = frozenset({"none", "nil", "none known", "none reported", "none at this time", "nothing", "none noted", "denied",
                   "nothing to report", "none at present", "none currently"})  # fmt: skip
_LEAD = re.compile(
    r"(?:(?:the |this )?(?:patient|pt|he|she|they|it|there|client|customer|answer)\s+"
    r"(?:currently\s+)?(?P<verb>is|are|has|have|was|were|had|does|do|did|reports?|takes|claims|states)?\s*)?"
)
_SMALL = """
    a an the any of to for is are was were be been has have had does do did his her their its known currently
    current there he she they it patient history use abuse reported reports report previous prior past other at this
    time or and on takes taking undergone
"""
_IDLE_DENIED = frozenset(_SMALL.split())
_IDLE_SAID = frozenset(("a", "an", "the"))
_SAME: dict[str, str] = {
    "medicine": "drug", "medication": "drug", "medical": "drug", "medicinal": "drug", "med": "drug",
    "tobacco": "smok", "cigarette": "smok", "nicotine": "smok", "smoker": "smok", "nonsmoker": "smok",
    "etoh": "alcohol", "ethanol": "alcohol", "drink": "alcohol", "drinker": "alcohol", "nondrinker": "alcohol",
    "surgery": "surg", "surgical": "surg", "operation": "surg", "illicit": "", "recreational": "", "procedure": "",
}  # fmt: skip
_HEDGING = """
    but except however although though unless if when than only otherwise significant remarkable significance major
    recent since yet still until before after sure longer more likely possible maybe unclear unknown
"""
_OTHERWISE = frozenset(_HEDGING.split())
_LIST = re.compile(r"\s*(?:,\s*(?:and|or)\s+|[,;/]|\band\b|\bor\b|\+)\s*")
_SHORTENED = re.compile(r"\(([A-Z]{2,6})s?\)")
_BEFORE = 80  # characters before an abbreviation in which its long form stands

Key = tuple[str, tuple[str, ...]]
"""``no`` or ``is``, and the head terms; ``none`` with the label that a bare "None." stands under."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What a prompt asks for by a line that many prompts have, such as ``Section: ALLERGY``; empty where none.

    Attributes:
        name: The line, normalised.
        letters: The line's letters without spaces, in which head terms are looked for.
    """

    name: str
    letters: str


def slot_lines(example: Example) -> tuple[str, ...]:
    """The first and last line of the last user turn, normalised, where they are short."""
    for message in reversed(example.prompt):
        if message.role == "user":
            text = message.content.strip()
            first, last = text[:80].split("\n", 1)[0], text[-80:].rsplit("\n", 1)[-1]
            lines = [normalise(line) for line in (first, last)]
            return tuple(dict.fromkeys(line for line in lines if 0 < line.count(" ") + 1 <= _LONGEST_LABEL))
    return ()


def slot(lines: Sequence[str], common: Mapping[str, int], least: int) -> Slot:
    """The slot of a prompt: of its first and last line, those that ``least`` prompts have."""
    name = " | ".join(line for line in lines if common.get(line, 0) >= least)
    return Slot(name, re.sub(r"[^a-z]", "", name))


def learned_abbreviations(texts: Iterable[str]) -> dict[str, str]:
    """Abbreviations that the texts write out, with their long form, in lower case."""
    found: dict[str, str] = {}
    for text in texts:
        for match in _SHORTENED.finditer(text) if "(" in text else ():
            short = match[1]
            words = re.findall(r"[A-Za-z]+", text[max(0, match.start() - _BEFORE) : match.start()])[-len(short) :]
            if "".join(word[0] for word in words).upper() == short and all(len(word) > 1 for word in words):
                found.setdefault(short.lower(), " ".join(words).lower())
    return found


def is_short(text: str) -> bool:
    """Whether an answer is one that can have a meaning here: one short line, one sentence."""
    stripped = text.strip()
    if not stripped or len(stripped) > _LONGEST_CHARACTERS or "\n" in stripped or stripped.endswith(("?", ":")):
        return False
    return stripped.count(" ") < LONGEST and not re.search(r"[.!?;:]\s+\S|[\"“”()\[\]{}=<>]", stripped)


def meaning(text: str, short: Mapping[str, str] = ABBREVIATIONS) -> Key | None:
    """What a short answer says; None where the rules cannot tell. A bare "None." gives ``("none", ())``.

    Args:
        text: An answer for which ``is_short`` holds.
        short: Abbreviations with their long forms.
    """
    listed = _expanded(text.strip().rstrip(".!").lower(), short)
    plain = normalise(listed)
    if plain in _BARE:
        return "none", ()
    words = plain.split()
    if not words or _OTHERWISE.intersection(words) or "don" in words or re.search(r"n['’]t\b", listed):
        return None
    denials = [word for word in words if word in _DENIALS or (word.startswith("non") and len(word) > 6)]
    if denials:
        return _denied(words) if len(denials) == 1 else None
    return _said(listed)


def _expanded(text: str, short: Mapping[str, str]) -> str:
    if len(text) < 12 and (whole := short.get(normalise(text))):
        return whole
    return " ".join(short.get(word, word) for word in text.split())


def _denied(words: Sequence[str]) -> Key | None:
    """No X, or Y: the set of what is denied."""
    place = next(n for n, word in enumerate(words) if word in _DENIALS or word.startswith("non"))
    lead = [word for word in words[:place] if word not in _IDLE_DENIED]
    if lead:  # "Diabetes not present", "father denied": what is denied is not what follows
        return None
    heads = {head_of(word) for word in words if word not in _IDLE_DENIED and word not in _DENIALS}
    heads.discard("")
    if "allerg" in heads:
        heads.discard("drug")
    return ("no", tuple(sorted(heads))) if heads else None


def _said(text: str) -> Key | None:
    """The items that an assertion lists, in any order; within an item, the words in theirs."""
    lead = _LEAD.match(text)
    if lead and lead[0].strip():
        if lead["verb"] not in ("is", "has"):
            return None
        text = text[lead.end() :]
    items = []
    for item in _LIST.split(text):
        words = [_figure(word) for word in normalise(item).split() if word not in _IDLE_SAID]
        if words:
            items.append(" ".join(words))
    return ("is", tuple(sorted(items))) if items else None


def _figure(word: str) -> str:
    return f"{COUNTS[word]:g}" if word in COUNTS else word


@lru_cache(maxsize=16384)
def head_of(word: str) -> str:
    """A word without its ending, synonyms as one."""
    if word.startswith("non") and len(word) > 6 and word not in _SAME:
        word = word[3:]
    if word in _SAME:
        return _SAME[word]
    if word in ("illicits", "narcotics"):
        return "drug"
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word in _SAME:
        return _SAME[word]
    for ending in ("ing", "er", "ed", "y", "ic", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def is_about(head: str, slot: Slot) -> bool:
    """Whether a head term is what the line of a slot names: ``allerg`` and ``Section: ALLERGY``."""
    return len(head) >= 4 and head in slot.letters
