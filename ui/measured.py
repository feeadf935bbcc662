"""An evaluation on a page: perplexities and their ratio in words, metrics with denominators, example by example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import wording
from core.workspace import Workspace
from evaluation import queries
from ui import answers, figures, panels, probed, render, worse

PAGE_ROWS = 10
SORTS = {"worse": "got worse first", "better": "got better first", "order": "hold-out order"}


def draw(workspace: Workspace, manifest: Mapping[str, Any]) -> None:
    """Everything about one evaluation."""
    summary = manifest["summary"]
    _perplexity(summary)
    _metrics(summary)
    _sampled(summary.get("sampled"))
    probed.draw(workspace, manifest)
    _examples(workspace, manifest)
    _small_print(manifest)


def sentence(ratio: Mapping[str, Any], n: int) -> str:
    """The perplexity ratio with its interval, in words that claim no more than the figures do."""
    if ratio["value"] is None:
        return f"The ratio could not be measured: {ratio['reason']}."
    where = wording.many(n, "hold-out example")
    said = f"On {where} the tuned model's perplexity is {ratio['value']:.3f} times the base's"
    if ratio["low"] is None or ratio["high"] is None:
        return f"{said}; {ratio['reason']}."
    said += f" (95% interval {ratio['low']:.3f} to {ratio['high']:.3f}): "
    if ratio["high"] < 1:
        return said + "it finds the dataset's answers more likely than the base model does."
    if ratio["low"] > 1:
        return said + "it finds the dataset's answers less likely than the base model does."
    return said + "the interval holds 1, so no difference is shown."


def _perplexity(summary: Mapping[str, Any]) -> None:
    base, tuned, ratio = summary["base"], summary["tuned"], summary["ratio"]
    known = ratio["value"] is not None
    interval = (
        f"95% interval {ratio['low']:.3f} to {ratio['high']:.3f}" if ratio["low"] is not None else ratio["reason"]
    )
    panels.metrics(
        [
            ("Perplexity, base", f"{base['perplexity']:,.3f}", f"over {wording.many(base['tokens'], 'answer token')}"),
            ("Perplexity, tuned", f"{tuned['perplexity']:,.3f}", "same tokens, same precision"),
            ("Tuned / base", f"{ratio['value']:.3f}" if known else "–", interval),
            (
                "Answers more likely",
                f"{summary['n_better']:,}",
                f"of {wording.many(summary['n_examples'], 'example')}; {summary['n_worse']:,} less likely",
            ),
        ]
    )
    st.markdown(render.plain(sentence(ratio, summary["n_examples"])))


def _metrics(summary: Mapping[str, Any]) -> None:
    metrics, replies = summary["metrics"], summary["replies"]
    n = replies["tuned"]["n"]
    if not n:
        panels.empty("No answer was asked for, so there is nothing to compare but perplexity.", icon="info")
        return
    st.subheader("Answers against the reference", anchor=False)
    bounded = [one for one in metrics.values() if one["better"] != "neither" and one["n"]]
    rows = [(f"{one['title']}, {model}", model, one[model]) for one in bounded for model in ("tuned", "base")]
    said = "; ".join(f"{label}: {figures.span(estimate)}" for label, _, estimate in rows)
    figures.intervals(rows, axis=(0, 1), percent=True, alt_text=said)
    speed = [(name, replies[name]) for name in ("tuned", "base")]
    if metrics:
        st.dataframe(
            {
                "Metric": [one["title"] for one in metrics.values()],
                "Tuned": [figures.span(one["tuned"]) for one in metrics.values()],
                "Base": [figures.span(one["base"]) for one in metrics.values()],
                "Tuned − base": [figures.span(one["difference"]) for one in metrics.values()],
                "Scored": [f"{one['n']:,} of {one['n'] + one['n_not_scored']:,}" for one in metrics.values()],
            },
            hide_index=True,
            height="content",
        )
    for name, one in speed:
        seconds = one["seconds_per_answer"]
        st.caption(
            f"{name.capitalize()}: {wording.of(one['truncated'], one['n'], 'answers')} cut off at "
            f"{summary['generation']['max_new_tokens']} tokens, {one['empty']:,} empty"
            + (f", {seconds:.2f} s an answer, {one['tokens_per_second']:.0f} tokens a second." if seconds else ".")
        )


def _sampled(found: Mapping[str, Any] | None) -> None:
    """The same metrics over drawn answers, where there are some."""
    if not found:
        return
    metrics, settings = found["metrics"].values(), found["settings"]
    st.subheader("Drawn answers", anchor=False)
    st.dataframe(
        {
            "Metric": [one["title"] for one in metrics],
            "Tuned": [figures.span(one["tuned"]) for one in metrics],
            "Base": [figures.span(one["base"]) for one in metrics],
            "Tuned − base": [figures.span(one["difference"]) for one in metrics],
            "Scored": [f"{one['n']:,} of {one['n'] + one['n_not_scored']:,}" for one in metrics],
        },
        hide_index=True,
        height="content",
    )
    st.caption(
        f"{wording.many(found['n_samples'], 'answer')} drawn to each prompt at temperature "
        f"{settings['temperature']:g}, from the likeliest tokens that hold {settings['top_p']:.0%}, seeds "
        f"{settings['seed']} and up. Each prompt counts once, with the mean of its answers."
    )


def _examples(workspace: Workspace, manifest: Mapping[str, Any]) -> None:
    st.subheader("Example by example", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sort = st.segmented_control(
            "Order", list(SORTS), default="worse", format_func=SORTS.__getitem__, required=True, key="evaluation_sort"
        )
        pages = max(1, -(-manifest["summary"]["n_examples"] // PAGE_ROWS))
        number = st.pagination(pages, width=260, key=f"evaluation-page-{manifest['id']}-{sort}") if pages > 1 else 1
    page = queries.evaluation(
        workspace, manifest["id"], offset=(number - 1) * PAGE_ROWS, limit=PAGE_ROWS, sort=sort or "worse"
    )
    rows = page["rows"]
    picked = st.dataframe(
        {
            "Change": [row["change_nats_per_token"] for row in rows],
            "Base": [row["base_nll"] / row["base_tokens"] for row in rows],
            "Tuned": [row["tuned_nll"] / row["tuned_tokens"] for row in rows],
            "Tokens": [row["base_tokens"] for row in rows],
            "Reference": [render.cell(row["reference"]) for row in rows],
            "Prompt": [render.cell(row["prompt"][-1]["content"]) if row["prompt"] else "" for row in rows],
        },
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="single-row",
        key=f"evaluation-rows-{manifest['id']}-{sort}-{number}",
        column_config={"Reference": st.column_config.TextColumn(width=270), "Tokens": st.column_config.Column(width=70)}
        | {
            name: st.column_config.NumberColumn(format="%.3f", width=70, help=help_)
            for name, help_ in (
                ("Change", "Nats a token, tuned minus base; below 0 the answer became more likely"),
                ("Base", "Nats a token under the base model"),
                ("Tuned", "Nats a token under the tuned model"),
            )
        },
    )
    st.caption(f"{wording.of(len(rows), page['total'], 'examples')} are listed; mark a row to read it below.")
    selected = picked["selection"]["rows"]
    place = selected[0] if selected and selected[0] < len(rows) else 0
    if rows:
        _one(rows[place], (number - 1) * PAGE_ROWS + place + 1)
        worse.draw(workspace, manifest["id"], rows[place])


def _one(row: Mapping[str, Any], number: int) -> None:
    change = row["change_nats_per_token"]
    word = "more" if change < 0 else "less"
    st.markdown(
        f"**Number {number:,}.** The reference became {word} likely, by {abs(change):.3f} nats a token. "
        ":gray[These answers are not blind.]"
    )
    cut = [name for name in ("base", "tuned") if row.get(f"{name}_truncated")]
    note = f"Cut off at the longest length: {' and '.join(cut)}." if cut else ""
    answers.beside(
        answers.turns(row["prompt"]),
        row["reference"],
        row["base_reply"],
        row["tuned_reply"],
        key=row["example_id"],
        note=note,
    )


def _small_print(manifest: Mapping[str, Any]) -> None:
    excluded = manifest["excluded"]
    if excluded:
        with st.expander(f"{wording.many(len(excluded), 'example')} left out, with reasons", icon=":material/report:"):
            render.lines((one["example_id"][:12], one["reason"]) for one in excluded)
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    st.caption(
        render.plain(
            f"Precision {manifest['precision']} on {manifest['device']}, decoding "
            f"{manifest['summary']['generation']['decoding']}, revision {manifest['revision_id'][:12]}, adapter "
            f"{manifest['adapter_sha256'][:12]}. {versions}"
        )
    )
