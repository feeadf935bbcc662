"""Around the pairs in a browser: answers scored one at a time, the question at the end, two raters at once; blind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import Workspace
from evaluation import guesses, rating, study
from tests.browser.conftest import Visit
from tests.pages.workspaces import RUN, add_evaluation, add_run, frozen

pytestmark = pytest.mark.browser
MENU = "base beside tuned on the hold-out."
"""What the menu says about the page Evaluate, whoever looks."""
Serve = Callable[..., str]
OpenTab = Callable[[str], Visit]


@pytest.fixture
def judged(tmp_path: Path) -> Workspace:
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    add_evaluation(workspace, revision_id)
    return workspace


def heard(tab: Visit) -> list[bytes]:
    """All that the server sends to the tab from now on."""
    received: list[bytes] = []

    def keep(frame: str | bytes) -> None:
        received.append(frame if isinstance(frame, bytes) else frame.encode())

    tab.page.on("websocket", lambda socket: socket.on("framereceived", keep))
    return received


def begin(tab: Visit, who: str, first: str) -> None:
    tab.open("side_by_side", who=who)
    tab.page.get_by_role("button", name="Start rating").click()
    tab.sees(first)
    tab.settle()


def stays_blind(tab: Visit, received: list[bytes]) -> None:
    sent = b"".join(received).decode(errors="ignore").lower()
    assert "start rating" in sent, "the frames were read"
    for text in (sent, tab.page.content().lower(), tab.page.url.lower()):
        for word in ("tuned", "smollm", RUN, "adapter_"):
            at = text.replace(MENU, "").find(word)
            assert at < 0, text.replace(MENU, "")[max(0, at - 80) : at + 80]


def test_single_answers_are_scored_once_a_press_storm_and_a_reload_goes_on(
    serve: Serve, visit: OpenTab, judged: Workspace
) -> None:
    made = study.create_study(
        judged, judged.objects.find("evaluation"), n_items=4, raters_per_item=1, criteria=("accuracy",), single=True
    )
    tab = visit(serve(judged.path))
    received = heard(tab)
    begin(tab, "Ben", "You: 0 of 8 answers")
    for done in (1, 2):
        shown = tab.page.locator(".ft-text").last.inner_text()
        tab.page.get_by_role("radio", name=re.compile("^4")).or_(
            tab.page.get_by_role("button", name="4", exact=True)
        ).first.click()
        tab.sees("a small detail that belongs in the answer is missing")
        tab.settle()
        for _ in range(3):
            tab.page.keyboard.press("n")
        tab.sees(f"You: {done} of 8 answers")
        tab.settle()
        assert len(rating.votes(judged, made).held) == done, "three presses are one vote"
        assert tab.page.locator(".ft-text").last.inner_text() != shown
    comment = tab.page.get_by_label("Comment")
    comment.click()
    comment.press_sequentially("4 mg nightly, not 5, snz", delay=30)
    tab.page.wait_for_timeout(600)
    assert len(rating.votes(judged, made).held) == 2, "typing casts no vote"
    tab.page.reload()
    tab.sees("You: 2 of 8 answers")
    tab.settle()
    tab.press("z")
    tab.sees("You: 1 of 8 answers")
    assert len(rating.votes(judged, made).held) == 1
    stays_blind(tab, received)


def test_the_question_at_the_end_is_answered_by_key_and_names_no_model(
    serve: Serve, visit: OpenTab, judged: Workspace
) -> None:
    made = study.create_study(judged, judged.objects.find("evaluation"), n_items=3, raters_per_item=1)
    tab = visit(serve(judged.path))
    received = heard(tab)
    begin(tab, "Ben", "You: 0 of 3 pairs")
    for done in (1, 2, 3):
        tab.press("1")
        tab.sees(f"You: {done} of 3 pairs")
        tab.settle()
    tab.sees("0 of 3 questions answered")
    tab.page.wait_for_timeout(700)
    for _ in range(3):
        tab.page.keyboard.press("2")
    tab.sees("1 of 3 questions answered")
    tab.settle()
    found = guesses.guessed(judged, study.load_study(judged, made))
    assert found["n"] == 1 and len(rating.votes(judged, made).held) == 3, "three presses are one guess, and no vote"
    tab.page.reload()
    tab.sees("1 of 3 questions answered")
    stays_blind(tab, received)


def test_two_raters_at_once_lose_no_vote(serve: Serve, visit: OpenTab, judged: Workspace) -> None:
    made = study.create_study(judged, judged.objects.find("evaluation"), n_items=5, raters_per_item=2)
    url = serve(judged.path)
    tabs = {"Ben": visit(url), "Eva": visit(url)}
    for who, tab in tabs.items():
        begin(tab, who, "You: 0 of 5 pairs")
    for done in range(1, 6):
        tabs["Ben"].page.wait_for_timeout(700)
        for key, tab in zip("12", tabs.values(), strict=True):
            tab.page.keyboard.press(key)
        for tab in tabs.values():
            tab.sees(f"You: {done} of 5 pairs")
            tab.settle()
    held = rating.votes(judged, made).held
    assert (
        sorted((who, one.verdict) for (_, who), one in held.items()) == [("Ben", "left")] * 5 + [("Eva", "right")] * 5
    )
    assert len({item for item, _ in held}) == 5
