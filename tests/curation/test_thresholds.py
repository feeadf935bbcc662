"""The threshold explorer's figures, on small tables in the form that a check leaves behind."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files import write_json
from core.workspace import Workspace
from curation import actions, cache, checking, project_settings, queries, thresholds
from curation.thresholds import NoTable, PairTable

META = {"dataset_key": "", "near": 0.70, "short": 0.85, "floor": 0.50}
ROWS = (
    # left, right, whole, prompt, answer, short, same
    (0, 1, 0.90, 0.80, 1.00, 0, True),  # goes at 0.70
    (0, 2, 0.71, 0.72, 0.70, 0, True),  # just goes
    (0, 3, 0.95, 0.95, 0.60, 0, True),  # the answer differs
    (1, 3, 0.68, 0.90, 0.90, 0, True),  # just below
    (4, 5, 0.99, 0.99, 0.99, 0, False),  # a number differs
    (4, 6, 0.88, 0.84, 0.90, 7, True),  # short texts: the prompt is below 0.85
    (5, 6, 0.55, 0.50, 0.60, 0, True),
)


def table(rows: tuple[tuple[object, ...], ...] = ROWS, copies: tuple[int, ...] = (1, 2, 1, 1, 3, 1, 1)) -> PairTable:
    units = pl.DataFrame({"id": [f"e{k}" for k in range(len(copies))], "copies": copies}, schema=thresholds.UNITS)
    return PairTable(units, pl.DataFrame(list(rows), schema=thresholds.PAIRS, orient="row"), META)


def test_a_pair_goes_only_where_all_three_views_reach_their_threshold_and_nothing_is_apart() -> None:
    seen = table().what_if(0.70, 0.85)
    assert (seen.pairs, seen.clusters) == (2, 1)
    assert seen.gone == 3, "the second unit holds two examples, the third one"
    assert seen.examples == 10
    assert seen.held == 3, "alike as wholes, but an answer, a number or a short prompt is apart"


def test_lower_thresholds_take_more_and_clusters_stay_stars() -> None:
    at_065 = table().what_if(0.65, 0.80)
    assert at_065.pairs == 4
    assert at_065.clusters == 2, "unit 3 hangs on unit 1, which went already, so it stays; 6 goes with 4"
    assert at_065.gone == 2 + 1 + 1


def test_the_short_threshold_moves_only_short_texts() -> None:
    assert table().what_if(0.70, 0.84).pairs == 3
    assert table().what_if(0.70, 0.841).pairs == 2


def test_a_similarity_equal_to_the_threshold_reaches_it() -> None:
    rows = tuple((0, k, k / 10, 1.0, 1.0, 0, True) for k in range(5, 11))
    for k in range(5, 11):
        assert table(rows, (1,) * 11).what_if(k / 10, 0.85).pairs == 11 - k


def test_the_histogram_counts_every_pair_once_and_has_no_gap() -> None:
    bars = table().histogram(0.70, 0.85, bins=50)
    assert sum(bar.proposed + bar.other for bar in bars) == len(ROWS)
    assert sum(bar.proposed for bar in bars) == 2
    assert bars[0].start == 0.5
    assert bars[-1].end == 1.0
    assert all(a.end == b.start for a, b in pairwise(bars))
    at_090 = next(bar for bar in bars if bar.proposed and bar.start > 0.8)
    assert at_090.start == pytest.approx(0.90)


def test_the_borderline_pairs_are_the_first_to_change_sides() -> None:
    inside, outside = table().borderline(0.70, 0.85)
    assert [(pair.left, pair.right) for pair in inside] == [("e0", "e2"), ("e0", "e1")]
    assert [(pair.left, pair.right) for pair in outside] == [("e4", "e6"), ("e1", "e3"), ("e0", "e3"), ("e5", "e6")]
    assert outside[0].short == {"whole", "prompt", "answer"}
    assert inside[0].margin == pytest.approx(0.0, abs=1e-6)
    assert outside[1].margin == pytest.approx(-0.02, abs=1e-6)


def test_the_borderline_is_cut_to_the_closest() -> None:
    inside, outside = table().borderline(0.70, 0.85, limit=1)
    assert [pair.right for pair in (*inside, *outside)] == ["e2", "e6"]


def test_each_member_of_a_cluster_has_its_similarities_and_copies_share_those_of_their_unit() -> None:
    sides = table().sides("e0", ["e1", "a copy of e1", "e2", "e6"])
    assert [side and round(side.whole, 2) for side in sides] == [0.90, 0.90, 0.71, None]
    assert sides[0] is not None
    assert sides[0].prompt == pytest.approx(0.80)
    kept_copies = table().sides("e4", ["copy", "copy 2", "not a copy"])
    assert [side and side.whole for side in kept_copies] == [1.0, 1.0, None], "e4 holds three examples, not four"
    assert table().sides("unknown", ["e1"]) == [None]


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(1, 3), *[st.floats(0.5, 1, width=32)] * 3, st.booleans()), max_size=25
    ),
    st.floats(0.5, 1),
    st.floats(0.5, 1),
)
def test_the_counts_agree_with_each_other_at_any_threshold(
    drawn: list[tuple[int, int, float, float, float, bool]], near: float, short: float
) -> None:
    rows = tuple((left, left + step, w, p, a, 0, same) for left, step, w, p, a, same in drawn)
    made = table(rows, (1,) * 12)
    seen = made.what_if(near, short)
    bars = made.histogram(near, short)
    inside, outside = made.borderline(near, short, limit=100)
    assert sum(bar.proposed for bar in bars) == seen.pairs == len(inside)
    assert sum(bar.proposed + bar.other for bar in bars) == made.n_pairs == len(rows)
    assert len(inside) + len(outside) == sum(row[-1] for row in rows)
    assert seen.clusters <= seen.gone <= seen.pairs or seen.pairs == 0
    assert seen.gone + seen.clusters <= seen.examples


def test_a_million_pairs_are_read_anew_in_a_moment() -> None:
    draw = np.random.default_rng(0)
    left = draw.integers(0, 200_000, 1_000_000).astype(np.uint32)
    scores = draw.uniform(0.5, 1, (3, 1_000_000)).astype(np.float32)
    pairs = pl.DataFrame(
        {
            "left": left,
            "right": left + draw.integers(1, 50, 1_000_000).astype(np.uint32),
            **dict(zip(thresholds.VIEWS, scores, strict=True)),
            "short": np.zeros(1_000_000, np.uint8),
            "same": np.ones(1_000_000, bool),
        }
    )
    units = pl.DataFrame({"id": [str(k) for k in range(200_050)], "copies": np.ones(200_050, np.uint32)})
    made = PairTable(units, pairs, META)
    seen = made.what_if(0.9, 0.9)
    assert 7_000 < seen.clusters <= seen.gone <= seen.pairs < 9_000
    assert len(made.borderline(0.9, 0.9)[0]) == 20


@pytest.fixture
def project(tmp_path: Path) -> Workspace:
    workspace = Workspace.create(tmp_path / "project")
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(f'{{"prompt": "Question {k}?", "completion": "Answer {k}."}}\n' for k in range(4)))
    actions.import_file(workspace, source, who="Ana")
    return workspace


def write_table(workspace: Workspace) -> None:
    """The files of a check over the workspace as it stands, with one pair."""
    with cache.synced(workspace).reading() as connection:
        key = queries.dataset_key(connection)
    ids = [view.example.id for view in queries.examples(workspace).items]
    folder = workspace.path / "index"
    folder.mkdir(exist_ok=True)
    pl.DataFrame({"id": ids, "copies": [1] * len(ids)}, schema=thresholds.UNITS).write_parquet(folder / "units.parquet")
    pairs = pl.DataFrame([(0, 1, 0.8, 0.8, 0.8, 0, True)], schema=thresholds.PAIRS, orient="row")
    pairs.write_parquet(folder / "pairs.parquet")
    write_json(folder / "meta.json", {**META, "dataset_key": key})


def test_the_table_is_read_where_it_fits_the_dataset(project: Workspace) -> None:
    assert thresholds.load(project) == NoTable("absent")
    write_table(project)
    made = thresholds.load(project)
    assert isinstance(made, PairTable)
    assert (made.n_pairs, made.n_examples, made.near, made.short) == (1, 4, 0.70, 0.85)


def test_a_table_of_another_state_of_the_dataset_is_not_used_until_that_state_is_back(project: Workspace) -> None:
    write_table(project)
    actions.decide(project, queries.examples(project).items[0].example.id, "drop", who="Ana")
    assert thresholds.load(project) == NoTable("stale")
    assert isinstance(thresholds.load(project, current=False), PairTable), "two texts are as alike as they were"
    actions.undo(project, who="Ana")
    assert isinstance(thresholds.load(project), PairTable)


@pytest.mark.parametrize("name", ["units.parquet", "pairs.parquet", "meta.json"])
def test_a_damaged_table_says_so(project: Workspace, name: str) -> None:
    write_table(project)
    (project.path / "index" / name).write_bytes(b"PAR1 and no more")
    assert thresholds.load(project) == NoTable("broken")


def test_a_pair_that_names_no_unit_is_damage(project: Workspace) -> None:
    write_table(project)
    pl.DataFrame([(0, 9, 0.8, 0.8, 0.8, 0, True)], schema=thresholds.PAIRS, orient="row").write_parquet(
        project.path / "index" / "pairs.parquet"
    )
    assert thresholds.load(project) == NoTable("broken")


TEMPLATED = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data" / "templated_sft.jsonl.gz"


def test_what_the_explorer_says_is_what_a_check_at_that_threshold_proposes(tmp_path: Path) -> None:
    if not TEMPLATED.exists():
        pytest.skip("the templated rows are not here")
    workspace = Workspace.create(tmp_path / "templated")
    source = tmp_path / "rows.jsonl"
    source.write_bytes(gzip.decompress(TEMPLATED.read_bytes()))
    actions.import_file(workspace, source, who="Ana")
    checking.check(workspace, only=["duplicates"])
    made = thresholds.load(workspace)
    if made == NoTable("absent"):
        pytest.skip("checks do not keep their pairs yet")
    assert isinstance(made, PairTable)
    for near, short in ((0.70, 0.85), (0.85, 0.85), (0.60, 0.80)):
        said = made.what_if(near, short)
        project_settings.set_thresholds(workspace, near, short, "Ana")
        checking.check(workspace, only=["duplicates"])
        found = queries.findings(workspace, checks=("duplicates.near",), limit=10_000).items
        proposals = [v.finding.proposal for v in found if v.finding.proposal]
        assert said.clusters == len(proposals) > 0, (near, short)
        assert said.gone == sum(len(p.targets) for p in proposals), (near, short)
        again = thresholds.load(workspace)
        assert isinstance(again, PairTable)
        assert again.near == near
        assert abs(again.what_if(near, short).gone - said.gone) == 0
