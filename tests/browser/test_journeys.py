"""What people do in the browser, from the first link to the last key."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import Workspace
from curation import queries
from tests.browser.conftest import DEMO, Visit

pytestmark = pytest.mark.browser

PAGES = ("", "import_data", "duplicates", "consistency", "contradictions", "review", "dataset")
Serve = Callable[..., str]
OpenTab = Callable[[str], Visit]


def test_the_first_session_on_a_deep_link_is_framed_asks_the_name_and_goes_on(
    serve: Serve, visit: OpenTab, checked: Workspace
) -> None:
    tab = visit(serve(checked.path))
    tab.open("review")
    tab.page.get_by_role("link", name="Duplicates").wait_for()
    tab.page.get_by_label("Your name").fill("Ruth")
    tab.page.get_by_role("button", name="Continue").click()
    tab.sees("open findings")
    assert "who=Ruth" in tab.page.url
    tab.page.get_by_role("link", name="Contradictions").click()
    tab.sees("cannot both be right")
    assert "who=Ruth" in tab.page.url


def test_a_newcomer_makes_a_workspace_imports_a_file_and_watches_the_checks(
    serve: Serve, visit: OpenTab, tmp_path: Path
) -> None:
    tab = visit(serve(tmp_path / "first"))
    tab.page.goto(tab.url)
    folder = tab.page.get_by_label("Folder of the workspace")
    folder.fill(str(tmp_path / "second"))
    tab.page.get_by_role("button", name="Create").click()
    tab.sees("The workspace is empty")
    tab.page.get_by_role("link", name="Import a file").click()
    tab.page.get_by_label("Your name").fill("Ruth")
    tab.page.get_by_role("button", name="Continue").click()
    tab.page.get_by_label("Or the path of a file").fill(str(DEMO))
    tab.page.get_by_role("button", name="Import from the path").click()
    tab.sees("icd10_coding.jsonl is imported")
    tab.page.get_by_role("button", name="Run the checks").click()
    tab.page.get_by_role("button", name="Run the checks").wait_for(state="detached")
    tab.page.get_by_role("link", name="Home").click()
    tab.sees("What the checks found")
    tab.page.reload()
    tab.sees("What the checks found")


def test_a_queue_is_worked_by_keyboard_and_keys_are_silent_while_typing(
    serve: Serve, visit: OpenTab, checked: Workspace
) -> None:
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana")
    first, second, third = queries.findings(checked, limit=3).items
    tab.move("k")
    assert queries.finding(checked, first.id).state == "settled"
    assert second.id in tab.page.url
    tab.move("n")
    assert third.id in tab.page.url
    tab.move("ArrowLeft")
    assert second.id in tab.page.url
    tab.press("e")
    old = queries.example(checked, second.finding.example_id).example
    answers = tab.page.get_by_label(f"Text of turn {len(old.messages)}")
    answers.click()
    answers.press("ControlOrMeta+a")
    answers.press_sequentially("kdkdzs done", delay=30)
    tab.page.wait_for_timeout(500)
    assert len(queries.recent(checked)) == 1, "typing decides nothing"
    tab.page.get_by_role("button", name="Save the edit").click()
    tab.sees("Press once more to save it.")
    tab.page.wait_for_timeout(1000)
    tab.page.get_by_role("button", name="Save the edit").click()
    tab.sees("The edit is saved")
    becomes = queries.example(checked, old.id).becomes
    assert becomes and queries.example(checked, becomes).example.messages[-1].content == "kdkdzs done"
    tab.settle()
    tab.move("z")
    assert second.id in tab.page.url
    assert queries.example(checked, old.id).state == "in"


def test_three_hurried_presses_make_one_decision(serve: Serve, visit: OpenTab, checked: Workspace) -> None:
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana")
    for expected in (1, 2, 3):
        tab.hurry("k")
        assert len(queries.recent(checked)) == expected


def test_a_reload_keeps_the_work_and_the_place(serve: Serve, visit: OpenTab, checked: Workspace) -> None:
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana")
    total = queries.findings(checked).total
    tab.move("k")
    tab.move("n")
    tab.move("n")
    place = f"3 of {total - 1} open findings"
    tab.sees(place)
    tab.page.reload()
    tab.sees(place)
    assert "who=Ana" in tab.page.url


def test_every_page_works_under_the_strict_policy_and_asks_the_outside_for_nothing(
    serve: Serve, visit: OpenTab, checked: Workspace
) -> None:
    url = serve(checked.path)
    with urllib.request.urlopen(url) as answer:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    tab = visit(url)
    for page in PAGES:
        tab.open(page, who="Ana")
        assert tab.page.get_by_text("Traceback").count() == 0
    tab.open("import_data", who="Ana")
    record = {"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hello."}]}
    tab.page.set_input_files(
        "input[type=file]",
        {"name": "more.jsonl", "mimeType": "application/json", "buffer": f"{json.dumps(record)}\nbad\n".encode()},
    )
    tab.settle()
    tab.page.get_by_role("button", name="Import the file").click()
    tab.sees("more.jsonl is imported")
    assert tab.complaints == []
    assert tab.outside == []


def test_a_request_under_another_host_name_is_refused(serve: Serve, checked: Workspace) -> None:
    url = serve(checked.path)
    websocket = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    for path, headers in (("", {}), ("/_stcore/stream", websocket)):
        request = urllib.request.Request(url + path, headers={"Host": "evil.example", **headers})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 403


def test_import_can_be_the_first_page_that_a_fresh_server_shows(
    serve: Serve, visit: OpenTab, checked: Workspace
) -> None:
    tab = visit(serve(checked.path))
    tab.open("import_data", who="Ana")
    tab.page.get_by_role("heading", name="Import").first.wait_for()
    assert tab.page.get_by_text("Page not found").count() == 0
    assert tab.complaints == []
