"""One decision for all findings of a view: counted, twenty of them shown as they would become, then carried out."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import batches
from ui import act, desk, render

WORDS: dict[str, str] = {"keep": "Keep all", "drop": "Drop all", "accept": "Accept all fixes"}
DONE: dict[str, str] = {"keep": "Kept", "drop": "Dropped", "accept": "Fixed"}


def draw(workspace: Workspace, queue: desk.Queue, who: str, total: int) -> None:
    """The panel, closed until somebody opens it; nothing is counted before."""
    if queue.state != "open" or total < 2:
        return
    opened = st.expander(
        f"Decide all {total:,} of this view at once",
        icon=":material/library_add_check:",
        on_change="rerun",
        key="batch",
    )
    if not opened.open:
        return
    with opened:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            verdict = st.segmented_control(
                "Decision", get_args(batches.Verdict), format_func=WORDS.__getitem__, key="batch_verdict"
            )
        if verdict is None:
            st.caption("Choose a decision to see how many examples it would concern, and twenty of them.")
            return
        with st.spinner("Counting", show_time=True):
            counted = _counted(workspace, queue, verdict)
        _describe(counted)
        if counted.n_examples:
            _button(workspace, queue, counted, who)
        _sample(counted)


def _counted(workspace: Workspace, queue: desk.Queue, verdict: batches.Verdict) -> batches.Selection:
    """The count, made anew only when the view, the decision or the ledger has changed."""
    about = (queue.which, verdict, workspace.ledger.head())
    held = st.session_state.get("batch_counted")
    if held is None or held[0] != about:
        held = (about, batches.select(workspace, queue.which, verdict))
        st.session_state["batch_counted"] = held
    counted: batches.Selection = held[1]
    return counted


def _describe(counted: batches.Selection) -> None:
    parts = [
        (counted.n_dropped, "dropped"),
        (counted.n_edited, "edited"),
        (counted.n_kept, "kept as they are"),
    ]
    done = ", ".join(f"{n:,} {word}" for n, word in parts if n) or "nothing to do"
    on = f" on {wording.many(counted.n_examples, 'example')}" if counted.n_examples else ""
    st.markdown(f"**{wording.many(counted.n_findings, 'finding')}{on}**: {done}.")
    if counted.n_left_out:
        why = "propose no fix" if counted.verdict == "accept" else "cannot be decided all at once"
        if counted.verdict == "keep":
            why = "are clashes, each of which needs a reason of its own (see Contradictions)"
        st.caption(f"{counted.n_left_out:,} of {counted.n_findings:,} {why}; they stay open.")
    if counted.n_waiting:
        st.caption(
            f"{counted.n_waiting:,} of {counted.n_findings:,} wait, since another accepted fix touches the same text; "
            "run the checks again afterwards."
        )


def _button(workspace: Workspace, queue: desk.Queue, counted: batches.Selection, who: str) -> None:
    shown = act.show(f"{counted.key}-{counted.seen}", scope="batch")
    note = st.text_input("Note (why)", key=f"batch_note_{counted.key[:12]}", max_chars=300)

    def apply(action: str) -> str:
        done = batches.apply_to_all(workspace, queue.which, counted, who=who, note=note, action_id=action)
        st.session_state.pop("batch_verdict", None)
        count = wording.many(done.n_examples, "example")
        return f"{DONE[done.verdict]}: {count}. One undo (Z) takes all of it back."

    label = f"{WORDS[counted.verdict]}: {wording.many(counted.n_examples, 'example')}"
    act.button(
        label, shown, "apply", apply, icon=":material/library_add_check:", kind="primary", guard=False,
        disabled=not counted.n_examples,
    )  # fmt: skip


def _sample(counted: batches.Selection) -> None:
    if not counted.sample:
        return
    n = wording.of(len(counted.sample), counted.n_examples, "examples")
    st.caption(f"{n}, drawn at random (seed {batches.SEED}) over the whole selection:")
    for change in counted.sample:
        with st.container(border=True, gap="xsmall"):
            _one(change)


def _one(change: batches.Change) -> None:
    """One example as it would become: an edit with its words, else the question and the answer by their beginnings."""
    stays = change.becomes == change.messages
    done = "becomes" if change.becomes and not stays else "stays" if stays else "would be dropped"
    st.caption(f"{render.plain(', '.join(change.checks))}: {done}")
    if not change.becomes or stays:
        shown = [message for message in change.messages if message.role != "system"][-2:]
        render.lines((message.role, message.content) for message in shown)
        return
    gone, new, _ = render.twin_marks(change.messages, change.becomes, ("gone", "new"))
    left, right = st.columns(2, gap="medium")
    with left:
        render.excerpts(change.messages, gone)
    with right:
        render.excerpts(change.becomes, new)
