"""One cluster of duplicates on the desk: what was found, what can be done, and its members side by side."""

from __future__ import annotations

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import actions, queries
from ui import act, desk, evidence, example, members

KEYS = (
    ("A", "accept what the check proposes"),
    ("K", "keep all: you looked, they stay"),
    ("1, 2", "keep the left or the right one, drop the others"),
    ("X, D", "where several differ in what they say: drop just the left or the right one"),
    ("M", "the next member of the cluster"),
    ("E, T", "edit the left or the right one"),
)
DROP = {"left": "X", "right": "D"}


def draw(workspace: Workspace, place: desk.Place, who: str, scope: str) -> None:
    """Draw the cluster at ``place``; its acts lead to the next one of the queue ``scope``."""
    view = place.view
    shown = act.show(view.id, scope=scope)
    own, present = queries.example(workspace, view.finding.example_id), queries.still_in(workspace, view.id)
    desk.navigation(place, scope, shown, unit="clusters")
    evidence.statement(view, current=present.issuperset(view.finding.members), score=False)  # the sentence says it
    acts = st.container()
    measured = members.sides_of(workspace, view)
    index = members.choose(workspace, view, measured) if view.finding.related else None
    sides = [own] if index is None else [own, queries.example(workspace, view.finding.related[index])]
    edited = next((side for side in sides if example.opened(scope, f"{view.id}:{side.example.id}")), None)
    with acts:
        if edited is None:
            _decisions(workspace, place, shown, who, scope, sides, present)
            desk.key_help(KEYS)
        else:
            example.editor(workspace, edited, shown, who, scope=scope, found=view)
    if index is None:
        example.draw(own)
        return
    members.alike(measured[index])
    evidence.twins(workspace, view, own, sides[1], _headings(view, sides, edited))


def _headings(
    view: queries.FindingView, sides: list[queries.ExampleView], edited: queries.ExampleView | None
) -> tuple[str, str]:
    """Left and right, with what the acts and the sentence above say of each."""
    left, right = (", being edited" if side is edited else "" for side in sides)
    if not left and view.finding.proposal is not None:
        left = ", the first: would stay"
    return f"Left{left}", f"Right{right}"


def _decisions(
    workspace: Workspace,
    place: desk.Place,
    shown: act.Shown,
    who: str,
    scope: str,
    sides: list[queries.ExampleView],
    present: frozenset[str],
) -> None:
    """Keep one and drop the rest, keep all, edit one, or accept what the check proposes.

    Where several only share a question or an answer, no button drops them all at once.
    """
    found, about, looked = place.view.finding, place.view.id, desk.seen(workspace, shown)
    alike = found.proposal is not None or len(found.related) == 1
    theirs = place.other is not None  # somebody else has it open: take it over first

    def keep_one(kept: str) -> act.Do:
        def do(action: str) -> str:
            rest = [member for member in found.members if member != kept and member in present]
            actions.decide_all(workspace, rest, "drop", who=who, action_id=action, finding_id=about, seen=looked)
            return f"Kept one, dropped {len(rest):,}."

        return desk.then_next(scope, place, do, shown)

    def drop_one(dropped: str) -> act.Do:
        def do(action: str) -> str:
            note = f"seen in {found.check}"  # without its id: the rest of the cluster stays open
            actions.decide(workspace, dropped, "drop", who=who, action_id=action, note=note, seen=looked)
            members.step(about, len(found.related))
            return "Dropped one; the others stay."

        return do

    def keep_all(action: str) -> str:
        actions.keep_finding(workspace, about, who=who, action_id=action, seen=looked)
        return "All stay."

    def accept(action: str) -> str:
        changed = actions.accept(workspace, about, who=who, action_id=action, seen=looked)
        return f"{wording.many(changed, 'example')} dropped." if changed else "Identical rows now count once."

    with st.container(horizontal=True):
        if found.proposal:
            words = f"Accept: drop {wording.many(len(found.proposal.targets), 'copy', 'copies')}"
            label = words if found.related else "Count identical rows once"
            do = desk.then_next(scope, place, accept, shown)
            act.button(
                label, shown, "accept", do, shortcut="A", icon=":material/done_all:", kind="primary", disabled=theirs
            )
        keep = desk.then_next(scope, place, keep_all, shown)
        act.button(":green[Keep all]", shown, "keep", keep, shortcut="K", icon=":material/check:", disabled=theirs)
        rest = len(present) - 1
        others = "drop the other" if rest == 1 else f"drop the other {rest:,}"
        for side, key, icon, one in (("left", "1", "arrow_back", sides[0]), ("right", "2", "arrow_forward", sides[-1])):
            if len(sides) > 1 and alike:
                label, do = f":green[Keep the {side} one], {others}", keep_one(one.example.id)
                off = theirs or one.state != "in" or rest < 1
                act.button(label, shown, f"keep-{side}", do, shortcut=key, icon=f":material/{icon}:", disabled=off)
            elif len(sides) > 1:
                label, do, off = f":red[Drop the {side} one]", drop_one(one.example.id), theirs or one.state != "in"
                act.button(
                    label, shown, f"drop-{side}", do, shortcut=DROP[side], icon=":material/delete:", disabled=off
                )
    with st.container(horizontal=True):
        example.edit_buttons(shown, scope, about, sides, disabled=theirs)
        desk.undo_buttons(workspace, scope, who)
