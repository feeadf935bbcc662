"""The frame around every page: navigation, the open workspace, who is working, and errors as sentences."""

from __future__ import annotations

import getpass
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import bulk
from core.errors import FinetoothError, InputError
from core.workspace import Workspace, find_workspace
from ui import act, render

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "pages"
RATING = "side_by_side"
"""The address of the only page that a rater's link opens."""

_frame = ContextVar("frame", default=False)
"""Whether this run of the script is inside the frame. Not in the session: a stopped run cannot write there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the walk."""

    file: str
    title: str
    icon: str
    url: str
    help: str


WALK: dict[str, tuple[Entry, ...]] = {
    "": (Entry("home.py", "Home", "home", "", "Where the project stands, and what to do next."),),
    "Curate": (
        Entry("import_data.py", "Import", "upload_file", "import_data", "Bring files in; see each rejected line."),
        Entry("duplicates.py", "Duplicates", "content_copy", "duplicates", "Clusters of near-identical examples."),
        Entry("consistency.py", "Consistency", "rule", "consistency", "What most rows do, and which depart from it."),
        Entry("contradictions.py", "Contradictions", "call_split", "contradictions", "Answers that cannot both hold."),
        Entry("review.py", "Review", "rate_review", "review", "All findings in one queue, by keyboard."),
        Entry("dataset.py", "Dataset", "inventory_2", "dataset", "Freeze, split, compare and export."),
    ),
    "Train": (
        Entry("plan.py", "Plan", "straighten", "plan", "Model, method, memory and time that fit."),
        Entry("train.py", "Train", "model_training", "train", "Launch a fine-tune and watch it."),
    ),
    "Judge": (
        Entry("evaluate.py", "Evaluate", "monitoring", "evaluate", "Base beside tuned on the hold-out."),
        Entry("side_by_side.py", "Side by side", "compare", "side_by_side", "Rate blind pairs."),
        Entry("results.py", "Results", "fact_check", "results", "Who won, by how much, and how sure."),
    ),
}


def run() -> None:
    """Draw the frame and the page inside it; the whole of ``app.py``."""
    st.set_page_config(page_title="Finetooth", page_icon=ROOT / "ui" / "mark.svg", layout="wide")
    st.logo(ROOT / "ui" / "logo.svg", size="large", icon_image=ROOT / "ui" / "mark.svg")
    page = st.navigation(
        {
            section: [
                st.Page(
                    PAGES / entry.file,
                    title=entry.title,
                    icon=f":material/{entry.icon}:",
                    url_path=entry.url or None,
                    default=not entry.url,
                    help=entry.help,
                )
                for entry in entries
            ]
            for section, entries in WALK.items()
        },
        expanded=True,
        position="hidden" if guest() else "sidebar",
    )
    inside = _frame.set(True)
    try:
        if not guest():
            _remember()
            _sidebar()
        _report()
        if guest() and page.url_path != RATING:
            raise InputError("Your link opens the rating desk alone.", "Open it again as you were given it.")
        page.run()
    except FinetoothError as error:
        show_error(error.message, error.hint)
    finally:
        _frame.reset(inside)
        bulk.settle_loaded()


def guest() -> str:
    """The token of a rater who came by a link, and sees the rating desk without the project around it; else empty."""
    return str(st.query_params.get("rater", ""))


def begin() -> None:
    """The first line of every page: a deep link that skipped the frame is put inside it."""
    if not _frame.get():
        run()
        st.stop()


def link(file: str, label: str, *, icon: str | None = None, query: dict[str, str] | None = None) -> None:
    """A link to another page; ``query`` fills its filters."""
    st.page_link(
        PAGES / file, label=label, icon=f":material/{icon}:" if icon else None, query_params=_kept(query or {})
    )


def open_workspace() -> Workspace | None:
    """The open workspace, or None where none is chosen yet.

    Raises:
        FinetoothError: The chosen one cannot be opened.
    """
    path = _chosen_path()
    if path is None:
        return None
    if not (path / "workspace.json").is_file():
        Workspace.open(path)  # says in one sentence what is wrong
    return _opened(str(path))


def chosen_path() -> str:
    """The path of the chosen workspace, whether or not it can be opened; empty where none is chosen."""
    return str(_chosen_path() or "")


def workspace() -> Workspace:
    """The open workspace; without one the page says where to open one, and ends."""
    opened = open_workspace()
    if opened is None:
        st.info("No workspace is open yet.", icon=":material/folder_open:")
        link("home.py", "Open or create one on Home", icon="arrow_forward")
        st.stop()
    return opened


def who() -> str:
    """The person's name; asked for on first use, and the page waits for it."""
    name = str(st.session_state.get("who") or "").strip()
    if name:
        return name
    with st.form("ask-name", width=420):
        st.markdown("**Who is working?** Your name stands beside each decision.")
        st.text_input("Your name", key="name_asked", max_chars=60, placeholder=_account())
        st.form_submit_button("Continue", type="primary", on_click=_take_name, args=("name_asked",))
    st.stop()


def use_workspace(path: Path, *, create: bool = False) -> None:
    """Open (or make) the workspace at ``path`` for this session.

    Raises:
        FinetoothError: It cannot be opened or made.
    """
    opened = Workspace.create(path) if create else Workspace.open(path)
    st.session_state["workspace_path"] = str(opened.path)


def show_error(message: str, hint: str = "") -> None:
    """An error as a sentence and what to do, with nothing in it taken for markup."""
    st.error(render.plain(message) + (f"\n\n{render.plain(hint)}" if hint else ""), icon=":material/error:")


def _chosen_path() -> Path | None:
    if path := st.session_state.get("workspace_path"):
        return Path(path)
    try:
        return find_workspace(None)
    except InputError:
        return None


@st.cache_resource(show_spinner=False, max_entries=8)
def _opened(path: str) -> Workspace:
    return Workspace.open(Path(path))


def _remember() -> None:
    """Workspace and name live in the session and in the address, so that a reload keeps both."""
    for key, parameter in (("workspace_path", "workspace"), ("who", "who")):
        held, given = st.session_state.get(key), st.query_params.get(parameter)
        if held and held != given:
            st.query_params[parameter] = held
        elif given and not held:
            st.session_state[key] = given


def _kept(query: dict[str, str]) -> dict[str, str]:
    """Query parameters of a link: its own, and those that every page keeps."""
    kept = {name: st.query_params[name] for name in ("workspace", "who") if name in st.query_params}
    return {**kept, **query}


def _sidebar() -> None:
    path = _chosen_path()
    with st.sidebar:
        if path is not None:
            st.caption(f":material/folder_open: {render.plain(path.name)}", help=render.plain(str(path)))
        if name := st.session_state.get("who"):
            with st.popover(render.plain(str(name)), icon=":material/person:", type="tertiary"):
                st.text_input("Your name", key="name_changed", placeholder=str(name), max_chars=60)
                st.button("Change", on_click=_take_name, args=("name_changed",))


def _report() -> None:
    """What the last act said, or why it failed."""
    if failed := st.session_state.pop("_failed", None):
        show_error(*failed)
    if said := st.session_state.pop("_said", None):
        st.toast(render.plain(said), icon=":material/check:")


def _take_name(key: str) -> None:
    name = " ".join(str(st.session_state.get(key) or "").split())
    if not name and key == "name_asked":
        name = _account()
    if name:
        st.session_state["who"] = name
    else:
        act.fail(FinetoothError("A name is needed.", "Type the name that your team knows you by."))


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "me"
