"""The orders of clusters, and a finding's place in them without walking through those before it."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest

from core.db import Database
from core.types import Finding
from core.workspace import Workspace
from curation import actions, cache, checking, queries
from curation.queries import CLUSTER_ORDERS, Filter

DEMO = Path(__file__).resolve().parent.parent.parent / "examples" / "icd10_coding.jsonl"
MANY = 100_000


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo dataset, checked for duplicates."""
    workspace = Workspace.create(tmp_path_factory.mktemp("orders") / "project")
    actions.import_file(workspace, DEMO, who="Ana")
    checking.check(workspace, only=["duplicates"])
    return workspace


def rows_of(workspace: Workspace, found: Finding) -> int:
    return sum(len(queries.example(workspace, member).lines) for member in found.members)


def test_the_largest_clusters_come_first(project: Workspace) -> None:
    sizes = [rows_of(project, v.finding) for v in queries.findings(project, order="largest", limit=1_000).items]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


@pytest.mark.parametrize("order", ["most alike", "least alike"])
def test_clusters_stand_by_likeness_and_those_without_one_stand_last(project: Workspace, order: str) -> None:
    page = queries.findings(project, families=("duplicates",), order=order, limit=1_000)
    alike = [cache.measures(v.finding, {})[1] for v in page.items]
    known = [value for value in alike if value is not None]
    assert alike[: len(known)] == known
    assert known == sorted(known, reverse=order == "most alike")


@pytest.mark.parametrize("order", CLUSTER_ORDERS)
@pytest.mark.parametrize(
    "which", [Filter(("duplicates",)), Filter(checks=("duplicates.near", "duplicates.canned"), state="all")], ids=str
)
def test_a_rank_is_the_place_in_the_list(project: Workspace, order: str, which: Filter) -> None:
    page = queries.findings(
        project, families=which.families, checks=which.checks, state=which.state, order=order, limit=1_000
    )
    assert page.total > 5
    assert [queries.rank(project, v.id, which, order=order) for v in page.items] == list(range(page.total))


def test_a_finding_outside_the_view_has_no_rank(project: Workspace) -> None:
    first = queries.findings(project, checks=("duplicates.near",)).items[0]
    assert queries.rank(project, first.id, Filter(checks=("duplicates.canned",))) is None
    assert queries.rank(project, first.id, Filter(state="settled")) is None
    assert queries.rank(project, "unknown", Filter(state="all")) is None


def test_a_cache_of_the_version_before_gets_the_orders_and_keeps_its_findings(project: Workspace) -> None:
    before = [v.id for order in CLUSTER_ORDERS for v in queries.findings(project, order=order, limit=1_000).items]
    old = project.path / "old.sqlite"
    Database(old, cache.MIGRATIONS[:1], durable=False)
    with sqlite3.connect(project.cache_path) as source, sqlite3.connect(old) as target:
        for table in ("facts", "examples", "rows", "edits", "members", "settled"):
            known = ", ".join(column[1] for column in target.execute(f"PRAGMA table_info({table})"))
            rows = source.execute(f"SELECT {known} FROM {table}")
            target.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows.description))})", rows)
        columns = "id, position, check_name, family, severity, example_id, safe, action, body, state"
        target.executemany(
            "INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            source.execute(f"SELECT {columns} FROM findings"),
        )
    moved = Workspace.open(project.path)
    moved.cache_path = old
    after = [v.id for order in CLUSTER_ORDERS for v in queries.findings(moved, order=order, limit=1_000).items]
    assert sorted(after) == sorted(before)
    half = len(before) // 2
    assert after[half:] == before[half:], "likeness is worked out from what was stored"


def test_a_place_among_a_hundred_thousand_findings_is_found_at_once(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "large")
    body = json.dumps(
        {
            **{"example_id": "e", "check": "duplicates.near", "severity": "warn", "reason": "near-duplicate"},
            **{"message": "Two.", "score": 0.9, "spans": [], "related": ["f"], "proposal": None},
        }
    )
    with cache.synced(workspace).writing() as connection:
        connection.executemany(
            "INSERT INTO findings (id, position, check_name, family, severity, example_id, safe, action, body, state, "
            "size, likeness, gain) VALUES (?, ?, 'duplicates.near', 'duplicates', 1, 'e', 0, NULL, ?, 'open', ?, ?, 3)",
            ((f"{k:06}", k, body, k * 7 % 1_000, None if k % 5 == 0 else k * 11 % 997 / 997) for k in range(MANY)),
        )
    which = dict.fromkeys(CLUSTER_ORDERS, ("duplicates",)) | {"cluster": (), "expected gain": ()}
    for order, families in which.items():
        started = time.perf_counter()
        place = queries.rank(workspace, "054321", Filter(families), order=order)
        assert place is not None
        page = queries.findings(workspace, families=families, order=order, offset=place, limit=60)
        assert page.items[0].id == "054321"
        assert time.perf_counter() - started < 0.5, order
