"""Import: bring a file of chats in, see what was read, and each rejected line with its reason."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core import wording
from core.errors import FinetoothError
from core.workspace import Workspace
from curation import export, queries, sources
from curation import long_work as work
from ui import act, long_work, panels, render, shell

shell.begin()
TYPES = ["jsonl", "json", "csv", "tsv", "parquet", "gz", "ndjson", "txt"]
REJECTS_SHOWN = 200


def bring(workspace: Workspace, path: Path, name: str, who: str, *, uploaded: bool = False) -> None:
    """Import one file: a small one at once, a large one as a job."""
    spec = {"path": str(path.resolve()), "name": name, "who": who, "uploaded": uploaded}
    small = not path.is_file() or path.stat().st_size <= long_work.SMALL_BYTES
    st.session_state.pop("import_report", None)
    with st.spinner("Reading the file"):
        done = long_work.run(workspace, "import", work.import_job, spec, small=small)
    if done is not None:
        st.session_state["import_report"] = done


def bring_upload(workspace: Workspace, who: str) -> None:
    """Import the uploaded file."""
    upload = st.session_state.get("import_upload")
    if upload is None:
        raise FinetoothError("No file was chosen.", "Choose a file, or type a path.")
    long_work.require_none(workspace, "import")
    name = Path(upload.name).name
    path = work.store_upload(workspace, name, upload.getbuffer())
    bring(workspace, path, name, who, uploaded=True)


def bring_path(workspace: Workspace, who: str) -> None:
    """Import the file at the typed path."""
    typed = str(st.session_state.get("import_path") or "").strip()
    if not typed:
        raise FinetoothError("No path was typed.", "Type the path of a file on this machine.")
    path = Path(typed).expanduser()
    bring(workspace, path, path.name, who)


def report_of(report: Mapping[str, Any]) -> None:
    """What the last import brought."""
    name, n_rows, n_rejects = report["name"], report["n_rows"], report["n_rejects"]
    with st.container(border=True):
        render.note(f"{name} was already imported; nothing changed." if report["already"] else f"{name} is imported.")
        st.caption(
            f"Format {render.plain(report['format'])} · {wording.of(n_rows, n_rows + n_rejects, 'lines')} read · "
            f"{wording.many(report['n_examples'], 'distinct example')}, {report['n_new']:,} of them new · "
            f"{wording.many(n_rejects, 'line')} rejected"
        )
        for sentence in report["notes"]:
            render.note(sentence)


def source_panel(workspace: Workspace, source: sources.Source) -> None:
    """One imported file: its counts, and its rejected lines."""
    with st.container(border=True):
        render.note(source.name)
        st.caption(
            f"{render.plain(source.format)} · {panels.size(source.size_bytes)} · "
            f"{wording.of(source.n_rows, source.n_rows + source.n_rejects, 'lines')} read · "
            f"{wording.many(source.n_examples, 'distinct example')}"
        )
        if not source.n_rejects:
            return
        rejected = queries.rejects(workspace, source.id)
        with st.expander(f"{wording.many(len(rejected), 'rejected line')} with reasons", icon=":material/report:"):
            render.lines((f"line {r.line:,}", r.reason) for r in rejected[:REJECTS_SHOWN])
            if len(rejected) > REJECTS_SHOWN:
                st.caption(f"The first {REJECTS_SHOWN} of {len(rejected):,} are listed; the download holds all.")
            st.download_button(
                "Download the rejected lines",
                data=lambda: rejected_lines(workspace, source),
                file_name=f"{Path(source.name).stem}.rejected.jsonl",
                mime="application/x-ndjson",
                key=f"rejects-{source.id}",
                icon=":material/download:",
                on_click="ignore",
            )


def rejected_lines(workspace: Workspace, source: sources.Source) -> bytes:
    """The rejected lines as JSONL: line, reason, and the line itself."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rejects.jsonl"
        export.rejects(sources.original(workspace, source.id), queries.rejects(workspace, source.id), out)
        return out.read_bytes()


panels.title("Import", "JSONL, JSON, CSV or Parquet: messages, ShareGPT, Alpaca or prompt/completion.")
workspace = shell.workspace()
who = shell.who()
upload, by_path = st.columns(2, border=True)
with upload:
    st.file_uploader("A file from this computer", type=TYPES, key="import_upload")
    st.button(
        "Import the file",
        type="primary",
        disabled=st.session_state.get("import_upload") is None,
        on_click=act.guarded(bring_upload),
        args=(workspace, who),
    )
with by_path, st.form("import-path-form", border=False):
    st.text_input("Or the path of a file on this machine", key="import_path", placeholder="data/chats.jsonl")
    st.form_submit_button("Import from the path", on_click=act.guarded(bring_path), args=(workspace, who))
long_work.panel(workspace, "import")
if brought := st.session_state.get("import_report") or long_work.result(workspace, "import"):
    report_of(brought)
overview = queries.overview(workspace)
if overview.sources:
    st.subheader("Imported files", anchor=False)
    for imported in overview.sources:
        source_panel(workspace, imported)
    panels.checks(workspace, overview)
    panels.stale(workspace, overview)
else:
    panels.empty("No file has been imported yet. Each line that cannot be read will be listed with its reason.")
