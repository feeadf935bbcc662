"""The checks on one text while a person edits it: what would go, stay or be new, and what only the next run tells."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import wording
from core.ids import example_id as id_of
from core.types import Example, Finding, Message
from core.workspace import Workspace
from curation import learned, project_settings, queries
from curation.checks import CHECKS
from curation.checks.base import Check
from curation.evidence.batch import Batch
from curation.evidence.groups import lower_bound
from curation.evidence.settings import Settings

ALONE = (
    "contradictions.self", "contradictions.context", "contradictions.system", "format.shape", "format.role_text",
    "format.placeholder", "format.style", "privacy.email", "privacy.phone", "privacy.card", "privacy.iban",
    "privacy.ssn", "privacy.ip", "privacy.secret",
)  # fmt: skip
"""Checks that judge a text by itself."""
AGAINST = (
    "format.system", "format.truncated", "format.damage", "format.norm", "format.length", "tone.norm", "tone.profile",
    "spelling.typo", "language.other", "language.reply",
)  # fmt: skip
"""Checks that hold a text against what they learned of the whole set: judged by what the last check kept."""
MOST_CHARACTERS = 200_000
"""A longer text is left to the next check: nobody waits for it while typing."""
NOTHING_KEPT = "What is usual in this set is not known yet: run the checks, and from then on each text is held to it."
TOO_LONG = "The text is too long to be checked while you wait; the next check looks at it."


@dataclass(frozen=True, slots=True)
class Judged:
    """What the checks say of a text that takes the place of an example.

    Attributes:
        gone: Present findings that the text would not have.
        stay: Present findings that it would still have, each with what is found now.
        new: Findings that it would have beside those.
        later: Present findings that cannot be judged on one text: the next check looks at them again.
        checks: Names of the checks that looked at it.
        unjudged: Names of those that cannot, or had nothing to hold it against.
        notes: What bounds the answer, in sentences.
    """

    gone: tuple[Finding, ...] = ()
    stay: tuple[Finding, ...] = ()
    new: tuple[Finding, ...] = ()
    later: tuple[Finding, ...] = ()
    checks: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def now(self) -> tuple[Finding, ...]:
        """All that is found in the text: what stays, then what is new."""
        return (*self.stay, *self.new)

    @property
    def headline(self) -> str:
        """One sentence: how many findings go, stay and are new, and how many wait for the next check."""
        if not self.checks:
            return "The text was not checked."
        gone, stay, new = len(self.gone), len(self.stay), len(self.new)
        many = "Both" if gone + stay == 2 else f"All {gone + stay:,}"
        if gone and stay:
            before = f"{gone:,} of {gone + stay:,} findings would go, {stay:,} would stay"
        elif gone + stay > 1:
            before = f"{many} findings would {'go' if gone else 'stay'}"
        else:
            before = f"The finding would {'go' if gone else 'stay'}" if gone + stay else ""
        parts = [before, f"{wording.many(new, 'finding')} would be new" if new else ""]
        said = "; ".join(part for part in parts if part) or "The checks find nothing in it"
        later = wording.many(len(self.later), "finding")
        return f"{said}." + (f" {later} can only be judged by the next check." if self.later else "")


def judge(
    workspace: Workspace, messages: Sequence[Message], *, meta: Mapping[str, Any] | None = None, replacing: str | None
) -> Judged:
    """Hold a text against the checks, without running them over the set.

    Args:
        workspace: Where the set is.
        messages: The text.
        meta: Of the example; some groups are told by it.
        replacing: The example that the text takes the place of; None = it is a new one.
    """
    settings = project_settings.read_settings(workspace)
    kept = learned.load(workspace, settings)
    ran = kept.checks if kept else frozenset()
    judging = [c for c in CHECKS if c.name in ALONE or (c.name in AGAINST and c.name in ran)]
    notes = [] if kept else [NOTHING_KEPT]
    if sum(len(message.content) for message in messages) > MOST_CHARACTERS:
        judging, notes = [], [TOO_LONG]
    parts = kept.parts if kept else {}
    names = frozenset(check.name for check in judging)
    found = _run(judging, Example(id_of(messages), tuple(messages), meta or {}), settings, parts)
    present = _present(workspace, replacing, judging, settings, kept) if replacing else ()
    gone, stay, new = _compared([f for f in present if f.check in names], found)
    return Judged(
        gone,
        stay,
        new,
        tuple(f for f in present if f.check not in names),
        tuple(check.name for check in judging),
        tuple(check.name for check in CHECKS if check.name not in names and check.cost == "fast"),
        tuple(notes),
    )


def warm(workspace: Workspace) -> threading.Thread | None:
    """Load the word lists, the language model and what was learned in the background, while a person begins to type.

    Returns:
        The thread; None where this process has done so for this workspace.
    """
    if workspace.path in _warmed:
        return None
    _warmed.add(workspace.path)
    thread = threading.Thread(target=_load, args=(workspace,), name="live checks", daemon=True)
    thread.start()
    return thread


def _load(workspace: Workspace) -> None:
    """Use each of the things that are loaded once: for bounds, spelling, encodings, numbers and languages."""
    lower_bound(1, 2, 0.95)
    for told in (
        "It is definately the recieved one of those, isnâ€™t it? Call +1 212 555 0142.",
        "Otitis media acuta bilateralis recidivans cum effusione tympanica.",
    ):
        judge(workspace, (Message("user", "Which word is this?"), Message("assistant", told)), replacing=None)


LISTED = 200
"""Findings of one example that are compared."""
_warmed: set[Path] = set()


def _run(checks: Sequence[Check], example: Example, settings: Settings, parts: learned.Learned) -> list[Finding]:
    batch = Batch([example], settings, kept=parts)
    found: list[Finding] = []
    for check in checks:
        batch.found[check.name] = list(check.run(batch))
        found += batch.found[check.name]
    return found


def _present(
    workspace: Workspace, example_id: str, checks: Sequence[Check], settings: Settings, kept: learned.Kept | None
) -> tuple[Finding, ...]:
    """What is found in the example now: by the last check, or, where it came later, by the same quick look."""
    held = queries.findings(workspace, example_id=example_id, state="all", limit=LISTED).items
    if held:
        return tuple(v.finding for v in held if v.state == "open" or v.finding.example_id == example_id)
    known = _looked.get((workspace.path, example_id))
    if known is None or known[0] is not kept or known[1] != settings:
        example = queries.example(workspace, example_id).example
        found = tuple(_run(checks, example, settings, kept.parts if kept else {}))
        known = _looked[workspace.path, example_id] = kept, settings, found
        while len(_looked) > LISTED:
            _looked.pop(next(iter(_looked)))
    return known[2]


_looked: dict[tuple[Path, str], tuple[learned.Kept | None, Settings, tuple[Finding, ...]]] = {}
"""What the quick look found in the examples that people are editing, so that each is looked at once."""


def _compared(
    present: Sequence[Finding], found: Sequence[Finding]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Finding, ...]]:
    """Which of the present findings go, and which of those found now stay from before or are new.

    A finding stays where the same check gives the same reason; of several such, as many stay as there were.
    """
    left: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in present:
        left[one.check, one.reason].append(one)
    stay: list[Finding] = []
    new: list[Finding] = []
    for one in found:
        before = left[one.check, one.reason]
        if before:
            before.pop(next((n for n, old in enumerate(before) if old.message == one.message), 0))
            stay.append(one)
        else:
            new.append(one)
    remaining = {id(one) for held in left.values() for one in held}
    return tuple(one for one in present if id(one) in remaining), tuple(stay), tuple(new)
