"""The same question in other words: what a second person would have typed for a real prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

_TEMPLATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"^Section: ([A-Z_/]+)\n\n(.+)$",
        (
            r"Write the \1 section of the note for this conversation.\n\n\2",
            r"\2\n\nSummarise the above as the section \1 of a clinic note.",
            r"Section of the note: \1\n\nHere is the conversation. \2",
            r"Please fill in \1 from what was said:\n\n\2",
        ),
    ),
    (
        r"^Are the questions (.+) asking the same thing\?$",
        (
            r"Do the questions \1 ask the same?",
            r"Tell me whether these two ask the same thing: \1.",
        ),
    ),
    (
        r"^Can an answer to (.+) also be used to answer (.+)\?$",
        (
            r"Would an answer to \1 answer \2 as well?",
            r"Could one use an answer to \1 for \2 too?",
        ),
    ),
    (
        r"^I want to know whether the following two sentences mean the same thing\.\n(.+)\nDo they\?$",
        (
            r"Do these two sentences mean the same thing?\n\1",
            r"\1\nDo the two sentences above mean the same?",
        ),
    ),
    (
        r"^Are the following two sentences \"equivalent\" or \"not equivalent\"\?\n(.+)$",
        (
            r"Equivalent or not equivalent?\n\1",
            r"\1\nSay whether these two sentences are \"equivalent\" or \"not equivalent\".",
        ),
    ),
    (
        r"^(.+) Question: (.+) True or False\?$",
        (
            r"\1 Is it true or false that \2?",
            r"Read this: \1 True or false: \2",
        ),
    ),
    (
        r"^(.+)\nIs this product review negative\?$",
        (r"\1\nIs that a negative review?", r"Is this product review negative?\n\1"),
    ),
    (
        r"^(.+) How does the reviewer feel about the movie\?$",
        (
            r"\1 What does the reviewer think of the movie?",
            r"How does the writer of this review feel about the film? \1",
        ),
    ),
    (r"^(.+) My rating for this place is$", (r"\1 I rate this place", r"\1 My rating of this place:")),
    (r"^FINAL EXAM\n\nQuestion 1\. (.+)$", (r"Exam question: \1", r"Please answer this question. \1")),
    (r"^Tell me about (.+)\.$", (r"What do you know about \1?", r"Who or what is \1?", r"Please describe \1.")),
    (
        r"^What does the (report|passage) say that begins (.+)\?$",
        (
            r"Please repeat the \1 beginning \2.",
            r"What is in the \1 that starts with \2?",
        ),
    ),
)
_WORDS: tuple[tuple[str, str], ...] = (
    (r"^How do I (.+)\?$", r"How can I \1?"),
    (r"^How can I (.+)\?$", r"What do I have to do to \1?"),
    (r"^I can't (.+)$", r"I'm not able to \1"),
    (r"^I want to (.+)$", r"I would like to \1"),
    (r"^Where is (.+)\?$", r"Can you tell me where \1 is?"),
    (r"^I need to (.+)$", r"I have to \1"),
    (r"^My (.+) (isn't|hasn't|doesn't) (.+)$", r"My \1 still \2 \3"),
    (r"\bWhich code applies\?", "What code applies here?"),
    (r"\bWhich code should we use\?", "What is the code to use?"),
    (r"\bWhat is the right code\?", "Which code is right?"),
    (r"\bSelect one code:", "Pick the one code that fits:"),
    (r"\bState the final code and its length\.", "Give the final code and how long it is."),
    (r"\bName the code and count its characters\.", "Which code is it, and how many characters has it?"),
    (r"\bPick the code", "Choose the code"),
    (r"\bDo you know\b", "Can you say"),
    (r"\bWhat is\b", "What's"),
    (r"\bI am\b", "I'm"),
    (r"\bI'm\b", "I am"),
    (r"\bdo not\b", "don't"),
    (r"\bwas seen for\b", "came to us for"),
)


def rewordings(question: str, draw: Random) -> Iterator[str]:
    """Other ways to ask ``question``, none of them equal to it."""
    for pattern, others in _TEMPLATES:
        if found := re.match(pattern, question.strip(), re.DOTALL):
            yield from (found.expand(other) for other in others)
            return
    for pattern, other in _WORDS:
        if found := re.search(pattern, question):
            yield question[: found.start()] + found.expand(other) + question[found.end() :]
    if "\n" not in question:
        yield f"Hello, {question[0].lower() + question[1:]}" if not question.startswith("I") else f"Hello! {question}"
        yield f"{question} Thanks in advance."
    yield f"{question}\n\nPlease answer briefly."
    yield f"Please help me with this.\n\n{question}"


def reworded(question: str, draw: Random) -> str:
    """One of them, drawn."""
    return draw.choice([other for other in rewordings(question, draw) if other != question])
