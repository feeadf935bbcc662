"""What a revision is taken along as: its data with card, certificate and manifest, and the change list."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import streamlit as st

from core import wording
from core.workspace import Workspace
from curation import changes, freeze, queries, release, sources
from curation import licences as spoken
from curation import long_work as work
from curation.export import SUFFIXES
from ui import act, long_work, panels, render

TITLES = {
    "messages": "messages JSONL (OpenAI)",
    "sharegpt": "ShareGPT JSONL",
    "alpaca": "Alpaca JSONL",
    "prompt_completion": "prompt and completion JSONL",
    "parquet": "Parquet",
    release.HUGGINGFACE: "Hugging Face folder (zip)",
}


def export_panel(workspace: Workspace, view: freeze.RevisionView, who: str) -> None:
    """Write the revision with all that goes with it, and offer each file for download."""
    revision_id = view.revision.id
    folder = workspace.exports_dir / revision_id[:12]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Format", release.FORMATS, key=f"format-{revision_id}", width=280, format_func=TITLES.__getitem__
        )
        out = folder / (chosen if chosen == release.HUGGINGFACE else f"{chosen}{SUFFIXES[chosen]}")
        going = long_work.running(workspace, "export")
        shown = act.show(f"export-{revision_id}-{chosen}-{out.exists()}-{going}", scope=f"export-{revision_id}")

        def do(_: str) -> str:
            spec = {"who": who, "revision": revision_id, "out": str(out), "format": chosen}
            small = view.revision.n_examples <= long_work.SMALL_EXAMPLES
            made = long_work.run(workspace, "export", work.export_job, spec, small=small)
            if made is None:
                return "The export has begun; it goes on when this page is closed."
            return f"{wording.many(made['n_examples'], 'example')} written."

        act.button("Export", shown, "export", do, icon=":material/output:", guard=False, disabled=going)
        st.download_button(
            "Change list (CSV)",
            data=lambda: changes.as_csv(workspace, changes.since_import(workspace, revision_id).changes),
            file_name=f"changes-{revision_id[:8]}.csv",
            mime="text/csv",
            key=f"changes-{revision_id}",
            icon=":material/difference:",
            on_click="ignore",
            help="Every example that was dropped, edited or added since the import: who, when, what, from, to, why.",
        )
    long_work.panel(workspace, "export", fits=lambda spec: spec["revision"] == revision_id)
    if chosen == release.HUGGINGFACE:
        if out.is_dir():
            _download(f"{chosen}.zip", lambda: _zipped(out), revision_id)
        return
    for path in sorted(folder.glob(f"{chosen}.*")) if folder.is_dir() else ():
        _download(path.name, path.read_bytes, revision_id, path.stat().st_size)


def _download(name: str, data: object, revision_id: str, size_bytes: int | None = None) -> None:
    st.download_button(
        name if size_bytes is None else f"{name} ({panels.size(size_bytes)})",
        data=data,  # type: ignore[arg-type]  # bytes, or what gives them when they are asked for
        file_name=name,
        key=f"download-{revision_id}-{name}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _zipped(folder: Path) -> bytes:
    """A folder as a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    return out.getvalue()


def licences(workspace: Workspace, who: str) -> None:
    """Under which licence each imported file may be used; an empty field says that nobody knows."""
    named = spoken.said(workspace)
    with st.expander("Licences of the imported files", icon=":material/gavel:"):
        st.caption("Data cards and exports repeat them. Where nothing is said, they say that it is not recorded.")
        for source_id in queries.imported(workspace):
            source = sources.load(workspace, source_id)

            def save(source_id: str = source_id) -> None:
                text = str(st.session_state[f"licence-{source_id}"])
                if text.strip() and spoken.say(workspace, source_id, text, who=who):
                    act.say("The licence is recorded.")

            st.text_input(
                render.plain(source.name),
                value=named.get(source_id, ""),
                key=f"licence-{source_id}",
                placeholder="Not recorded. For example: CC BY 4.0",
                on_change=act.guarded(save),
            )
