"""Beside an edit form: what the checks say of the text as it stands, before anybody saves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.types import Finding, Message
from core.workspace import Workspace
from curation import live
from curation.checks import CHECKS
from ui import render

SHOWN = 6
_TITLES = {check.name: check.title for check in CHECKS}
_KINDS = (
    ("new", "add_circle", "red", "new"),
    ("stay", "radio_button_checked", "orange", "still there"),
    ("gone", "check_circle", "green", "gone"),
)


def judged(
    workspace: Workspace, messages: Sequence[Message], meta: Mapping[str, Any], replacing: str | None, place: str
) -> live.Judged:
    """The judgement of a text; the same text again, on the same state of the dataset, is not judged twice."""
    asked = tuple(messages), workspace.ledger.head()[0]
    held = st.session_state.get(f"judged-{place}")
    if held is None or held[0] != asked:
        found = live.judge(workspace, messages, meta=meta, replacing=replacing)
        held = st.session_state[f"judged-{place}"] = (asked, found)
    result: live.Judged = held[1]
    return result


def draw(found: live.Judged) -> None:
    """What would be new, what stays and what goes; and which checks have to wait."""
    pressing = any(one.severity == "block" for one in found.now)
    icon, colour = ("error", "red") if pressing else ("rule", "orange") if found.now else ("task_alt", "green")
    st.markdown(f":{colour}[:material/{icon}:] **{render.plain(found.headline)}**")
    for name, sign, tint, word in _KINDS:
        _listed(getattr(found, name), sign, tint, word)
    for note in found.notes:
        st.caption(render.plain(note))
    if found.later:
        names = ", ".join(dict.fromkeys(one.check for one in found.later))
        st.caption(f":material/schedule: Judged by the next check, since other rows count too: {render.plain(names)}.")
    if found.unjudged:
        st.caption(
            f"{len(found.checks):,} checks looked at this text; {len(found.unjudged):,} look at several rows or at the "
            "tokens of the base model, and wait for the next check.",
            help="\n".join(f"- {name}: {_TITLES[name]}" for name in found.unjudged),
        )


def _listed(found: Sequence[Finding], sign: str, tint: str, word: str) -> None:
    for one in found[:SHOWN]:
        with st.container(gap="xxsmall"):
            st.markdown(f":{tint}[:material/{sign}: {word}] :gray[{render.plain(one.check)}]")
            render.note(one.message)
    if len(found) > SHOWN:
        st.caption(f"{len(found) - SHOWN:,} more are {word}.")
