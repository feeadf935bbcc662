"""Contradictions: two examples that answer the same question and cannot both be right, side by side."""

import streamlit as st

from curation import actions, queries
from ui import act, desk, evidence, example, neighbours, panels, shell

shell.begin()
SCOPE = "contradictions"
KEYS = (("1, 2", "keep the left or the right one, drop the other"), ("E, T", "edit the left or the right one"))


def decisions(place: desk.Place, shown: act.Shown, who: str, twin_id: str) -> None:
    """Keep the left, the right, both or neither; or edit one of them."""
    found, about = place.view.finding, place.view.id

    def drop(gone: list[str], sentence: str) -> act.Do:
        def do(action: str) -> str:
            actions.decide_all(workspace, gone, "drop", who=who, action_id=action, finding_id=about)
            return sentence

        return desk.then_next(SCOPE, place, do)

    def keep_both(action: str) -> str:
        actions.keep_finding(workspace, about, who=who, action_id=action)
        return "Both stay."

    left, right = found.example_id, twin_id
    choices = (
        (":green[Keep left]", "left", drop([right], "Kept the left one."), "1", "arrow_back"),
        (":green[Keep right]", "right", drop([left], "Kept the right one."), "2", "arrow_forward"),
        (":green[Keep both]", "keep", desk.then_next(SCOPE, place, keep_both), "K", "check"),
        (":red[Drop both]", "both", drop([left, right], "Dropped both."), "D", "delete"),
    )
    with st.container(horizontal=True):
        for label, verb, do, key, icon in choices:
            act.button(label, shown, verb, do, shortcut=key, icon=f":material/{icon}:")
        for label, key, target in ((":blue[Edit left]", "E", left), (":blue[Edit right]", "T", right)):
            st.button(
                label,
                key=shown.key(f"open-{key}"),
                icon=":material/edit:",
                shortcut=key,
                on_click=example.open_editor,
                args=(SCOPE, f"{about}:{target}"),
            )
        desk.undo_buttons(workspace, SCOPE, who)


panels.title("Contradictions", "Answers to the same question that cannot both be right; the clashing words are marked.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if panels.checks(workspace, overview):
    neighbours.after_saving(workspace, SCOPE)
    queue = desk.family_queue(overview, "contradictions", SCOPE)
    place = desk.current(workspace, queue, SCOPE)
    if place is None:
        desk.finished(workspace, SCOPE, who, "No contradiction is left to settle.")
    else:
        view = place.view
        shown = act.show(view.id, scope=SCOPE)
        own, current = evidence.still_there(workspace, view.finding)
        desk.navigation(place, SCOPE, shown, unit="pairs")
        evidence.statement(view, current=current)
        if not view.finding.related:
            example.draw(own)
            st.stop()
        twin = queries.example(workspace, evidence.chosen_related(view))
        edited = next((s for s in (own, twin) if example.opened(SCOPE, f"{view.id}:{s.example.id}")), None)
        if edited is None:
            decisions(place, shown, who, twin.example.id)
            desk.key_help(KEYS)
        else:
            example.editor(workspace, edited, shown, who, scope=SCOPE, found=view)
        evidence.twins(workspace, view, own, twin, ("Left", "Right"))
    panels.stale(workspace, overview)
