"""Findings as they are written down: their identity, their stored form, and the public form of the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from core.ids import content_id
from core.types import Example, Finding, Message, Proposal, Replacement, Span


def finding_id(finding: Finding) -> str:
    """Identity of a finding: what was found about which examples, so that a settled one stays settled.

    A row may contradict itself or its context in several places, each a finding of its own.
    """
    parts: list[object] = [finding.check, finding.reason, sorted(finding.members)]
    if finding.family == "contradictions" and not finding.related:
        parts.append(sorted((span.turn, span.start, span.end) for span in finding.spans))
    return content_id(parts)


def clash_key(found: Finding, texts: Mapping[str, Sequence[Message]]) -> str:
    """Identity of what a clash says, for a person who kept both sides of it on purpose.

    Two rows that clash are known by their two texts alone, whichever rule tells of them and whichever comes first. A
    clash inside one row is known by its text, the check and the marked words: another place of the same row is another
    one. White space does not count, nor does meta.

    Args:
        found: A finding of the family ``contradictions``; of more than two rows, the first two are its sides.
        texts: The turns of those two by id; an id without turns stands for itself.
    """
    sides = sorted(_wording(one, texts.get(one)) for one in found.members[:2])
    if found.related:
        return content_id(["clash", *sides])
    return content_id(["clash", found.check, *sides, *sorted(_marked(found, texts.get(found.example_id, ())))])


def _marked(found: Finding, messages: Sequence[Message]) -> set[str]:
    """The words that a finding about one row marks, without white space round or between them."""
    spans = [span for span in found.spans if span.turn < len(messages)]
    return {" ".join(messages[span.turn].content[span.start : span.end].split()) for span in spans}


def _wording(example_id: str, messages: Sequence[Message] | None) -> str:
    """Identity of a conversation that white space does not change."""
    if messages is None:
        return example_id
    return content_id([[message.role, " ".join(message.content.split())] for message in messages])


def to_json(found: Finding) -> str:
    """A finding as stored in the cache."""
    p = found.proposal
    return json.dumps(
        {
            "example_id": found.example_id,
            "check": found.check,
            "severity": found.severity,
            "reason": found.reason,
            "message": found.message,
            "score": found.score,
            "spans": [[s.turn, s.start, s.end, s.example_id] for s in found.spans],
            "related": list(found.related),
            "proposal": p
            and {
                "action": p.action,
                "targets": list(p.targets),
                "safe": p.safe,
                "replacements": [[r.turn, r.start, r.end, r.text] for r in p.replacements],
            },
        }
    )


def from_json(body: str) -> Finding:
    """The inverse of :func:`to_json`."""
    b = json.loads(body)
    p = b["proposal"]
    proposal = p and Proposal(
        p["action"], tuple(p["targets"]), p["safe"], tuple(Replacement(*r) for r in p["replacements"])
    )
    return Finding(
        b["example_id"],
        b["check"],
        b["severity"],
        b["reason"],
        b["message"],
        b["score"],
        tuple(Span(*s) for s in b["spans"]),
        tuple(b["related"]),
        proposal,
    )


def public(found: Finding, lines: Mapping[str, tuple[int, ...]], versions: Mapping[str, int | str]) -> dict[str, Any]:
    """A finding as ``finetooth check`` prints it: rows are 1-based lines of the file, offsets count code points.

    Args:
        found: The finding.
        lines: The lines that each example stands on.
        versions: The version of each check by its name.
    """
    own = lines[found.example_id]
    rows = [*own, *chain.from_iterable(map(lines.__getitem__, found.related))]
    if found.family != "duplicates":
        rows = [own[0], *(lines[related][0] for related in found.related)] if found.related else list(own)
    spans = [
        {"row": lines[s.example_id or found.example_id][0], "turn": s.turn, "start": s.start, "end": s.end}
        for s in found.spans
    ]
    return {
        "check": found.check,
        "version": versions.get(found.check, 0),
        "severity": found.severity,
        "reason": found.reason,
        "message": found.message,
        "score": found.score,
        "rows": rows,
        "spans": spans,
        "proposal": _proposal(found, lines),
    }


def _proposal(found: Finding, lines: Mapping[str, tuple[int, ...]]) -> dict[str, Any] | None:
    proposal = found.proposal
    if proposal is None:
        return None
    if found.reason == "identical-rows":
        return {"action": "drop", "rows": list(lines[found.example_id][1:]), "safe": proposal.safe}
    rows = list(chain.from_iterable(map(lines.__getitem__, proposal.targets)))
    document: dict[str, Any] = {"action": proposal.action, "rows": rows, "safe": proposal.safe}
    if proposal.action == "edit":
        document["changes"] = [
            {"turn": r.turn, "start": r.start, "end": r.end, "text": r.text} for r in proposal.replacements
        ]
    return document


def as_example(example: Example) -> dict[str, Any]:
    """An example as one line of messages JSONL."""
    record: dict[str, Any] = {"messages": [{"role": m.role, "content": m.content} for m in example.messages]}
    if example.meta:
        record["meta"] = dict(example.meta)
    return record
