"""A workspace in which every text that a person or a file can bring in is hostile, from the import to the study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core import jobs
from core.files import read_json, write_json
from core.ids import example_id
from core.types import Message, Rating
from core.workspace import Workspace
from curation import actions, added, checking, freeze, licences, queries
from evaluation import rating, study
from tests.browser.conftest import DEMO
from tests.pages.workspaces import RUN, add_evaluation, add_run, ended_job

TAKEN = 160
BIG = 1_000_000
EVE = "Eve"


@dataclass(frozen=True, slots=True)
class Attack:
    """Texts that act where they are taken for markup; each of their traces can be told on a page.

    Attributes:
        url: Of a server that must not be asked.
    """

    url: str

    @property
    def text(self) -> str:
        """For turns, notes and meta: Markdown, HTML, Streamlit's own directives, terminal and direction codes."""
        return (
            f"![hostileimage]({self.url}/markdown.png) [hostilelink]({self.url}/link) **hostilebold** :red[hostilered] "
            f":material/skull: $hostilemath^2$ `hostilecode` <b class='hostile'>hostilehtml</b> "
            f"<img class='hostile' src='{self.url}/img.png' onerror='window.hostile=1'> "
            f"<script class='hostile'>window.hostile=1;fetch('{self.url}/script')</script> "
            f"<style class='hostile'>@import '{self.url}/css';</style> <svg class='hostile' onload='window.hostile=1'> "
            f"</div></span></mark><iframe class='hostile' src='{self.url}/frame'></iframe> javascript:alert(1) "
            f"\x1b[31mhostileansi\x1b[0m \u202ehostilertl\u202c zero\u200bwidth {self.url}/bare a@example.org"
        )

    @property
    def name(self) -> str:
        """For people, files and workspaces."""
        return f"![hostileimage]({self.url}/name.png) <img class='hostile' src='{self.url}/n.png'> **hostilebold**"


def build(path: Path, attack: Attack) -> Workspace:
    """The whole walk: imported, checked, decided, disputed, edited, added to, frozen twice, trained, judged."""
    workspace = Workspace.create(path, name=attack.name)
    ids = _import(workspace, path.parent, attack)
    _decide(workspace, ids[40:43], attack)
    first = freeze.freeze(workspace, who=attack.name, holdout_size=20).revision.id
    _change(workspace, ids[43:45], attack)
    checking.check(workspace)
    freeze.freeze(workspace, who=attack.name, holdout_size=20)
    _judge(workspace, first, attack)
    return workspace


def _import(workspace: Workspace, folder: Path, attack: Attack) -> list[str]:
    """Import a file of them; returns the ids of the examples in its order."""
    rows = [json.loads(line) for line in DEMO.read_text(encoding="utf-8").splitlines()[:TAKEN]]
    for row in rows:
        for turn in row["messages"]:
            turn["content"] = f"{turn['content']} {attack.text}"
    word = "w" * BIG
    asked = {"role": "user", "content": f"Which one is it? {attack.text}"}
    rows += [
        {"messages": [asked, {"role": "assistant", "content": f"It is {word} {attack.text} number {n}"}]}
        for n in range(2)
    ]
    rows.append({"messages": [{"role": "user", "content": word}, {"role": "assistant", "content": "\u202e" + word}]})
    rows.append({"messages": [{"role": attack.name, "content": attack.text}, *rows[0]["messages"][1:]]})
    rows[-1]["meta"] = {attack.text: attack.text}
    path = folder / "hostile.jsonl"
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join([*lines, attack.text, '{"messages": [{"role": 1}]}']) + "\n", encoding="utf-8")
    report = actions.import_file(workspace, path, who=attack.name, name=attack.name)
    licences.say(workspace, report.source_id, attack.name, who=attack.name)
    return [example_id([Message(**turn) for turn in row["messages"]]) for row in rows]


def _decide(workspace: Workspace, ids: Sequence[str], attack: Attack) -> None:
    """Two people differ on one row, and on another's edit; a third is edited; one is added."""
    disputed, edited, both = ids
    for who, verdict in ((attack.name, "drop"), (EVE, "keep")):
        actions.decide(workspace, disputed, verdict, who=who, note=attack.text)  # type: ignore[arg-type]
    actions.edit(workspace, edited, _other(workspace, edited, attack), who=attack.name, note=attack.text)
    actions.edit(workspace, both, _other(workspace, both, attack), who=attack.name, note=attack.text)
    actions.decide(workspace, both, "drop", who=EVE, note=attack.text)
    turns = (Message("user", f"What is new? {attack.text}"), Message("assistant", f"This is. {attack.text}"))
    added.add(workspace, turns, who=attack.name, note=attack.text, meta={attack.name: attack.text})


def _other(workspace: Workspace, example: str, attack: Attack) -> tuple[Message, ...]:
    *rest, last = queries.example(workspace, example).example.messages
    return (*rest, Message(last.role, f"Changed. {last.content} {attack.text}"))


def _change(workspace: Workspace, ids: Sequence[str], attack: Attack) -> None:
    """What two revisions differ in: an edit, a dropped row, an added one."""
    edited, dropped = ids
    actions.edit(workspace, edited, _other(workspace, edited, attack), who=attack.name, note=attack.text)
    actions.decide(workspace, dropped, "drop", who=attack.name, note=attack.text)
    turns = (Message("user", f"And later? {attack.text}"), Message("assistant", attack.text))
    added.add(workspace, turns, who=attack.name, note=attack.text)


def _judge(workspace: Workspace, revision_id: str, attack: Attack) -> None:
    """A run that failed with hostile words, an evaluation, a study that is closed, and its failures traced."""
    add_run(workspace, revision_id, message=attack.text, hint=attack.text, base_model=f"org/{attack.name}")
    evaluation = add_evaluation(workspace, revision_id)
    made = study.create_study(workspace, evaluation, n_items=20, raters_per_item=1, who=attack.name)
    while (shown := rating.next_item(workspace, made, attack.name)) is not None:
        rating.record_rating(workspace, Rating(shown.item_id, shown.item_id, attack.name, "both_bad", {}, attack.text))
    study.close_study(workspace, made, who=attack.name)
    items = study.load_study(workspace, made).items.values()
    near = queries.findings(workspace, checks=("privacy.email",), limit=1).items[0].finding.example_id
    traces = [
        {
            "example_id": item.example_id,
            "why": [attack.text],
            "notes": [attack.text],
            "neighbours": [{"example_id": near, "score": 0.9, "open_findings": 1}],
        }
        for item in items
    ]
    ended_job(workspace, "trace", {"study_id": made}, {"traces": traces})
    study.create_study(workspace, evaluation, n_items=20, raters_per_item=2, who=attack.name)
    failed = jobs.Job("20260101-120000-000009", workspace.jobs_dir / "20260101-120000-000009")
    write_json(failed.folder / "spec.json", {"kind": "evaluate", "target": "flows.none:none", "spec": {}})
    write_json(failed.folder / "state.json", {"status": "failed", "message": attack.text, "hint": attack.text})
    record = workspace.runs_dir / RUN / "run.json"
    write_json(record, {**read_json(record), "facts": {attack.name: attack.text}})
