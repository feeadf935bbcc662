"""Rows that say the same, prompt and answer both: equal after normalisation, or nearly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.types import Example, Finding, Proposal
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.facts import stance
from curation.evidence.relations import Relations, Unit, relations
from curation.minhash.clusters import bridges, stars
from curation.minhash.normalise import normalise


def _exact(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for example in batch:
        lines = batch.settings.rows.get(example.id, ())
        if len(lines) > 1:
            yield Finding(
                example.id,
                "duplicates.exact",
                "warn",
                "identical-rows",
                f"{len(lines)} rows are identical; keep one.",
                1.0,
                proposal=Proposal("drop", (example.id,), safe=True),
            )
    for unit in batch.shared(relations).units:
        if len(unit.examples) > 1:
            kept, *copies = unit.examples
            safe = all(_stances(copy) == _stances(kept) for copy in copies)
            yield Finding(
                kept.id,
                "duplicates.exact",
                "warn",
                "equal-after-normalising",
                f"{len(unit.examples)} examples are equal but for case, punctuation or spaces; keep the first.",
                1.0,
                related=tuple(copy.id for copy in copies),
                proposal=Proposal("drop", tuple(copy.id for copy in copies), safe) if safe else None,
            )


def _near(examples: Sequence[Example]) -> Iterable[Finding]:
    found = Batch.of(examples).shared(relations)
    same_prompt = found.prompts_alike(found.left, found.right)
    same_answer = found.answers_alike(found.left, found.right)
    drop = same_prompt & same_answer
    variant = ~drop & ~(same_prompt & ~same_answer)  # the second kind is duplicates.conflict
    rank = np.arange(len(found.units), dtype=np.int64)
    score = {(int(a), int(b)): float(s) for a, b, s in zip(found.left, found.right, found.whole_score, strict=True)}
    clusters = stars(len(found.units), found.left[drop], found.right[drop], rank)
    for centre, members in clusters:
        others = [example.id for member in members for example in found.units[member].examples]
        least = min(score[centre, member] for member in members)
        sides = [found.scores(centre, member) for member in members]
        yield Finding(
            found.units[centre].examples[0].id,
            "duplicates.near",
            "warn",
            "near-duplicate",
            f"{len(others) + 1} examples say nearly the same; keep the first (similarity at least {least:.2f} whole, "
            f"{min(side[1] for side in sides):.2f} prompt, {min(side[2] for side in sides):.2f} answer).",
            least,
            related=tuple(others),
            proposal=Proposal("drop", tuple(others), _is_safe(found, centre, members)),
        )
    keep = drop | variant
    edges = found.left[keep], found.right[keep]
    for left, right, similarity in bridges(len(found.units), *edges, found.whole_score[keep], clusters):
        yield Finding(
            found.units[left].examples[0].id,
            "duplicates.near",
            "info",
            "near-variant",
            f"Two examples resemble each other ({similarity:.2f}) but differ in what they ask or state; keep both.",
            similarity,
            related=(found.units[right].examples[0].id,),
        )


def _stances(example: Example) -> tuple[object, object]:
    prompt = "\n".join(message.content for message in example.prompt)
    return stance(prompt), stance(example.answer)


def _is_safe(found: Relations, centre: int, members: list[int]) -> bool:
    """Whether dropping loses no wording that teaches: the answers differ in no word, numbers and negations in none."""
    kept: Unit = found.units[centre]
    return all(
        _stances(example) == _stances(kept.examples[0])
        and _content_words(example.answer) == _content_words(kept.answer)
        for member in members
        for example in found.units[member].examples
    )


_SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "do",
        "does",
        "did",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "as",
        "and",
        "or",
        "so",
        "then",
        "that",
        "this",
        "these",
        "those",
        "it",
        "its",
        "i",
        "you",
        "we",
        "he",
        "she",
        "they",
        "my",
        "your",
        "our",
        "his",
        "her",
        "their",
        "me",
        "us",
        "them",
        "please",
        "kindly",
        "just",
        "here",
        "there",
        "also",
        "very",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "has",
        "have",
        "had",
        "who",
        "which",
        "what",
    ]
)


def _content_words(text: str) -> frozenset[str]:
    return frozenset(normalise(text).split(" ")) - _SMALL_WORDS


LONG_ASK = (
    "The patient is a forty year old teacher who came in with a fever, a dry cough and aching limbs since Monday "
    "morning, and asks whether she may go back to school tomorrow. What should we tell her?"
)
LONG_ANSWER = (
    "Tell her to stay at home until a full day has passed without fever, to rest and drink enough, and to call again "
    "if breathing becomes hard or the fever climbs. She can return to school after that."
)

EXACT = Check(
    name="duplicates.exact",
    version=1,
    title="Examples that are equal, or equal but for case, punctuation and white space",
    run=_exact,
    catches=(
        (chat("What is a fever?", "A raised temperature."), chat("what is a  fever", "A raised temperature!")),
        (chat("熱とは何ですか。", "体温の上昇です。"), chat("熱とは何ですか", "体温の上昇です")),
    ),
    passes=(
        (chat("What is a fever?", "A raised temperature."), chat("What is a cough?", "A reflex.")),
        (chat("Dose for an adult?", "Give 5.0 mg."), chat("Dose for a child?", "Give 2.5 mg.")),
    ),
    about="Texts are brought to one form (NFKC, case, punctuation, white space). Equal rows of a file are one example "
    "and are reported with their lines. Dropping the copies is safe, unless a number, code or negation reads "
    "otherwise.",
)
NEAR = Check(
    name="duplicates.near",
    version=1,
    title="Examples that say nearly the same, prompt and answer both",
    run=_near,
    catches=(
        (chat(LONG_ASK, LONG_ANSWER), chat(LONG_ASK.replace("aching limbs", "sore limbs"), LONG_ANSWER)),
        (chat("Which code fits a dry cough?", LONG_ANSWER), chat("Which code fits a dry coughs?", LONG_ANSWER)),
    ),
    passes=(
        (chat(LONG_ASK, LONG_ANSWER), chat(LONG_ASK, "No. She is contagious.")),
        (chat("Is it viral?", "Yes."), chat("Is it bacterial?", "No.")),
    ),
    about="MinHash bands find candidates; exact Jaccard similarity decides: word 3-grams at 0.70, character 5-grams at "
    "0.85 where a text has under 15 words. A row is proposed for dropping only where the whole, the prompt and the "
    "answer each reach the threshold against the row that stays, and no number, code or negation differs. Safe where "
    "the answers also share all their content words.",
)
