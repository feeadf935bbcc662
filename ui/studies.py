"""The studies of a workspace on a page: how far each is, opening one with its power said beforehand, closing one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import wording
from core.ids import content_id
from core.workspace import Workspace
from evaluation import gate, opponents, queries, study
from evaluation.criteria import out_of_reach
from evaluation.power import detectable_win_rate
from ui import act, render, rubric_editor, settling, study_checks

PAIRS, ALONE = "Two answers, and choose one", "One answer at a time, and score it"
SHOWN = (PAIRS, ALONE)


def newest_open(workspace: Workspace) -> str | None:
    """The newest study that takes votes, else the newest of all, else None."""
    ids = workspace.objects.ids(study.KIND)[::-1]
    return next((one for one in ids if study.is_open(workspace, one)), ids[0] if ids else None)


def label(state: dict[str, Any]) -> str:
    """A study's name for a list: short id, when, size, state. Names no model."""
    when = str(state["created_at"])[:16].replace("T", " ")
    word = "open" if state["open"] else "closed"
    unit = "answer" if state["single"] else "pair"
    return f"{state['id'][:8]} · {wording.many(state['n_items'], unit)} · {when} UTC · {word}"


def chooser(states: list[dict[str, Any]], *, key: str) -> dict[str, Any]:
    """Which study the page is about: the one in the address, else the first given; a box where there are several."""
    by_id = {state["id"]: state for state in states}
    wanted = st.query_params.get("study")
    start = list(by_id).index(wanted) if wanted in by_id else 0
    chosen = states[start]["id"]
    if len(states) > 1:
        chosen = st.selectbox(
            "Study", list(by_id), index=start, format_func=lambda one: label(by_id[one]), key=key, width=520
        )
    if wanted != chosen:
        st.query_params["study"] = chosen
    return by_id[chosen]


def evaluation_label(manifest: dict[str, Any]) -> str:
    """An evaluation's name for a list: when, run, base model, number of answers."""
    when = str(manifest["created_at"])[:16].replace("T", " ")
    answered = manifest["summary"]["replies"]["tuned"]["n"]
    base = render.cell(str(manifest["base_model"]).rstrip("/").rsplit("/", 1)[-1])
    return f"{when} UTC · run {manifest['run_id'][:12]} on {base} · {wording.many(answered, 'answer')} each"


def create(workspace: Workspace, evaluations: list[dict[str, Any]], who: str) -> None:
    """Choose the pairs and raters, see what such a study can find, and open it."""
    with st.container(border=True):
        st.markdown("**Open a blind study.** Its pairs and the rule it is judged by are fixed before the first vote.")
        names = {one["id"]: evaluation_label(one) for one in evaluations}
        chosen = st.selectbox("Answers of", list(names), format_func=names.__getitem__, key="study_evaluation")
        others = {one["source"]: str(one["id"]) for one in opponents.brought(workspace, chosen)}
        beside = None
        if others:
            beside = st.selectbox(
                "Compared with",
                [None, *others],
                format_func=lambda name: "the base model" if name is None else render.cell(name),
                key=f"study_against_{chosen}",
            )
        replies_id = others.get(beside) if beside else None
        different, alike = queries.pairs(workspace, chosen, replies_id)
        single = st.segmented_control("Raters see", [*SHOWN], default=PAIRS, required=True, key="study_shown") == ALONE
        if not different and not single:
            st.warning(
                f"No two of its {wording.many(alike, 'answer')} differ, so there is no pair to judge. "
                "Evaluate with more answers, or train longer.",
                icon=":material/warning:",
            )
            return
        left, middle, right = st.columns(3)
        pairs = int(
            left.number_input(
                "Prompts" if single else "Pairs",
                1,
                (most := different + alike if single else different),
                min(30, most),
                key=f"study_pairs_{chosen}{replies_id or ''}{most}",
                help="Both models' answers to each are shown." if single else _why(alike),
            )
        )
        each = "answer" if single else "pair"
        raters = int(middle.number_input(f"Raters for each {each}", 1, 20, 2, key="study_raters"))
        seed = int(right.number_input("Seed of the choice and the sides", 0, 2**31 - 1, 0, key="study_seed"))
        criteria = rubric_editor.choose(workspace)
        spare = different + alike - pairs
        asked = (
            study_checks.choose_single() if single else study_checks.choose(pairs, spare, len(study.agreed(workspace)))
        )
        if asked is None:
            return
        if single:
            st.caption(
                f"{pairs * raters * 2:,} answers to score in all, each model's apart. Nobody says which of two is "
                "better, so there will be means and their difference, and no win rate."
            )
        else:
            st.caption(
                f"With {wording.many(pairs, 'pair')} and {wording.many(raters, 'rater')} each, a study finds a true "
                f"win rate of **{detectable_win_rate(pairs, raters):.0%}** or more in 80 of 100 repetitions; a smaller "
                f"difference will often stay undecided. {pairs * raters:,} votes in all."
            )
        rule = gate.DEFAULT_RULE
        st.caption(f"The rule for a go: {rule.sentence()}.")
        summary = next(one for one in evaluations if one["id"] == chosen)["summary"]
        if short := out_of_reach(rule, summary, [c.name for c in criteria], pairs, raters):
            st.caption(f":orange[:material/info:] It cannot end as a go, whatever people vote: {'; '.join(short)}.")
        design = content_id(
            [
                [c.as_dict() for c in criteria],
                [single, asked.n_repeats, asked.n_equals, asked.n_gold],
                [c.as_dict() for c in asked.checks],
            ]
        )
        shown = act.show(f"open-{chosen}-{replies_id}-{pairs}-{raters}-{seed}-{design}", scope="study")

        def do(_: str) -> str:
            made = study.create_study(
                workspace,
                chosen,
                n_items=pairs,
                raters_per_item=raters,
                seed=seed,
                criteria=criteria,
                n_repeats=asked.n_repeats,
                n_equals=asked.n_equals,
                n_gold=asked.n_gold,
                checks=asked.checks,
                expected=asked.expected,
                replies_id=replies_id,
                single=single,
                who=who,
            )
            st.query_params["study"] = made
            st.session_state["side_view"] = "Rate"
            return "The study is open."

        act.button("Open the study", shown, "open", do, kind="primary", icon=":material/lock_open:", guard=False)


def listing(workspace: Workspace, states: list[dict[str, Any]], who: str) -> None:
    """Each study with its progress, and the button that closes or reopens it."""
    for state in states:
        with st.container(border=True):
            st.markdown(f"**{render.plain(label(state))}**")
            st.progress(
                min(1.0, state["votes"] / max(1, state["wanted"])),
                text=wording.of(state["votes"], state["wanted"], "votes"),
            )
            names = ", ".join(render.plain(name) for name in state["raters"]) or "nobody yet"
            alike = wording.many(state["n_identical"], "prompt")
            named = state["n_left_out_naming"]
            st.caption(
                f"Raters: {names} · {state['raters_per_item']} for each "
                + (
                    "answer, shown one at a time"
                    if state["single"]
                    else f"pair · detects a win rate of {state['detectable_win_rate']:.0%} or more · {alike} answered "
                    "alike by both and left out"
                )
                + (f" · {wording.many(named, 'pair')} left out that name a model" if named else "")
            )
            study_checks.raters(workspace, state["id"])
            if not state["open"]:
                settling.draw(workspace, state["id"], who)
            with st.container(horizontal=True):
                if state["open"]:
                    study_checks.links(workspace, state["id"], who)
                _open_or_close(workspace, state, who)


def _open_or_close(workspace: Workspace, state: dict[str, Any], who: str) -> None:
    def close(_: str) -> str:
        study.close_study(workspace, state["id"], who=who)
        return "The study is closed; its result can be read."

    def reopen(_: str) -> str:
        study.reopen_study(workspace, state["id"], who=who)
        return "The study takes votes again; the ledger keeps that its result may have been seen."

    shown = act.show(f"{state['id']}-{state['open']}", scope=f"study-{state['id']}")
    missing = state["wanted"] - state["votes"]
    if state["open"]:
        with st.popover("Close the study", icon=":material/lock:"):
            if missing:
                st.markdown(f"{wording.of(missing, state['wanted'], 'votes')} are still missing.")
            st.markdown("Closing ends the voting and shows the result, with the sides turned back into models.")
            act.button("Close it now", shown, "close", close, kind="primary", guard=False)
    else:
        act.button("Reopen", shown, "reopen", reopen, icon=":material/lock_open:", kind="tertiary", guard=False)


def _why(alike: int) -> str:
    return f"{wording.many(alike, 'prompt')} got the same answer from both models; they cannot be compared."
