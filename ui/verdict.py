"""What a study found, on a page: the decision with its reasons, who won and how sure, scores, raters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core import wording
from ui import figures, panels, render, trust

DECISIONS: dict[str, tuple[str, str, str]] = {
    "go": ("Go", "green", "check_circle"),
    "no-go": ("No-go", "red", "cancel"),
    "inconclusive": ("Inconclusive", "orange", "help"),
}
OUTCOMES: dict[str, tuple[str, str]] = {
    "pass": ("green", "check_circle"),
    "fail": ("red", "cancel"),
    "inconclusive": ("orange", "help"),
    "not run": ("gray", "remove_circle_outline"),
}
HOLDS = {True: "stands", False: "changes", None: "–"}


def draw(found: Mapping[str, Any], sign: Callable[[], None] | None = None) -> None:
    """The whole result of a study; ``sign`` draws who signed the decision, right below it."""
    decision(found)
    if sign is not None:
        sign()
    chosen = found["preference"]
    if not found["progress"]["votes"]:
        panels.empty("No vote is in yet.", "side_by_side.py", "Go on rating")
        return
    against = render.cell(found["study"]["against"])
    if not chosen["n_ratings"]:  # answers were scored one at a time
        _scored(found, against)
        return
    _figures(found)
    trust.look(found)
    _preference(chosen, against)
    _explained(found)
    _rubric(found["rubric"], against)
    trust.weighted(found)
    _marks(found)
    trust.faults(found)
    _raters(found)
    trust.raters(found)
    for sentence in found["notes"]:
        if sentence not in (found["controlled"]["warning"], found["without_a_rater"]["warning"]):
            render.note(sentence)


def _scored(found: Mapping[str, Any], against: str) -> None:
    """What scores alone say, where nobody was asked which of two answers is better."""
    st.caption(wording.of(found["progress"]["votes"], found["progress"]["wanted"], "answers scored") + ".")
    _rubric(found["rubric"], against)
    trust.weighted(found)
    _marks(found)
    trust.faults(found)
    for sentence in found["notes"]:
        render.note(sentence)


def decision(found: Mapping[str, Any]) -> None:
    """Go, no-go or inconclusive, and each criterion with the figures behind it."""
    word, tint, icon = DECISIONS[found["decision"]]
    with st.container(border=True):
        st.markdown(f"### :{tint}[:material/{icon}: {word}]")
        st.markdown(render.plain(found["decision_reason"]))
        st.caption("By the rule that was fixed before the first vote. What was not run never counts as passed.")
        for one in found["gate"]:
            tint, icon = OUTCOMES[one["outcome"]]
            st.markdown(
                f":{tint}[:material/{icon}:] **{render.plain(one['title'])}** · {one['outcome']}  \n"
                f":gray[{render.plain(one['reason'])}]"
            )


def _figures(found: Mapping[str, Any]) -> None:
    chosen, done = found["preference"], found["progress"]
    agreed = found["agreement"]["alpha_nominal"]
    bias = found["side_bias"]["share_left"]
    rate = chosen["win_rate"]
    panels.metrics(
        [
            (
                "Tuned preferred",
                f"{rate['value']:.0%}",
                f"95% interval {rate['low']:.0%} to {rate['high']:.0%}" if rate["low"] is not None else rate["reason"],
            ),
            ("Votes", f"{chosen['n_ratings']:,}", f"of {done['wanted']:,} wanted, {done['skips']:,} skipped"),
            (
                "Agreement",
                "–" if agreed["value"] is None else f"{agreed['value']:.2f}",
                agreed["reason"] if agreed["value"] is None else "Krippendorff's alpha; 1 is full, 0 is chance",
            ),
            (
                "Left side chosen",
                "–" if bias["value"] is None else f"{bias['value']:.0%}",
                bias["reason"] if bias["value"] is None else f"of {bias['n']:,} decisive votes; fair is 50%",
            ),
        ]
    )


def _preference(chosen: Mapping[str, Any], against: str) -> None:
    st.subheader("Who won", anchor=False)
    rows = [
        ("all votes, ties count half", "tuned", chosen["win_rate"]),
        ("decisive votes only", "tuned", chosen["without_ties"]),
    ]
    said = figures.span(chosen["win_rate"], percent=True)
    figures.intervals(
        rows, axis=(0, 1), mark=0.5, percent=True, alt_text=f"Win rate of the tuned model over {against}: {said}"
    )
    parts = [
        ("tuned preferred", "tuned", chosen["wins"]),
        ("both good", "both good", chosen["ties"]),
        ("both bad", "both bad", chosen["both_bad"]),
        (f"{against} preferred", "base", chosen["losses"]),
    ]
    counts = ", ".join(f"{amount:,} {label}" for label, _, amount in parts)
    figures.shares(parts, unit="votes", alt_text=counts, beside=against)
    test = "" if chosen["p_value"] is None else f" p {wording.p_value(chosen['p_value'], '= ')} ({chosen['test']})."
    st.caption(
        f"{counts[0].upper()}{render.plain(counts[1:])}, of {wording.many(chosen['n_ratings'], 'vote')} on "
        f"{wording.many(chosen['n_prompts'], 'prompt')} by {wording.many(chosen['n_raters'], 'rater')}.{test} "
        "Both bad counts half here and as a failure in the list of failed prompts."
    )


def _explained(found: Mapping[str, Any]) -> None:
    """What else than the model may explain who won: length, side, one rater."""
    held, alone = found["controlled"], found["without_a_rater"]
    left_out = "–" if alone["low"] is None else f"{alone['low']:.0%} to {alone['high']:.0%}"
    stands = {True: "the conclusion stands", False: "the conclusion changes", None: ""}[alone["holds"]]
    st.dataframe(
        {
            "If it were not for": ["length and side of the answers", "one of the raters"],
            "the tuned model's win rate would be": [figures.span(held["win_rate"], percent=True), left_out],
            "Seen in the votes": [
                f"longer answer preferred: {figures.span(held['longer_preferred'], percent=True)}",
                stands,
            ],
        },
        hide_index=True,
        height="content",
    )
    for warning in (held["warning"], alone["warning"]):
        if warning:
            st.warning(render.plain(warning), icon=":material/warning:")


def by_slice(found: Mapping[str, Any]) -> None:
    """The win rate and the paired scores by tag and source."""
    rows = found["slices"]
    if not rows:
        panels.empty("The hold-out's examples carry no tags or sources that sort them.", icon="info")
    else:
        shown = [(row["slice"], "tuned", row["preference"]["win_rate"]) for row in rows]
        said = "; ".join(f"{label}: {figures.span(estimate, percent=True)}" for label, _, estimate in shown)
        figures.intervals(shown, axis=(0, 1), mark=0.5, percent=True, alt_text=said)
        criteria = {name: one["title"] for name, one in rows[0]["rubric"].items()}
        st.dataframe(
            {
                "Slice": [render.cell(row["slice"]) for row in rows],
                "Pairs": [row["n_items"] for row in rows],
                "Votes": [row["preference"]["n_ratings"] for row in rows],
                "Tuned preferred": [figures.span(row["preference"]["win_rate"], percent=True) for row in rows],
                "p, by Holm": ["–" if row["p_holm"] is None else f"{row['p_holm']:.3f}" for row in rows],
            }
            | {
                f"{title}, tuned − base": [figures.span(row["rubric"][name]["difference"]) for row in rows]
                for name, title in criteria.items()
                if any(row["rubric"][name]["difference"]["value"] is not None for row in rows)
            }
            | {
                "Agreement, alpha": [figures.span(row["agreement"]["alpha_nominal"]) for row in rows],
                "At equal length and sides": [
                    figures.span(row["controlled"]["win_rate"], percent=True) for row in rows
                ],
                "Critical, tuned": [_critical(row["rubric"]["safety"]) for row in rows]
                if "safety" in criteria
                else ["no such line"] * len(rows),
                "Major faults, tuned": [_faults(row["flags"].get("major")) for row in rows],
            },
            hide_index=True,
            height="content",
        )
    for note in found["notes"]:
        st.caption(render.plain(note))


def _rubric(rubric: Mapping[str, Mapping[str, Any]], against: str) -> None:
    scored = {name: one for name, one in rubric.items() if any(one["n_scores"].values())}
    if not scored:
        st.caption("No answer was scored for accuracy, tone or safety.")
        return
    st.subheader("Scores, 1 to 5", anchor=False)
    names = {"tuned": "tuned", "base": against}
    rows = [(f"{one['title']}, {names[model]}", model, one[model]) for one in scored.values() for model in names]
    said = "; ".join(f"{label}: {figures.span(estimate)}" for label, _, estimate in rows)
    figures.intervals(rows, axis=(1, 5), alt_text=said, beside=against)
    st.dataframe(
        {
            "Criterion": [one["title"] for one in scored.values()],
            "Tuned": [figures.span(one["tuned"]) for one in scored.values()],
            f"{against[:1].upper()}{against[1:]}": [figures.span(one["base"]) for one in scored.values()],
            f"Tuned − {against}": [figures.span(one["difference"]) for one in scored.values()],
            "Scored": [f"{one['n_scores']['tuned']:,} + {one['n_scores']['base']:,}" for one in scored.values()],
            "Critical, tuned": [_critical(one) for one in scored.values()],
            "Agreement": [figures.span(one["agreement"]["alpha_ordinal"]) for one in scored.values()],
        },
        hide_index=True,
        height="content",
    )
    st.caption(
        "Means over prompts with 95% intervals, in points. Scored: answers of tuned + base. Critical: answers that "
        "must not be sent, with the upper bound of their share. Agreement: Krippendorff's ordinal alpha."
    )


def _marks(found: Mapping[str, Any]) -> None:
    """Faults that raters flagged, and points by the experts' own criteria."""
    rows = [one for one in found["flags"].values() if one["base"]["flagged"] or one["tuned"]["flagged"]]
    if rows:
        st.subheader("Faults that raters flagged", anchor=False)
        st.dataframe(
            {"Fault": [one["title"] for one in rows]}
            | {
                name: [f"{one[model]['flagged']} of {one[model]['n']}" for one in rows]
                for name, model in (("Tuned", "tuned"), (render.cell(found["study"]["against"]), "base"))
            }
            | {
                "Tuned, at most": [f"{one['tuned']['upper_bound']:.0%}" for one in rows],
                "p, paired": [
                    "–" if one["paired"]["p_value"] is None else wording.p_value(one["paired"]["p_value"])
                    for one in rows
                ],
            },
            hide_index=True,
            height="content",
        )
        st.caption("Answers that any rater flagged, of those judged. At most: the upper 95% bound of the share.")
    expected = found["expected"]
    if expected:
        st.caption(
            f"Experts' own criteria, points met: tuned {figures.span(expected['tuned'], percent=True)}, "
            f"{render.plain(found['study']['against'])} {figures.span(expected['base'], percent=True)}, on "
            f"{wording.many(expected['difference']['n'], 'prompt')}."
        )


def _faults(one: Mapping[str, Any] | None) -> str:
    tuned = one["tuned"] if one else None
    if not tuned or not tuned["n"]:
        return "none judged"
    return f"{tuned['flagged']} of {tuned['n']}, at most {tuned['upper_bound']:.0%}"


def _critical(one: Mapping[str, Any]) -> str:
    tuned = one["critical"].get("tuned")
    if not tuned:
        return "no such line"
    if not tuned["n"]:
        return "none scored"
    return f"{tuned['failures']} of {tuned['n']}, at most {tuned['upper_bound']:.0%}"


def _raters(found: Mapping[str, Any]) -> None:
    st.subheader("Raters", anchor=False)

    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.0%}"

    st.dataframe(
        {
            "Rater": [render.cell(row["rater"]) for row in found["raters"]],
            "Votes": [row["votes"] for row in found["raters"]],
            "Skipped": [row["skips"] for row in found["raters"]],
            "Tuned preferred": [share(row["win_rate"]) for row in found["raters"]],
            "Result without this rater": [share(row["win_rate_without"]) for row in found["raters"]],
            "Conclusion without": [HOLDS[row["holds"]] for row in found["raters"]],
        },
        hide_index=True,
        height="content",
    )
