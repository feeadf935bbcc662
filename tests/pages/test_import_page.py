"""Bringing files in from the page."""

from __future__ import annotations

import json
from pathlib import Path

from core.workspace import Workspace
from curation import queries
from tests.pages.conftest import OpenPage, press, texts

GOOD = json.dumps({"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hello."}]})


def test_an_upload_is_imported_and_its_bad_lines_are_listed(open_page: OpenPage, empty: Workspace) -> None:
    app = open_page(empty, "import_data")
    app.file_uploader[0].upload("chats.jsonl", f"{GOOD}\nnot json\n".encode())
    app.run()
    press(app, "Import the file")
    said = texts(app)
    assert "chats.jsonl is imported" in said
    assert "1 of 2 lines read" in said
    assert "line 2" in said
    assert queries.overview(empty).n_rejects == 1


def test_a_path_is_imported_once(open_page: OpenPage, empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(GOOD + "\n")
    app = open_page(empty, "import_data")
    app.text_input(key="import_path").set_value(str(path))
    press(app, "Import from the path")
    press(app, "Import from the path")
    assert "already imported" in texts(app)
    assert queries.overview(empty).n_rows == 1


def test_a_missing_file_gets_a_sentence(open_page: OpenPage, empty: Workspace) -> None:
    app = open_page(empty, "import_data")
    app.text_input(key="import_path").set_value("/nowhere/chats.jsonl")
    press(app, "Import from the path")
    assert "does not exist" in app.error[0].value


def test_an_unreadable_upload_is_named_without_its_temporary_folder(open_page: OpenPage, empty: Workspace) -> None:
    app = open_page(empty, "import_data")
    app.file_uploader[0].upload("notes.jsonl", b"\x00\x01nothing")
    app.run()
    press(app, "Import the file")
    assert len(app.error) == 1
    assert "/tmp" not in app.error[0].value
    assert not queries.overview(empty).sources


def test_a_file_name_full_of_markup_stays_text(open_page: OpenPage, empty: Workspace) -> None:
    app = open_page(empty, "import_data")
    app.file_uploader[0].upload("![x](http:evil) <img src=x>.jsonl", f"{GOOD}\n".encode())
    app.run()
    press(app, "Import the file")
    assert "&lt;img src=x&gt;" in texts(app)
    assert "<img" not in texts(app)
