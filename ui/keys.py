"""The key ``?``: Streamlit's shortcuts know letters and digits only, so one small script presses the button for it.

The script is the only one of ours in the browser. The Content-Security-Policy names it by its hash (``ui.server``).
"""

from __future__ import annotations

import streamlit as st

FLAG = "show_keys"
"""In the session: whether the table of keys is shown."""
BUTTON = f"toggle-{FLAG}"
"""The key of the button that ``?`` presses."""
SCRIPT = """
if (!window.finetoothKeys) {
  window.finetoothKeys = true;
  const typing = "textarea, select, [role=combobox], " +
    "input:not([type=checkbox]):not([type=radio]):not([type=range]):not([type=button])";
  document.addEventListener("keydown", event => {
    const at = event.composedPath()[0];
    if (event.key !== "?" || event.repeat || event.ctrlKey || event.metaKey) return;
    if (at instanceof HTMLElement && (at.isContentEditable || at.matches(typing))) return;
    document.querySelector(".st-key-%s button")?.click();
  });
}
""".replace("%s", BUTTON)
"""Runs once in each tab. It holds no text but this one."""


def listen() -> None:
    """Let ``?`` press the button of :data:`BUTTON`, unless somebody types."""
    st.html(f"<script>{SCRIPT}</script>", unsafe_allow_javascript=True, width="content")
