"""Pairs by meaning: both cosines are told, nothing is dropped by way of a third row, and no dispute is decided."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import embeddings
from core.embedding_store import EmbeddingStore
from core.types import Example, Finding
from curation.checks.base import chat
from curation.checks.duplicates_semantic import SEMANTIC
from curation.evidence.batch import Batch
from curation.evidence.embeddings import Letters, neighbours
from curation.evidence.settings import Settings
from curation.evidence.swaps import swapped
from curation.runner import run_checks

RESET = "Open the settings, choose “Security”, and type a new password twice."
ASKS = ("How do I reset my password?", "What is the way to reset my password?", "How can I get my password reset?")


def found(*rows: Example) -> list[Finding]:
    return list(SEMANTIC.run(rows))


def dropped(findings: Sequence[Finding]) -> set[str]:
    return {target for finding in findings if finding.proposal for target in finding.proposal.targets}


def test_a_paraphrase_with_the_same_answer_is_proposed_with_both_cosines_and_never_as_safe() -> None:
    (finding,) = found(chat(ASKS[0], RESET), chat(ASKS[1], RESET))
    assert finding.reason == "paraphrase" and finding.severity == "warn"
    assert finding.proposal is not None and not finding.proposal.safe
    assert "by meaning (sentence embeddings), not by wording" in finding.message
    assert finding.message.count("0.") + finding.message.count("1.0") >= 2
    assert finding.score is not None and finding.score >= 0.9


def test_every_row_of_a_group_is_verified_against_the_row_that_stays() -> None:
    rows = [chat(ask, RESET) for ask in ASKS]
    for finding in found(*rows):
        if finding.proposal is None:
            continue
        kept = next(row for row in rows if row.id == finding.example_id)
        for target in finding.proposal.targets:
            row = next(row for row in rows if row.id == target)
            one, other = embeddings.embed([kept.prompt[-1].content, row.prompt[-1].content])
            assert one @ other >= 0.9
    assert dropped(found(*rows))


def test_nothing_is_closed_by_way_of_a_third_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three asks 20 degrees apart, the longest at one end: the other end (cosine 0.77 to it) stays, too."""
    first, last = "alpha beta gamma phi chi psi", "eta theta iota"
    angles = {first: 0, "delta epsilon zeta kappa": 20, last: 40}

    def turned(texts: Sequence[str], **_: object) -> np.ndarray:
        turns = [np.deg2rad(angles.get(text, 0)) for text in texts]
        return np.array([[np.cos(turn), np.sin(turn)] for turn in turns], np.float32)

    monkeypatch.setattr(embeddings, "embed", turned)
    rows = {ask: chat(ask, RESET) for ask in angles}
    findings = found(*rows.values())
    assert dropped(findings) == {rows["delta epsilon zeta kappa"].id}
    (proposal,) = [finding for finding in findings if finding.proposal is not None]
    assert proposal.example_id == rows[first].id and rows[last].id not in proposal.members


def test_rows_in_a_contradiction_are_shown_but_not_proposed() -> None:
    """The first two contradict each other; the third says what the first says, in other words."""
    three, five = (f"Open the settings; you can reset it {n} times a day." for n in (3, 5))
    rows = [chat(ASKS[0], three), chat(ASKS[0], five), chat(ASKS[1], three)]
    assert dropped(found(rows[0], rows[2])), "without the contradiction, it is proposed"
    findings = found(*rows)
    assert not dropped(findings)
    assert any("contradiction" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("ask", "other"),
    [
        ("How do I reset my password on version 2 of the app?", "What is the way to reset my password on version 3?"),
        ("Which form does a new patient with insurance fill in?", "Which form does a new patient with no insurance?"),
        ("What is a raised left shoulder a sign of?", "A raised right shoulder is a sign of what?"),
        ("Where is the museum in the old town of Madrid?", "Where is the museum in the old town of Lisbon?"),
        ("The red lamp is on. What do I do?", "The green lamp is on. What do I do?"),
    ],
)
def test_another_number_negation_side_or_name_is_never_proposed(ask: str, other: str) -> None:
    assert not dropped(found(chat(ask, RESET), chat(other, RESET)))


def test_another_system_prompt_is_a_variant() -> None:
    findings = found(chat(ASKS[0], RESET, system="You are brief."), chat(ASKS[1], RESET, system="You are a pirate."))
    assert not dropped(findings)
    assert all("system prompts differ" in finding.message for finding in findings)


def test_one_ask_about_different_texts_is_not_a_paraphrase() -> None:
    ask = "\n\nWhat is this text about, in one sentence?"
    rows = [
        chat(text + ask, "It tells how the season went for the team, and who trains it now.")
        for text in (
            "The rowers of the northern club trained through the winter and won two of the spring regattas.",
            "Bread needs flour, water, salt and time. Fold the dough every half hour and bake it hot.",
        )
    ]
    assert not found(*rows)


def test_the_first_turns_of_a_conversation_count() -> None:
    last = "And what does that one cost me a month?"
    rows = [
        chat("Do you have a plan for a family?", "Yes, we do.", last, "It costs what the list of prices says."),
        chat("Can I park my boat in your harbour?", "Yes, you can.", last, "It costs what the list of prices says."),
    ]
    assert not dropped(found(*rows))


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [chat(ask, RESET) for ask in (*ASKS, "Where do I change my password?", "How do I close my account?")]
    assert found(*rows) == found(*rows[::-1])


def test_semantic_true_turns_it_on_and_it_runs_after_contradictions() -> None:
    rows = [chat(ASKS[0], RESET), chat(ASKS[1], RESET)]
    names = list(run_checks(rows, settings=Settings(semantic=True)).counts)
    last = max(number for number, name in enumerate(names) if name.startswith("contradictions."))
    assert names.index("duplicates.semantic") > last
    assert "duplicates.semantic" not in run_checks(rows).counts


def test_a_store_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(EmbeddingStore):
        def read(self, texts: Sequence[str]) -> dict[int, np.ndarray]:
            self.problem = "The store is broken."
            return {}

    monkeypatch.setattr(embeddings, "store", lambda: Broken(None, dimensions=384))  # type: ignore[arg-type]
    monkeypatch.setattr("curation.checks.duplicates_semantic._WORTH_KEEPING", 2)
    batch = Batch([chat(ASKS[0], RESET), chat(ASKS[1], RESET)])
    assert list(SEMANTIC.run(batch))
    assert any("broken" in note for note in batch.notes)


def test_a_large_set_is_told_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.checks.duplicates_semantic._MANY_TEXTS", 1)
    batch = Batch([chat(ASKS[0], RESET), chat(ASKS[1], RESET)])
    assert list(SEMANTIC.run(batch))
    assert any("2 texts to embed, about 0 minutes" in note for note in batch.notes)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(0, 40),
    k=st.integers(1, 6),
    least=st.floats(-0.5, 0.9),
    seed=st.integers(0, 99),
)
def test_neighbours_are_those_of_brute_force(rows: int, k: int, least: float, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(rows, 5)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    got = neighbours(vectors, k, least)
    ranks: dict[tuple[int, int], list[int]] = {}
    for row in range(rows):
        scores = {other: float(vectors[row] @ vectors[other]) for other in range(rows) if other != row}
        for place, other in enumerate(sorted(scores, key=lambda o: -scores[o])[:k]):
            if scores[other] >= least:
                ranks.setdefault((min(row, other), max(row, other)), []).append(place)
    want = {pair: max(places) if len(places) == 2 else k for pair, places in ranks.items()}
    pairs = zip(got.left.tolist(), got.right.tolist(), strict=True)
    assert dict(zip(pairs, got.rank.tolist(), strict=True)) == want
    assert np.allclose(got.cosine, (vectors[got.left] * vectors[got.right]).sum(axis=1), atol=1e-5)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(1).normal(size=(60, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = neighbours(vectors, 5, 0.0)
    monkeypatch.setattr("curation.evidence.embeddings._ROWS", 7)
    monkeypatch.setattr("curation.evidence.embeddings._COLUMNS", 11)
    parts = neighbours(vectors, 5, 0.0)
    assert (whole.left == parts.left).all() and (whole.rank == parts.rank).all()


def test_letters_agree_on_a_shared_rare_word() -> None:
    texts = ["Is rhabdomyolysis coded here?", "code for rhabdomyolysis", "Is the weather fine here?", "", "x"]
    letters = Letters(texts)
    same, other, empty = letters.cosine(np.array([0, 0, 3]), np.array([1, 2, 4]))
    assert same > other and empty == 0
    assert letters.cosine(np.array([0]), np.array([0]))[0] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        ("What is the capital of France?", "What is the capital of Spain?", ("france", "spain")),
        ("A dog of black and white", "A dog of black and black", ("white", "black")),
        ("Give prednisone daily", "Give prednisolone daily", ("prednisone", "prednisolone")),
        ("She was treated for a fever", "She is being treated, for fever", None),
        ("How do I reset my password?", "What is the way to reset my password?", None),
        ("Tell me the code of a dry cough", "Acute bronchitis: pick what fits it best", None),
    ],
)
def test_a_swapped_word_is_told_from_another_wording(left: str, right: str, words: tuple[str, str] | None) -> None:
    assert swapped(left, right) == words
