"""Large imports, freezes and exports run as jobs: the page shows how far they are, and finds them again."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.workspace import Workspace
from curation import actions, freeze, long_work, queries
from tests.pages.conftest import DEMO, OpenPage, press, texts
from ui import long_work as desk

GOOD = json.dumps({"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hello."}]})


@pytest.fixture(autouse=True)
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every dataset and file counts as large."""
    monkeypatch.setattr(desk, "SMALL_EXAMPLES", 0)
    monkeypatch.setattr(desk, "SMALL_BYTES", 0)


def the_job(workspace: Workspace, kind: str) -> jobs.Job:
    (job,) = [job for job in jobs.listing(workspace.jobs_dir) if job.kind == kind]
    return job


def button(app: AppTest, label: str) -> bool:
    """Whether the button with this label is off."""
    (found,) = [b for b in app.button if b.label == label]
    return bool(found.disabled)


def held_job(workspace: Workspace, kind: str, spec: dict[str, object]) -> jobs.Job:
    """A job that somebody's worker holds: it runs as long as this test lets it."""
    job = jobs.Job(f"20990101-000000-{kind}", workspace.jobs_dir / f"20990101-000000-{kind}")
    job.folder.mkdir(parents=True)
    record = {"kind": kind, "target": "", "spec": {"workspace": str(workspace.path), **spec}}
    (job.folder / "spec.json").write_text(json.dumps(record))
    state = {"status": "running", "stage": "scanning for leaks", "done": 3, "total": 10, "updated_at": "2099"}
    (job.folder / "state.json").write_text(json.dumps(state))
    return job


def test_a_large_upload_is_imported_by_a_job_and_its_report_outlives_a_reload(
    open_page: OpenPage, empty: Workspace
) -> None:
    app = open_page(empty, "import_data")
    app.file_uploader[0].upload("![x](http:evil) chats.jsonl", f"{GOOD}\nnot json\n".encode())
    app.run()
    press(app, "Import the file")
    job = the_job(empty, "import")
    assert jobs.wait(job).status == "done"
    for seen in (app.run(), open_page(empty, "import_data", who="Ben")):
        said = texts(seen)
        assert "chats.jsonl is imported" in said and "1 of 2 lines read" in said and "line 2" in said
    assert not list((empty.jobs_dir / long_work.UPLOADS).glob("*")), "the upload is gone"
    assert queries.overview(empty).n_rows == 1


def test_a_job_that_cannot_read_the_upload_says_why_until_that_is_put_away(
    open_page: OpenPage, empty: Workspace
) -> None:
    app = open_page(empty, "import_data")
    app.file_uploader[0].upload("notes.jsonl", b"\x00\x01nothing")
    app.run()
    press(app, "Import the file")
    assert jobs.wait(the_job(empty, "import")).status == "failed"
    app.run()
    assert len(app.error) == 1 and str(empty.path) not in app.error[0].value
    press(app, "Put this message away")
    assert not app.error and not open_page(empty, "import_data").error


def test_what_was_done_since_takes_the_place_of_an_old_failure(open_page: OpenPage, empty: Workspace) -> None:
    app = open_page(empty, "import_data")
    app.text_input(key="import_path").set_value("/nowhere/chats.jsonl")
    press(app, "Import from the path")
    assert "does not exist" in app.error[0].value, "a missing file needs no job"
    assert not jobs.listing(empty.jobs_dir)
    app.file_uploader[0].upload("notes.jsonl", b"\x00\x01nothing")
    app.run()
    press(app, "Import the file")
    jobs.wait(the_job(empty, "import"))
    actions.import_file(empty, DEMO, who="Ben")
    app.run()
    assert not app.error and "not imported" not in texts(app)


def test_a_large_freeze_goes_on_without_the_page(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "dataset")
    app.number_input(key="split_seed").set_value(7)
    press(app, "Freeze")
    state = jobs.wait(the_job(checked, "freeze"))
    assert state.status == "done" and state.result is not None
    app = open_page(checked, "dataset", who="Ben")
    (view,) = freeze.revisions(checked)
    assert view.revision.id == state.result["revision"] and view.who == "Ana"
    assert view.certificate["plan"]["seed"] == 7
    assert f"The last freeze: Frozen as {view.revision.id[:8]}." in texts(app)
    press(app, "Export")
    assert jobs.wait(the_job(checked, "export")).status == "done"
    app = open_page(checked, "dataset", who="Cleo")
    assert len(app.get("download_button")) == 7
    assert "Another" not in texts(app)


def test_who_opens_the_page_sees_the_work_of_others_and_cannot_begin_it_twice(
    open_page: OpenPage, checked: Workspace
) -> None:
    made = freeze.freeze(checked, who="Ana").revision.id
    frozen, exported = held_job(checked, "freeze", {}), held_job(checked, "export", {"revision": made})
    with open(frozen.folder / "lock", "a") as one, open(exported.folder / "lock", "a") as other:
        for lock in (one, other):
            fcntl.flock(lock, fcntl.LOCK_EX)
        app = open_page(checked, "dataset", who="Ben")
        assert button(app, "Freeze") and button(app, "Export")
        assert len([b for b in app.button if b.label == "Stop"]) == 2
    assert "died without a word" in "\n".join(e.value for e in open_page(checked, "dataset").error)


def test_a_killed_import_is_told_and_can_be_repeated(open_page: OpenPage, empty: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    with path.open("w") as out:
        for n in range(40_000):
            out.write(GOOD.replace("Hi?", f"Hi {n}?") + "\n")
    app = open_page(empty, "import_data")
    app.text_input(key="import_path").set_value(str(path))
    press(app, "Import from the path")
    job = the_job(empty, "import")
    while jobs.read(job).pid is None:
        time.sleep(0.02)
    pid = jobs.read(job).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert jobs.wait(job).status == "lost"
    app.run()
    assert "died without a word" in app.error[0].value
    assert queries.overview(empty).n_rows in (0, 40_000), "all or nothing"
    press(app, "Import from the path")
    newest = jobs.listing(empty.jobs_dir)[0]
    assert newest.id != job.id and jobs.wait(newest).status == "done"
    app.run()
    assert not app.error and queries.overview(empty).n_rows == 40_000


def test_a_stopped_freeze_leaves_no_revision(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "dataset")
    press(app, "Freeze")
    job = the_job(checked, "freeze")
    jobs.cancel(job)
    assert jobs.wait(job).status == "cancelled"
    assert freeze.revisions(checked) == []
    app.run()
    assert "stopped on request" in app.warning[-1].value
