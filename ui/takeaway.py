"""The files of a study that a person takes along: the report over the whole walk, and the ratings."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from core.workspace import Workspace
from evaluation import exports
from flows import walk_report


def ratings(workspace: Workspace, study_id: str) -> bytes:
    """The standing ratings as JSONL."""
    rows = exports.ratings_rows(workspace, study_id)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def report(workspace: Workspace, state: dict[str, Any]) -> bytes:
    """The report over the whole walk, as one HTML page."""
    with tempfile.TemporaryDirectory() as folder:
        return walk_report.write(
            workspace, Path(folder) / "report.html", evaluation_id=state["evaluation_id"], study_id=state["id"]
        ).read_bytes()


def draw(workspace: Workspace, state: dict[str, Any]) -> None:
    """What can be taken along; each file is made when it is asked for."""
    short = state["id"][:8]
    kinds = (
        ("Report (HTML)", f"report-{short}.html", "text/html", lambda: report(workspace, state), "description"),
        (
            "Ratings (JSONL)",
            f"ratings-{short}.jsonl",
            "application/x-ndjson",
            lambda: ratings(workspace, state["id"]),
            "how_to_vote",
        ),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, name, mime, make, icon in kinds:
            st.download_button(
                label, make, name, mime, key=f"download-{name}", icon=f":material/{icon}:", on_click="ignore"
            )
        if state["open"]:
            st.caption("While the study is open, neither file names a model or tells who is ahead.", width="content")
