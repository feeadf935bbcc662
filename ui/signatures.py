"""Who signed a study's decision, and the form to sign it: by the rule, or against it with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.workspace import Workspace
from evaluation import signing
from ui import act, render

WORDS = {"go": "Go", "no-go": "No-go", "inconclusive": "Inconclusive"}


def draw(workspace: Workspace, state: Mapping[str, Any], found: Mapping[str, Any], who: str) -> None:
    """The signatures under a decision and, once the study is closed, the way to add one's own."""
    signed = signing.signatures(workspace, state["id"], found)
    for one in signed:
        against = f" :red[against the rule, which says {one.by_rule}]" if one.overrides else ""
        stale = " :orange[The figures have changed since.]" if one.stale else ""
        why = f"  \n:gray[{render.plain(one.reason)}]" if one.reason else ""
        st.markdown(
            f":material/signature: **{WORDS[one.decision]}**, signed by {render.plain(one.who)}, "
            f"{one.at[:16].replace('T', ' ')} UTC.{against}{stale}{why}"
        )
    if state["open"]:
        return
    with st.popover("Sign the decision", icon=":material/signature:"):
        st.markdown("The rule advises; a person decides. Your name, the time and your reason stay on the report.")
        chosen = st.segmented_control(
            "Decision",
            list(WORDS),
            default=found["decision"],
            format_func=WORDS.__getitem__,
            required=True,
            key=f"sign-{state['id']}",
        )
        reason = st.text_area(
            "Reason", key=f"sign-reason-{state['id']}", help="Needed where you decide against the rule."
        )

        def do(_: str) -> str:
            signing.sign(workspace, state["id"], str(chosen), who=who, reason=reason)
            return "Signed."

        shown = act.show(f"{state['id']}-{chosen}-{len(signed)}", scope="signature")
        act.button("Sign", shown, "sign", do, kind="primary", guard=False)
