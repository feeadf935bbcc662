"""The blind rating desk: one pair at a time, by keyboard, with nothing on it that tells which model answered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from core import wording
from core.clock import FORM
from core.types import Message, Rating
from core.workspace import Workspace
from evaluation import queries, rating, rating_links
from evaluation.rubric import SIDES
from ui import act, answers, guessing, panels, rating_marks, render, shell
from ui.act import Shown

FEEDBACK = "rating_feedback"
"""In the session: what the last training pair taught."""
VERDICTS = (
    ("left", "Left is better", "1", "arrow_back"),
    ("right", "Right is better", "2", "arrow_forward"),
    ("tie", "Both good", "3", "thumbs_up_down"),
    ("both_bad", "Both bad", "4", "thumb_down"),
    ("skip", "Skip", "S", "skip_next"),
)
ALONE: tuple[tuple[str | None, str, str, str], ...] = (
    (None, "Scored, next", "N", "check"),
    ("skip", "Skip", "S", "skip_next"),
)
"""Where one answer is shown at a time."""
SAID = {
    None: "Scored.",
    "left": "Left.",
    "right": "Right.",
    "tie": "Both good.",
    "both_bad": "Both bad.",
    "skip": "Skipped; somebody else will judge it.",
}


def draw(workspace: Workspace, study_id: str, who: str) -> None:
    """The desk of one study for one rater: the welcome, the next pair, or the end."""
    state = queries.study(workspace, study_id)
    if not state["open"]:
        closed = "This study is closed: no further votes are taken."
        if shell.guest():
            panels.empty(f"{closed} Thank you.")
        else:
            panels.empty(closed, "results.py", "See what it found")
        return
    if who not in state["raters"]:
        _welcome(workspace, state, who)
        return
    item = rating.next_item(workspace, study_id, who)
    if item is None:
        _end(workspace, study_id, who, single=state["single"])
        return
    shown = act.show(item.item_id, scope="rating")
    criteria: list[dict[str, Any]] = state["criteria"]
    _feedback()
    if item.practice:
        st.info(
            f"{wording.many(item.practice, 'practice pair')} before you begin: once you have voted, you read which "
            "answer is better, and why. Practice does not count.",
            icon=":material/school:",
        )
    unit = "answer" if item.single else "pair"
    _progress(item.mine_done, item.mine_total, item.all_done, item.all_total, unit, item.left_s)
    if item.single:
        _alone(workspace, study_id, item, who, shown, criteria)
        return
    _verdicts(workspace, study_id, item, who, shown, [c["name"] for c in criteria])
    answers.prompt([Message(role, text) for role, text in item.prompt], key=f"prompt-{item.item_id}")
    scoring = bool(st.session_state.get("rating_scores")) and bool(criteria)
    for column, side, text in zip(st.columns(2, gap="medium"), SIDES, (item.left, item.right), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{side.capitalize()}**")
            render.conversation([Message("assistant", text)], key=f"{side}-{item.item_id}")
        with column:
            rating_marks.beside(criteria, item.expected, side, shown, scoring=scoring)
    rating_marks.extras(criteria, shown)


def _alone(
    workspace: Workspace, study_id: str, item: rating.DeskItem, who: str, shown: Shown, criteria: list[dict[str, Any]]
) -> None:
    """One answer by itself, with its scores beside it."""
    names = [criterion["name"] for criterion in criteria]
    with st.container(horizontal=True):
        for verdict, label, key, icon in ALONE:
            act.button(
                label,
                shown,
                verdict or "scored",
                _vote(workspace, item, who, verdict, shown, names),
                shortcut=key,
                icon=f":material/{icon}:",
                kind="tertiary" if verdict else "primary",
            )
        _undo(workspace, study_id, who, item.mine_done)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        answers.prompt([Message(role, text) for role, text in item.prompt], key=f"prompt-{item.item_id}")
        with st.container(border=True):
            st.markdown("**The answer**")
            render.conversation([Message("assistant", item.left)], key=f"alone-{item.item_id}")
    with right:
        rating_marks.beside(criteria, item.expected, SIDES[0], shown, scoring=True, alone=True)
        rating_marks.extras(criteria, shown, alone=True)


def draw_for_guest(workspace: Workspace) -> None:
    """The desk for somebody who came by a link: its study, under the link's name, and nothing else.

    Raises:
        FinetoothError: The link is of no rater of its study.
    """
    study_id = st.query_params.get("study", "")
    draw(workspace, study_id, rating_links.rater_of(workspace, study_id, shell.guest()))


def _welcome(workspace: Workspace, state: Mapping[str, Any], who: str) -> None:
    """What a rater is asked to do, before the first pair; only who presses Start becomes a rater."""
    with st.container(border=True, width=720):
        if state["single"]:
            st.markdown(f"**{wording.many(state['n_items'], 'answer')} wait to be scored.**")
            st.markdown(
                "You will read a question and one answer at a time. Give it a score by each criterion; the sentence "
                "beside the score says what it stands for. You are not told who wrote it.\n\n"
                "- **N/A**: the criterion does not apply.\n"
                "- **Skip**: you cannot judge this one; somebody else will."
            )
        else:
            _asks_for_a_side(state)
        st.caption(f"You rate as {render.plain(who)}. Others cannot see your votes while the study is open.")
        st.button(
            "Start rating",
            type="primary",
            icon=":material/play_arrow:",
            key="start-rating",
            on_click=act.guarded(rating.join),
            args=(workspace, state["id"], who),
        )


def _asks_for_a_side(state: Mapping[str, Any]) -> None:
    st.markdown(f"**{wording.many(state['n_items'], 'pair')} of answers wait to be judged.**")
    st.markdown(
        "You will read a question and two answers. Say which one you would send. You are not told who wrote them, "
        "and they change sides from pair to pair.\n\n"
        "- **Both good**: you could send either.\n"
        "- **Both bad**: you would send neither.\n"
        "- **Skip**: you cannot judge this one; somebody else will."
    )


def _end(workspace: Workspace, study_id: str, who: str, *, single: bool) -> None:
    """Nothing is left for this rater: say so, and let them take the last vote back."""
    now = rating.progress(workspace, study_id, who)
    unit = "answer" if single else "pair"
    _progress(now.mine_done, now.mine_total, now.all_done, now.all_total, unit, None)
    _feedback()
    with st.container(border=True):
        if now.mine_left:
            st.markdown(
                f":material/hourglass_top: You judged {wording.many(now.mine_done, unit)}. The "
                f"{wording.many(now.mine_left, unit)} left for you are open on other desks; one that nobody has "
                "judged within ten minutes comes to you."
            )
            st.button("Look again", icon=":material/refresh:", key="look-again")
            _undo(workspace, study_id, who, now.mine_done)
            return
        st.markdown(
            f":material/task_alt: Thank you. You judged {wording.many(now.mine_done, unit)}; none is left for you."
        )
        _undo(workspace, study_id, who, now.mine_done)
    guessing.draw(workspace, study_id, who)


def _progress(
    mine: int, mine_total: int, everybody: int, everybody_total: int, unit: str, left_s: float | None
) -> None:
    own, shared = wording.of(mine, mine_total, f"{unit}s"), wording.of(everybody, everybody_total, "votes")
    rest = "" if left_s is None else f", about {wording.many(max(1, round(left_s / 60)), 'minute')} left"
    st.progress(mine / mine_total if mine_total else 1.0, text=f"You: {own}{rest} · everybody: {shared}")


def _feedback() -> None:
    if said := st.session_state.pop(FEEDBACK, None):
        st.success(render.plain(said), icon=":material/school:")


def _verdicts(
    workspace: Workspace, study_id: str, item: rating.DeskItem, who: str, shown: Shown, criteria: list[str]
) -> None:
    """One button a verdict, each with its key printed on it, and undo."""
    with st.container(horizontal=True):
        for verdict, label, key, icon in VERDICTS:
            act.button(
                label,
                shown,
                verdict,
                _vote(workspace, item, who, verdict, shown, criteria),
                shortcut=key,
                icon=f":material/{icon}:",
                kind="tertiary" if verdict == "skip" else "secondary",
            )
        _undo(workspace, study_id, who, item.mine_done)


def _vote(
    workspace: Workspace, item: rating.DeskItem, who: str, verdict: str | None, shown: Shown, criteria: list[str]
) -> act.Do:
    """The act of voting on the pair (or answer) shown: verdict, scores, flags and comment in one."""

    def do(action_id: str) -> str:
        now = datetime.now(UTC)
        shown_at = now - timedelta(seconds=time.monotonic() - shown.since_s)
        vote = Rating(
            action_id,
            item.item_id,
            who,
            verdict,
            rating_marks.scores(shown, criteria),
            rating_marks.comment(shown),
            shown_at.strftime(FORM),
            now.strftime(FORM),
            rating_marks.flags(shown),
            rating_marks.points(shown, len(item.expected)),
        )
        done = rating.record_rating(workspace, vote)
        if done.feedback:
            st.session_state[FEEDBACK] = done.feedback
        return SAID[verdict] if done.stored else f"Not counted: {done.reason}."

    return do


def _undo(workspace: Workspace, study_id: str, who: str, mine_done: int) -> None:
    shown = act.show(f"undo-{study_id}-{mine_done}", scope="rating-undo")

    def do(action_id: str) -> str:
        back = rating.undo_rating(workspace, study_id, who, action_id=action_id)
        return "Your last vote is taken back; the pair is here again." if back else "There is nothing to take back."

    act.button(
        "Undo", shown, "undo", do, shortcut="Z", icon=":material/undo:", kind="tertiary", disabled=mine_done == 0
    )
