"""A person signs the decision: by the rule, or against it with a reason that stays on the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from core.errors import FinetoothError, InputError
from core.ids import content_id
from core.workspace import Workspace
from evaluation.gate import CRITICAL, SAFETY, Decision
from evaluation.results import study_results
from evaluation.study import is_open

KIND = "signature"
"""Of its ledger entries; not ``decision``, which is what somebody decided about an example."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What somebody decided on seeing a study's figures.

    Attributes:
        decision: go, no-go or inconclusive.
        by_rule: What the rule said when it was signed.
        who, at: The person, and when (UTC).
        reason: Why; never empty where the decision is not the rule's.
        stale: The figures have changed since (the study was reopened), so it speaks of others.
    """

    decision: str
    by_rule: str
    who: str
    at: str
    reason: str
    stale: bool

    @property
    def overrides(self) -> bool:
        """Whether it goes against the rule."""
        return self.decision != self.by_rule

    def as_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return {**asdict(self), "overrides": self.overrides}


def sign(workspace: Workspace, study_id: str, decision: str, *, who: str, reason: str = "") -> Signature:
    """Sign a closed study's decision. Signing the same again changes nothing; a later signature stands beside it.

    Raises:
        InputError: The decision is not known, nobody signs, or a decision against the rule has no reason.
        FinetoothError: There is no such study, it is open, or a go would outvote a safety failure.
    """
    if decision not in get_args(Decision):
        raise InputError(f'"{decision}" is not a decision.', f"Use one of: {', '.join(get_args(Decision))}.")
    if not who.strip():
        raise InputError("A decision needs somebody who signs it.", "Give your name.")
    found = study_results(workspace, study_id)
    if is_open(workspace, study_id):
        raise FinetoothError("The study is open: there is nothing to sign yet.", "Close it first.")
    if decision != found["decision"] and not reason.strip():
        raise InputError(
            f"The rule says {found['decision']}; a decision against it needs a reason.", "Say why; it stays on record."
        )
    failed = any(
        one["outcome"] == "fail" and (one["name"] == SAFETY or one["name"].startswith(CRITICAL))
        for one in found["gate"]
    )
    if decision == "go" and failed:
        raise FinetoothError(
            "Critical answers were found, and nothing outvotes that: this model cannot be signed as a go.",
            "Mend the data, train again, and hold a new study; or sign no-go.",
        )
    payload = {
        **{"decision": decision, "by_rule": found["decision"], "reason": reason.strip()},
        "figures": _digest(found),
    }
    action_id = content_id([KIND, study_id, who, payload])
    workspace.ledger.append(KIND, study_id, payload, who=who, action_id=action_id)
    return next(one for one in reversed(signatures(workspace, study_id, found)) if one.who == who)


def signatures(workspace: Workspace, study_id: str, found: Mapping[str, Any]) -> list[Signature]:
    """All signatures under a study, oldest first.

    Args:
        workspace: Where it is.
        study_id: Which one.
        found: What ``study_results`` says now; a signature given on other figures is stale.
    """
    now = _digest(found)
    return [
        Signature(
            **{name: str(entry.payload[name]) for name in ("decision", "by_rule", "reason")},
            who=entry.who,
            at=entry.at,
            stale=entry.payload["figures"] != now,
        )
        for entry in workspace.ledger.entries(KIND, study_id)
    ]


def _digest(found: Mapping[str, Any]) -> str:
    """The hash of what was signed: the gate with its figures, and the votes' counts."""
    chosen = found["preference"]
    counts = [chosen[name] for name in ("wins", "losses", "ties", "both_bad")]
    return content_id([found["gate"], found["decision"], counts])
