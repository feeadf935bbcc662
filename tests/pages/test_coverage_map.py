"""The map of the prompts: drawn from what the checks kept, with its figures in words, and safe with any text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from core.workspace import Workspace
from curation import actions, checking, coverage
from curation.evidence.coverage import Cluster, CoverageMap
from tests.pages.conftest import DEMO, texts


def _page(path: str) -> None:
    from pathlib import Path

    from core.workspace import Workspace
    from ui import coverage

    coverage.draw(Workspace.open(Path(path)))


def drawn(workspace: Workspace) -> AppTest:
    app = AppTest.from_function(_page, args=(str(workspace.path),), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


def checked(path: Path) -> Workspace:
    workspace = Workspace.create(path)
    actions.import_file(workspace, DEMO, who="Ana")
    checking.check(workspace, only=["coverage"])
    return workspace


def stored(workspace: Workspace) -> coverage.StoredMap:
    found = coverage.load(workspace)
    assert isinstance(found, coverage.StoredMap)
    return found


def test_the_map_the_table_and_typical_prompts_are_drawn(tmp_path: Path) -> None:
    workspace = checked(tmp_path / "w")
    app, kept = drawn(workspace), stored(workspace)
    assert "What the prompts are about" in texts(app)
    assert len(app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")) == 1
    table = app.dataframe[0].value
    assert list(table.iloc[:, 1]) == [cluster.size for cluster in kept.clusters]
    app.selectbox[0].set_value(1).run()
    assert not app.exception, app.exception
    assert f"The 5 most typical prompts of {kept.clusters[1].size:,}." in texts(app)


def test_without_a_map_the_section_says_what_to_do(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    assert "There is no map yet" in texts(drawn(workspace))
    (workspace.path / "index").mkdir()
    (workspace.path / "index" / "coverage.json").write_text(json.dumps({"clusters": 3}))
    assert "cannot be read" in texts(drawn(workspace))


def test_a_map_of_an_earlier_state_says_so(tmp_path: Path) -> None:
    workspace = checked(tmp_path / "w")
    actions.decide(workspace, stored(workspace).members(0, 1)[0], "drop", who="Ana")
    assert "has changed since this map was made" in texts(drawn(workspace))


def test_more_points_than_are_drawn_are_a_stated_sample(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    many = 6_000
    rng = np.random.default_rng(0)
    made = CoverageMap(
        tuple(f"{number:032x}" for number in range(many)),
        rng.random(many, np.float32),
        rng.random(many, np.float32),
        (np.arange(many) % 2).astype(np.int16),
        rng.random(many, np.float32),
        (Cluster(0, "![x](http://example.org/a.png)", 3_000, 0.5), Cluster(1, "<b>two</b>", 3_000, 0.5)),
        9_000,
        False,
    )
    coverage.write(workspace, made, "another state")
    said = texts(drawn(workspace))
    assert "A sample of 5,000 of 6,000 prompts is drawn." in said
    assert "6,000 of 9,000 prompts were put into clusters" in said
    assert "![x](" not in said and "<b>two" not in said
