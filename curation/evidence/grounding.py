"""Finds where an answer contradicts the context that its own prompt gives it: a note against its conversation.

Five ways, each with the words of both sides: a thing that the dialogue denies (or confirms) and the answer says
otherwise; a side of the body or of a thing that the context gives as the other one; a figure at a word that the
context gives with another figure; a code with the title that the context gives another code; and a sentence of the
context that the answer repeats with one thing changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from curation.clash.align import similarity_of
from curation.clash.claims import Claim, claims
from curation.clash.judge import claims_clash
from curation.clash.values import Value, apart
from curation.clash.values_read import values
from curation.evidence.grounding_asked import Asked, Place, asked_and_answered
from curation.evidence.wording import head_of
from curation.minhash.normalise import normalise

LEAST_CHARACTERS = 100
"""Of a user turn, from which it can be a context."""


@dataclass(frozen=True, slots=True)
class Against:
    """An answer's words against its context's.

    Attributes:
        reason: ``negation``, ``opposite``, ``number`` … as in clashes.
        sentence: For people.
        score: How sure, in [0, 1].
        said: Where the answer says it.
        given: Where the context says otherwise.
    """

    reason: str
    sentence: str
    score: float
    said: tuple[Place, ...]
    given: tuple[Place, ...]


_REWORK = re.compile(
    r"\b(?:rewrit\w+|edit|correct(?:ed|ion)?|fix|chang\w+|replac\w+|opposite|negat\w+|convert|transform|updat\w+|"
    r"improv\w+|"
    r"fill|complet\w+|continu\w+|modif\w+|story|imagin\w+|fiction\w*|hypothetical\w*|counterfactual|true or false|"
    r"paraphras\w+|contradict\w*|wrong|mistakes?|errors?|alternat\w+|translat\w+|pretend|parody|instead|debate|argue|"
    r"equivalent|same thing|false|swap|revers\w+|premise|hypothesis|function|script)\b",
    re.IGNORECASE,
)
_EDGE = 250  # characters of a prompt's beginning and end that are read for what is to be done


def is_grounded(text: str) -> bool:
    """Whether a user turn gives a context to answer from, and asks for nothing that changes it."""
    if len(text) < LEAST_CHARACTERS:
        return False
    edges = text if len(text) <= 2 * _EDGE else f"{text[:_EDGE].splitlines()[0]}\n{text[-_EDGE:].splitlines()[-1]}"
    return not _REWORK.search(edges if len(text) > 2 * _EDGE else edges[:_EDGE])


def against(answer: str, context: str) -> Iterator[Against]:
    """All that an answer says against its context, at most one of each way."""
    for ways in ((_asked,), (_side,), (_figure, _titled, _repeated)):
        found = next((found for way in ways if (found := way(answer, context)) is not None), None)
        if found is not None:
            yield found


_DENIED = re.compile(
    r"(?:\b(?:den(?:ies|ied|ying)|negative for|without|no|never|"
    r"(?:does|do|did|has|have|is|are|was|were)(?: not|n['’]t))\b"
    r"(?P<listed>[^.;:\n]*))|\bnon-?(?P<non>[a-z]{4,})\b",
    re.IGNORECASE,
)
_UNLESS = re.compile(
    r"\b(?:except|other than|but|although|though|besides|recent|current\w*|longer|significant|new|further|other|since|"
    r"change|evidence|more|known|family|until|when|which|who|that|acute|sign|signs|severe|any(?:more|where))\b",
    re.IGNORECASE,
)
_ASSERTED = re.compile(
    r"\b(?:(?:he|she|patient|pt|they|who|and|also) (?:also |currently |still )?"
    r"(?:smokes|drinks|uses|takes|reports|reported|has|endorses|admits|complains|experiences|states|notes|noted)"
    r"|positive for|admits to|complain(?:s|ed|ing) of|endorses|reports|allergic to|"
    r"is (?:a |an )?(?:current |active |heavy )?"
    r"|significant for)\b(?P<listed>[^.;:\n]*)",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"\b(?:no|not|never|none|denies|denied|denying|without|negative|nor|history|histories|previous\w*|prior|past|"
    r"former\w*|"
    r"quit|stopped|used to|ago|if|risk|avoid\w*|should|will|would|could|may|might|rule[ds]?|evaluat\w*|possibl\w*|"
    r"father|mother|brother|sister|family|aunt|uncle|grand\w+|son|daughter|wife|husband|concern\w*|return|call|"
    r"counsel\w*|"
    r"discuss\w*|resolved|improved|free|unremarkable|normal|prevent|non\w*|has been|had|was|were|except|asked|"
    r"when|after|before|with|secondary|status|until|where|because|due|unknown|unclear|\w+n['’]t)\b",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r",|;|\band\b|\bor\b|/", re.IGNORECASE)
_TERM = re.compile(r"[A-Za-z][A-Za-z'’]*")
_SKIPPED = frozenset(
    (
        "the", "a", "an", "any", "of", "to", "for", "some", "use", "using", "abuse", "history", "his", "her", "their",
        "he", "she", "patient", "has", "have", "had", "is", "are", "was", "been", "having", "known", "current",
        "currently", "problems", "problem", "symptoms", "drink", "that", "does", "do", "also", "on", "in", "illicit",
    )
) - {"drink"}  # fmt: skip


def _asked(answer: str, context: str) -> Against | None:
    """What a question of the dialogue was answered with, against what the answer says of it."""
    facts = list(asked_and_answered(context))
    if not facts:
        return None
    denied = list(_mentions(_DENIED, answer)) if any(fact.holds for fact in facts) else []
    asserted = list(_mentions(_ASSERTED, answer)) if any(not fact.holds for fact in facts) else []
    for fact in facts:
        if any(other.heads & fact.heads and other.holds != fact.holds for other in facts):
            continue
        for heads, place in denied if fact.holds else asserted:
            if heads == fact.heads and not _said_elsewhere(fact, context):
                word = answer[slice(*place)]
                does = "says yes to" if fact.holds else "says no to"
                how = "denied" if fact.holds else "stated"
                sentence = f"The context {does} “{context[slice(*fact.question)].strip()}?”; here “{word}” is {how}."
                return Against("negation", sentence, 0.8, (place,), (fact.question, fact.answer))
    return None


def _mentions(pattern: re.Pattern[str], text: str) -> Iterator[tuple[frozenset[str], Place]]:
    """The things that an answer denies or asserts, each with its place."""
    for match in pattern.finditer(text):
        name = "non" if "non" in pattern.groupindex and match["non"] else "listed"
        listed, start = match[name], match.start(name)
        stop = _UNLESS if pattern is _DENIED else _NOT_NOW
        if pattern is _ASSERTED:
            line = max(text.rfind(".", 0, match.start()), text.rfind("\n", 0, match.start())) + 1
            if _NOT_NOW.search(text, line, match.end()):
                continue
            if match[0].split()[-1].lower() in ("smokes", "drinks"):
                listed, start = match[0].split()[-1], match.end() - len(match[0].split()[-1])
            elif " ".join(match[0].split()[1:2]).lower() in ("smokes", "drinks"):
                word = re.search(r"smokes|drinks", match[0], re.IGNORECASE)
                if word:
                    listed, start = word[0], match.start() + word.start()
        if stop.search(listed):
            continue
        at = 0
        for item in [*_LIST_ITEM.finditer(listed), None]:
            end = item.start() if item else len(listed)
            words = list(_TERM.finditer(listed, at, end))
            heads = frozenset(head_of(word[0].lower()) for word in words if word[0].lower() not in _SKIPPED) - {""}
            if heads and len(heads) <= 3:
                yield heads, (start + words[0].start(), start + words[-1].end())
            at = item.end() if item else end


def _said_elsewhere(fact: Asked, context: str) -> bool:
    """Whether another line of the context speaks of the thing, which may say otherwise."""
    around = context[: fact.question[0]], context[fact.answer[1] :]
    lowered = [part.lower() for part in around]
    if not all(any(head in part for part in lowered) for head in fact.heads):
        return False
    return any(all(head in line for head in fact.heads) for part in lowered for line in part.split("\n"))


_SIDES = re.compile(r"\b(?P<side>left|right)[- ](?:sided )?(?P<what>[a-z]{3,})", re.IGNORECASE)
_REPLY_WORDS = 8
_BESIDE_SIDES = """
    now here away there then side sided hand handed and but for after before the with upper lower was has had from that
    this into hemi
"""
_NO_PART = frozenset(_BESIDE_SIDES.split())


def _side(answer: str, context: str) -> Against | None:
    """The left knee, where the context speaks of the right knee only."""
    lowered = answer.lower()
    if "left" not in lowered and "right" not in lowered:
        return None
    given = context.lower()
    for match in _SIDES.finditer(answer):
        side, what = match["side"].lower(), match["what"].lower()
        if what in _NO_PART:
            continue
        other = "right" if side == "left" else "left"
        found = re.search(rf"\b{other}[- ](?:sided )?{re.escape(what)}\b", given)
        if not found or len(given) != len(context):
            continue
        if _has_side(given, side, what):
            continue
        sentence = (
            f"Side differs: “{answer[match.start() : match.end()]}”, in the context “{context[slice(*found.span())]}”."
        )
        return Against("opposite", sentence, 0.85, (match.span(),), (found.span(),))
    return None


def _has_side(given: str, side: str, what: str) -> bool:
    """Whether a context may give the thing that side too: in one line with it, or in a short reply."""
    named = re.compile(rf"\b{side}\b(?!\s*(?:here|now|there|away|handed|hand dominant|\?|,))")
    lines = given.split("\n")
    for number, line in enumerate(lines):
        if what in line and re.search(r"\b(?:both|bilateral\w*|either)\b", line):
            return True
        if side in line and named.search(line):
            near = what in line or (number and what in lines[number - 1])
            if near or (line.count(" ") < _REPLY_WORDS and not re.search(rf"\b{side}\s+(?!one\b|side\b)[a-z]", line)):
                return True
    return False


_NUMBERED = re.compile(r"\d")
_MEASURED = re.compile(
    r"[$€£]\s?\d|\d\s?(?:mc?g|µg|g|kg|ml|cc|l|units?|iu|%|cm|mm|percent|dollars|euros?|lbs?|pounds|°)|\d/\d", re.I
)
_NEAR = 40
_ANCHOR = re.compile(r"[A-Za-z]{5,}")
_NO_ANCHORS = """
    about after again approximately around before being between could daily during every first found given grams have
    hours minutes months never other patient since their there these through times today twice under units until weeks
    where which while years yesterday milligrams percent pounds total still several previous dollars
"""
_WEAK = frozenset(_NO_ANCHORS.split())
_KINDS = frozenset(
    {"mass", "volume", "money", "percent", "length", "temperature", "dose", "slash", "usd", "eur", "gbp"}
)


def _figure(answer: str, context: str) -> Against | None:
    """A dose, price or size beside a word, where the context gives that word with another one only."""
    if not _MEASURED.search(answer):
        return None
    held: tuple[Value, ...] | None = None
    for value in values(answer):
        if value.kind not in _KINDS and not value.dose:
            continue
        written = answer[value.start : value.end]
        if written in context:
            continue
        word = _anchor(answer, value)
        if word is None or word not in context.lower():
            continue
        held = values(context) if held is None else held
        same = [other for other in held if other.kind == value.kind]
        if (
            not same
            or any(not apart(value, other) for other in held)
            or _plain(value) & {_n for o in held for _n in _plain(o)}
        ):
            continue
        near = [o for o in same if _anchor(context, o) == word]
        if len(near) == 1:
            other = near[0]
            shown = f"{written} / {context[other.start : other.end]}"
            sentence = f"Figure at “{word}” differs from the context: {shown}."
            return Against("number", sentence, 0.8, ((value.start, value.end),), ((other.start, other.end),))
    return None


def _plain(value: Value) -> set[float]:
    return {end for reading in value.readings for end in reading}


def _anchor(text: str, value: Value) -> str | None:
    """The word that a figure belongs to: "lisinopril 5 mg", "5 mg of lisinopril"."""
    after = re.match(r"\s+of\s+([A-Za-z]{5,})", text[value.end : value.end + _NEAR])
    if after:
        return after[1].lower()
    words = _ANCHOR.findall(re.split(r"[.;\n]", text[max(0, value.start - _NEAR) : value.start])[-1])
    words = [word.lower() for word in words if word.lower() not in _WEAK]
    return words[-1] if words else None


_LISTED = re.compile(
    r"^[^\w\n]*(?P<code>[A-Z]{1,3}-?\d[\dA-Z.-]*\d|[A-Z]\d+)[ \t:,–-]{1,4}(?P<title>[A-Za-z][^\n]{5,120})", re.M
)
_TITLED = re.compile(
    r"(?<![\w.])(?P<code>[A-Z]{1,3}-?\d[\dA-Z.-]*\d|[A-Z]\d+)[ \t:,–-]{1,4}(?P<title>[A-Za-z][^;\n]{5,120})"
)


def _titled(answer: str, context: str) -> Against | None:
    """A code of the context's list, with the title of another one of it."""
    if not _NUMBERED.search(answer) or (match := _TITLED.search(answer)) is None:
        return None
    listed = {found["code"]: found for found in _LISTED.finditer(context)}
    own = listed.get(match["code"])
    if own is None or len(listed) < 2:
        return None
    said, right = normalise(match["title"]), normalise(own["title"])
    if said.startswith(right) or right.startswith(said):
        return None
    for other in listed.values():
        if other is not own and f"{said} ".startswith(f"{normalise(other['title'])} "):
            sentence = (
                f"The context gives “{own['title'].strip()}” for {own['code']}; here it is “{other['title'].strip()}”."
            )
            return Against("code", sentence, 0.9, (match.span(),), (own.span(), other.span()))
    return None


_COVERED = 0.7  # share of a statement's longer words that one sentence of the context has, before it is read
_LEAST_LONG = 3
_STRETCH = re.compile(r"[^.!?\n]+")
_ALIKE = 0.8
_LEAST_CLAIM = 4
_LONG_WORD = re.compile(r"[a-z]{4,}")
_FIRM = frozenset({"number", "dose", "date", "code", "negation", "opposite", "value", "entity"})


def _repeated(answer: str, context: str) -> Against | None:
    """A sentence of the context, said again with a number, a negation or an opposite changed."""
    places: dict[str, set[int]] = {}
    for number, piece in enumerate(_STRETCH.findall(context.lower())):
        for word in _LONG_WORD.findall(piece):
            places.setdefault(word, set()).add(number)
    for sentence in _STRETCH.finditer(answer):
        words = _LONG_WORD.findall(sentence[0].lower())
        held = [places[word] for word in words if word in places]
        least = _COVERED * len(words)
        if len(words) < _LEAST_LONG or len(held) < least or max(Counter(chain.from_iterable(held)).values()) < least:
            continue
        for claim in claims(answer):
            if not claim.asks and claim.start < sentence.end() and sentence.start() < claim.end:
                found = _counterpart(claim, claims(context))
                if found is not None:
                    return found
    return None


def _counterpart(claim: Claim, given: tuple[Claim, ...]) -> Against | None:
    words = {word.text for word in claim.words if len(word.text) > 3}
    if len(claim.words) < _LEAST_CLAIM or not words:
        return None
    best: tuple[float, Claim] | None = None
    for other in given:
        if other.asks or sum(word in other.text.lower() for word in words) < 0.6 * len(words):
            continue
        likeness = similarity_of(claim, other)
        if best is None or likeness >= best[0]:  # of equally alike ones the last: what is corrected later counts
            best = likeness, other
    if best is None or not _ALIKE <= best[0] < 1:
        return None
    clash = claims_clash(claim.text, best[1].text)
    if clash is None or clash.reason not in _FIRM:
        return None
    said = tuple((claim.start + start, claim.start + end) for start, end in clash.left)
    context = tuple((best[1].start + start, best[1].start + end) for start, end in clash.right)
    return Against(
        clash.reason,
        f"Against the context: {clash.sentence}",
        clash.score,
        said or ((claim.start, claim.end),),
        context,
    )
