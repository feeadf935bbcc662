"""Duplicates: each cluster of near-identical examples, members side by side, to keep one or all."""

import streamlit as st

from core import wording
from core.types import Finding
from curation import actions, queries
from ui import act, desk, evidence, example, panels, shell

shell.begin()
SCOPE = "duplicates"
KEYS = (("1, 2", "keep the left or the right one, drop the others"),)


def decisions(place: desk.Place, shown: act.Shown, who: str, twin_id: str | None) -> None:
    """Keep one and drop the rest, keep all, or accept what the check proposes."""
    found, about = place.view.finding, place.view.id

    def keep_one(kept: str) -> act.Do:
        def do(action: str) -> str:
            rest = [member for member in found.members if member != kept]
            actions.decide_all(workspace, rest, "drop", who=who, action_id=action, finding_id=about)
            return f"Kept one, dropped {len(rest):,}."

        return desk.then_next(SCOPE, place, do)

    def keep_all(action: str) -> str:
        actions.keep_finding(workspace, about, who=who, action_id=action)
        return "All stay."

    def accept(action: str) -> str:
        changed = actions.accept(workspace, about, who=who, action_id=action)
        return f"{wording.many(changed, 'example')} dropped." if changed else "Identical rows now count once."

    rest = len(found.members) - 1
    with st.container(horizontal=True):
        if found.proposal:
            words = f"Accept: drop {wording.many(len(found.proposal.targets), 'copy', 'copies')}"
            label = "Count identical rows once" if identical(found) else words
            do = desk.then_next(SCOPE, place, accept)
            act.button(label, shown, "accept", do, shortcut="A", icon=":material/done_all:", kind="primary")
        act.button(
            ":green[Keep all]",
            shown,
            "keep",
            desk.then_next(SCOPE, place, keep_all),
            shortcut="K",
            icon=":material/check:",
        )
        if twin_id is not None:
            others = f"drop the other {rest:,}" if rest > 1 else "drop the other"
            sides = (("left", "1", found.example_id, "arrow_back"), ("right", "2", twin_id, "arrow_forward"))
            for side, key, kept, icon in sides:
                label = f":green[Keep the {side} one], {others}"
                act.button(label, shown, f"keep-{side}", keep_one(kept), shortcut=key, icon=f":material/{icon}:")
        desk.undo_buttons(workspace, SCOPE, who)


def identical(found: Finding) -> bool:
    """Whether the cluster is one example on several rows."""
    return not found.related


panels.title("Duplicates", "Rows that say the same, and what differs between them. Nothing is dropped unseen.")
workspace = shell.workspace()
who = shell.who()
overview = queries.overview(workspace)
if panels.checks(workspace, overview):
    queue = desk.family_queue(overview, "duplicates", SCOPE)
    place = desk.current(workspace, queue, SCOPE)
    if place is None:
        desk.finished(workspace, SCOPE, who, "No cluster of duplicates is left to settle.")
    else:
        shown = act.show(place.view.id, scope=SCOPE)
        own, current = evidence.still_there(workspace, place.view.finding)
        desk.navigation(place, SCOPE, shown, unit="clusters")
        evidence.statement(place.view, current=current)
        twin_id = None if identical(place.view.finding) else evidence.chosen_related(place.view)
        decisions(place, shown, who, twin_id)
        desk.key_help(KEYS)
        if twin_id is None:
            example.draw(own)
        else:
            evidence.twins(workspace, place.view, own, queries.example(workspace, twin_id), ("Left", "Right"))
    panels.stale(workspace, overview)
