"""The verbs on the text of one example: edit it, add one from scratch, and read its history."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import ME, JsonFlag, WhoOption, WorkspaceOption, emit, say
from core import wording
from core.errors import InputError
from core.types import Message
from core.workspace import workspace_or_error
from curation import actions, added, histories, live, neighbours, queries
from curation.readers.json_values import repair_surrogates

NAMED = 5
"""Rows that a new text copies or clashes with, and findings in it, that are named without ``--json``."""

MessagesOption = Annotated[
    Path, typer.Option("--messages", help="A JSON list of {role, content}; - for standard input.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("edit")(edit)
    app.command("add")(add)
    app.command("history")(history)


def edit(
    example_id: str,
    file: MessagesOption,
    note: str = "",
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Put a new text in an example's place; say what the checks find in it, and which rows of the set it is like."""
    opened = workspace_or_error(workspace)
    turns = _messages(file)
    meant = queries.full_id(opened, "examples", example_id)
    view = queries.example(opened, meant)
    if view.becomes is not None:
        raise InputError(f"This text was edited already, into {view.becomes[:12]}.", "Edit that one, or undo the edit.")
    seen = neighbours.compare(opened, turns, replacing=meant)
    judged = live.judge(opened, turns, meta=view.example.meta, replacing=meant)
    made = actions.edit(opened, meant, turns, who=who, note=note)
    emit(
        {**asdict(made), "nearby": asdict(seen), "checks": _document(judged)},
        as_json,
        f"edited: {made.example_id} is now {made.becomes}",
        *_told(judged),
        *_like(seen),
    )


def add(
    file: MessagesOption,
    meta: Annotated[str, typer.Option(help='A JSON object, such as {"task": "falls"}.')] = "{}",
    note: str = "",
    action_id: Annotated[str | None, typer.Option(help="Repeating an action id changes nothing.")] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Put an example into the dataset that stands in no file; a text that the set holds already is refused."""
    opened = workspace_or_error(workspace)
    turns, known = _messages(file), _meta(meta)
    seen = neighbours.compare(opened, turns)
    judged = live.judge(opened, turns, meta=known, replacing=None)
    made = added.add(opened, turns, who=who, meta=known, note=note, action_id=action_id)
    emit(
        {**asdict(made), "nearby": asdict(seen), "checks": _document(judged)},
        as_json,
        f"added: {made.example_id} ({made.action_id})",
        *_told(judged),
        *_like(seen),
    )


def history(example_id: str, workspace: WorkspaceOption = None, as_json: JsonFlag = False) -> None:
    """Tell who did what to an example, when and why, and from what to what; what was taken back is marked."""
    opened = workspace_or_error(workspace)
    told = histories.of(opened, queries.full_id(opened, "examples", example_id))
    lines = [f"{act.at[:16].replace('T', ' ')} UTC  {_line(act)}" for act in told]
    emit([_act(act) for act in told], as_json, *(lines or ["Nobody has decided anything about it."]))


def _act(act: histories.Act) -> dict[str, Any]:
    turns = {name: [{"role": m.role, "content": m.content} for m in getattr(act, name)] for name in ("before", "after")}
    return {**asdict(act), **turns}


def _line(act: histories.Act) -> str:
    why = f" Why: {act.why.rstrip('.')}." if act.why else ""
    return f"{act.sentence}{why}{f' Taken back by {act.undone_by}.' if act.undone else ''}"


def _document(judged: live.Judged) -> dict[str, Any]:
    """Of each finding, what a program asks for."""
    named = ("gone", "stay", "new", "later")
    found = {
        name: [{"check": f.check, "reason": f.reason, "message": f.message} for f in getattr(judged, name)]
        for name in named
    }
    return {**found, "unjudged": list(judged.unjudged), "notes": list(judged.notes)}


def _told(judged: live.Judged) -> list[str]:
    """What the checks say of the text, in sentences."""
    lines = [judged.headline]
    lines += [f"  {f.check}: {f.message}" for f in judged.now[:NAMED]]
    if more := len(judged.now) - NAMED:
        lines += [f"  {wording.many(more, 'more finding')} (--json lists all)."] if more > 0 else []
    return [*lines, *judged.notes]


def _like(seen: neighbours.Nearby) -> list[str]:
    """The rows that the text is like, in sentences."""
    named = [one.sentence for one in seen.pressing][:NAMED] or [seen.headline]
    rest = len(seen.neighbours) - len(named)
    more = [f"{wording.many(rest, 'more row')} like it (--json lists all)."] if rest > 0 else []
    return [*named, *more, *(seen.notes if seen.compared else ())]


def _messages(file: Path) -> tuple[Message, ...]:
    """The turns of a JSON list, or of a row of messages JSONL."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        document, repaired = repair_surrogates(json.loads(text))
        turns = document["messages"] if isinstance(document, dict) else document
        if not all(isinstance(turn[key], str) for turn in turns for key in ("role", "content")):
            raise TypeError
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}).", "Check the path.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{file} is not a JSON list of turns.", 'Write [{"role": "user", "content": "..."}, ...].'
        ) from error
    if repaired:
        say(f"{wording.many(repaired, 'character')} of no meaning (lone surrogates) became U+FFFD.")
    return tuple(Message(turn["role"], turn["content"]) for turn in turns)


def _meta(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InputError("The value of --meta is not a JSON object.", 'Write such as {"task": "falls"}.')
    return value
