"""Review: every finding in one queue, one at a time, by keyboard."""

from functools import partial

import streamlit as st

from core import wording
from curation import actions, queries
from ui import (
    act,
    batch,
    desk,
    disagreement,
    editor_new,
    evidence,
    example,
    neighbours,
    panels,
    progress,
    review_filters,
    shell,
    tokens,
    traced,
)

shell.begin()
SCOPE = "review"


def decisions(place: desk.Place, shown: act.Shown, who: str) -> None:
    """The keys of the keyboard, as buttons."""
    found, about, looked = place.view.finding, place.view.id, desk.seen(workspace, shown)

    def keep(action: str) -> str:
        actions.keep_finding(workspace, about, who=who, action_id=action, seen=looked)
        return "Kept."

    def drop(action: str) -> str:
        actions.decide(workspace, found.example_id, "drop", who=who, action_id=action, finding_id=about, seen=looked)
        return "Dropped."

    def accept(action: str) -> str:
        changed = actions.accept(workspace, about, who=who, action_id=action, seen=looked)
        return f"Accepted: {wording.many(changed, 'example')} changed."

    theirs = place.other is not None  # somebody else has it open: take it over first
    buttons = ((":green[Keep]", "keep", keep, "K", "check"), (":red[Drop]", "drop", drop, "D", "delete"))
    with st.container(horizontal=True):
        for label, verb, do, key, icon in buttons:
            go = desk.then_next(SCOPE, place, do, shown)
            act.button(label, shown, verb, go, shortcut=key, icon=f":material/{icon}:", disabled=theirs)
        st.button(
            act.words(":blue[Edit]", disabled=theirs),
            key=shown.key("open"),
            icon=":material/edit:",
            shortcut="E",
            disabled=theirs,
            on_click=example.open_editor,
            args=(SCOPE, about),
        )
        if found.proposal:
            act.button(
                "Accept the fix",
                shown,
                "accept",
                desk.then_next(SCOPE, place, accept, shown),
                shortcut="A",
                icon=":material/done_all:",
                kind="primary",
                disabled=theirs,
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
if disagreement.asked_for(workspace):
    disagreement.draw(workspace, who)
elif editor_new.opened(SCOPE):
    editor_new.draw(workspace, who, SCOPE)
elif panels.checks(workspace, overview):
    neighbours.after_saving(workspace, SCOPE)
    queue = review_filters.queue(workspace, overview, who, SCOPE)
    place = desk.current(workspace, queue, SCOPE)
    if place is None:
        with st.container(horizontal=True):
            desk.undo_buttons(workspace, SCOPE, who)
        panels.empty("Nothing is left in this view.", "dataset.py", "Freeze the dataset", icon="task_alt")
        progress.draw(workspace, overview, who, 0)
    else:
        shown = act.show(place.view.id, scope=SCOPE)
        own, current = evidence.still_there(workspace, place.view.finding)
        unit = "findings" if queue.state == "all" else f"{queue.state} findings"
        part = review_filters.part_of(overview, queue, place.total)
        desk.navigation(place, SCOPE, shown, unit=unit, whole=part)
        editing = example.opened(SCOPE, place.view.id)
        if not editing:
            decisions(place, shown, who)
        desk.key_help()
        evidence.statement(place.view, current=current)
        traced.back_link(workspace, place.view.finding)
        if editing:
            looked, late = desk.seen(workspace, shown), partial(desk.overtaken, SCOPE, shown, place.view.id)
            example.editor(workspace, own, shown, who, scope=SCOPE, found=place.view, seen=looked, overtaken=late)
        evidence.draw(workspace, place.view, own)
        evidence.others(workspace, place.view)
        example.history(workspace, own.example.id)
        tokens.of_example(workspace, own.example, example.place_of(own))
        batch.draw(workspace, queue, who, place.total)
        progress.draw(workspace, overview, who, place.total if queue.state == "open" else overview.n_open)
    editor_new.button(SCOPE)
    panels.stale(workspace, overview)
