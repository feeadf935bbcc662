"""Rubrics in versions, links for raters, and what repeats and gold pairs say about a rater."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import FinetoothError, InputError
from core.types import Message, Rating
from core.workspace import Workspace
from evaluation import rating_links, rubric_versions
from evaluation.rating import next_item, record_rating
from evaluation.rating_quality import quality
from evaluation.rubric import ACCURACY, SAFETY, TONE, weighted_mean
from evaluation.rubric_versions import criterion_of
from evaluation.study import create_study, load_study
from evaluation.study_checks import Check
from tests.evaluation.workspace_with_run import stored_evaluation

GOLD = tuple(Check("gold", (Message("user", "Which?"),), f"Right {k}.", f"Wrong {k}.") for k in range(2))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def test_a_changed_rubric_is_a_new_version_and_an_open_study_keeps_its_wording(workspace: Workspace) -> None:
    first = rubric_versions.save(workspace, "Coding", [ACCURACY, SAFETY], who="Lea")
    made = create_study(workspace, stored_evaluation(workspace, 12), criteria=first.criteria)
    assert rubric_versions.save(workspace, "Coding", [ACCURACY, SAFETY]).version == 1, "the same wording is no new one"
    heavier = replace(ACCURACY, weight=3.0, question="Is the code right?")
    assert rubric_versions.save(workspace, "Coding", [heavier, SAFETY]).version == 2
    assert rubric_versions.rubric(workspace, "Coding").criteria[0].weight == 3.0
    assert [one.version for one in rubric_versions.versions(workspace, "Coding")] == [1, 2]
    assert load_study(workspace, made).criteria == (ACCURACY, SAFETY)
    assert rubric_versions.save(workspace, "Coding", [ACCURACY, SAFETY]).version == 3, "going back is a version too"
    with pytest.raises(InputError, match="between 1 and"):
        rubric_versions.save(workspace, "Coding", [ACCURACY, ACCURACY])


def test_a_criterion_of_ones_own_is_scored_by_its_weight_and_critical_limit(workspace: Workspace) -> None:
    row = {
        "title": "Right code",
        "question": "Is it?",
        "weight": 3,
        "critical_at": 2,
        **dict(zip("12345", "abcde", strict=True)),
    }
    own = criterion_of(row)
    assert (own.name, own.weight, own.critical_at, own.anchors) == ("right_code", 3.0, 2, tuple("abcde"))
    assert weighted_mean({"left.right_code": 5, "left.tone": 1}, [own, TONE], "left") == 4.0
    assert weighted_mean({"left.right_code": 5, "left.tone": None}, [own, TONE], "left") == 5.0
    assert weighted_mean({}, [own], "left") is None
    for wrong in ({"question": " "}, {"weight": -1}, {"critical_at": 5}, {"3": ""}):
        with pytest.raises(InputError):
            criterion_of({**row, **wrong})


def test_a_link_opens_one_study_under_one_name_and_tells_neither(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 12))
    token = rating_links.invite(workspace, made, " Ben  Ruiz ", who="Lea")
    assert rating_links.rater_of(workspace, made, token) == "Ben Ruiz"
    assert rating_links.invite(workspace, made, "Ben Ruiz") == token
    assert rating_links.invite(workspace, made, "Ann") != token
    assert list(rating_links.invited(workspace, made)) == ["Ben Ruiz", "Ann"]
    assert (workspace.path / rating_links.FILE).stat().st_mode & 0o077 == 0
    other = create_study(workspace, stored_evaluation(workspace, 12), seed=1)
    for study_id, wrong in ((other, token), (made, ""), (made, token[:-1] + "g"), (made, "é")):
        with pytest.raises(FinetoothError, match="does not belong"):
            rating_links.rater_of(workspace, study_id, wrong)


def test_repeats_and_gold_pairs_tell_a_careful_rater_from_one_who_presses_left(workspace: Workspace) -> None:
    made = create_study(
        workspace, stored_evaluation(workspace, 24), n_items=24, raters_per_item=2, n_repeats=4, checks=GOLD
    )
    study = load_study(workspace, made)
    for who in ("careful", "hasty"):
        k = 0
        while (item := next_item(workspace, made, who)) is not None:
            check = study.checks.get(item.item_id)
            better = check.better if check else next(t for t in (item.left, item.right) if t.startswith("Second"))
            side = "left" if who == "hasty" or item.left == better else "right"
            at = ("2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.300000Z" if who == "hasty" else "")
            assert record_rating(workspace, Rating(f"{who}-{k}", item.item_id, who, side, {}, "", *at)).stored
            k += 1
    careful, hasty = quality(workspace, made)
    assert (careful.repeats_alike.value, careful.repeats_alike.n, careful.sides_kept) == (1.0, 4, 0)
    assert (careful.gold_right.value, careful.gold_right.n, careful.too_fast) == (1.0, 2, 0)
    assert (hasty.repeats_alike.value, hasty.sides_kept) == (0.0, 4), "left again is the other model"
    assert (hasty.gold_right.value, hasty.too_fast, hasty.n_votes) == (0.5, 24, 24)
    assert careful.practice_right.value is None and "no training pair" in careful.practice_right.reason


def test_the_time_left_is_told_from_a_raters_own_median_from_the_fifth_vote_on(workspace: Workspace) -> None:
    made = create_study(workspace, stored_evaluation(workspace, 12), n_items=12, raters_per_item=1)
    looks = [8, 8, 300, 10, 12, 10]  # one of them with a coffee in between
    for k, seconds in enumerate(looks):
        item = next_item(workspace, made, "ann")
        assert item is not None and (item.left_s is None) == (k < 5)
        times = ("2026-01-01T10:00:00.000000Z", f"2026-01-01T10:{seconds // 60:02}:{seconds % 60:02}.000000Z")
        vote = Rating(f"a{k}", item.item_id, "ann", "left", {}, "", *times)
        assert record_rating(workspace, vote).stored
    item = next_item(workspace, made, "ann")
    assert item is not None and item.left_s == 10 * 6, "median of 10 s for six pairs"
