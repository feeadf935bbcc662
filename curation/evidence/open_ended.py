"""Which questions have many right answers: those that ask for an example, an invention, a suggestion or a choice."""

from __future__ import annotations

import re
from functools import lru_cache

_INDEFINITE = r"(?:an?|one|some|any|a few|a couple of|several|another|two|three|four|five|six|seven|eight|nine|ten|\d+)"
_MADE = (
    "write|compose|create|generate|invent|make up|come up with|think of|think up|draft|design|brainstorm|imagine|"
    "describe|tell|give|provide|offer|produce|propose|suggest|recommend|name|list|pick|choose|share|construct|build|"
    "develop|show|find|form|craft|sketch|outline|pen|formulate|devise|prepare|say|plan"
)
_WORKS = (
    "story|stories|poem|haiku|limerick|sonnet|song|lyrics|rap|joke|pun|riddle|tagline|slogan|headline|caption|essay|"
    "paragraph|speech|script|dialogue|letter|e-?mail|tweet|post|blog|article|review|advert(?:isement)?|ad copy|"
    "examples?|ideas?|suggestions?|recommendations?|tips?|scenario|analogy|metaphor|simile|sentences?|anecdote|"
    "fun fact|interesting fact|random \\w+|names? for|titles? for"
)
_OPEN = re.compile(
    rf"\b(?:{_MADE})\s+(?:(?:me|us|him|her|them)\s+)?(?:up\s+)?{_INDEFINITE}\b(?!\s+(?:of\s+(?:the|these|those)|code)\b)"
    rf"|\b(?:{_MADE})\s+(?:(?:me|us)\s+)?(?:[\w-]+\s+){{0,3}}?(?:{_WORKS})\b"
    r"|\b(?:for example|at random|random(?:ly)? (?:number|word|letter|name|colou?r|date|\w+ between))\b"
    r"|\b(?:what|which) (?:is|are|would be|could be|might be) (?:an?|one|some) (?:good |possible |common |great )?"
    r"(?:example|way|idea|name|reason|alternative)s?\b"
    r"|\b(?:can|could|would|will) you (?:please )?(?:suggest|recommend|propose|brainstorm|imagine|invent)\b"
    r"|\A\W*(?:suggest|recommend|propose|brainstorm|imagine|invent)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"\b(?:summar(?:y|ise|ize)|translat|paraphras|rewrit|classif|extract|convert|correct|answer to|below|above|"
    r"following|given|this (?:text|passage|conversation|dialogue|note|table|code|function))",
    re.IGNORECASE,
)


@lru_cache(maxsize=65536)
def open_ended(ask: str) -> bool:
    """Whether two different answers to this request may both be right, whatever they say.

    Only plain requests count; one that works on a text it gives ("summarise the following") has one right content.
    English; in other languages nothing is open-ended.
    """
    return _OPEN.search(ask) is not None and _CLOSED.search(ask) is None
