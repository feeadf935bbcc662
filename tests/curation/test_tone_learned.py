"""Marks of tone are kept as decisions; what is learned from them says how good it is, and is used only when it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import FinetoothError
from core.workspace import Workspace
from curation import actions, checking, queries, tone_learned, tone_queue
from curation.evidence.tone_learner import assess, interval, measures, off_tone, too_few, usable

PLAIN = (
    "The applicant number {} is informed that the assessment of the property was completed in accordance with rules."
)
CHATTY = "So yeah, number {} looks super, and you know what, we just went for it and it all turned out lovely, folks."


def rows(n_plain: int, n_chatty: int) -> list[tuple[str, bool]]:
    return [(PLAIN.format(i), True) for i in range(n_plain)] + [(CHATTY.format(i), False) for i in range(n_chatty)]


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the embedding package is not installed: TF-IDF takes its place."""

    def missing() -> Path:
        raise FinetoothError("The embedding model is not installed.", "")

    monkeypatch.setattr("core.embeddings.minilm_folder", missing)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """60 stiff answers and 20 chatty ones."""
    made = Workspace.create(tmp_path / "project")
    write(tmp_path / "rows.jsonl", rows(60, 20))
    actions.import_file(made, tmp_path / "rows.jsonl", who="Ana")
    return made


def write(path: Path, answers: list[tuple[str, bool]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, (answer, _) in enumerate(answers):
            turns = [{"role": "user", "content": f"Case {number}?"}, {"role": "assistant", "content": answer}]
            file.write(json.dumps({"messages": turns}) + "\n")


def ids(workspace: Workspace, *, chatty: bool) -> list[str]:
    return [e.id for e in queries.current(workspace)[0] if e.answer.startswith("So yeah") == chatty]


def mark_some(workspace: Workspace, n_on: int, n_off: int) -> None:
    for example_id in ids(workspace, chatty=False)[:n_on]:
        tone_learned.mark(workspace, example_id, True, "Ana")
    for example_id in ids(workspace, chatty=True)[:n_off]:
        tone_learned.mark(workspace, example_id, False, "Ana")


def test_a_mark_is_recorded_once_and_a_later_one_takes_its_place(workspace: Workspace) -> None:
    one = ids(workspace, chatty=True)[0]
    tone_learned.mark(workspace, one, True, "Ana", "act-1")
    tone_learned.mark(workspace, one, True, "Ana", "act-1")
    assert [m.on_tone for m in tone_learned.marks(workspace).values()] == [True]
    assert len(workspace.ledger.entries("tone-mark")) == 1
    tone_learned.mark(workspace, one, False, "Ben")
    assert tone_learned.marks(workspace)[one].on_tone is False
    assert workspace.ledger.verify() == 3


def test_taking_back_brings_the_earlier_mark_back_and_only_ones_own(workspace: Workspace) -> None:
    one, other = ids(workspace, chatty=True)[:2]
    tone_learned.mark(workspace, one, True, "Ana")
    tone_learned.mark(workspace, one, False, "Ana")
    tone_learned.mark(workspace, other, False, "Ben")
    assert tone_learned.unmark(workspace, "Ana", "u1") is not None
    assert tone_learned.unmark(workspace, "Ana", "u1") is None, "the same act again"
    held = tone_learned.marks(workspace)
    assert held[one].on_tone is True
    assert held[other].on_tone is False
    tone_learned.unmark(workspace, "Ana")
    assert list(tone_learned.marks(workspace)) == [other]
    assert tone_learned.unmark(workspace, "Ana") is None
    assert len(workspace.ledger.entries("tone-mark")) == 5, "nothing is ever erased"


def test_marks_outlive_an_edit_a_lost_cache_and_hold_for_another_file(workspace: Workspace, tmp_path: Path) -> None:
    one = ids(workspace, chatty=True)[0]
    tone_learned.mark(workspace, one, False, "Ana")
    actions.decide(workspace, one, "drop", who="Ana")
    workspace.cache_path.unlink()
    write(tmp_path / "turned.jsonl", rows(60, 20)[::-1])
    again = Workspace.open(workspace.path)
    actions.import_file(again, tmp_path / "turned.jsonl", who="Ana")
    assert tone_learned.marks(again)[one].on_tone is False


def test_only_an_answer_of_the_workspace_can_be_marked(workspace: Workspace) -> None:
    with pytest.raises(FinetoothError, match="no example"):
        tone_learned.mark(workspace, "0" * 32, True, "Ana")


def test_a_mark_does_not_touch_what_the_dataset_holds(workspace: Workspace) -> None:
    before = queries.overview(workspace)
    mark_some(workspace, 3, 3)
    after = queries.overview(workspace)
    assert (after.n_in, after.n_dropped, after.n_edited) == (before.n_in, 0, 0)


def test_too_few_marks_are_said_to_be_too_few(workspace: Workspace, no_model: None) -> None:
    mark_some(workspace, 5, 3)
    learned = tone_learned.learn(workspace)
    assert not learned.usable
    assert learned.ranked == ()
    assert "8 of the 12" in learned.why
    mark_some(workspace, 12, 3)
    assert "It takes 4 off-tone answers at least; 3 are marked." in tone_learned.learn(workspace).why
    assert too_few(8, 4) == ""


def test_a_dozen_marks_rank_the_rest_and_fill_the_review_queue(workspace: Workspace, no_model: None) -> None:
    mark_some(workspace, 7, 6)
    learned = tone_learned.learn(workspace)
    assert learned.usable, learned.why
    assert learned.by.startswith("TF-IDF")
    chatty = set(ids(workspace, chatty=True)) - set(tone_learned.marks(workspace))
    assert {one.example_id for one in learned.ranked[: len(chatty)]} == chatty
    assert len(learned.ranked) == 80 - 13
    found = queries.findings(workspace, checks=("tone.learned",), limit=100)
    assert {view.finding.example_id for view in found.items} >= chatty
    assert "13" not in found.items[0].finding.message
    assert "(6 off-tone and 7 on-tone marks)" in found.items[0].finding.message
    assert tone_learned.last(workspace) == learned
    assert tone_learned.learn(workspace) == learned, "the same marks give the same ranking"


def test_a_settled_answer_stays_settled_and_a_check_keeps_what_was_learned(
    workspace: Workspace, no_model: None
) -> None:
    mark_some(workspace, 7, 6)
    tone_learned.learn(workspace)
    first = queries.findings(workspace, checks=("tone.learned",)).items[0]
    actions.keep_finding(workspace, first.id, who="Ana")
    n_open = queries.findings(workspace, checks=("tone.learned",)).total
    checking.check(workspace, only=["format"])
    checking.check(workspace)
    tone_learned.learn(workspace)
    assert queries.findings(workspace, checks=("tone.learned",)).total == n_open
    assert queries.finding(workspace, first.id).state == "settled"
    titles = {count.check: count.title for count in queries.overview(workspace).counts}
    assert titles["tone.learned"] == "Answers like those that reviewers marked off-tone"


def test_marks_without_a_pattern_are_not_used(workspace: Workspace, no_model: None) -> None:
    drawn = np.random.default_rng(0).permutation(20) < 10
    for on_tone, example_id in zip(drawn, ids(workspace, chatty=False)[:20], strict=True):
        tone_learned.mark(workspace, example_id, bool(on_tone), "Ana")
    learned = tone_learned.learn(workspace)
    assert not learned.usable
    assert learned.ranked == ()
    assert learned.quality is not None
    assert learned.quality.low <= 0.6
    assert "Mark more answers" in learned.why
    assert queries.findings(workspace, checks=("tone.learned",)).total == 0


def test_a_damaged_record_of_what_was_learned_counts_as_none(workspace: Workspace, no_model: None) -> None:
    tone_learned.learn(workspace)
    (workspace.path / "index" / "tone.json").write_text("{", encoding="utf-8")
    assert tone_learned.last(workspace) is None
    assert tone_learned.publish(workspace) == 0


def test_odd_and_usual_answers_are_offered_by_turns_and_each_once(workspace: Workspace, no_model: None) -> None:
    offered = tone_queue.offered(workspace)
    assert len(offered) == len(set(offered)) == 40
    tone_learned.mark(workspace, offered[0], None, "Ana")
    assert tone_queue.offered(workspace)[:5] == offered[1:6], "a skipped answer is not offered again"
    mark_some(workspace, 7, 6)
    tone_learned.learn(workspace)
    learned = tone_learned.last(workspace)
    assert learned is not None
    unmarked = [one.example_id for one in learned.ranked if one.example_id != offered[0]]
    assert tone_queue.offered(workspace)[0] == unmarked[0], "from then on the most off-tone one"
    assert not set(tone_queue.offered(workspace)) & set(tone_learned.marks(workspace))


@pytest.mark.slow
def test_the_embedding_model_and_the_profile_tell_the_sides_apart(workspace: Workspace) -> None:
    mark_some(workspace, 7, 6)
    learned = tone_learned.learn(workspace)
    assert learned.by == "all-minilm-l6-v2"
    assert learned.usable
    assert learned.quality is not None
    assert learned.quality.auc > 0.9
    assert {one.example_id for one in learned.ranked[:14]} <= set(ids(workspace, chatty=True))


def test_the_quality_is_measured_on_answers_that_were_left_out() -> None:
    drawn = np.random.default_rng(0)
    off = np.arange(40) % 2 == 0
    noise = drawn.normal(size=(40, 30)) * 3
    assert assess(noise, off).low < 0.6, "what can be learned by heart promises nothing"
    assert usable(assess(noise, off)) != ""
    told = noise.copy()
    told[:, 0] += 12 * off
    quality = assess(told, off)
    assert quality.low > 0.6
    assert usable(quality) == ""
    assert quality.majority == 0.5
    assert np.corrcoef(off_tone(told, off, told), off)[0, 1] > 0.8


def test_the_interval_is_that_of_hanley_and_mcneil_and_narrows_with_marks() -> None:
    low, high = interval(0.893, 51, 58)  # the paper's example: AUC 0.893, standard error 0.0324
    assert (high - low) / 2 == pytest.approx(1.96 * 0.0324, abs=0.003)
    assert interval(1.0, 6, 6)[0] < interval(1.0, 60, 60)[0] < 1
    assert interval(1.0, 6, 6)[1] == 1


def test_measures_are_standardised_and_finite_for_any_texts() -> None:
    values = measures(["", "Hello there!", "😊", "It's fine, isn't it?", "\x00", "A" * 5000])
    assert np.isfinite(values).all()
    assert abs(values).max() <= 4
