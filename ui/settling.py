"""After a study is closed: the pairs on which raters disagreed, one at a time, each settled with the reason why."""

from __future__ import annotations

import streamlit as st

from core import wording
from core.workspace import Workspace
from evaluation import adjudication
from ui import act, answers, render


def draw(workspace: Workspace, study_id: str, who: str) -> None:
    """The pair with the lowest agreement that nobody settled yet, or another one that is chosen."""
    found = adjudication.disputed(workspace, study_id)
    if not found:
        return
    done = sum(one.settled is not None for one in found)
    with st.expander(f"Settle what raters disagreed on ({done:,} of {len(found):,} settled)", icon=":material/gavel:"):
        st.caption(
            "Those with the lowest agreement come first. What you settle stands beside the votes and changes none of "
            "them; a mistake that is settled can test the raters of the next study."
        )
        open_now = [k for k, one in enumerate(found) if one.settled is None]
        number = st.number_input(
            f"Pair of {len(found):,}",
            *(1, len(found), (open_now[0] if open_now else 0) + 1),
            key=f"settle-{study_id[:16]}-{done}",
            width=220,
        )
        _one(workspace, found[int(number) - 1], who)


def _one(workspace: Workspace, pair: adjudication.Disputed, who: str) -> None:
    total = sum(pair.outcomes.values())
    said = "; ".join(
        f"{title.lower()}: {wording.of(pair.outcomes[name], total, 'raters')}"
        for name, title in adjudication.OUTCOMES.items()
        if name in pair.outcomes
    )
    st.markdown(f"{said[:1].upper()}{said[1:]}.")
    for note in pair.notes:
        render.note(note)
    item = pair.item
    answers.beside(item.prompt, item.reference, item.base, item.tuned, key=f"settle-{item.id}")
    if pair.settled is not None:
        word = pair.settled
        held = adjudication.OUTCOMES[word.outcome].lower()
        render.note(f"{word.who} settled it: {held}. {adjudication.REASONS[word.reason]}.", word.note)
    shown = act.show(f"{item.id}-{pair.settled.at if pair.settled else ''}", scope="settle")
    outcome = st.segmented_control(
        "What holds",
        list(adjudication.OUTCOMES),
        format_func=adjudication.OUTCOMES.__getitem__,
        key=shown.key("outcome"),
    )
    reason = st.selectbox(
        "Why raters disagreed",
        list(adjudication.REASONS),
        index=None,
        format_func=adjudication.REASONS.__getitem__,
        key=shown.key("reason"),
        width=520,
    )
    note = st.text_input("More about it (needed for another reason)", key=shown.key("note"), max_chars=500)

    def do(action_id: str) -> str:
        adjudication.settle(
            workspace, item.id, outcome or "", reason or "", note=note or "", who=who, action_id=action_id
        )
        return "Settled; the votes stay as they are."

    act.button("Settle", shown, "settle", do, icon=":material/gavel:", kind="primary", guard=False)
