"""Texts that stand inside longer ones: all that brute force finds, no others, and no blow-up on a text of few words."""

from __future__ import annotations

import random
import time

import pytest

from core.ids import example_id
from core.types import Example, Message
from curation.evidence import subsets
from curation.evidence.batch import Batch
from curation.evidence.relations import relations
from curation.minhash.normalise import normalise

LEAST, LEAST_WORDS = 0.9, 15


def example(prompt: list[str], answer: list[str], system: str | None = None) -> Example:
    said = [("system", system)] if system else []
    turns = [*said, ("user", " ".join(prompt)), ("assistant", " ".join(answer))]
    messages = tuple(Message(role, text) for role, text in turns)
    return Example(example_id(messages), messages)


def made(seed: int) -> list[Example]:
    """Random conversations, and beginnings, middles, ends and extensions of them, some with a word changed."""
    rng = random.Random(seed)
    vocabulary = [f"w{n}" for n in range(600)] if seed % 2 else list("abcdefghijklmnopqrstuvwxyz")
    systems = (None, None, "be kind", "Be  kind!", "be safe")

    def text(words: int) -> list[str]:
        if rng.random() < 0.15:  # the same phrase over and over
            phrase = rng.choices(vocabulary, k=rng.randrange(1, 9))
            return [phrase[n % len(phrase)] for n in range(words)]
        return rng.choices(vocabulary, k=words)

    whole = [
        (text(rng.choice([0, 1, 2, 8, 60])), text(rng.choice([0, 1, 2, 20, 200])), rng.choice(systems))
        for _ in range(40)
    ]
    rows = [example(*row) for row in whole]
    for turn in range(80):
        prompt, answer, system = rng.choice(whole)
        if rng.random() < 0.2:
            system = rng.choice(systems)
        at, words = rng.randrange(len(answer) + 1), rng.randrange(5, 40)
        changed = [*answer[:words], rng.choice(vocabulary)]
        kinds = (
            (prompt, answer[:words]),
            (prompt, answer[at : at + words]),
            (prompt + text(words), text(words) + answer),
            (prompt[-words:], answer[-words:]),
            (prompt, changed * rng.randrange(1, 3)),
        )
        rows.append(example(*kinds[turn % len(kinds)], system))
    return rows


def grams(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[n : n + 3]) for n in range(max(1, len(words) - 2))} if words else set()


@pytest.mark.parametrize("seed", range(6))
def test_every_text_inside_a_longer_one_is_found_and_no_other(seed: int) -> None:
    batch = Batch(made(seed))
    found = batch.shared(relations)
    part, holder, share = subsets._contained_pairs(found, batch, LEAST)
    stated = {(int(p), int(h)): float(s) for p, h, s in zip(part, holder, share, strict=True)}
    assert len(stated) == len(part)
    texts = [f"{normalise(unit.prompt)} {normalise(unit.answer)}".split() for unit in found.units]
    sets = [grams(words) for words in texts]
    growth = LEAST / found.whole.near + LEAST - 1  # a holder that is less than this much larger is a near-duplicate
    wanted = {
        (one, other): len(sets[one] & sets[other]) / len(sets[one])
        for one in range(len(sets))
        for other in range(len(sets))
        if LEAST_WORDS <= len(texts[one]) < len(texts[other])
        and len(sets[one] & sets[other]) >= LEAST * len(sets[one])
        and len(sets[one]) * growth <= len(sets[other])
    }
    assert len(wanted) > 10
    assert stated == pytest.approx(wanted)


def test_a_long_text_of_few_words_does_not_vote_for_each_of_its_words() -> None:
    rows = [example(["no"], ["no"] * words) for words in range(20, 80)]
    for words in (100, 1_000_000):  # compiled by the first; one vote a gram and text would be 60 million
        batch = Batch([*rows, example(["no"], ["no"] * words)])
        found = batch.shared(relations)
        begun = time.process_time()
        assert subsets.subsets(found, batch) == []
    assert time.process_time() - begun < 2
