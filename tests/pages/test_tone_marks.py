"""The panel in which tone is marked: one answer at a time, taken back, learned from, opened in the review queue."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.errors import FinetoothError
from core.workspace import Workspace
from curation import actions, checking, queries, tone_learned
from tests.curation.test_tone_learned import ids, mark_some, rows, write
from tests.pages.conftest import OpenPage, press, texts
from ui import shell

PAGE = """
import streamlit as st
from pathlib import Path
from core.workspace import Workspace
from ui import tone_marks
tone_marks.draw(Workspace.open(Path({path!r})))
if "_said" in st.session_state:
    st.caption(st.session_state["_said"])
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """60 stiff answers and 20 chatty ones, where the embedding model is not installed."""

    def missing() -> Path:
        raise FinetoothError("The embedding model is not installed.", "")

    monkeypatch.setattr("core.embeddings.minilm_folder", missing)
    made = Workspace.create(tmp_path / "project")
    write(tmp_path / "rows.jsonl", rows(60, 20))
    actions.import_file(made, tmp_path / "rows.jsonl", who="Ana")
    return made


@pytest.fixture(autouse=True)
def links(monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel stands alone here, so its links are shown as text."""

    def told(file: str, label: str, *, icon: str | None = None, query: dict[str, str] | None = None) -> None:
        st.caption(f"{label} in {file}, {(query or {}).get('finding', '')}")

    monkeypatch.setattr(shell, "link", told)


def opened(workspace: Workspace) -> AppTest:
    app = AppTest.from_string(PAGE.format(path=str(workspace.path)), default_timeout=60)
    app.session_state["who"] = "Ana"
    app.session_state["hurry_s"] = 0.0
    app.run()
    assert not app.exception, app.exception
    return app


def start(app: AppTest) -> None:
    app.toggle(key="tone_marking").set_value(True).run()
    assert not app.exception, app.exception


def test_answers_are_marked_one_after_the_other_and_taken_back(workspace: Workspace) -> None:
    app = opened(workspace)
    assert "8 of" not in texts(app)
    assert "Not learned yet: 0 of the 12 answers" in texts(app)
    start(app)
    press(app, "On tone")
    press(app, "Off tone")
    press(app, "Skip")
    assert [one.on_tone for one in tone_learned.marks(workspace).values()] == [True, False, None]
    assert len({one.example_id for one in tone_learned.marks(workspace).values()}) == 3
    press(app, "Take back")
    assert [one.on_tone for one in tone_learned.marks(workspace).values()] == [True, False]
    assert "taken back" in texts(app)
    assert "Not learned yet: 2 of the 12 answers" in texts(app)


def test_three_presses_mark_one_answer(workspace: Workspace) -> None:
    app = opened(workspace)
    start(app)
    button = next(one for one in app.button if "Off tone" in one.label)
    button.click()
    button.click()
    button.click().run()
    assert len(tone_learned.marks(workspace)) == 1


def test_what_was_learned_is_shown_with_its_quality_and_opens_in_the_queue(
    workspace: Workspace, open_page: OpenPage
) -> None:
    checking.check(workspace, only=["tone"])  # the queue opens once any check has run
    mark_some(workspace, 7, 6)
    app = opened(workspace)
    assert any("Learn from the marks" in one.label for one in app.button)
    tone_learned.learn(workspace)
    app.run()
    said = texts(app)
    assert "AUC 1.00" in said
    assert "against 0.50" in said
    assert "TF" in said
    assert "Most off-tone first" in said
    assert not any("Learn" in one.label for one in app.button), "nothing new to learn from"
    first = queries.findings(workspace, checks=("tone.learned",)).items[0]
    assert f"Open in review.py, {first.id}" in said
    tone_learned.mark(workspace, ids(workspace, chatty=True)[-1], False, "Ana")
    app.run()
    assert "before the latest marks" in texts(app)
    assert any("Learn again" in one.label for one in app.button)
    review = open_page(workspace, "review", finding=first.id, check=["tone.learned"])
    assert "like the answers marked off-tone" in texts(review)
    press(review, "Drop")
    assert queries.example(workspace, first.finding.example_id).state == "dropped"


def test_what_is_not_good_enough_is_said_and_not_ranked(workspace: Workspace) -> None:
    for number, example_id in enumerate(ids(workspace, chatty=False)[:16]):
        tone_learned.mark(workspace, example_id, number in (1, 2, 5, 8, 9, 11, 12, 14), "Ana")
    learned = tone_learned.learn(workspace)
    assert not learned.usable
    app = opened(workspace)
    assert "Not good enough to use" in texts(app)
    assert "Most off-tone first" not in texts(app)


def test_an_answer_that_looks_like_markdown_is_only_text(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "project")
    write(tmp_path / "rows.jsonl", [("![x](http://beacon.example/a.png) <b>bold</b>", True)])
    actions.import_file(made, tmp_path / "rows.jsonl", who="Ana")
    app = opened(made)
    start(app)
    assert not any("beacon" in str(one.value) for kind in (app.markdown, app.caption) for one in kind)
    assert any("&lt;b&gt;" in str(one.value) for one in app.html)
