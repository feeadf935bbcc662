"""Which questions may be one: found by letters, in any order of rows, and told apart where they differ."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ids import example_id
from core.types import Example, Message
from curation.checks.base import chat, of
from curation.checks.contradictions_clash import CLASH
from curation.evidence import candidates
from curation.evidence.asked import asks_apart, stands_alone
from curation.evidence.batch import Batch
from curation.evidence.candidates import cosines, near_by_letters
from curation.evidence.same_question import confirmed, same_question
from curation.evidence.settings import Settings
from curation.evidence.standing import Standing, standing
from curation.runner import run_checks

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
REWORDED = [
    ("How do I reset my password here?", "Please tell me how I reset my password."),
    ("At which temperature does water boil at sea level?", "At sea level, which temperature does water boil at?"),
    ("How long does the delivery of a parcel take?", "How many days does the delivery of parcels take?"),
]
APART = [
    ("What is the capital of France?", "What is the capital of Spain?"),
    ("Is aspirin safe?", "Is aspirin safe in pregnancy?"),
    ("When does the museum open?", "Where does the museum open?"),
    ("What is the dose for 5 kg?", "What is the dose for 50 kg?"),
    ("May I eat before surgery?", "May I not eat before surgery?"),
    ("Which code fits gastritis with bleeding?", "Which code fits gastritis without bleeding?"),
]
TEXTS = st.lists(st.text("abc de1", min_size=1, max_size=40), min_size=2, max_size=24, unique=True)


@pytest.mark.parametrize(("one", "other"), REWORDED)
def test_the_same_question_in_other_words_is_a_candidate(one: str, other: str) -> None:
    found = same_question(Batch([chat(one, "First."), chat(other, "Second."), chat("Why is the sky blue?", "Light.")]))
    assert {frozenset((a.prompt, b.prompt)) for a, b, _, _ in found.pairs()} == {frozenset((one, other))}
    assert not asks_apart(one, other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_a_difference_that_explains_two_answers_keeps_questions_apart(one: str, other: str) -> None:
    assert asks_apart(one, other) and asks_apart(other, one)
    assert not list(CLASH.run([chat(one, "Yes, it is 5 mg."), chat(other, "No, it is 50 mg.")]))


def test_another_system_prompt_keeps_questions_apart() -> None:
    one, other = REWORDED[1]
    rows = [chat(one, "It is 100 °C.", system="Use Celsius."), chat(other, "It is 212 °C.", system="Use another.")]
    assert not list(same_question(Batch(rows)).pairs())


def test_a_question_in_other_words_clashes_and_the_finding_says_how_it_was_found() -> None:
    one, other = REWORDED[1]
    (finding,) = CLASH.run([chat(one, "Water boils at 100 °C."), chat(other, "Water boils at 80 °C.")])
    assert "Asked in other words (letters" in finding.message and finding.score is not None and finding.score < 0.9


def test_an_earlier_turn_is_compared_and_the_marks_point_at_it() -> None:
    ask = "What is the boiling point of water at sea level?"
    early = chat(ask, "Water boils at 80 °C there.", "Thank you, that is all.", "With pleasure.")
    late = chat("Tell me about steam.", "It is hot.", ask, "Water boils at 100 °C there.")
    (finding,) = CLASH.run([early, late])
    turns = {span.example_id or finding.example_id: span.turn for span in finding.spans}
    assert turns == {early.id: 1, late.id: 3}
    assert "earlier turn" in finding.message


def test_one_conversation_that_answers_a_question_in_two_ways_is_found() -> None:
    ask = "What is the boiling point of water at sea level?"
    row = chat(ask, "Water boils at 80 °C there.", ask, "Water boils at 100 °C there.")
    (finding,) = CLASH.run([row])
    assert finding.related == () and {span.turn for span in finding.spans} == {1, 3}


@pytest.mark.parametrize(
    "ask", ["Are you married?", "How much should I take?", "And when does it open?", "Is this one safe?"]
)
def test_a_question_that_needs_its_conversation_is_not_compared_with_another_conversation(ask: str) -> None:
    assert not stands_alone(ask)
    rows = [chat("The red pill.", "A pill.", ask, "Yes, 5 mg."), chat("The blue pill.", "A pill.", ask, "No, 50 mg.")]
    assert not list(CLASH.run(rows))


def test_a_finding_tells_how_many_rows_stand_on_each_side() -> None:
    ask = "How much of it is given to an adult with this infection?"
    answers = [
        "Give 5 mg twice a day.",
        "Give 5 mg two times a day.",
        "You give 5 mg twice a day.",
        "Give 50 mg twice a day.",
    ]
    findings = list(CLASH.run([chat(ask, answer) for answer in answers]))
    assert findings
    for finding in findings:
        told = Standing.read(finding.message)
        assert told is not None and sorted((told.left, told.right)) == [1, 3] and told.total == 4


def test_sides_count_rows_and_not_answers() -> None:
    clashing = {1: {3}, 2: {3}, 3: {1, 2}}
    told = standing(1, 3, {1: 5, 2: 2, 3: 1, 4: 9}, clashing)
    assert (told.left, told.right, told.total) == (7, 1, 17)
    assert Standing.read("Dose differs." + told.sentence()) == told
    assert standing(1, 3, {1: 1, 3: 1}, clashing).sentence() == ""


def test_a_large_group_is_compared_with_its_leading_stances_and_the_report_says_so() -> None:
    ask = "How many tablets of the medicine are in one full box?"
    rows = [chat(ask, f"There are 20 tablets in box {'abcdefghijklmnopqrst'[n]}.") for n in range(19)]
    odd = chat(ask, "There are 30 tablets in box z.")
    report = run_checks([*rows, odd], ["contradictions.clash"])
    assert any(odd.id in finding.members for finding in report.findings)
    assert any("leading ones" in note for note in report.notes)


def test_over_the_set_size_only_wording_is_compared_and_the_report_says_so() -> None:
    one, other = REWORDED[1]
    rows = [chat(one, "Water boils at 100 °C."), chat(other, "Water boils at 80 °C.")]
    report = run_checks(rows, ["contradictions.clash"], settings=Settings(reworded_rows=1))
    assert not report.findings and any("reworded_rows" in note for note in report.notes)


def test_blank_prompts_ask_nothing() -> None:
    assert not list(CLASH.run([chat("\n\n", "The code is F44.1."), chat("   ", "The code is L04.2.")]))


@given(TEXTS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_near_texts_do_not_depend_on_their_order(texts: list[str], random: object) -> None:
    shuffled = list(texts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = []
    for given_in in (texts, shuffled):
        near = near_by_letters(given_in, len(texts), 0.3)
        ends = zip(near.left.tolist(), near.right.tolist(), strict=True)
        found.append({frozenset((given_in[a], given_in[b])) for a, b in ends})
    borderline = cosines(texts, *(np.array(side) for side in np.triu_indices(len(texts), 1)))
    if not np.any(np.abs(borderline - 0.3) < 1e-3):
        assert found[0] == found[1]


def test_the_score_of_a_pair_is_its_cosine() -> None:
    texts = sorted(text for pair in (*REWORDED, *APART) for text in pair)
    near = near_by_letters(texts, 4, 0.2)
    assert len(near.left) and np.all(near.left < near.right)
    assert np.allclose(near.score, cosines(texts, near.left, near.right), atol=1e-5)


@given(st.permutations(range(6)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_changes_no_finding(order: list[int]) -> None:
    pair = REWORDED[1]
    ask = "What is the boiling point of water at sea level?"
    rows = [
        chat(pair[0], "Water boils at 100 °C."), chat(pair[1], "Water boils at 80 °C."), chat("Hello.", "Hello."),
        chat(ask, "Water boils at 90 °C.", "Thanks.", "Welcome."), chat(ask, "Water boils at 100 °C."),
        of(Message("user", ask), Message("assistant", "Water boils at 70 °C.")),
    ]  # fmt: skip
    expected = run_checks(rows, ["contradictions.clash"]).findings
    assert expected and run_checks([rows[n] for n in order], ["contradictions.clash"]).findings == expected


def _read(path: Path) -> list[Example]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in raw.splitlines()]
    made = []
    for row in rows:
        messages = tuple(Message(turn["role"], turn["content"]) for turn in row["messages"])
        made.append(Example(example_id(messages), messages, row["meta"]))
    return made


def test_back_translated_conversations_are_candidates_of_their_originals() -> None:
    if not (SHARED / "clinic_notes_train.jsonl").exists():
        pytest.skip("../shared/data is not here")
    originals = _read(SHARED / "clinic_notes_train.jsonl")
    reworded = _read(SHARED / "clinic_notes_backtranslated.jsonl.gz")
    batch = Batch([*originals, *reworded], Settings(semantic=True))  # the candidates that the model is asked about
    found = same_question(batch)
    pairs = {frozenset((a.example.id, b.example.id)) for a, b, _, _ in found.pairs()}
    source = {row.meta["source_id"]: row.id for row in originals}
    true = [frozenset((source[row.meta["source_id"].split()[-1]], row.id)) for row in reworded]
    assert sum(pair in pairs or len(pair) == 1 for pair in true) >= 0.95 * len(true)
    assert len(found.left) <= 8 * len(batch)
    assert confirmed(Batch(batch[:0]), same_question(Batch(batch[:0]))) == []


def test_what_is_kept_of_a_text_is_what_counting_and_sorting_by_hand_gives() -> None:
    dice = random.Random(3)
    words = ["".join(dice.choices("abcdefg", k=dice.randrange(1, 9))) for _ in range(60)]
    texts = [" ".join(dice.choices(words, k=length)) for length in (1, 3, 40, 300, 300)]
    buckets, (codes, starts) = 1 << 14, candidates._codes(texts)
    room = np.empty(candidates._longest(starts), np.int32)
    grams = []
    for row in range(len(texts)):
        many = candidates._grams_of(codes, starts[row], starts[row + 1], buckets, room)
        grams.append(np.unique(room[:many], return_counts=True))
    holders = np.bincount(np.concatenate([own for own, _ in grams]), minlength=buckets)
    assert (candidates._holders(codes, starts, buckets) == holders).all()
    weight = np.round(1 + 1 / (1 + holders), 1).astype(np.float32)  # rounded, so that many weigh the same
    kept, values, counts = candidates._kept(codes, starts, weight)
    ends = np.cumsum(counts)
    assert max(counts) == candidates.HEAVIEST
    for (own, times), start, end in zip(grams, ends - counts, ends, strict=True):
        worth = ((1 + np.log(times.astype(np.float32))) * weight[own]).astype(np.float32)
        best = np.sort(np.lexsort((own, -worth))[: candidates.HEAVIEST])
        assert kept[start:end].tolist() == own[best].tolist()
        assert np.allclose(values[start:end], worth[best] / np.linalg.norm(worth[best]), atol=1e-6)
