"""Review: every finding in one queue, one at a time, by keyboard."""

import streamlit as st

from core import wording
from curation import actions, queries
from ui import act, desk, evidence, example, neighbours, panels, shell

shell.begin()
SCOPE = "review"


def filters(overview: queries.Overview) -> desk.Queue:
    """The filters; they stand in the address, so a view can be linked to."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        checks = st.multiselect(
            "Checks", [c.check for c in overview.counts], key="check", bind="query-params", placeholder="all", width=230
        )
        reasons = st.multiselect(
            "Reasons", _reasons(tuple(checks)), key="reason", bind="query-params", placeholder="all", width=190
        )
        state = st.segmented_control(
            "State", ["open", "settled", "all"], default="open", key="state", bind="query-params", required=True
        )
        order = st.selectbox("Order", list(queries.ORDERS), key="order", bind="query-params", width=130)
        safe = st.segmented_control("Fix", ["any", "safe", "other"], default="any", key="fix", bind="query-params")
    only_safe = {"safe": True, "other": False}.get(safe or "any")
    return desk.Queue(checks=tuple(checks), state=state or "open", safe=only_safe, order=order, reasons=tuple(reasons))


def _reasons(checks: tuple[str, ...]) -> list[str]:
    """What can be chosen; a reason in the address stays, although its last finding may be settled."""
    known = {reason for _, reason in queries.reason_counts(workspace, checks)}
    return sorted(known | set(st.session_state.get("reason", ())) | set(st.query_params.get_all("reason")))


def decisions(place: desk.Place, shown: act.Shown, who: str) -> None:
    """The keys of the keyboard, as buttons."""
    found, about = place.view.finding, place.view.id

    def keep(action: str) -> str:
        actions.keep_finding(workspace, about, who=who, action_id=action)
        return "Kept."

    def drop(action: str) -> str:
        actions.decide(workspace, found.example_id, "drop", who=who, action_id=action, finding_id=about)
        return "Dropped."

    def accept(action: str) -> str:
        changed = actions.accept(workspace, about, who=who, action_id=action)
        return f"Accepted: {wording.many(changed, 'example')} changed."

    buttons = ((":green[Keep]", "keep", keep, "K", "check"), (":red[Drop]", "drop", drop, "D", "delete"))
    with st.container(horizontal=True):
        for label, verb, do, key, icon in buttons:
            act.button(label, shown, verb, desk.then_next(SCOPE, place, do), shortcut=key, icon=f":material/{icon}:")
        st.button(
            ":blue[Edit]",
            key=shown.key("open"),
            icon=":material/edit:",
            shortcut="E",
            on_click=example.open_editor,
            args=(SCOPE, about),
        )
        if found.proposal:
            act.button(
                "Accept the fix",
                shown,
                "accept",
                desk.then_next(SCOPE, place, accept),
                shortcut="A",
                icon=":material/done_all:",
                kind="primary",
            )
        st.button(
            "Skip",
            key=shown.key("skip"),
            icon=":material/skip_next:",
            shortcut="S",
            disabled=place.next is None,
            on_click=desk.go,
            args=(SCOPE, place.next),
        )
        desk.undo_buttons(workspace, SCOPE, who)


panels.title("Review", "Every finding in one queue. Decide by keyboard; nothing is lost, everything can be undone.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if panels.checks(workspace, overview):
    neighbours.after_saving(workspace, SCOPE)
    queue = filters(overview)
    place = desk.current(workspace, queue, SCOPE)
    if place is None:
        with st.container(horizontal=True):
            desk.undo_buttons(workspace, SCOPE, who)
        panels.empty("Nothing is left in this view.", "dataset.py", "Freeze the dataset", icon="task_alt")
    else:
        shown = act.show(place.view.id, scope=SCOPE)
        own, current = evidence.still_there(workspace, place.view.finding)
        desk.navigation(place, SCOPE, shown, unit="findings" if queue.state == "all" else f"{queue.state} findings")
        editing = example.opened(SCOPE, place.view.id)
        if not editing:
            decisions(place, shown, who)
        desk.key_help()
        evidence.statement(place.view, current=current)
        if editing:
            example.editor(workspace, own, shown, who, scope=SCOPE, found=place.view)
        evidence.draw(workspace, place.view, own)
        evidence.others(workspace, place.view)
        example.history(workspace, own.example.id)
    panels.stale(workspace, overview)
