"""Reads the questions and answers of a dialogue as statements: "Do you smoke?" "No." denies smoking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curation.evidence.wording import head_of

Place = tuple[int, int]

_REPLY = re.compile(
    r"\?[ \t]*\r?\n\s*[\w. ]{1,24}:[ \t]*"
    r"(?=(?i:(?:um|uh|oh|well|hm+)[, .]|(?:no|nope|nah|never|none|yes|yeah|yep|yup|I|he|she)\b))([^\n]{1,200})"
)
_ENDS = ".?!:\n"
_LONGEST_QUESTION = 200
_LEAD = re.compile(
    r"(?:.*?[,;] )?(?:(?:and|so|okay|ok|now|um|uh|also|well|great|alright)[, ]+)*"
    r"(?:(?:do|does|did) (?:you|he|she|they) (?:ever |currently |now |also )?"
    r"(?:(?:have|had|experience|feel|notice|get|use|take|suffer from)\b)?"
    r"|(?:have|has|had) (?:you|he|she|they) (?:ever |also |recently )?(?:been |had |noticed |experienced |felt )*"
    r"|(?:are|is|were) (?:you|he|she|they|there) (?:also |currently |having |experiencing |feeling |taking |on )*"
    r"|any\b)(?P<rest>.*)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\s*(?:(?:um|uh|oh|well|hm+)[, .]+)*(?:no|nope|nah|never|none)\b(?:[.,! ]+(?:(?:and )?no|sir|ma['’]?am|miss|"
    r"doctor|thank(?:s| you)|none|not at all|never|nothing like that|not that I (?:know|can think) of|"
    r"(?:I|he|she) (?:do|does|have|has|am|is|did|was)(?:n['’]t| not)?(?: (?:smoke|drink|have (?:any|that|those)|"
    r"had any|taken any|any|either|at all)){0,3}))*[.,! ]*",
    re.IGNORECASE,
)
_YES = re.compile(
    r"\s*(?:(?:um|uh|oh|well)[, .]+)*(?:(?:yes|yeah|yep|yup)\b|"
    r"(?:I do|I am|I have|he does|she does|he is|she is)(?=[.,!\s]*\Z))"
    r"[^\n]*",
    re.IGNORECASE,
)
_NOT_SO = re.compile(
    r"\b(?:no|not|never|but|used to|quit|stopped|ago|before|when|was|were|had|did|only|little|sometimes|think|maybe|"
    r"occasional\w*|rarely|except|however|until|kind of|sort of|guess|"
    r"weed|marijuana|pot|cigars?|vap\w+|fine|well|normal|\w+n['’]t)\b",
    re.IGNORECASE,
)
_COMPLEX = frozenset(
    (
        "when", "if", "since", "that", "which", "because", "go", "gone", "help",
        "better", "worse", "change", "changes",
        "changed", "more", "less", "still", "than", "before", "after", "while", "new", "recent", "besides", "except",
        "else", "anymore", "where", "how", "what", "why", "who", "long", "much", "many", "question", "questions",
        "idea",
        "back", "until", "not", "n't", "don't", "never", "without", "going", "able", "want", "need", "think", "sure",
        "okay", "right", "ready", "done", "doing", "try", "tried", "make", "made", "seen", "see", "other", "another",
        "only", "most", "same", "usually", "often", "last", "first", "again", "family", "mother", "father", "your",
    )
)  # fmt: skip
_IDLE = frozenset(
    (
        "a", "an", "the", "of", "to", "in", "on", "with", "for", "at", "this", "it", "been", "any", "some", "also",
        "there", "or", "and", "you", "he", "she", "they", "like", "such", "as", "kind", "kinds", "type", "types",
        "problem", "problems", "issue", "issues", "symptom", "symptoms", "currently", "now", "lately", "today", "ever",
        "known", "have", "had", "having", "history", "use", "using", "take", "taking", "at", "all", "from", "sort",
        "complaints", "signs", "feel", "feeling", "get", "getting", "experience", "notice", "doctor", "sir", "miss",
    )
)  # fmt: skip
_ITEM = re.compile(r",|;|\band\b|\bor\b|/", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_MOST_HEADS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a dialogue asks and answers.

    Attributes:
        heads: Head terms of the thing, such as ``{"smok"}``.
        holds: Whether the answer says that it is so.
        question: Where the question stands.
        answer: Where its answer stands.
    """

    heads: frozenset[str]
    holds: bool
    question: Place
    answer: Place


def asked_and_answered(text: str) -> Iterator[Asked]:
    """What questions with a plain answer assert or deny, in order.

    A plain no denies each thing that the question lists; a plain yes asserts a thing that was asked for alone.
    Questions about change, time, cause or somebody else say nothing here.
    """
    if "?" not in text or "\n" not in text:
        return
    for pair in _REPLY.finditer(text):
        reply, end = pair[1], pair.start()
        first = max(0, end - _LONGEST_QUESTION)
        start = max(first, *(text.rfind(mark, first, end) + 1 for mark in _ENDS))
        denied = _NO.fullmatch(reply.rstrip())
        asserted = None if denied else _YES.fullmatch(reply.rstrip())
        if not denied and (asserted is None or _NOT_SO.search(reply)):
            continue
        lead = _LEAD.match(text[start:end].strip())
        if lead is None:
            continue
        things = list(_things(lead["rest"] if lead["rest"].strip() else lead[0]))
        if asserted and len(things) != 1:
            continue
        for heads in things:
            yield Asked(heads, denied is None, (start, end), pair.span(1))


def _things(listed: str) -> Iterator[frozenset[str]]:
    if any(word.lower() in _COMPLEX for word in _WORD.findall(listed)):
        return
    for item in _ITEM.split(listed):
        heads = frozenset(head_of(word) for word in map(str.lower, _WORD.findall(item)) if word not in _IDLE)
        heads -= {""}
        if heads and len(heads) <= _MOST_HEADS and all(len(head) > 2 for head in heads):
            yield heads
