"""Editing by keyboard in a real browser: judged while typing, shown before it is saved, kept when the page is gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.workspace import Workspace
from curation import added, queries
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
Serve = Callable[..., str]
OpenTab = Callable[..., Visit]


def test_an_edit_is_judged_shown_and_saved_by_keyboard_and_its_history_tells_it(
    serve: Serve, visit: OpenTab, checked: Workspace
) -> None:
    view = queries.findings(checked, checks=("tone.norm",), limit=1).items[0]
    own = queries.example(checked, view.finding.example_id).example
    n = len(own.messages)
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana", finding=view.id)
    tab.press("e")
    answer = tab.page.get_by_label(f"Text of turn {n}")
    answer.click()
    answer.press("ControlOrMeta+a")
    answer.press_sequentially("Write to jane.doe@clinic-north.org, kdz.", delay=20)
    answer.press("Control+Enter")
    tab.sees("1 finding would be new")
    tab.sees("privacy.email")
    tab.sees("What changes")
    tab.settle()
    assert queries.recent(checked) == [], "the first Ctrl+Enter only shows what would be saved"
    assert tab.page.evaluate("document.activeElement.tagName") == "TEXTAREA", "the person goes on typing"

    answer.press("ControlOrMeta+a")
    answer.press_sequentially(own.messages[-1].content[-30:], delay=5)
    answer.press("Control+Enter")
    tab.page.get_by_text("privacy.email").first.wait_for(state="detached")
    tab.settle()
    tab.page.reload()
    tab.page.locator("h1").first.wait_for()
    tab.settle()
    tab.press("e")
    tab.sees("This is your draft from before.")
    answer = tab.page.get_by_label(f"Text of turn {n}")
    assert answer.input_value() == own.messages[-1].content[-30:], "a reload keeps what was taken over"

    tab.page.get_by_label("Note (why)").fill("shorter")
    tab.page.get_by_label("Note (why)").press("Enter")
    tab.settle()
    tab.page.wait_for_timeout(1000)
    answer.press("Control+Enter")
    tab.sees("The edit is saved")
    done = queries.recent(checked)[0]
    assert (done.verdict, done.note, done.who) == ("edit", "shorter", "Ana")
    assert queries.example(checked, own.id).becomes == done.becomes

    tab.settle()
    tab.move("z")
    assert queries.example(checked, own.id).state == "in"
    tab.page.get_by_text("History: 1 decision, undone").click()
    tab.sees("Ana edited it and changed 1 turn.")
    tab.sees("taken back by Ana")
    assert tab.outside == []


def test_a_click_that_ends_the_typing_does_not_save_unseen_and_escape_closes(
    serve: Serve, visit: OpenTab, checked: Workspace
) -> None:
    view = queries.findings(checked, checks=("tone.norm",), limit=1).items[0]
    own = queries.example(checked, view.finding.example_id).example
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana", finding=view.id)
    tab.press("e")
    tab.page.get_by_label(f"Text of turn {len(own.messages)}").fill("The code is A99.")
    tab.page.get_by_role("button", name="Save the edit").click()
    tab.sees("Press once more to save it.")
    tab.settle()
    assert queries.recent(checked) == []
    tab.press("Escape")
    assert tab.page.get_by_role("button", name="Save the edit").count() == 0
    assert queries.recent(checked) == []
    tab.press("e")
    tab.sees("This is your draft from before.")
    tab.page.wait_for_timeout(1000)
    tab.page.get_by_role("button", name="Save the edit").click()
    tab.sees("The edit is saved")
    becomes = queries.example(checked, own.id).becomes
    assert becomes and queries.example(checked, becomes).example.answer == "The code is A99."


def test_an_example_is_written_from_scratch(serve: Serve, visit: OpenTab, checked: Workspace) -> None:
    tab = visit(serve(checked.path))
    tab.open("dataset", who="Ana")
    tab.page.get_by_role("button", name="Add an example").click()
    tab.page.get_by_label("Text of turn 2").fill("Which code is used for a fall from a ladder, ![x](http://evil/x)?")
    tab.page.get_by_label("Text of turn 3").fill("The code is W11.XXXA, Fall on and from ladder.")
    tab.page.keyboard.press("Control+Enter")
    tab.sees("Press once more to save it.")
    tab.page.wait_for_timeout(1000)
    tab.page.keyboard.press("Control+Enter")
    tab.sees("The example is added")
    assert added.counted(checked) == {"Ana": 1}
    tab.sees("1 example of the set: Ana (1).")
    assert tab.outside == []
