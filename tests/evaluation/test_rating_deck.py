"""What tests the raters: hidden repeats with sides flipped, gold and training pairs, reservations, and many at once."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from core.clock import FORM
from core.errors import InputError
from core.rated import rated
from core.tables import read_table, write_table
from core.types import Message, Rating
from core.workspace import Workspace
from evaluation import rating_votes
from evaluation.exports import ratings_rows
from evaluation.rating import DeskItem, next_item, progress, record_rating, undo_rating, votes
from evaluation.rating_flags import Expected, points_score
from evaluation.reservations import FILE
from evaluation.results import study_results
from evaluation.study import create_study, load_study
from evaluation.study_checks import Check, read_checks
from tests.evaluation.workspace_with_run import evaluation_frame, stored_evaluation

ASKED = (Message("user", "Which code is that?"),)
GOLD = tuple(Check("gold", ASKED, f"A0{k}.1, as the table says.", f"Something, {k}.") for k in range(2))
PRACTICE = Check("training", ASKED, "R50.9.", "I cannot say.", "The code was asked for.")


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 9, tzinfo=UTC)

    def __call__(self) -> str:
        return self.now.strftime(FORM)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def workspace(tmp_path: Path, watch: Watch) -> Workspace:
    return Workspace.create(tmp_path / "w", clock=watch)


def shown(workspace: Workspace, study_id: str, who: str) -> DeskItem:
    item = next_item(workspace, study_id, who)
    assert item is not None
    return item


def walk(workspace: Workspace, study_id: str, who: str, verdict: str = "left") -> list[DeskItem]:
    """Vote until nothing is left; what was shown, in order."""
    seen: list[DeskItem] = []
    while (item := next_item(workspace, study_id, who)) is not None:
        assert next_item(workspace, study_id, who) == item, "a reload shows the same pair"
        assert record_rating(workspace, Rating(f"{who}-{len(seen)}", item.item_id, who, verdict)).stored
        seen.append(item)
    return seen


def test_hidden_repeats_come_ten_pairs_later_with_the_sides_flipped(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 24), n_items=24, raters_per_item=1, n_repeats=3)
    seen = walk(workspace, made, "ann")
    assert [item.mine_total for item in seen] == [27] * 27, "the progress does not tell a repeat from a pair"
    place = {(item.prompt, item.left): k for k, item in enumerate(seen)}
    again = [k for k, item in enumerate(seen) if place.get((item.prompt, item.right), k) < k]
    assert len(again) == 3
    assert all(k - place[seen[k].prompt, seen[k].right] > 9 for k in again)
    assert len({item.item_id for item in seen}) == 27, "nor does its id"
    folded = votes(workspace, made)
    assert (len(folded.held), len(folded.checks)) == (24, 3)
    assert study_results(workspace, made)["preference"]["n_ratings"] == 24, "a repeat is no further vote"
    assert len(rated(workspace)) == 24


def test_repeats_that_do_not_fit_are_refused(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="do not fit"):
        create_study(workspace, stored_evaluation(workspace, 12), n_items=12, n_repeats=3)


def test_gold_pairs_lie_unseen_among_the_others_and_stay_out_of_the_win_rate(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 9), n_items=9, raters_per_item=2, checks=GOLD)
    study = load_study(workspace, made)
    seen = {who: walk(workspace, made, who, "right") for who in ("ann", "bob")}
    for items in seen.values():
        at = [k for k, item in enumerate(items) if item.item_id in study.checks]
        assert len(at) == 2 and 0 < at[0] < at[1] < len(items) - 1
        assert all(set(item.item_id) == set(item.item_id) & set("0123456789abcdef.") for item in items)
        assert not any(item.practice for item in items)
    for check in GOLD:
        sides = [
            item.left == check.better for items in seen.values() for item in items if check.better in vars_of(item)
        ]
        assert sorted(sides) == [False, True], "the better answer changes sides from rater to rater"
    assert study_results(workspace, made)["preference"]["n_ratings"] == 18


def vars_of(item: DeskItem) -> tuple[str, str]:
    return item.left, item.right


def test_training_pairs_come_first_and_say_which_answer_is_better(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 9), n_items=9, checks=[PRACTICE])
    item = shown(workspace, made, "ann")
    assert (item.practice, item.mine_done, item.mine_total) == (1, 0, 9)
    side = "left" if item.left == PRACTICE.better else "right"
    done = record_rating(workspace, Rating("a", item.item_id, "ann", side))
    assert done.stored and done.feedback == f"Yes: the {side} answer is the better one. The code was asked for."
    assert undo_rating(workspace, made, "ann") is None, "its answer is known now"
    following = shown(workspace, made, "ann")
    assert following.practice == 0
    assert record_rating(workspace, Rating("b", following.item_id, "ann", "left")).feedback == ""


def test_equal_answers_ask_whether_a_rater_calls_them_equal() -> None:
    same = Check("gold", ASKED, "R50.9.", "R50.9. ")
    assert [same.right(said, "left") for said in ("left", "right", "tie", "both_bad")] == [False, False, True, True]
    assert [GOLD[0].right(said, "left") for said in ("left", "right", "tie")] == [True, False, False]


def test_checks_are_read_from_a_file_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "gold.jsonl"
    row = {
        "prompt": "Which code?",
        "better": "R50.9",
        "worse": "No idea",
        "kind": "training",
        "why": "It is asked for.",
    }
    file.write_text(json.dumps(row) + "\n\n", encoding="utf-8")
    assert read_checks(file) == (Check("training", (Message("user", "Which code?"),), "R50.9", "No idea", row["why"]),)
    file.write_text(json.dumps(row) + "\n" + json.dumps({**row, "better": " "}), encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 2 of gold\.jsonl has an empty answer"):
        read_checks(file)
    file.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"Line 1 of .* is not a JSON object"):
        read_checks(file)


def test_a_pair_on_somebodys_desk_is_not_shown_to_more_raters_than_it_needs(workspace: Workspace, watch: Watch) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 3), n_items=3, raters_per_item=1)
    first = {who: shown(workspace, made, who).item_id for who in ("ann", "bob", "cyd")}
    assert len(set(first.values())) == 3
    assert next_item(workspace, made, "dan") is None
    assert progress(workspace, made, "dan").mine_left == 3, "they lie on others' desks"
    watch.now += timedelta(minutes=11)
    assert next_item(workspace, made, "dan") is not None, "a desk that nobody sits at is free again"


def test_reservations_may_be_deleted_at_any_time_and_never_stand_in_the_way_of_a_vote(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 2), n_items=2, raters_per_item=1)
    item = shown(workspace, made, "ann")
    for file in workspace.path.glob(f"{FILE}*"):
        file.unlink()
    assert record_rating(workspace, Rating("late", item.item_id, "bob", "left")).stored
    assert record_rating(workspace, Rating("too", item.item_id, "ann", "left")).stored, "a vote is never lost"


def test_nine_raters_at_once_lose_no_vote_and_judge_each_pair_as_often_as_planned(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 30), n_items=30, raters_per_item=3)
    raters = [f"rater-{k}" for k in range(9)]

    def work(who: str) -> int:
        stored = 0
        until = time.monotonic() + 30
        while time.monotonic() < until:
            item = next_item(workspace, made, who)
            if item is None:
                if not progress(workspace, made, who).mine_left:
                    break
                continue
            stored += record_rating(workspace, Rating(f"{who}-{item.item_id}", item.item_id, who, "left")).stored
        return stored

    with ThreadPoolExecutor(9) as pool:
        stored = sum(pool.map(work, raters))
    held = votes(workspace, made).held
    assert len(held) == stored == 90
    assert set(Counter(item for item, _ in held).values()) == {3}
    assert workspace.ledger.verify() > 90


def test_three_presses_at_the_same_moment_are_one_vote(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 4), n_items=4)
    item = shown(workspace, made, "ann")
    presses = [Rating(f"press-{k}", item.item_id, "ann", "left") for k in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda press: record_rating(workspace, press), presses))
    assert len(workspace.ledger.entries("rating")) == 1


def test_votes_of_another_process_are_seen_and_a_ledger_put_in_place_of_another_is_read_anew(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    made = create_study(workspace, stored_evaluation(workspace, 4), n_items=4)
    item = shown(workspace, made, "ann")
    record_rating(workspace, Rating("a", item.item_id, "ann", "left"))
    assert len(votes(workspace, made).held) == 1
    fold = rating_votes._folds[workspace.ledger.path]
    fold.hash = "0" * 32
    assert len(votes(workspace, made).held) == 1, "read anew, not twice"
    elsewhere = Workspace.open(workspace.path)
    record_rating(elsewhere, Rating("b", item.item_id, "bob", "right"))
    assert len(votes(workspace, made).held) == 2


def test_a_pair_that_names_a_model_its_prompt_does_not_name_is_left_out_and_counted(workspace: Workspace) -> None:
    rows = evaluation_frame(12).to_dicts()
    rows[0]["base_reply"] = "I am SmolLM, made by Hugging Face."
    rows[1]["tuned_reply"] = "As a fine-tuned assistant I say R50.9."
    rows[2] |= {
        "prompt": json.dumps([{"role": "user", "content": "Who made ChatGPT?"}]),
        "base_reply": "ChatGPT? Them.",
    }
    rows[3]["base_reply"] = "Acme-7b says so."
    manifest = {**workspace.objects.manifest(stored_evaluation(workspace, 12)), "base_model": "models/acme-7b"}
    evaluation_id = workspace.objects.put("evaluation", manifest, pl.DataFrame(rows), ["leaks"])
    made = load_study(workspace, create_study(workspace, evaluation_id, n_items=12))
    assert made.manifest["n_left_out_naming"] == 3 and len(made.items) == 9
    assert {item.example_id for item in made.items.values()}.isdisjoint({"example-0", "example-1", "example-3"})
    assert any("3 pairs were left out" in note for note in study_results(workspace, made.id)["notes"])


def test_flags_and_expert_criteria_are_kept_with_the_vote(workspace: Workspace) -> None:
    wanted = [Expected("Names the code", 3), Expected("Invents a code", -2)]
    made = create_study(
        workspace, stored_evaluation(workspace, 1), n_items=1, expected={"example-0": wanted}, raters_per_item=1
    )
    item = shown(workspace, made, "ann")
    assert item.expected == (("Names the code", 3.0), ("Invents a code", -2.0))
    with pytest.raises(InputError, match="1 examples that are not in this evaluation"):
        create_study(workspace, stored_evaluation(workspace, 1), expected={"example-7": wanted})
    flags, points = {"left.fabricated": "major"}, {"left.0": True, "left.1": True, "right.0": None}
    with pytest.raises(InputError, match="needs a comment"):
        record_rating(workspace, Rating("x", item.item_id, "ann", "right", flags={"left.harmful": "critical"}))
    vote = Rating("x", item.item_id, "ann", "right")
    for wrong in (
        replace(vote, flags={"left.ugly": "minor"}),
        replace(vote, flags={"left.tone": "huge"}),
        replace(vote, points={"left.2": True}),
    ):
        with pytest.raises(InputError):
            record_rating(workspace, wrong)
    assert record_rating(workspace, Rating("a", item.item_id, "ann", "right", flags=flags, points=points)).stored
    held = votes(workspace, made).held[item.item_id, "ann"]
    assert (held.flags, held.points) == (flags, points)
    exported = ratings_rows(workspace, made)
    assert [(row["flags"], row["points"]) for row in exported] == [(flags, points)]
    assert points_score(held.points, wanted, "left") == pytest.approx(1 / 3)
    assert points_score({"left.1": True, "left.0": False}, wanted, "left") == pytest.approx(-2 / 3), "it is not clipped"
    assert points_score(held.points, wanted, "right") is None


def test_a_study_of_an_earlier_version_still_opens_with_its_votes(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 3), n_items=3)
    newer = {"n_repeats", "checks", "n_left_out_naming", "id", "kind"}
    manifest = {key: value for key, value in workspace.objects.manifest(made).items() if key not in newer}
    manifest["criteria"] = [{k: v for k, v in one.items() if k != "weight"} for one in manifest["criteria"]]
    old = workspace.objects.put("study", manifest, workspace.objects.frame(made).drop("expected"), ["an earlier key"])
    names = [f"{old}.{k}" for k in range(3)]
    table = next((workspace.path / "objects" / old[:2] / old).glob("*.parquet"))
    write_table(read_table(table).with_columns(item_id=pl.Series(names)), table)
    workspace.ledger.append("study", old, {"state": "open"}, who="Lea")
    workspace.ledger.append("rater", old, {"study_id": old}, who="ann")
    payload = {"study_id": old, "action_id": "x", "tuned": "right", "note": "", "verdict": "right"}
    workspace.ledger.append("rating", names[0], payload, who="ann")
    study = load_study(workspace, old)
    assert (study.n_repeats, study.checks, study.repeats, study.criteria[0].weight) == (0, {}, {}, 1.0)
    assert votes(workspace, old).held[names[0], "ann"].verdict == "right"
    assert shown(workspace, old, "ann").mine_done == 1
    assert study_results(workspace, old)["preference"]["wins"] == 1
