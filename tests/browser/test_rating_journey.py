"""A blind rating by keyboard: one vote a press storm, none while typing, and nothing that names a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import Workspace
from evaluation import rating, rating_links, study
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
    study.create_study(workspace, workspace.objects.find("evaluation"), n_items=12, raters_per_item=2, who="Lea")
    return workspace


def verdicts(workspace: Workspace) -> list[str | None]:
    return [held.verdict for held in rating.votes(workspace, workspace.objects.find("study")).held.values()]


def start(tab: Visit) -> None:
    """Open the desk as Ben and begin."""
    tab.open("side_by_side", who="Ben")
    tab.page.get_by_role("button", name="Start rating").click()
    tab.sees("You: 0 of 12 pairs")
    tab.settle()


def test_three_presses_are_one_vote_and_typing_is_none(serve: Serve, visit: OpenTab, judged: Workspace) -> None:
    tab = visit(serve(judged.path))
    start(tab)
    for done, key in enumerate("1234", 1):
        for _ in range(3):
            tab.page.keyboard.press(key)
        tab.sees(f"You: {done} of 12 pairs")
        tab.settle()
        assert len(verdicts(judged)) == done
    assert verdicts(judged) == ["left", "right", "tie", "both_bad"]
    comment = tab.page.get_by_label("Comment")
    comment.click()
    comment.press_sequentially("dose 12 mg, 3 or 4 times, stz", delay=30)
    tab.page.wait_for_timeout(600)
    assert len(verdicts(judged)) == 4, "typing casts no vote and takes none back"
    comment.press("ControlOrMeta+Enter")
    tab.settle()
    tab.page.locator("h1").first.click()
    tab.press("s")
    tab.sees("You: 5 of 12 pairs")
    held = list(rating.votes(judged, judged.objects.find("study")).held.values())
    assert (held[-1].verdict, held[-1].note) == ("skip", "dose 12 mg, 3 or 4 times, stz")
    tab.press("z")
    tab.sees("You: 4 of 12 pairs")
    assert len(verdicts(judged)) == 4


def test_a_reload_shows_the_same_pair_on_the_same_sides(serve: Serve, visit: OpenTab, judged: Workspace) -> None:
    tab = visit(serve(judged.path))
    start(tab)
    tab.press("1")
    tab.sees("You: 1 of 12 pairs")
    before = tab.page.locator(".ft-text").all_inner_texts()
    tab.page.reload()
    tab.sees("You: 1 of 12 pairs")
    tab.settle()
    assert tab.page.locator(".ft-text").all_inner_texts() == before


def test_nothing_that_reaches_the_browser_names_a_model(serve: Serve, visit: OpenTab, judged: Workspace) -> None:
    tab = visit(serve(judged.path))
    received: list[bytes] = []

    def listen(socket: object) -> None:
        socket.on("framereceived", lambda frame: received.append(_bytes(frame)))  # type: ignore[attr-defined]

    tab.page.on("websocket", listen)
    start(tab)
    tab.press("2")
    tab.sees("You: 1 of 12 pairs")
    sent = b"".join(received).decode(errors="ignore").lower()
    assert "both bad" in sent and "you: 1 of 12 pairs" in sent, "the frames were read"
    for text in (sent, tab.page.content().lower(), tab.page.url.lower()):
        for word in ("tuned", "smollm", RUN, "adapter_"):
            at = text.replace(MENU, "").find(word)
            assert at < 0, text.replace(MENU, "")[max(0, at - 80) : at + 80]


def test_a_rater_who_comes_by_a_link_sees_the_desk_and_nothing_else(
    serve: Serve, visit: OpenTab, judged: Workspace
) -> None:
    study_id = judged.objects.find("study")
    token = rating_links.invite(judged, study_id, "Ben Ruiz")
    tab = visit(serve(judged.path))
    received: list[bytes] = []
    tab.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(_bytes(frame))))
    tab.open("side_by_side", study=study_id, rater=token)
    tab.page.get_by_role("button", name="Start rating").click()
    tab.sees("You: 0 of 12 pairs")
    tab.settle()
    tab.press("1")
    tab.sees("You: 1 of 12 pairs")
    tab.page.reload()
    tab.sees("You: 1 of 12 pairs")
    assert [who for _, who in rating.votes(judged, study_id).held] == ["Ben Ruiz"]
    assert tab.page.get_by_role("link", name="Results").count() == 0 and tab.page.get_by_text("Studies").count() == 0
    sent = b"".join(received).decode(errors="ignore").lower()
    for text in (sent, tab.page.content().lower(), tab.page.url.lower()):
        for word in ("tuned", "smollm", RUN, "adapter_"):
            assert word not in text.replace(MENU, "")
    tab.open("side_by_side", study=study_id, rater="0" * 24)
    tab.sees("does not belong to a rater")
    for page in ("results", "evaluate", ""):
        tab.page.goto(f"{tab.url}/{page}?study={study_id}&rater={token}")
        tab.sees("Your link opens the rating desk alone")
        assert tab.page.get_by_role("link", name="Results").count() == 0


def _bytes(frame: str | bytes) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode()


def test_an_owner_opens_a_study_closes_it_and_reads_the_result(serve: Serve, visit: OpenTab, judged: Workspace) -> None:
    tab = visit(serve(judged.path))
    start(tab)
    for done in range(1, 13):
        tab.press("1")
        tab.sees(f"You: {done} of 12 pairs")
        tab.settle()
    tab.sees("none is left for you")
    tab.open("results", who="Lea")
    tab.sees("The study is open")
    tab.page.get_by_role("link", name="Rate, or close the study").click()
    tab.page.get_by_text("Studies", exact=True).click()
    tab.page.get_by_role("button", name="Close the study").click()
    tab.page.get_by_role("button", name="Close it now").click()
    tab.sees("The study is closed")
    tab.open("results", who="Lea")
    tab.sees("Tuned preferred")
    tab.sees("Enough judged")
    assert tab.complaints == [] and tab.outside == []
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Report (HTML)").click()
    assert "Inconclusive" in Path(download.value.path()).read_text(encoding="utf-8")
