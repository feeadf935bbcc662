"""Statements of fact about one thing, in answers to different questions, that cannot both be true."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.clash.base import Clash, Place
from curation.clash.claims import claims
from curation.clash.judge import claims_clash
from curation.evidence.asked import Asked, stands_alone
from curation.evidence.asked_words import content, named
from curation.evidence.batch import Batch
from curation.evidence.candidates import near_by_letters
from curation.evidence.facts import stance, told
from curation.evidence.lexicon import FUNCTION_WORDS
from curation.evidence.standing import standing
from curation.minhash.normalise import normalise

CANDIDATES = 4
"""Statements that each is compared with, at the most: the nearest by their letters."""

LETTERS = 0.5
"""Cosine of character n-grams (TF-IDF) from which two statements are compared."""

_LEAST_WORDS, _MOST_WORDS = 5, 40
_MOST_PROMPT_WORDS = 40
_RARE_SHARE, _RARE_LEAST = 0.02, 20  # a subject in more statements than this is no entity, but a subject of the set
_STATES = frozenset((
    "is", "are", "was", "were", "has", "have", "had", "contains", "contain", "takes", "take", "costs", "cost", "lies",
    "means", "causes", "cause", "requires", "require", "needs", "need", "can", "cannot", "must", "should", "will",
    "does", "do", "did", "lasts", "last", "measures", "weighs", "opens", "closes", "starts", "begins", "ends", "covers",
    "includes", "consists", "became", "won", "wrote", "invented", "discovered", "died", "born", "founded", "belongs",
    "boils", "melts", "freezes", "expires", "isn", "aren", "wasn", "doesn", "never", "always", "treats", "increases",
    "decreases", "orbits", "produces", "supports", "allows", "uses",
))  # fmt: skip
_OF_A_CASE = frozenset((
    "i", "me", "my", "we", "us", "our", "you", "your", "he", "she", "him", "her", "his", "hers", "they", "them",
    "their", "it", "its", "this", "that", "these", "those", "here", "there", "above", "below", "following", "today",
    "yesterday", "tomorrow", "now", "currently", "recently", "patient", "patients", "client", "customer", "user",
    "mother", "father", "wife", "husband", "mr", "mrs", "ms", "other", "another", "same", "such", "both", "former",
    "latter", "example", "if", "when", "while", "may", "might", "could", "would", "sometimes", "often", "usually",
    "some", "many", "most", "several", "few",
))  # fmt: skip
_NO_ENTITY = frozenset((
    "answer", "result", "code", "value", "number", "total", "output", "solution", "option", "sum", "correct", "label",
    "statement", "sentence", "text", "question", "reason", "point", "case", "step", "thing", "name", "word", "score",
    "article", "author", "passage", "review", "story", "price", "day", "time", "year", "people", "man", "woman", "one",
    "order", "account", "item", "choice", "category", "class", "sentiment", "topic", "title", "list", "table", "line",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence of an answer that holds of itself, and where it stands in the answer."""

    example: Example
    text: str
    start: int
    subject: frozenset[str]
    bound: frozenset[str]  # names and numbers of its prompt that it does not repeat: what it may silently be about


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    if len(batch) > batch.settings.reworded_rows:
        return  # candidates of contradictions.clash tell it
    rows: dict[object, list[_Statement]] = defaultdict(list)
    for example in batch:
        for statement in _statements(example):
            rows[(normalise(statement.text), told(statement.text))].append(statement)
    stated = [same[0] for same in rows.values()]
    many = [len({statement.example.id for statement in same}) for same in rows.values()]
    order = sorted(range(len(stated)), key=lambda n: (stated[n].text, stated[n].example.id))
    stated, many = [stated[n] for n in order], [many[n] for n in order]
    holders = Counter(word for statement in stated for word in statement.subject)
    rare = max(_RARE_LEAST, int(_RARE_SHARE * len(stated)))
    near = near_by_letters([one.text for one in stated], CANDIDATES, LETTERS, batch.progress)
    clashes: dict[tuple[int, int], Clash] = {}
    against: dict[int, set[int]] = defaultdict(set)
    for left, right in zip(near.left.tolist(), near.right.tolist(), strict=True):
        one, other = stated[left], stated[right]
        if not _of_one_thing(one, other) or min(holders[word] for word in one.subject) > rare:
            continue
        if clash := claims_clash(one.text, other.text):
            clashes[left, right] = clash
            against[left].add(right)
            against[right].add(left)
    if near.crowded:
        batch.note(
            f"contradictions.fact: {near.crowded:,} statements had more than {CANDIDATES} others like them; each was "
            "compared with the nearest."
        )
    for (left, right), clash in clashes.items():
        beside = {left, right} | against[left] | against[right]
        hint = standing(left, right, {number: many[number] for number in beside}, against).sentence()
        yield _finding(stated[left], stated[right], clash, hint)


def _statements(example: Example) -> Iterator[_Statement]:
    """The sentences of the final answer that say something of a named thing, whatever was asked.

    None where the prompt holds more than a short question: what is then said may hold of that case alone.
    """
    prompt = [message for message in example.prompt if message.role != "system"]
    if len(prompt) != 1 or prompt[0].role != "user" or not example.answer:
        return
    question = prompt[0].content
    if "\n" in question.strip() or len(question.split()) > _MOST_PROMPT_WORDS:
        return
    asks = Asked(example, len(example.messages) - 1).ask
    if _OF_A_CASE.intersection(normalise(question).split()) - {"that", "there", "you", "me"} and not stands_alone(asks):
        return
    about = named(question) | set(stance(question)[0])
    for claim in claims(example.answer):
        words = normalise(claim.text).split()
        if claim.asks or not _LEAST_WORDS <= len(words) <= _MOST_WORDS or _OF_A_CASE.intersection(words):
            continue
        verb = next((place for place, word in enumerate(words) if word in _STATES), None)
        if not verb:
            continue
        subject = frozenset(content(" ".join(words[:verb])))
        if not subject or not {word for word in words[:verb] if len(word) > 2} - _NO_ENTITY - FUNCTION_WORDS:
            continue
        said = set(content(claim.text)) | set(stance(claim.text)[0])
        yield _Statement(example, claim.text, claim.start, subject, frozenset(about - said))


def _of_one_thing(one: _Statement, other: _Statement) -> bool:
    """Whether two statements have one subject, stand in two rows, and neither prompt narrows it in a way of its own."""
    if one.example.id == other.example.id or one.subject != other.subject or one.bound != other.bound:
        return False
    return _system(one.example) == _system(other.example) and normalise(_prompt(one)) != normalise(_prompt(other))


def _prompt(one: _Statement) -> str:
    return one.example.messages[-2].content


def _system(example: Example) -> str:
    return normalise("\n".join(message.content for message in example.messages if message.role == "system"))


def _finding(one: _Statement, other: _Statement, clash: Clash, hint: str) -> Finding:
    turn, turned = len(one.example.messages) - 1, len(other.example.messages) - 1
    spans = [Span(turn, *_moved(place, one.start)) for place in clash.left or ((0, len(one.text)),)]
    spans += [
        Span(turned, *_moved(place, other.start), other.example.id) for place in clash.right or ((0, len(other.text)),)
    ]
    told_so = f"{clash.sentence} Stated of one thing in answers to different questions.{hint}"
    return Finding(
        one.example.id, "contradictions.fact", "warn", clash.reason, told_so, 0.9 * clash.score,
        spans=tuple(span for span in spans if span.start < span.end), related=(other.example.id,),
    )  # fmt: skip


def _moved(place: Place, by: int) -> Place:
    return place[0] + by, place[1] + by


FACT = Check(
    name="contradictions.fact",
    version=1,
    title="Two answers that state different facts of one thing",
    run=_run,
    catches=(
        (
            chat("What happens to water in a kettle?", "It heats up. Water boils at 100 °C at sea level."),
            chat("How do I cook pasta?", "Salt the water first. Water boils at 80 °C at sea level."),
        ),
        (
            chat("Who was Marie Curie?", "A physicist. Marie Curie was born in Warsaw in 1867."),
            chat("Who discovered radium?", "Marie Curie was born in Warsaw in 1887. She found it in 1898."),
        ),
    ),
    passes=(
        (
            chat("Any news of Ann?", "The patient was born in 1950 in Warsaw."),
            chat("Any news of Bob?", "The patient was born in 1960 in Warsaw."),
        ),
        (
            chat("What is the tax in Germany?", "The standard tax rate is 19 percent there."),
            chat("What is the tax in France?", "The standard tax rate is 20 percent there."),
        ),
        (
            chat("Tell me about Jupiter.", "Jupiter has a mean radius of 69911 km."),
            chat("Tell me about Saturn.", "Saturn has a mean radius of 58232 km."),
        ),
        (
            chat("What is the tax in Germany?", "The standard tax rate is 19 percent."),
            chat("And the tax in France?", "The standard tax rate is 20 percent."),
        ),
    ),
    about="Sentences of final answers, each compared with the few most like it (TF-IDF of character n-grams). Only "
    "where the prompt is a short question with no context of its own, the subject is the same and rare in the set, "
    "nothing in the sentence points to a person or a case (he, the patient, now), and neither prompt names something "
    "(a country, a year) that the sentence leaves out and the other prompt does not name.",
)
