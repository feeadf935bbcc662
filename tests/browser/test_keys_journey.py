"""The keys of the review desk are told on ``?``, wherever the hand is, but not while somebody types one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.workspace import Workspace
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def told(tab: Visit) -> bool:
    """Whether the table of keys is on screen."""
    return tab.page.get_by_text("take over what somebody else has open").is_visible()


def test_a_question_mark_shows_the_keys_and_hides_them(
    serve: Callable[..., str], visit: Callable[[str], Visit], checked: Workspace
) -> None:
    tab = visit(serve(checked.path))
    for page in ("review", "duplicates", "contradictions"):
        tab.open(page, who="Ana")
        tab.press("Shift+?")
        assert told(tab), page
        tab.press("Shift+?")
        assert not told(tab), page
    tab.open("review", who="Ana", check="privacy.email")
    tab.press("h")
    assert told(tab), "H does the same"
    tab.press("?")
    assert not told(tab), "on a keyboard where ? needs no Shift"
    tab.press("Control+?")
    assert not told(tab)
    assert tab.complaints == [] and tab.outside == []


def test_a_question_mark_that_is_typed_is_text(
    serve: Callable[..., str], visit: Callable[[str], Visit], checked: Workspace
) -> None:
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana")
    tab.press("e")
    field = tab.page.locator("textarea").last
    field.wait_for()
    field.click()
    tab.page.keyboard.press("End")
    tab.page.keyboard.type("Is it so?")
    tab.settle()
    assert "Is it so?" in field.input_value() and not told(tab)
    note = tab.page.get_by_label("Note (why)")
    note.fill("")
    note.press_sequentially("why??")
    tab.settle()
    assert note.input_value() == "why??" and not told(tab)
    assert tab.complaints == [] and tab.outside == []
