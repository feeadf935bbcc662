"""A blind study: pairs of answers, frozen with the rule by which they will be judged before the first vote."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from core.errors import FinetoothError, InputError
from core.ids import content_id, new_action_id
from core.objects import Objects
from core.rated import pair_id
from core.types import Message
from core.workspace import Workspace
from evaluation.assign import sample
from evaluation.gate import DEFAULT_RULE, Rule
from evaluation.power import detectable_win_rate
from evaluation.rubric import BUILT_IN, Criterion, criteria_named, criterion_from

KIND = "study"
PEEK = "peek"
DEFAULT_CRITERIA = tuple(criterion.name for criterion in BUILT_IN)
IDENTITY = re.compile(
    r"\b(smollm\d*|hugging ?face|llama|qwen|mistral|gemma|phi-?\d|chatgpt|gpt-?\d|openai|claude|anthropic|deepseek)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One pair of a study. Which answer stands where is drawn per rater, never stored here."""

    id: str
    example_id: str
    prompt: tuple[Message, ...]
    reference: str
    base: str
    tuned: str
    names_a_model: bool


@dataclass(frozen=True, slots=True)
class Study:
    """A frozen study design with its items, in order of their ids."""

    id: str
    evaluation_id: str
    seed: int
    raters_per_item: int
    criteria: tuple[Criterion, ...]
    rule: Rule
    items: dict[str, Item]
    manifest: dict[str, Any]


def create_study(
    workspace: Workspace,
    evaluation_id: str,
    *,
    n_items: int = 30,
    raters_per_item: int = 2,
    seed: int = 0,
    criteria: Sequence[str] = DEFAULT_CRITERIA,
    rule: Rule = DEFAULT_RULE,
    who: str = "",
) -> str:
    """Freeze a blind study over an evaluation's answers and open it. The same arguments give the same study.

    Pairs whose two answers are the same text cannot be told apart; they are left out and counted.

    Args:
        workspace: Where the evaluation is.
        evaluation_id: Whose answers are compared.
        n_items: Pairs wanted; all there are, where there are fewer (the manifest holds both numbers).
        raters_per_item: How many people should judge each pair.
        seed: Of the choice of pairs, of the sides and of the order.
        criteria: Names of rubric criteria.
        rule: What must hold for a go; part of the study's identity.
        who: Who opened it.

    Returns:
        The study's id.

    Raises:
        InputError: The evaluation has no two different answers, or a number makes no sense.
    """
    if n_items < 1 or raters_per_item < 1:
        raise InputError("A study needs at least one pair and one rater.", "Give positive numbers.")
    chosen = criteria_named(criteria)
    frame = workspace.objects.frame(evaluation_id)
    answered = frame.filter(pl.col("base_reply").is_not_null() & pl.col("tuned_reply").is_not_null())
    different = answered.filter(pl.col("base_reply").str.strip_chars() != pl.col("tuned_reply").str.strip_chars())
    if different.is_empty():
        raise InputError(
            f"There is no pair to compare: {answered.height} examples were answered, and no two answers differ.",
            "Evaluate with more answers (--replies), or train longer.",
        )
    key = {
        **{"evaluation": evaluation_id, "n_items": n_items, "raters_per_item": raters_per_item, "seed": seed},
        **{"criteria": [c.as_dict() for c in chosen], "rule": rule.as_dict()},
    }
    study_id = content_id([KIND, key])
    picked = sample(seed, different["example_id"].to_list(), n_items)
    rows = {row["example_id"]: row for row in different.iter_rows(named=True)}
    records = [_record(study_id, rows[example_id]) for example_id in picked]
    manifest = {
        **{"evaluation_id": evaluation_id, "seed": seed, "raters_per_item": raters_per_item},
        **{"asked_items": n_items, "n_items": len(records), "n_identical": answered.height - different.height},
        **{"n_answered": answered.height, "n_naming_a_model": sum(r["names_a_model"] for r in records)},
        **{"criteria": key["criteria"], "rule": key["rule"], "rule_hash": rule.digest()},
        **{"detectable_win_rate": detectable_win_rate(len(records), raters_per_item), "created_at": workspace.clock()},
    }
    workspace.objects.put(KIND, manifest, pl.DataFrame(records), key)
    payload = {"state": "open", "rule_hash": rule.digest()}
    workspace.ledger.append(KIND, study_id, payload, who=who, action_id=content_id(["open", study_id]))
    return study_id


def _record(study_id: str, row: dict[str, Any]) -> dict[str, Any]:
    both = row["base_reply"] + "\n" + row["tuned_reply"]
    return {
        "item_id": pair_id(study_id, row["example_id"]),
        "example_id": row["example_id"],
        "prompt": row["prompt"],
        "reference": row["reference"],
        "base": row["base_reply"],
        "tuned": row["tuned_reply"],
        "names_a_model": IDENTITY.search(both) is not None,
    }


def close_study(workspace: Workspace, study_id: str, *, who: str = "") -> None:
    """End the voting. Only a closed study names the models to those who rated it; closing twice changes nothing."""
    load_study(workspace, study_id)
    if is_open(workspace, study_id):
        workspace.ledger.append(KIND, study_id, {"state": "closed"}, who=who, action_id=new_action_id())


def reopen_study(workspace: Workspace, study_id: str, *, who: str = "") -> None:
    """Take votes again. The ledger keeps the trace that the results may have been seen before."""
    load_study(workspace, study_id)
    if not is_open(workspace, study_id):
        workspace.ledger.append(KIND, study_id, {"state": "open"}, who=who, action_id=new_action_id())


def record_peek(workspace: Workspace, study_id: str, *, who: str = "") -> None:
    """Write down that somebody looked at the result while the votes were still coming in."""
    load_study(workspace, study_id)
    if is_open(workspace, study_id):
        n_votes = len(workspace.ledger.entries("rating"))
        action_id = content_id([PEEK, study_id, who, n_votes])
        workspace.ledger.append(PEEK, study_id, {"n_ledger_votes": n_votes}, who=who, action_id=action_id)


def peeks(workspace: Workspace, study_id: str) -> list[tuple[str, str]]:
    """Who looked at the result before the study was closed, and when (UTC), in order."""
    return [(entry.who, entry.at) for entry in workspace.ledger.entries(PEEK, study_id)]


def is_open(workspace: Workspace, study_id: str) -> bool:
    """Whether the study takes votes."""
    states = [entry.payload.get("state") for entry in workspace.ledger.entries(KIND, study_id)]
    return bool(states) and states[-1] == "open"


def load_study(workspace: Workspace, study_id: str) -> Study:
    """A study by its id.

    Raises:
        FinetoothError: There is no such study.
    """
    return _load(workspace.objects.root, study_id)


def study_of_item(item_id: str) -> str:
    """The id of the study that an item belongs to."""
    return item_id.rpartition(".")[0]


@functools.lru_cache(maxsize=16)
def _load(root: Path, study_id: str) -> Study:
    """Objects never change, so a study is read once a process."""
    objects = Objects(root)
    manifest = objects.manifest(study_id)
    if manifest.get("kind") != KIND:
        raise FinetoothError(f"{study_id} is not a study.", "See `finetooth status`.")
    items = {row["item_id"]: _item(row) for row in objects.frame(study_id).sort("item_id").iter_rows(named=True)}
    return Study(
        study_id,
        manifest["evaluation_id"],
        manifest["seed"],
        manifest["raters_per_item"],
        tuple(criterion_from(c) for c in manifest["criteria"]),
        Rule(**manifest["rule"]),
        items,
        manifest,
    )


def _item(row: dict[str, Any]) -> Item:
    prompt = tuple(Message(turn["role"], turn["content"]) for turn in json.loads(row["prompt"]))
    return Item(
        row["item_id"], row["example_id"], prompt, row["reference"], row["base"], row["tuned"], row["names_a_model"]
    )
