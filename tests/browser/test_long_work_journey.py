"""A large import in the browser: it is followed, outlives a reload, and leaves other people's pages quick."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core import jobs
from core.workspace import Workspace
from curation import queries
from tests.browser.conftest import Visit
from ui.long_work import SMALL_BYTES

pytestmark = pytest.mark.browser

ROWS = 30_000


def large_file(folder: Path) -> Path:
    """More than is imported at once."""
    path = folder / "large.jsonl"
    with path.open("w") as out:
        for n in range(ROWS):
            asked = f"Which ward takes patient {n}, who came with complaint number {n % 97} at night?"
            turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": f"Ward {n % 9} takes them."}]
            out.write(json.dumps({"messages": turns}) + "\n")
    assert path.stat().st_size > SMALL_BYTES
    return path


def test_a_large_import_is_found_again_after_a_reload_while_another_person_works_on(
    serve: Callable[..., str], visit: Callable[[str], Visit], checked: Workspace, tmp_path: Path
) -> None:
    url = serve(checked.path)
    ana, ben = visit(url), visit(url)
    ben.open("review", who="Ben")
    ana.open("import_data", who="Ana")
    ana.page.locator('input[type="file"]').set_input_files(large_file(tmp_path))
    ana.page.get_by_role("button", name="Import the file").click()
    ana.page.get_by_role("button", name="Stop").wait_for()
    (job,) = jobs.listing(checked.jobs_dir)
    assert job.kind == "import"
    decided = len(checked.ledger.entries("decision"))
    ben.move("k")
    ana.page.reload()
    ana.page.locator("h1").first.wait_for()
    ana.sees("large.jsonl is imported")
    assert jobs.read(job).status == "done"
    assert len(checked.ledger.entries("decision")) == decided + 1
    assert queries.overview(checked).n_rows == ROWS + 320
    ana.page.reload()
    ana.sees("large.jsonl is imported")
    ben.move("n")
    for tab in (ana, ben):
        assert tab.complaints == [] and tab.outside == []
