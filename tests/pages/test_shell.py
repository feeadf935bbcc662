"""The frame: first use, names, workspaces, and errors as sentences."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.workspace import Workspace
from tests.pages.conftest import OpenPage, press, texts
from ui import shell

PAGES = ("home", "import_data", "duplicates", "consistency", "contradictions", "review", "dataset")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_a_checked_workspace(open_page: OpenPage, checked: Workspace, page: str) -> None:
    app = open_page(checked, page)
    assert app.title and not app.error


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_an_empty_workspace_says_where_to_begin(open_page: OpenPage, empty: Workspace, page: str) -> None:
    app = open_page(empty, page)
    assert not app.error
    assert "Import a file" in [link.value for link in app.page_link] or page == "import_data"


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_page_without_a_workspace_leads_to_home(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.chdir(tmp_path)
    app = open_page(None, page)
    assert any("No workspace is open yet" in info.value for info in app.info)


def test_a_page_has_the_address_of_its_file_as_a_server_that_has_not_drawn_the_frame_yet_knows_no_other() -> None:
    for entry in (entry for entries in shell.WALK.values() for entry in entries):
        assert entry.url in (Path(entry.file).stem, "" if entry.file == "home.py" else None)


def test_a_deep_link_that_skips_the_frame_is_put_inside_it(checked: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINETOOTH_WORKSPACE", str(checked.path))
    review = Path(__file__).resolve().parent.parent.parent / "pages" / "review.py"
    app = AppTest.from_file(str(review), default_timeout=60)
    app.session_state["who"] = "Ana"
    app.run()
    assert not app.exception
    assert any("project" in caption.value for caption in app.sidebar.caption)


def test_a_name_is_asked_for_once_and_kept(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review", who=None)
    assert "Who is working?" in texts(app)
    app.text_input(key="name_asked").set_value("  Dr   Ruth ")
    press(app, "Continue")
    assert app.session_state["who"] == "Dr Ruth"
    assert "Who is working?" not in texts(app)


def test_home_creates_a_workspace(open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = open_page(None)
    app.text_input(key="workspace_typed").set_value(str(tmp_path / "mine"))
    press(app, "Create")
    assert (tmp_path / "mine" / "workspace.json").exists()
    assert app.title[0].value == "mine"
    assert "The workspace is empty" in texts(app)


def test_a_folder_that_is_no_workspace_gets_one_sentence_and_a_hint(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = open_page(None)
    app.text_input(key="workspace_typed").set_value(str(tmp_path))
    press(app, "Open")
    assert len(app.error) == 1
    assert "is not a Finetooth workspace" in app.error[0].value.replace("\\", "")


def test_a_workspace_of_a_newer_version_is_refused_in_a_sentence(open_page: OpenPage, empty: Workspace) -> None:
    (empty.path / "workspace.json").write_text('{"format": 99, "name": "x"}')
    app = open_page(empty)
    assert "newer version" in app.error[0].value


def test_home_says_what_to_do_next_in_counts(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked)
    assert app.metric[0].value == "315"
    assert "Next: review" in texts(app)
    assert "of 320 lines read" in texts(app)


def test_home_offers_to_create_the_workspace_that_was_named_but_is_not_there(
    open_page: OpenPage, empty: Workspace, tmp_path: Path
) -> None:
    missing = Workspace.create(tmp_path / "gone")
    shutil.rmtree(missing.path)
    app = open_page(missing)
    assert "is not a Finetooth workspace" in app.error[0].value.replace("\\", "")
    assert app.text_input(key="workspace_typed").value == str(missing.path)
    press(app, "Create")
    assert not app.error
    assert (missing.path / "workspace.json").exists()
