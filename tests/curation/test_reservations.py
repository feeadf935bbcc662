"""What somebody has open is known to the others, lasts a while, and never stands in anybody's way for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import db
from core.workspace import Workspace
from curation import reservations
from curation.reservations import LASTS, others, reserve


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 9, tzinfo=UTC)

    def __call__(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def watch() -> Watch:
    """The clock."""
    return Watch()


@pytest.fixture
def ward(tmp_path: Path, watch: Watch) -> Workspace:
    """An empty workspace with that clock."""
    return Workspace.create(tmp_path / "ward", clock=watch)


def test_what_somebody_opens_is_known_to_the_others_and_not_to_themselves(ward: Workspace) -> None:
    assert reserve(ward, "f1", ["a", "b"], who="Ana", tab="1") is None
    assert [one.example_id for one in others(ward, "Ben")] == ["a", "b"]
    assert others(ward, "Ana") == ()


def test_the_second_person_is_told_who_has_it_since_when_and_until_when(ward: Workspace, watch: Watch) -> None:
    reserve(ward, "f1", ["a"], who="Ana", tab="1")
    other = reserve(ward, "f2", ["a", "c"], who="Ben", tab="2")
    assert other is not None
    assert (other.who, other.finding_id, other.since[:19]) == ("Ana", "f1", "2026-05-01T09:00:00")
    assert other.until[:19] == (watch.now + LASTS).strftime("%Y-%m-%dT%H:%M:%S")
    assert reservations.is_free({"a"}, ["b", "c"])
    assert not reservations.is_free({"a"}, ["b", "a"])
    assert reservations.is_free({"a"}, ["b", "c", "a"]), "only the rows on screen count"


def test_going_on_frees_what_was_open_before(ward: Workspace) -> None:
    reserve(ward, "f1", ["a"], who="Ana", tab="1")
    reserve(ward, "f2", ["b"], who="Ana", tab="1")
    assert [one.example_id for one in others(ward, "Ben")] == ["b"]
    reserve(ward, "f3", ["c"], who="Ana", tab="another tab")
    assert [one.example_id for one in others(ward, "Ben")] == ["b", "c"]
    reservations.free(ward, "1")
    assert [one.example_id for one in others(ward, "Ben")] == ["c"]


def test_a_reservation_runs_out_and_every_press_renews_it(ward: Workspace, watch: Watch) -> None:
    reserve(ward, "f1", ["a"], who="Ana", tab="1")
    watch.now += LASTS - timedelta(seconds=1)
    reserve(ward, "f1", ["a"], who="Ana", tab="1")
    watch.now += timedelta(seconds=2)
    (kept,) = others(ward, "Ben")
    assert kept.since[:19] == "2026-05-01T09:00:00", "since the first look"
    watch.now += LASTS
    assert others(ward, "Ben") == ()
    assert reserve(ward, "f1", ["a"], who="Ben", tab="2") is None


def test_the_second_person_can_take_it_over_and_the_first_sees_that(ward: Workspace) -> None:
    reserve(ward, "f1", ["a"], who="Ana", tab="1")
    assert reserve(ward, "f1", ["a"], who="Ben", tab="2", take_over=True) is None
    taken = reserve(ward, "f1", ["a"], who="Ana", tab="1")
    assert taken is not None and taken.who == "Ben"


def test_a_damaged_or_deleted_file_of_reservations_is_made_anew(ward: Workspace) -> None:
    reserve(ward, "f1", ["a"], who="Ana", tab="1")
    file = ward.path / reservations.FILE
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    assert others(ward, "Ben") == ()
    assert reserve(ward, "f1", ["a"], who="Ben", tab="2") is None
    db._scratches.clear()
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.write_bytes(b"no database at all, but long enough to look like one" * 40)
    assert others(ward, "Ana") == ()
