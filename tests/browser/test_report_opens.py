"""The report opens from a file with no network, in light and dark, on a narrow screen and on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from core.workspace import Workspace
from evaluation.report import report
from tests.evaluation.test_report import DATA, RUN
from tests.evaluation.test_report_trust import judged
from tests.evaluation.test_slices import evaluation_id as evaluation_id
from tests.evaluation.test_slices import workspace as workspace

pytestmark = pytest.mark.browser
FAINT = """
() => {
  const light = c => { const v = c.map(x => x / 255).map(x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2] };
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const behind = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || ['STYLE', 'TITLE', 'title'].includes(e.tagName)) continue;
    const style = getComputedStyle(e);
    const ink = parts(e instanceof SVGElement ? style.fill : style.color).slice(0, 3);
    const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
    const contrast = (a + .05) / (b + .05);
    if (contrast < 4.5) found.push([walk.currentNode.textContent.trim().slice(0, 40), contrast.toFixed(2)]);
  }
  return found;
}
"""
"""Text whose contrast with what is behind it is less than WCAG 2 asks for (level AA)."""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def page_file(workspace: Workspace, evaluation_id: str, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    study_id = judged(workspace, evaluation_id)
    path.write_text(report(workspace, evaluation_id, study_id=study_id, run=RUN, data=DATA), encoding="utf-8")
    return path


def opened(browser: Browser, file: Path, **settings: Any) -> tuple[Any, list[str], list[str]]:
    """The report in a tab without a network; what it asked for beside itself, and what the browser complained of."""
    context = browser.new_context(offline=True, **settings)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    return page, [url for url in asked if url != file.as_uri()], complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_is_readable_without_a_network(browser: Browser, page_file: Path, scheme: str, width: int) -> None:
    page, asked, complaints = opened(browser, page_file, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert asked == [] and complaints == []
    assert page.locator("h2").all_inner_texts()[-1] == "What was not run"
    assert page.evaluate(FAINT) == []
    assert page.evaluate(WIDER) == 0, "nothing is cut off or has to be scrolled to the side"
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(19, 22, 26)"
    assert dark is (scheme == "dark")


def test_the_report_prints_in_ink_on_white_also_from_a_dark_screen(browser: Browser, page_file: Path) -> None:
    page, _, _ = opened(browser, page_file, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(FAINT) == []
    page.set_viewport_size({"width": 673, "height": 950})  # A4 less its margins
    assert page.evaluate(WIDER) == 0
    cut = "() => [...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0, "no table is cut off on paper"
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF") and 3 <= paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") <= 40
