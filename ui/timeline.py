"""The history of an example on a page: a line for each act, and the words that an edit changed."""

from __future__ import annotations

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import histories
from ui import editor_diff, render

_ICONS = {
    "import": ":gray[:material/upload_file:]",
    "add": ":blue[:material/add_circle:]",
    "keep": ":green[:material/check:]",
    "drop": ":red[:material/delete:]",
    "edit": ":blue[:material/edit:]",
}


def draw(workspace: Workspace, example_id: str) -> None:
    """Who did what to it, when and why, and from what to what; what was taken back is shown as that."""
    past = histories.of(workspace, example_id)
    done = [act for act in past if act.verb != "import"]
    if not done:
        return
    undone = sum(act.undone for act in done)
    all_of = "undone" if undone == len(done) == 1 else f"{undone:,} of them undone"
    told = f"History: {wording.many(len(done), 'decision')}" + (f", {all_of}" if undone else "")
    with st.expander(told, icon=":material/history:"):
        for number, act in enumerate(past):
            _act(act, f"history-{example_id[:16]}-{number}")


def _act(act: histories.Act, key: str) -> None:
    icon, line = st.columns([1, 24], gap="xsmall", vertical_alignment="top")
    icon.markdown(":gray[:material/undo:]" if act.undone else _ICONS[act.verb])
    with line:
        small = [_when(act.at)]
        if act.titles:
            small.append(f"found by: {'; '.join(act.titles)}")
        if act.undone:
            small.append(f"taken back by {act.undone_by}, {_when(act.undone_at)}")
        render.note(act.sentence, " · ".join(small))
        if act.why:
            render.note(f"Why: {act.why}")
        if act.verb == "edit" and st.toggle("Show what it changed", key=key):
            which = editor_diff.pairs(act.before, act.after)
            editor_diff.draw(act.before, act.after, which)


def _when(at: str) -> str:
    return f"{at[:16].replace('T', ' ')} UTC"
