"""Yes against no, opposites, and a negation that only one of two texts has."""

from __future__ import annotations

import re

from curation.clash.base import Clash
from curation.clash.numbers import told
from curation.evidence.facts import facts, opposed
from curation.minhash.normalise import normalise

_YES = re.compile(r"\W*(?:yes|correct|true|right|ja|oui|sí|si)\b", re.IGNORECASE)
_NO = re.compile(
    r"\W*(?:no|incorrect|false|wrong|nein|non)\b(?! (?:known|evidence|sign|history|change|need))", re.IGNORECASE
)


def yes_against_no(left: str, right: str) -> Clash | None:
    """One answer begins with a yes, the other with a no."""
    for yes, no, swap in ((left, right, False), (right, left, True)):
        said_yes, said_no = _YES.match(yes), _NO.match(no)
        if said_yes and said_no:
            ends = (said_yes.span(), said_no.span())
            first, second = ends[::-1] if swap else ends
            return Clash("yes-no", "One answer says yes, the other no.", 0.9, (first,), (second,))
    return None


def polarity_differs(left: str, right: str) -> Clash | None:
    """A word against its opposite, or a negation, in two texts that are alike otherwise."""
    words, others = set(normalise(left).split()), set(normalise(right).split())
    overlap = len(words & others) / max(1, len(words | others))
    if overlap >= 0.5 and (pairs := opposed(left, right)):
        one, other = pairs[0]
        return told("opposite", "word", left, right, (one,), (other,), 0.7)
    ours = [fact for fact in facts(left) if fact.kind == "negation"]
    theirs = [fact for fact in facts(right) if fact.kind == "negation"]
    if overlap >= 0.6 and len(ours) != len(theirs) and (len(ours) + len(theirs)) % 2:
        spans = tuple((f.start, f.end) for f in ours), tuple((f.start, f.end) for f in theirs)
        longer = max((left, ours), (right, theirs), key=lambda side: len(side[1]))
        word = longer[0][longer[1][0].start : longer[1][0].end]
        return Clash("negation", f"Only one of the answers says “{word}”.", 0.75, *spans)
    return None
