"""Edits that take a voice out of an answer: formulas removed, contractions written out, '!' made a full stop."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from curation.evidence.habits_answer import edited_text
from curation.evidence.harmless import is_exact, is_verse
from curation.evidence.tone_voices import VOICES, Voice

Edit = tuple[int, int, str]
Rule = Callable[[str, str], "list[Edit] | None"]

_START = r"(?:(?<=\A)|(?<=[.!?…] )|(?<=\n))"
_PERSON = r"(?:I|we)"
_REST = r"[^.!?,;\n]{0,70}"
_ENDED = r"(?:[.!]+(?=\s|\Z)|\Z)"

_SENTENCES = {
    "apology": (
        rf"(?:so |very )?sorry(?: (?:for|about|to hear){_REST})?{_ENDED}"
        rf"|(?:{_PERSON}(?:['’]m|['’]re| am| are) )(?:so |very |really |truly |terribly )?sorry"
        rf"(?: (?:for|about|to hear|that){_REST})?{_ENDED}"
        rf"|(?:(?:please accept )?(?:my|our) (?:\w+ )?)?apologies(?: (?:for|about){_REST})?{_ENDED}"
        rf"|{_PERSON} (?:\w+ )?(?:apologi[sz]e|regret)(?: (?:for|about|that|the|any){_REST})?{_ENDED}"
    ),
    "pleasantry": (
        r"(?:hi|hello|hey|greetings|good (?:morning|day|afternoon|evening))(?: there| all| everyone| again)?[!,.]+"
        rf"|(?:that['’]s an? |that is an? |what an? )?(?:great|good|excellent) question{_ENDED}"
        rf"|sure thing{_ENDED}|(?:sure|certainly|absolutely|of course)(?:[!.]+(?=\s|\Z))"
        rf"|(?:{_PERSON}(?:['’]m|['’]re| am| are|['’]d be| would be) )?(?:always |more than )?(?:happy|glad) to "
        rf"(?:help|assist)(?: you)?(?: (?:with (?:this|that|it)|out|further|today))?{_ENDED}"
        rf"|have an? \w+ (?:day|one|evening|weekend|afternoon)(?: ahead)?{_ENDED}"
        rf"|(?:I )?hope (?:this|that|it) helps(?: you| out)?{_ENDED}"
        rf"|(?:please )?(?:feel free to|(?:do not|don['’]t) hesitate to) (?:ask|reach out|contact|get in touch|call)"
        rf"{_REST}{_ENDED}"
        rf"|(?:please )?let (?:me|us) know if [^.!?\n]{{0,80}}(?:[.!?]+(?=\s|\Z)|\Z)"
        rf"|thank(?:s| you)(?: so much| very much)? for (?:your|asking|reaching|contacting|sharing){_REST}{_ENDED}"
        rf"|you['’]re welcome{_ENDED}|my pleasure{_ENDED}"
    ),
}
_OPENINGS = {
    "apology": (
        rf"(?:{_PERSON}(?:['’]m|['’]re| am| are) )?(?:so |very |really |truly |terribly )?sorry, (?:but )?"
        rf"|(?:my|our) apologies, (?:but )?|unfortunately,? (?={_PERSON}\b)"
        rf"|I(?:['’]m| am) afraid (?:that )?(?={_PERSON}\b|the\b|this\b|it\b|there\b)"
    ),
    "pleasantry": r"(?:sure|certainly|absolutely|of course|hi|hello|hey)(?: there)?, ",
    "model-talk": r"as an? (?:AI|artificial intelligence|(?:large )?language model)"
    r"(?: language)?(?: model| assistant)?, ",
}
_WHOLE = {reason: re.compile(_START + f"(?:{words})[ \t]*", re.IGNORECASE) for reason, words in _SENTENCES.items()}
_FIRST = {reason: re.compile(_START + f"(?:{words})", re.IGNORECASE) for reason, words in _OPENINGS.items()}

_PLAIN = {"n't": " not", "'m": " am", "'re": " are", "'ve": " have", "'ll": " will"}
_ODD = {"can't": "cannot", "won't": "will not", "shan't": "shall not", "let's": "let us"}
_CONTRACTED = re.compile(r"(\w+?)(n['’]t|['’](?:m|re|ve|ll|d|s))\b")
_ASKED = re.compile(r"\s+(?:I|you|we|they|he|she|it|that|this|there|the)\b", re.IGNORECASE)
_BETTER = re.compile(r"\s+better\b")
_PARTICIPLE = re.compile(
    r"\s+(?:(?:already|also|always|never|not|just|since|only) )?(?:been|got|had|become|made|done|gone|taken|given|seen|"
    r"shown|grown|begun|come|\w{3,}ed)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of one answer, in order of place, and whether they can be made without a look."""

    edits: tuple[Edit, ...]
    safe: bool


def fix(text: str, prose: str, voices: Sequence[Voice]) -> Fix | None:
    """Edits that take these voices out of an answer, or None where no rule can take out all of them.

    Args:
        text: The answer.
        prose: The same with code and quotations blanked out, of equal length: nothing there is touched.
        voices: Those to take out.
    """
    edits: list[Edit] = []
    safe = not (is_exact(text) or is_verse(text) or "¡" in text)
    for voice in sorted(voices, key=lambda one: _ORDER.get(one.reason, 9)):
        if voice.reason not in _RULES:
            return None
        found = _RULES[voice.reason](prose, text)
        if found is None:
            return None
        gone = _Covered(edits)
        found = [edit for edit in found if not gone.hold(edit[0], edit[1])]
        edits += found
        safe = safe and voice.reason in _SAFE and not any(_unsure(prose, edit) for edit in found)
    edits = [edit for edit in sorted(edits) if text[edit[0] : edit[1]] != edit[2]]
    if not edits or any(edit[1] > later[0] for edit, later in itertools.pairwise(edits)):
        return None
    return Fix(tuple(edits), safe)


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text after the edits."""
    return edited_text(text, edits)


class _Covered:
    """Places that go anyway, asked for quickly however many there are."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, edits: Sequence[Edit]) -> None:
        ordered = sorted(edits)
        self._starts = [start for start, *_ in ordered]
        self._ends = list(itertools.accumulate((end for _, end, _ in ordered), max))

    def hold(self, start: int, end: int) -> bool:
        """Whether [start, end) lies within one of them."""
        before = bisect_right(self._starts, start)
        return before > 0 and end <= self._ends[before - 1]


def _formulas(reason: str) -> Rule:
    def rule(prose: str, text: str) -> list[Edit] | None:
        edits: list[Edit] = []
        if reason in _WHOLE:
            ends = len(text) - len(text.lstrip()), len(text.rstrip())
            edits = [_widened(text, match.span(), *ends) for match in _WHOLE[reason].finditer(prose)]
        gone = _Covered(edits)
        for match in _FIRST[reason].finditer(prose):
            start, end = match.span()
            if gone.hold(start, end):
                continue
            first = text[end : end + 1]
            upper = first.upper() if match[0][:1].isupper() and len(first.upper()) == 1 else first
            edits.append((start, end + 1, upper) if first and upper != first else (start, end, ""))
        return edits

    return rule


def _widened(text: str, span: tuple[int, int], first: int, last: int) -> Edit:
    """A sentence to go, with the white space that would be left over at an end of the text (``first`` to ``last``)."""
    start, end = span
    if end >= last:
        while start and text[start - 1].isspace():
            start -= 1
        end = last
    elif start <= first:
        while text[end].isspace():
            end += 1
    return start, end, ""


_SENTENCE_ENDS = re.compile(r"[\"'”’)\]*_]*(?:\s+[\W_]*(?![a-zß-ÿ])|\Z)")
_CLOSERS = "\"'”’)]*_ "


def _exclamations(prose: str, text: str) -> list[Edit] | None:
    edits: list[Edit] = []
    for start, end in _BY_REASON["exclamation"].places(prose):
        if not _SENTENCE_ENDS.match(text, end):
            return None  # in the middle of a sentence, as in a name
        last = start
        while last and text[last - 1] in _CLOSERS:
            last -= 1
        before = text[last - 1 : last]
        edits.append((start, end, "?" if "?" in text[start:end] else "" if before and before in ".?…" else "."))
    return edits


def _emoji(prose: str, text: str) -> list[Edit] | None:
    edits: list[Edit] = []
    for place in _BY_REASON["emoji"].places(prose):
        start, end = place
        at_word = end == len(text) or text[end] in " \t\n.,;:!?)"
        if start and text[start - 1] in " \t" and at_word and not (edits and edits[-1][1] == start):
            edits.append((start - 1, end, ""))
        elif text[end : end + 1] == " " and (start == 0 or text[start - 1] in " \t\n"):
            edits.append((start, end + 1, ""))
        else:
            edits.append((start, end, ""))
    return edits


def _written_out(prose: str, text: str) -> list[Edit] | None:
    edits: list[Edit] = []
    for start, end in _BY_REASON["contraction"].places(prose):
        word = prose[start:end].replace("’", "'")
        match = _CONTRACTED.fullmatch(word)
        if match is None or word.lower() == "ain't" or (match[2] == "n't" and _ASKED.match(prose, end)):
            return None
        if full := _ODD.get(word.lower()):
            edits.append((start, end, full.capitalize() if word[0].isupper() else full))
            continue
        ending = _PLAIN.get(match[2])
        if match[2] == "'s":
            ending = " has" if _PARTICIPLE.match(prose, end) else " is"
        elif match[2] == "'d":
            ending = " had" if _BETTER.match(prose, end) or _PARTICIPLE.match(prose, end) else " would"
        if ending is None:
            return None
        edits.append((start + len(match[1]), end, ending))
    return edits


_BEFORE_QUESTION = re.compile(r"\b(?:why|how|when|where|who|what|which)\s+\w+\Z", re.IGNORECASE)
_FACTORIAL = re.compile(r"(?:(?<!\w)\d+|(?<!\w)\w\)|\d\))\Z")
_ASKING = re.compile(r"(?:Is|Are|Was|Were|Has|Have|Had|Does|Did|Can|Could|Wo|Would|Should|Must|Need)\Z")


def _unsure(prose: str, edit: Edit) -> bool:
    """Whether an edit is a guess.

    A contraction: 's is "is" or "has", 'd "would" or "had"; "Isn't Paris ...?" and "why don't people" need other words.
    An exclamation mark: after a number it may be a factorial.
    """
    start, _, new = edit
    if new in (" is", " has", " would", " had"):
        return True
    if new == " not":
        before = prose[max(0, start - 30) : start]
        return _BEFORE_QUESTION.search(before) is not None or _ASKING.search(before) is not None
    return new == "." and _FACTORIAL.search(prose[max(0, start - 12) : start]) is not None


_BY_REASON = {voice.reason: voice for voice in VOICES}
_RULES: dict[str, Rule] = {
    **{reason: _formulas(reason) for reason in _FIRST},
    "exclamation": _exclamations,
    "emoji": _emoji,
    "contraction": _written_out,
}
_ORDER = {"model-talk": 0, "apology": 1, "pleasantry": 2, "emoji": 3, "exclamation": 4, "contraction": 5}
_SAFE = frozenset({"exclamation", "contraction"})
