"""Hostile text on every page and part that shows what a file or a person brought in: shown as text, and pages work.

The app is served without our headers here, so that nothing but the drawing itself stands between text and browser.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Locator

from core.workspace import Workspace
from curation import disagreements, freeze, queries, release
from scripts.pictures import PAGES, served
from tests.browser.conftest import Visit
from tests.browser.hostile import BIG, Attack, build

pytestmark = pytest.mark.browser

OPEN_S = 20.0
"""Within which a page is drawn, words of a megabyte on it, the first time that anybody asks, on a busy machine."""
COUNTED_S = 60.0
"""The page Plan counts tokens first, and says so; a word of a megabyte takes the tokenizer seconds."""
ACTED = r"""() => {
  const found = window.hostile ? ["a script ran"] : [], told = one => one.outerHTML.slice(0, 120);
  for (const one of document.querySelectorAll(".hostile, .katex, [data-testid=stException]"))
    found.push("an element: " + told(one));
  for (const one of document.querySelectorAll("[src], [href], [data]")) {
    const to = String(one.src || one.href || one.data);
    if (/^(https?|javascript):/.test(to) && !to.startsWith(location.origin)) found.push("an address: " + to);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data, holder = texts.currentNode.parentElement;
    if (/^\s*(hostile(bold|link|code|red|html)|skull)\s*$/.test(text) && !holder.closest("mark"))
      found.push("markup: " + told(holder));
    if (/[\u001b\u202a-\u202e]/.test(text) && !holder.closest("textarea"))
      found.push("a control character: " + told(holder));
  }
  return found;
}"""
"""What in the page has acted as more than text."""


@pytest.fixture(scope="module")
def attack(beacon: tuple[str, list[str]]) -> Attack:
    """Texts that ask the beacon for something wherever they are taken for more than text."""
    return Attack(beacon[0])


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, attack: Attack) -> Workspace:
    """All of the walk, in hostile words."""
    return build(tmp_path_factory.mktemp("hostile") / "project", attack)


@pytest.fixture(scope="module")
def site(workspace: Workspace) -> Iterator[str]:
    """The app on it, without our headers."""
    with served(workspace.path, plain=True) as url:
        yield url


class Watched:
    """A tab whose every look is followed by one for what has acted."""

    def __init__(self, tab: Visit, asked: list[str], who: str) -> None:
        self.tab, self.asked, self.who = tab, asked, quote(who)

    def look(self) -> None:
        """Nothing acted, and nothing was asked of anybody outside."""
        assert self.tab.page.evaluate(ACTED) == []
        assert self.tab.outside == []
        assert self.asked == []

    def open(self, page: str, **query: str) -> None:
        """A page, drawn in time."""
        begun = time.monotonic()
        self.tab.open(page, who=self.who, **query)
        assert time.monotonic() - begun < (COUNTED_S if page == "plan" else OPEN_S), page
        self.look()

    def press(self, key: str) -> None:
        """A key, and what it shows."""
        self.tab.press(key)
        self.look()

    def click(self, what: Locator) -> None:
        """A button or a switch, and what it shows."""
        what.click()
        self.tab.settle()
        self.look()

    def button(self, name: str) -> Locator:
        """The first button of this name."""
        return self.tab.page.get_by_role("button", name=name).first

    def unfold(self) -> None:
        """Open whatever is folded on the page."""
        folded = self.tab.page.locator("details:not([open]) > summary")
        for _ in range(folded.count()):
            folded.first.click()
            self.tab.settle()
        self.look()


@pytest.fixture
def watched(visit: Callable[[str], Visit], site: str, beacon: tuple[str, list[str]], attack: Attack) -> Watched:
    """A tab of a person with a hostile name."""
    return Watched(visit(site), beacon[1], attack.name)


def test_every_page_opens_in_time_with_all_that_is_folded(watched: Watched) -> None:
    for page in PAGES:
        watched.open(page)
        watched.unfold()


def test_every_kind_of_finding_is_shown_and_every_act_on_it_works(watched: Watched, workspace: Workspace) -> None:
    checks = [count.check for count in queries.overview(workspace).counts if count.open]
    assert len(checks) > 12
    for check in checks:
        view = queries.findings(workspace, checks=(check,), limit=1).items[0]
        watched.open("review", finding=view.id)
        watched.unfold()
    watched.press("f")
    watched.press("h")
    before = workspace.ledger.head()[0]
    watched.tab.move("k")
    watched.look()
    assert workspace.ledger.head()[0] == before + 1
    watched.tab.move("z")
    watched.look()


def test_words_of_a_megabyte_are_folded_unfolded_edited_and_saved(watched: Watched, workspace: Workspace) -> None:
    large = next(
        view
        for view in queries.findings(workspace, limit=500).items
        if sum(len(turn.content) for turn in queries.example(workspace, view.finding.example_id).example.messages) > BIG
    )
    watched.open("review", finding=large.id)
    watched.tab.sees("characters are folded here")
    watched.press("f")
    watched.press("f")
    watched.press("e")
    n = len(queries.example(workspace, large.finding.example_id).example.messages)
    text = watched.tab.page.get_by_label(f"Text of turn {n}")
    text.focus()
    text.press("ControlOrMeta+End")
    watched.tab.page.keyboard.insert_text(" **hostilebold** <img class='hostile' src=x>")
    text.press("Control+Enter")
    watched.tab.sees("What changes")
    watched.tab.settle()
    watched.look()
    watched.tab.page.wait_for_timeout(1000)
    watched.click(watched.button("Save the edit"))
    watched.tab.sees("The edit is saved")
    watched.tab.settle()
    watched.press("z")


def test_an_edit_is_judged_and_compared_in_hostile_words(
    watched: Watched, workspace: Workspace, attack: Attack
) -> None:
    view = queries.findings(workspace, checks=("duplicates.near",), limit=1).items[0]
    watched.open("review", finding=view.id)
    watched.press("e")
    own = queries.example(workspace, view.finding.example_id).example
    twin = queries.example(workspace, view.finding.related[0]).example
    for turn, message in enumerate(twin.messages[: len(own.messages)], 1):
        watched.tab.page.get_by_label(f"Text of turn {turn}").fill(f"{message.content} {attack.text}")
    watched.tab.page.get_by_label("Note (why)").fill(attack.text)
    watched.tab.page.get_by_label("Note (why)").press("Control+Enter")
    watched.tab.sees("What changes")
    watched.tab.settle()
    watched.look()
    for one in watched.tab.page.get_by_role("radiogroup", name="Look at").get_by_role("radio").all():
        watched.click(one)


def test_duplicates_are_shown_one_by_one_and_at_every_threshold(watched: Watched, workspace: Workspace) -> None:
    for view in queries.findings(workspace, families=("duplicates",), limit=20).items:
        watched.open("duplicates", finding=view.id)
    watched.press("f")
    watched.open("duplicates", view="Threshold")
    watched.press("f")
    watched.unfold()


def test_contradictions_are_shown_with_their_sides_and_reasons(watched: Watched, workspace: Workspace) -> None:
    clashes = queries.findings(workspace, families=("contradictions",), limit=20).items
    for view in clashes:
        watched.open("contradictions", finding=view.id)
        watched.press("o")
        watched.unfold()
    watched.press("k")
    watched.tab.page.get_by_label("In your own words").fill(watched.tab.page.evaluate("'**hostilebold** ' + '![x](x)'"))
    watched.tab.page.get_by_label("In your own words").press("Enter")
    watched.tab.settle()
    watched.look()
    watched.open("contradictions", finding=clashes[-1].id, contradictions_state="all")
    watched.press("z")


def test_consistency_shows_every_preview_the_marks_and_the_clusters(watched: Watched) -> None:
    watched.open("consistency")
    for switch in watched.tab.page.locator("[data-testid=stCheckbox]").all():
        switch.click()
        watched.tab.settle()
    watched.look()
    watched.unfold()
    chosen = watched.tab.page.get_by_role("combobox", name="Show prompts of")
    chosen.press("ArrowDown")
    chosen.press("Enter")
    watched.tab.settle()
    watched.look()


@pytest.mark.parametrize("verdict", ["Keep all", "Drop all", "Accept all fixes"])
def test_a_batch_is_shown_before_it_is_carried_out(watched: Watched, verdict: str) -> None:
    watched.open("review")
    watched.click(watched.tab.page.get_by_text("of this view at once"))
    watched.click(watched.tab.page.get_by_role("radio", name=verdict))
    watched.tab.sees("drawn at random")
    watched.look()


def test_disagreements_and_histories_are_shown_and_settled(watched: Watched, workspace: Workspace) -> None:
    n = disagreements.count(workspace)
    assert n == 2
    watched.open("review", queue="disagreements")
    watched.unfold()
    for switch in watched.tab.page.locator("[data-testid=stCheckbox]").all():
        watched.click(switch)
    watched.press("n")
    watched.unfold()
    watched.tab.page.get_by_label("Why (optional)").fill("**hostilebold**")
    watched.tab.page.get_by_label("Why (optional)").press("Tab")
    watched.tab.settle()
    watched.tab.page.locator("h1").first.click()
    watched.press("1")
    assert disagreements.count(workspace) == n - 1
    watched.press("z")
    assert disagreements.count(workspace) == n


def test_revisions_are_compared_exported_and_gone_back_to(watched: Watched, workspace: Workspace) -> None:
    watched.open("dataset")
    watched.unfold()
    watched.click(watched.tab.page.get_by_text("Show the leak certificate").first)
    watched.tab.sees("What is new?")
    watched.click(watched.button("Edit"))
    watched.tab.sees("Save the edit")
    watched.tab.press("Escape")
    watched.click(watched.button("Export"))
    watched.tab.sees("written.")
    watched.click(watched.tab.page.get_by_text("Go back to this revision").last)
    watched.click(watched.tab.page.get_by_role("button", name="Go back", exact=True).last)
    watched.tab.sees("Back to")
    watched.look()


def test_a_data_card_that_somebody_renders_stays_text(
    watched: Watched, workspace: Workspace, tmp_path: Path, attack: Attack
) -> None:
    made = release.export_revision(
        workspace, freeze.revisions(workspace)[0].revision.id, tmp_path / "out", release.HUGGINGFACE, who=attack.name
    )
    card = made.card_path.read_text(encoding="utf-8")
    assert "hostilebold" in card
    body = card.partition("\n---\n")[2] if card.startswith("---\n") else card
    for kind in ("commonmark", "gfm-like"):
        rules = MarkdownIt(kind, {"html": True, "linkify": False})
        watched.tab.page.set_content(f"<main>{rules.render(body)}</main>")
        watched.tab.page.wait_for_timeout(300)
        watched.look()


def test_what_was_trained_and_answered_is_shown_as_text(watched: Watched) -> None:
    for page in ("plan", "train", "evaluate"):
        watched.open(page)
        watched.unfold()


def test_a_rater_judges_hostile_answers(watched: Watched) -> None:
    watched.open("side_by_side")
    if watched.button("Start rating").count():
        watched.click(watched.button("Start rating"))
    watched.tab.sees("You: 0 of 20 pairs")
    watched.press("1")
    watched.tab.sees("You: 1 of 20 pairs")
    watched.click(watched.tab.page.get_by_role("radio", name="Studies"))


def test_failed_prompts_and_their_neighbours_are_shown_as_text(watched: Watched, workspace: Workspace) -> None:
    closed = workspace.ledger.entries("study")
    made = next(entry.subject for entry in closed if entry.payload.get("state") == "closed")
    watched.open("results", study=made)
    watched.click(watched.tab.page.get_by_role("radio", name="Failed prompts"))
    watched.tab.sees("Training examples behind this answer")
    watched.unfold()
