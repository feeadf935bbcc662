"""The near-duplicate engine: the same signatures as datasketch, every pair verified, and no blow-up on copies."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.minhash import inert
from curation.minhash.bands import Lengths, similar_pairs
from curation.minhash.clusters import bridges, stars
from curation.minhash.intersect import merged
from curation.minhash.normalise import normalise, word_count
from curation.minhash.shingles import shingle, signatures_of
from curation.minhash.signatures import band_keys
from curation.minhash.sketch import sketch
from curation.minhash.views import View

any_text = st.text(st.characters(exclude_categories=()), max_size=200)


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))} if words else set()


def exact_jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def made_texts(count: int, seed: int = 0, words: int = 60, edits: int = 12) -> list[str]:
    """Random texts, and as many copies of earlier ones with up to ``edits`` words changed."""
    rng = random.Random(seed)
    vocabulary = [f"w{i}" for i in range(2000)]
    texts = [" ".join(rng.choices(vocabulary, k=rng.randint(20, words))) for _ in range(count)]
    for _ in range(count):
        copied = rng.choice(texts).split()
        for _ in range(rng.randint(0, edits)):
            copied[rng.randrange(len(copied))] = rng.choice(vocabulary)
        texts.append(" ".join(copied))
    return texts


@given(any_text)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert "  " not in once and once == once.strip()


def test_case_punctuation_and_spacing_do_not_count() -> None:
    assert normalise("The  code—is: J20.9!\n") == normalise("the code is j20 9")
    assert normalise("ＡＢＣ ﬁne Straße") == "abc fine strasse"


def test_scripts_without_spaces_become_words() -> None:
    assert word_count(normalise("体温が高いです。")) == 7
    assert word_count(normalise("ไข้หวัดใหญ่")) > 4
    assert normalise("中文abc").split() == ["中", "文", "abc"]


def test_signatures_equal_datasketch_bit_for_bit() -> None:
    from datasketch import MinHash

    texts = [*made_texts(30), "one", "", "two words"]
    for kind in ("word", "character"):
        shingles = shingle(texts, kind)  # type: ignore[arg-type]
        signatures = shingles.signatures()
        for number in range(len(texts)):
            reference = MinHash(num_perm=128, hashfunc=lambda value: value)
            reference.update_batch([int(h) & 0xFFFFFFFF for h in shingles.of(number)])
            assert (reference.hashvalues == signatures[number]).all()


def test_signatures_of_raw_texts_are_those_of_their_normalised_words() -> None:
    texts = [text.title().replace(" ", "  ") + "!" for text in made_texts(30)]
    assert (signatures_of(texts) == shingle([normalise(text) for text in texts], "word").signatures()).all()


@settings(deadline=None, max_examples=300)
@given(st.lists(any_text, min_size=1, max_size=8))
def test_the_compiled_normaliser_agrees_with_the_reference(texts: list[str]) -> None:
    raw, reference = shingle(texts, "character"), shingle([normalise(text) for text in texts], "character")
    for number, text in enumerate(texts):
        flat = normalise(text)
        expected = {flat[i : i + 5] for i in range(max(1, len(flat) - 4))} if flat else set()
        assert raw.sizes[number] == len(expected)
        assert (raw.of(number) == reference.of(number)).all()


def test_every_character_that_is_looked_up_is_normalised_as_the_reference_does() -> None:
    texts = [f"ab{chr(code)}cd {chr(code)}{chr(code)}x" for code in range(inert.LIMIT)]
    texts += [f"ab{chr(code)}cd{chr(code)}" for code in (*range(0x4DB0, 0x4E10), *range(0xABF0, 0xAC10), 0xFE0F)]
    texts += [f"ab{chr(code)}cd{chr(code)}" for code in range(0x1F2F0, 0x1FA10)]
    raw, reference = shingle(texts, "character"), shingle([normalise(text) for text in texts], "character")
    assert (raw.sizes == reference.sizes).all() and (raw.sets.hashes == reference.sets.hashes).all()
    table = inert.table()
    width = [len(chr(code).encode("utf-8", "surrogatepass")) for code in range(inert.LIMIT)]
    known = table.length != inert.NOT_INERT
    assert (table.length[known] <= inert.MOST_BYTES * np.array(width)[known]).all()


@settings(deadline=None)
@given(st.lists(st.tuples(any_text, any_text), min_size=1, max_size=6))
def test_the_whole_is_made_of_its_sides(rows: list[tuple[str, str]]) -> None:
    made = sketch([left for left, _ in rows], [right for _, right in rows])
    view = View.whole(made, np.arange(len(rows)), 0.7, 0.85)
    joined = shingle([f"{normalise(left)} {normalise(right)}".strip() for left, right in rows], "word")
    keys = np.empty((len(rows), 32), np.uint32)
    band_keys(joined.signatures(), keys)
    assert (keys == made.whole.bands).all()
    view.by_word.settle(np.arange(len(rows)))
    out = np.empty(view.by_word.room, np.uint64)
    for row in range(len(rows)):
        sets = view.by_word
        size = merged(sets.hashes, sets.parts, sets.extra, sets.extra_counts, row, out)
        assert (out[:size] == joined.of(row)).all() and size == sets.sizes[row] == joined.sizes[row]


@settings(deadline=None)
@given(st.lists(any_text.map(normalise), min_size=2, max_size=6))
def test_jaccard_is_exact_for_any_text(texts: list[str]) -> None:
    shingles = shingle(texts, "word")
    for a in range(len(texts)):
        for b in range(len(texts)):
            got = shingles.jaccard(np.array([a]), np.array([b]))[0]
            assert got == pytest.approx(exact_jaccard(grams(texts[a], 3), grams(texts[b], 3)))


@settings(deadline=None)
@given(any_text.map(normalise).filter(lambda text: len(text) >= 5))
def test_character_grams_are_all_there(text: str) -> None:
    expected = {text[i : i + 5] for i in range(len(text) - 4)}
    assert shingle([text], "character").sizes[0] == len(expected)


def test_every_pair_above_the_threshold_is_found_and_no_other() -> None:
    texts = list(dict.fromkeys(normalise(text) for text in made_texts(400, seed=3)))
    view = View.of(texts, near=0.7, short=0.85)
    pairs = view.pairs()
    left, right, score = pairs.left, pairs.right, pairs.score
    found = dict(zip(zip(left.tolist(), right.tolist(), strict=True), score.tolist(), strict=True))
    sets = [grams(text, 3) for text in texts]
    true = {
        (a, b): similarity
        for a in range(len(texts))
        for b in range(a + 1, len(texts))
        if (similarity := exact_jaccard(sets[a], sets[b])) >= 0.7
    }
    assert len(true) > 30
    assert set(found) <= set(true)
    assert all(found[pair] == pytest.approx(true[pair]) for pair in found)
    assert len(found) >= 0.99 * len(true)


def test_short_texts_compare_on_characters_and_are_never_skipped() -> None:
    view = View.of(
        [normalise(t) for t in ("Which code applies here?", "Which code applies heres?", "No.")], near=0.7, short=0.85
    )
    left, right = view.pairs().left, view.pairs().right
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1)]


def test_thousands_of_copies_are_one_text() -> None:
    view = View.of(
        ["the same text over and over again"] * 50_000 + ["another text that stands alone here"], near=0.7, short=0.85
    )
    assert len(view.first) == 2
    assert len(view.pairs().left) == 0


def test_thousands_of_alike_texts_stay_linear_and_say_so() -> None:
    base = " ".join(f"w{i}" for i in range(80))
    view = View.of([f"{base} tail{i}" for i in range(3000)], near=0.7, short=0.85)
    pairs = view.pairs()
    left, right = pairs.left, pairs.right
    assert pairs.full_buckets > 0
    assert len(left) < 3000 * 200
    groups = stars(3000, left, right, np.arange(3000))
    assert len(groups) == 1 and len(groups[0][1]) == 2999


def test_no_text_and_one_text_have_no_pairs() -> None:
    for texts in ([], ["alone"], ["", ""]):
        assert len(View.of(texts, near=0.7, short=0.85).pairs().left) == 0


def test_bands_give_each_pair_once_in_order() -> None:
    shingles = shingle(["the very same words stand here each time " * 3] * 4, "word")
    bands = np.zeros((4, 32), np.uint32)
    lengths = Lengths(np.full(4, 24, np.int32), 15, 24)
    pairs = similar_pairs(
        bands, np.arange(4), np.arange(4), shingles.sets, lengths, least=0.7, enough=0.7, by_character=False
    )
    found = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    assert found == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert pairs.full_buckets == 0


def test_a_star_holds_only_what_touches_its_centre() -> None:
    # 0 - 1 - 2: the ends do not resemble each other
    left, right = np.array([0, 1]), np.array([1, 2])
    assert stars(3, left, right, np.array([0, 1, 2])) == [(0, [1])]
    assert stars(3, left, right, np.array([1, 0, 2])) == [(1, [0, 2])]
    assert bridges(3, left, right, np.array([0.9, 0.8]), [(0, [1])]) == [(1, 2, 0.8)]
