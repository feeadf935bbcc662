"""The files of a study that a person takes along: the report over the whole walk, and the ratings."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import streamlit as st

from core.workspace import Workspace
from evaluation import exports, round_files
from flows import walk_report


def ratings(workspace: Workspace, study_id: str) -> bytes:
    """The standing ratings as JSONL."""
    rows = exports.ratings_rows(workspace, study_id)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def report(workspace: Workspace, state: dict[str, Any], form: str = "html") -> bytes:
    """The report over the whole walk, as one HTML page or as Markdown (``md``)."""
    with tempfile.TemporaryDirectory() as folder:
        return walk_report.write(
            workspace, Path(folder) / f"report.{form}", evaluation_id=state["evaluation_id"], study_id=state["id"]
        ).read_bytes()


def whole(workspace: Workspace, study_id: str) -> bytes:
    """The study as a ZIP archive of its files: design, votes and, once it is closed, all figures and the decision."""
    with tempfile.TemporaryDirectory() as folder:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in round_files.export_round(workspace, study_id, Path(folder)):
                archive.write(path, path.relative_to(folder))
        return packed.getvalue()


def draw(workspace: Workspace, state: dict[str, Any]) -> None:
    """What can be taken along; each file is made when it is asked for."""
    short = state["id"][:8]
    kinds = (
        ("Report (HTML)", f"report-{short}.html", "text/html", lambda: report(workspace, state), "description"),
        (
            "Report (Markdown)",
            f"report-{short}.md",
            "text/markdown",
            lambda: report(workspace, state, "md"),
            "article",
        ),
        (
            "Ratings (JSONL)",
            f"ratings-{short}.jsonl",
            "application/x-ndjson",
            lambda: ratings(workspace, state["id"]),
            "how_to_vote",
        ),
        (
            "Whole study (ZIP)",
            f"study-{short}.zip",
            "application/zip",
            lambda: whole(workspace, state["id"]),
            "folder_zip",
        ),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, name, mime, make, icon in kinds:
            st.download_button(
                label, make, name, mime, key=f"download-{name}", icon=f":material/{icon}:", on_click="ignore"
            )
        if state["open"]:
            st.caption(
                "While the study is open, no file tells who is ahead, and all but the report are blind.",
                width="content",
            )
