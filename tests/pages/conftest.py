"""A checked workspace of the demo dataset, and the app opened on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.workspace import Workspace
from curation import actions, checking
from tests.pages.workspaces import Submitted

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "examples" / "icd10_coding.jsonl"
OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def checked_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo dataset, imported and checked once."""
    path = tmp_path_factory.mktemp("template") / "project"
    workspace = Workspace.create(path)
    actions.import_file(workspace, DEMO, who="Ana")
    checking.check(workspace)
    return path


@pytest.fixture
def checked(checked_template: Path, tmp_path: Path) -> Workspace:
    """A copy of the checked workspace for one test."""
    path = tmp_path / "project"
    shutil.copytree(checked_template, path)
    return Workspace.open(path)


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    """A workspace without a file."""
    return Workspace.create(tmp_path / "empty")


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> Submitted:
    """No process is started; what was asked for is noted."""
    stand_in = Submitted()
    monkeypatch.setattr(jobs, "submit", stand_in)
    return stand_in


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    """Open a page of the app on a workspace, as Ana; presses in a test count at once."""

    def opened(
        workspace: Workspace | None, page: str = "home", *, who: str | None = "Ana", **query: str | list[str]
    ) -> AppTest:
        if workspace is None:
            monkeypatch.delenv("FINETOOTH_WORKSPACE", raising=False)
        else:
            monkeypatch.setenv("FINETOOTH_WORKSPACE", str(workspace.path))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.session_state["hurry_s"] = 0.0
        if who:
            app.session_state["who"] = who
        app.run()
        if page != "home":
            app.switch_page(f"pages/{page}.py")
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        assert not app.exception, app.exception
        return app

    yield opened


def press(app: AppTest, label: str) -> AppTest:
    """Press the one button whose label holds these words."""
    found = [button for button in app.button if label in button.label]
    assert len(found) == 1, f"{label!r} among {[button.label for button in app.button]}"
    found[0].click().run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    """The finding in the address."""
    value: str | list[str] = app.query_params["finding"]
    return value[0] if isinstance(value, list) else value


def save_edit(app: AppTest) -> AppTest:
    """Press the button that saves an edit twice: the first press shows what would be saved."""
    press(app, "Save the edit")
    assert "Press once more to save it" in texts(app)
    return press(app, "Save the edit")


def texts(app: AppTest) -> str:
    """All that the page says, in one string."""
    kinds = (app.markdown, app.caption, app.html, app.error, app.warning, app.info, app.title, app.subheader, app.toast)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
