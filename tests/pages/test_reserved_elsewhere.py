"""What somebody else has open is not decided by a slip on the pages of duplicates and contradictions either."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.workspace import Workspace
from tests.pages.conftest import OpenPage, press, shown, texts

DECIDING = ("Accept", "Keep", "Drop", "Edit", "Count")


def deciding(app: AppTest) -> dict[str, bool]:
    """The buttons that decide, and whether they are off."""
    found = {b.label: b.disabled for b in app.button if any(word in b.label for word in DECIDING)}
    assert len(found) >= 3, found
    return found


@pytest.mark.parametrize("page", ["duplicates", "contradictions"])
def test_the_second_person_decides_only_after_taking_it_over(
    open_page: OpenPage, checked: Workspace, page: str
) -> None:
    ana = open_page(checked, page, who="Ana")
    about = shown(ana)
    before = checked.ledger.head()
    mine = deciding(ana)
    ben = open_page(checked, page, who="Ben", finding=about)
    assert "Ana has this open" in texts(ben)
    assert all(deciding(ben).values()), "nothing decides"
    assert not any("[" in label for label in deciding(ben)), "and nothing looks as if it did"
    press(ben, "Take it over")
    assert deciding(ben) == mine and "has this open" not in texts(ben)
    ana.run()
    assert "Ben has this open" in texts(ana) and all(deciding(ana).values())
    assert checked.ledger.head() == before


def test_a_question_that_stands_open_is_not_answered_once_somebody_took_the_clash_over(
    open_page: OpenPage, checked: Workspace
) -> None:
    ana = open_page(checked, "contradictions", who="Ana")
    press(ana, "Keep both")
    assert "Why do both stay?" in texts(ana)
    ben = open_page(checked, "contradictions", who="Ben", finding=shown(ana))
    press(ben, "Take it over")
    ana.run()
    assert "Why do both stay?" not in texts(ana) and "Ben has this open" in texts(ana)


@pytest.mark.parametrize("page", ["review", "duplicates", "contradictions"])
def test_no_two_buttons_of_a_page_have_the_same_key(open_page: OpenPage, checked: Workspace, page: str) -> None:
    open_page(checked, page, who="Ana")
    ben = open_page(checked, page, who="Ben")
    other = open_page(checked, page, who="Cleo", finding=shown(ben))
    assert "has this open" in texts(other)
    keys = [b.proto.shortcut for b in other.button if b.proto.shortcut]
    assert len(keys) == len(set(keys)), keys
