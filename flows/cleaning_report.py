"""The HTML report of `finetooth curate`: what was changed, row by row, and what still waits for a person."""

from __future__ import annotations

import difflib
import re
from html import escape
from pathlib import Path

import jinja2

from core.files import write_atomic
from core.types import Example
from curation.bare import Curated

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Cleaning report: {{ name }}</title>
<style>
:root { color-scheme: light dark; --line: #8884; --drop: #b3261e; --edit: #1f5fa8; --add: #2e7d3244; --cut: #b3261e33 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .35rem .6rem;
border-bottom: 1px solid var(--line) } .num { text-align: right; font-variant-numeric: tabular-nums }
.drop { color: var(--drop) } .edit { color: var(--edit) } ins { background: var(--add); text-decoration: none }
del { background: var(--cut) } .text { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 14rem;
overflow: auto; border-left: 3px solid var(--line); padding-left: .6rem; margin: .4rem 0 }
</style></head><body>
<h1>Cleaning report</h1>
<p>{{ name }}: {{ kept }} of {{ rows }} rows kept, {{ dropped }} dropped, {{ edited }} edited,
{{ rejected|length }} lines could not be read.</p>
<h2>What was changed</h2>
{% if not changes %}<p>Nothing.</p>{% endif %}
<table>{% for c in changes %}<tr><td class="num">line {{ c.line }}</td><td class="{{ c.action }}">{{ c.action }}</td>
<td>{% for r in c.reasons %}{{ r }}{% if not loop.last %}<br>{% endif %}{% endfor %}
<div class="text">{{ c.shown|safe }}</div></td></tr>{% endfor %}</table>
<h2>What was found and left to a person</h2>
{% if not waiting %}<p>Nothing.</p>{% endif %}
<table>{% for f in waiting %}<tr><td class="num">row {{ f.row }}</td><td>{{ f.check }}</td><td>{{ f.message }}</td></tr>
{% endfor %}</table>
{% if rejected %}<h2>Lines that could not be read</h2><table>{% for r in rejected %}
<tr><td class="num">line {{ r.line }}</td><td>{{ r.reason }}</td></tr>{% endfor %}</table>{% endif %}
</body></html>
"""


def write(done: Curated, path: Path) -> None:
    """Write the report as one self-contained page."""
    document = done.to_json()
    changed = {change.before.id for change in done.changes}
    waiting = [
        {"row": done.report.lines[f.example_id][0], "check": f.check, "message": f.message}
        for f in done.report.checks.findings
        if not changed.intersection(f.members)
    ]
    changes = [
        {"line": c.line, "action": c.action, "reasons": c.reasons, "shown": _shown(c.before, c.after)}
        for c in done.changes
    ]
    page = jinja2.Environment(autoescape=True).from_string(TEMPLATE)
    facts = {k: document[k] for k in ("kept", "rows", "dropped", "edited", "rejected")}
    write_atomic(path, page.render(name=done.report.path.name, changes=changes, waiting=waiting, **facts))


def _shown(before: Example, after: Example | None) -> str:
    """The dropped text, or the edited one with its changed words marked; escaped."""
    if after is None:
        return escape(_text(before))
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", _text(e)) for e in (before, after))
    parts = []
    for operation, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, came = escape("".join(old[a:b])), escape("".join(new[c:d]))
        if operation == "equal":
            parts.append(came)
            continue
        parts.append((f"<del>{gone}</del>" if gone else "") + (f"<ins>{came}</ins>" if came else ""))
    return "".join(parts)


def _text(example: Example) -> str:
    return "\n\n".join(f"{m.role}: {m.content}" for m in example.messages)
