"""Tone by a reviewer's marks: one answer at a time, what was learned from them, and the answers that it ranks first."""

from __future__ import annotations

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError
from core.workspace import Workspace
from curation import queries, tone_learned, tone_queue
from ui import act, panels, render, shell

KIND = "tone"
SHOWN = 8
BUTTONS = (
    (":green[On tone]", "on", True, "1", "check"),
    (":red[Off tone]", "off", False, "2", "close"),
    ("Skip", "skip", None, "3", "skip_next"),
)
SAID = {"on": "Marked on-tone.", "off": "Marked off-tone.", "skip": "Skipped."}


def draw(workspace: Workspace) -> None:
    """The whole panel: mark, learn, and what was learned."""
    who = shell.who()
    held = tone_learned.marks(workspace)
    n_on = sum(one.on_tone is True for one in held.values())
    n_off = sum(one.on_tone is False for one in held.values())
    with st.container(border=True):
        st.markdown("**Tone, by your marks**")
        st.caption(
            "Say of a dozen answers whether their tone is right; a small model then ranks the rest. "
            "Marks are kept like decisions, and can be taken back."
        )
        _progress(n_on, n_off)
        if st.toggle("Mark answers", key="tone_marking", value=0 < n_on + n_off < tone_learned.LEAST_MARKS):
            _desk(workspace, who, bool(held))
        _learning(workspace, n_on, n_off)


def _progress(n_on: int, n_off: int) -> None:
    least, done = tone_learned.LEAST_MARKS, n_on + n_off
    sides = f"{n_on:,} on-tone, {n_off:,} off-tone"
    text = f"Mark {least}: {wording.of(done, least, 'answers')} marked ({sides})"
    if done >= least:
        text = f"{wording.many(done, 'answer')} marked ({sides})"
    st.progress(min(1.0, done / least), text=text)


def _desk(workspace: Workspace, who: str, any_marks: bool) -> None:
    """The answer to mark, with its buttons."""
    waiting = tone_queue.offered(workspace)
    if not waiting:
        st.caption("Every answer that is in the dataset has been marked.")
        _undo(workspace, who, any_marks)
        return
    shown = act.show(waiting[0], scope="tone-marks")
    with st.container(horizontal=True):
        for label, verb, on_tone, key, icon in BUTTONS:
            act.button(
                label, shown, verb, _marking(workspace, waiting[0], on_tone, who, verb), shortcut=key,
                icon=f":material/{icon}:", kind="tertiary" if on_tone is None else "secondary",
            )  # fmt: skip
        _undo(workspace, who, any_marks)
    example = queries.example(workspace, waiting[0]).example
    before = len(example.messages) - 2
    if before > 0:
        st.caption(f"{wording.many(before, 'earlier turn')} {'is' if before == 1 else 'are'} not shown.")
    render.conversation(example.messages[-2:], key=f"tone-{example.id}")


def _marking(workspace: Workspace, example_id: str, on_tone: bool | None, who: str, verb: str) -> act.Do:
    def do(action_id: str) -> str:
        tone_learned.mark(workspace, example_id, on_tone, who, action_id)
        return SAID[verb]

    return do


def _undo(workspace: Workspace, who: str, any_marks: bool) -> None:
    shown = act.show(f"undo-{workspace.ledger.head()[0]}", scope="tone-undo")

    def do(action_id: str) -> str:
        back = tone_learned.unmark(workspace, who, action_id)
        return "Your last mark is taken back." if back else "You have made no mark that could be taken back."

    act.button(
        "Take back", shown, "unmark", do, icon=":material/undo:", kind="tertiary", disabled=not any_marks, guard=False
    )


def _learning(workspace: Workspace, n_on: int, n_off: int) -> None:
    """The button that learns, its job, and the last result."""
    running = panels.latest(workspace, KIND)
    state = panels.job(running) if running else None
    learned = tone_learned.last(workspace)
    current = learned is not None and learned.marks_key == tone_learned.marks_key(workspace)
    why_not = tone_learned.too_few(n_on, n_off)
    if (state is None or state.ended) and not current:
        if why_not:
            st.caption(f"Not learned yet: {why_not}")
        else:
            shown = act.show(f"learn-{workspace.ledger.head()[0]}", scope="tone-learn")
            label = "Learn again from the marks" if learned else "Learn from the marks"
            act.button(label, shown, "learn", lambda _: _start(workspace), kind="primary", guard=False,
                       icon=":material/model_training:")  # fmt: skip
    if learned is not None and not why_not:
        _result(workspace, learned, current)


def _start(workspace: Workspace) -> None:
    running = panels.latest(workspace, KIND)
    if running and not jobs.read(running).ended:
        raise FinetoothError("The marks are being learned from already.", "Wait for it, or stop it first.")
    spec = {"workspace": str(workspace.path)}
    jobs.submit(workspace.jobs_dir, KIND, "curation.tone_learned:learn_job", spec)


def _result(workspace: Workspace, learned: tone_learned.Learned, current: bool) -> None:
    """How good it is, and the answers that it ranks first."""
    if not current:
        st.caption("This was learned before the latest marks.")
    if learned.quality is not None:
        render.note(f"On marked answers that it had not seen: {learned.quality}.", f"Meaning read by {learned.by}.")
    if not learned.usable:
        st.warning(render.plain(f"Not good enough to use. {learned.why}"), icon=":material/block:")
        return
    for sentence in learned.notes:
        render.note(sentence)
    page = queries.findings(workspace, checks=(tone_learned.CHECK,), limit=SHOWN)
    st.markdown(f"**Most off-tone first**: {wording.many(page.total, 'answer')} open in the review queue.")
    for view in page.items:
        text, link = st.columns([7, 1], vertical_alignment="center")
        answer = queries.example(workspace, view.finding.example_id).example.answer
        with text:
            render.lines([(f"{view.finding.score or 0:.2f}", answer)], limit=200)
        with link:
            query = {"check": tone_learned.CHECK, "finding": view.id}
            shell.link("review.py", "Open", icon="open_in_new", query=query)
    if page.total:
        shell.link("review.py", "Review them all", icon="arrow_forward", query={"check": tone_learned.CHECK})
