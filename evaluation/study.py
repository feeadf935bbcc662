"""A blind study: pairs of answers, frozen with the rule by which they will be judged before the first vote."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from core.errors import FinetoothError, InputError
from core.ids import content_id, new_action_id
from core.objects import Objects
from core.rated import MODELS, answer_id, pair_id
from core.types import Message
from core.workspace import Workspace
from evaluation.assign import sample
from evaluation.gate import DEFAULT_RULE, Rule
from evaluation.opponents import BASE, against, opponent
from evaluation.power import detectable_win_rate
from evaluation.rating_flags import Expected, expected_from
from evaluation.rubric import ASKED_FIRST, Criterion, criteria_named, criterion_from
from evaluation.study_checks import Check, check_from
from evaluation.study_draw import agreed_pairs, corrected_pairs, equal_pairs, strata

KIND = "study"
PEEK = "peek"
REPEAT_AFTER = 10
"""Pairs between a pair and its hidden repeat, at least."""
IDENTITY = re.compile(
    r"\b(smollm\d*|hugging ?face|llama|qwen\d*|mistral|gemma|phi-?\d|chatgpt|gpt-?\d|openai|claude|anthropic|deepseek"
    r"|fine-?tuned|language model|AI (?:model|assistant))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One pair of a study, or one answer of a study that shows one at a time.

    Which answer stands where is drawn per rater, never stored here. ``model`` says whose the answer is where it is
    shown alone (the other one is empty then); empty for a pair.
    """

    id: str
    example_id: str
    prompt: tuple[Message, ...]
    reference: str
    base: str
    tuned: str
    names_a_model: bool
    expected: tuple[Expected, ...] = ()
    stratum: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """A frozen study design with its items, in order of their ids.

    ``repeats`` maps the id under which a pair is shown once more to the pair's; ``n_repeats`` says how many of these a
    rater sees.
    """

    id: str
    evaluation_id: str
    seed: int
    raters_per_item: int
    criteria: tuple[Criterion, ...]
    rule: Rule
    items: dict[str, Item]
    manifest: dict[str, Any]
    checks: dict[str, Check]
    repeats: dict[str, str]
    n_repeats: int

    @property
    def single(self) -> bool:
        """Whether raters see one answer at a time and score it, instead of two of which they choose one."""
        return bool(self.manifest.get("single"))


def create_study(
    workspace: Workspace,
    evaluation_id: str,
    *,
    n_items: int = 30,
    raters_per_item: int = 2,
    seed: int = 0,
    criteria: Sequence[str | Criterion] = ASKED_FIRST,
    rule: Rule = DEFAULT_RULE,
    n_repeats: int = 0,
    checks: Sequence[Check] = (),
    n_equals: int = 0,
    n_gold: int = 0,
    expected: Mapping[str, Sequence[Expected]] | None = None,
    replies_id: str | None = None,
    single: bool = False,
    who: str = "",
) -> str:
    """Freeze a blind study over an evaluation's answers and open it. The same arguments give the same study.

    Pairs whose two answers are the same text cannot be told apart, and pairs in which an answer names a model that its
    prompt does not name tell which is which: both are left out and counted.

    Args:
        workspace: Where the evaluation is.
        evaluation_id: Whose answers are compared.
        n_items: Pairs wanted; all there are, where there are fewer (the manifest holds both numbers).
        raters_per_item: How many people should judge each pair.
        seed: Of the choice of pairs, of the sides and of the order.
        criteria: Names of built-in criteria, or criteria of a rubric of one's own.
        rule: What must hold for a go; part of the study's identity.
        n_repeats: Pairs that each rater sees once more, sides flipped, at least :data:`REPEAT_AFTER` pairs later.
        checks: Gold and training pairs.
        n_equals: Pairs of equal answers that lie unseen among the others (see ``study_draw.equal_pairs``).
        n_gold: Gold pairs drawn from earlier closed studies, where all raters agreed, and from experts' corrections.
        expected: Experts' criteria by example id, written without sight of the answers.
        replies_id: Stored answers of another model, which stand beside the tuned model's; None = the base's.
        single: Show one answer at a time and have it scored by all criteria; both models' answers to each prompt,
            equal ones too. Repeats and pairs that test the raters belong to studies of pairs.
        who: Who opened it.

    Returns:
        The study's id.

    Raises:
        InputError: The evaluation has no two different answers, or a number makes no sense.
    """
    if n_items < 1 or raters_per_item < 1:
        raise InputError("A study needs at least one pair and one rater.", "Give positive numbers.")
    chosen = tuple(c if isinstance(c, Criterion) else criteria_named([c])[0] for c in criteria)
    answered, beside = against(workspace, evaluation_id, replies_id)
    different = answered.filter(pl.col("base_reply").str.strip_chars() != pl.col("tuned_reply").str.strip_chars())
    rows = {row["example_id"]: row for row in (answered if single else different).iter_rows(named=True)}
    names = _names(workspace, evaluation_id, opponent(beside))
    blind = [example_id for example_id, row in rows.items() if not names_a_model(row, names)]
    if not blind:
        raise InputError(
            f"There is no pair to compare: {answered.height} examples were answered, {different.height} of them "
            f"differently, and {different.height - len(blind)} of these name a model in an answer.",
            "Evaluate with more answers (--replies), or train longer.",
        )
    known = workspace.objects.frame(evaluation_id, ["example_id"])["example_id"]
    if unknown := (expected or {}).keys() - set(known):
        raise InputError(
            f"Experts' criteria are given for {len(unknown)} examples that are not in this evaluation.",
            "Use the ids of its own examples.",
        )
    picked = sample(seed, blind, n_items)
    _refuse_repeats(n_repeats, len(picked))
    if single and (not chosen or n_repeats or checks or n_equals or n_gold):
        raise InputError(
            "A study of single answers has criteria to score, and neither repeats nor pairs that test the raters.",
            "Choose at least one criterion and leave those out, or show pairs.",
        )
    checks = [*checks, *equal_pairs(answered, picked, n_equals, seed), *_drawn_gold(workspace, picked, n_gold, seed)]
    wanted = {one: [asdict(e) for e in (expected or {}).get(one, ())] for one in picked}
    key = {
        **{"evaluation": evaluation_id, "n_items": n_items, "raters_per_item": raters_per_item, "seed": seed},
        **{"criteria": [c.as_dict() for c in chosen], "rule": rule.as_dict(), "n_repeats": n_repeats},
        **{"checks": [check.as_dict() for check in checks], "expected": {k: v for k, v in wanted.items() if v}},
        **beside,
        **({"single": True} if single else {}),
    }
    study_id = content_id([KIND, key])
    kinds = _strata(workspace, evaluation_id, picked)
    records = [
        _record(study_id, rows[one], wanted[one], kinds.get(one, ""), model)
        for one in picked
        for model in (MODELS if single else ("",))
    ]
    manifest = {
        **{"evaluation_id": evaluation_id, "seed": seed, "raters_per_item": raters_per_item},
        **{"asked_items": n_items, "n_items": len(picked), "single": single},
        **{"n_identical": 0 if single else answered.height - different.height},
        **{"n_answered": answered.height, "n_naming_a_model": 0, "n_left_out_naming": len(rows) - len(blind)},
        **{"criteria": key["criteria"], "rule": key["rule"], "rule_hash": rule.digest(), "n_repeats": n_repeats},
        **{"checks": [{**check.as_dict(), "id": check.within(study_id).id} for check in checks]},
        **{"detectable_win_rate": detectable_win_rate(len(picked), raters_per_item), "created_at": workspace.clock()},
        **beside,
    }
    workspace.objects.put(KIND, manifest, pl.DataFrame(records), key)
    payload = {"state": "open", "rule_hash": rule.digest()}
    workspace.ledger.append(KIND, study_id, payload, who=who, action_id=content_id(["open", study_id]))
    return study_id


def _refuse_repeats(n_repeats: int, n_items: int) -> None:
    most = max(0, n_items - REPEAT_AFTER)
    if not 0 <= n_repeats <= most:
        raise InputError(
            f"{n_repeats} hidden repeats do not fit: a repeat stands {REPEAT_AFTER} pairs after its pair, so {n_items} "
            f"pairs leave room for {most}.",
            "Ask for fewer repeats, or for more pairs.",
        )


def _names(workspace: Workspace, evaluation_id: str, other: str) -> re.Pattern[str] | None:
    """The names of the models compared, as a person would write them; None where there is none to look for."""
    base = str(workspace.objects.manifest(evaluation_id).get("base_model", "")).rstrip("/").rsplit("/", 1)[-1]
    words = {name for name in {base, re.split(r"[-_ ]", base)[0]} if re.search(r"[a-z].*\d", name, re.I)}
    if other != BASE:
        words |= {other, *re.findall(r"^[A-Z]\w{2,}", other)}
    return re.compile(rf"\b({'|'.join(map(re.escape, sorted(words)))})\b", re.IGNORECASE) if words else None


def names_a_model(row: Mapping[str, Any], own: re.Pattern[str] | None = None) -> bool:
    """Whether an answer names a model or its maker that the prompt does not, so that it tells who wrote it.

    Args:
        row: ``prompt`` (JSON), ``base_reply`` and ``tuned_reply``.
        own: Further names to look for.
    """
    given = row["prompt"].lower()
    both = row["base_reply"] + "\n" + row["tuned_reply"]
    found = [m.group(0) for pattern in (IDENTITY, own) if pattern is not None for m in pattern.finditer(both)]
    return any(name.lower() not in given for name in found)


def _drawn_gold(workspace: Workspace, picked: Sequence[str], n: int, seed: int) -> list[Check]:
    found = agreed(workspace, without=picked) if n else []
    if n > len(found):
        raise InputError(
            f"{n} gold pairs do not fit: earlier closed studies and corrections hold {len(found)} other pairs of which "
            "the better answer is known.",
            "Ask for fewer, or bring gold pairs of your own.",
        )
    by_id = {content_id(check.as_dict()): check for check in found}
    return [by_id[one] for one in sample(seed, list(by_id), n)]


def agreed(workspace: Workspace, *, without: Sequence[str] = ()) -> list[Check]:
    """Gold pairs that earlier closed studies and experts' corrections give (see ``study_draw``), one a prompt."""
    closed = [one for one in workspace.objects.ids(KIND) if not is_open(workspace, one)]
    from evaluation.adjudication import known_now  # which itself reads studies

    settled = {item: word for one in closed for item, word in known_now(workspace, one).items()}
    earlier = [load_study(workspace, one) for one in closed]
    found = agreed_pairs(workspace, earlier, settled=settled, without=without)
    by_prompt = {check.prompt: check for check in (*found, *corrected_pairs(workspace, without=without))}
    return list(by_prompt.values())


def _strata(workspace: Workspace, evaluation_id: str, picked: Sequence[str]) -> dict[str, str]:
    from evaluation.slices import slices_of  # which itself reads studies

    revision_id = workspace.objects.manifest(evaluation_id).get("revision_id", "")
    return strata(slices_of(workspace, revision_id)[0], picked)


def _record(
    study_id: str, row: dict[str, Any], expected: list[dict[str, Any]], stratum: str, model: str
) -> dict[str, Any]:
    """A row of a study's table: a pair, or (with a ``model``) this model's answer alone."""
    example_id = row["example_id"]
    return {
        "item_id": answer_id(study_id, example_id, model) if model else pair_id(study_id, example_id),
        "example_id": row["example_id"],
        "prompt": row["prompt"],
        "reference": row["reference"],
        "base": row["base_reply"] if model != "tuned" else "",
        "tuned": row["tuned_reply"] if model != "base" else "",
        "model": model,
        "names_a_model": False,
        "expected": json.dumps(expected),
        "stratum": stratum,
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


@functools.lru_cache(maxsize=64)
def _load(root: Path, study_id: str) -> Study:
    """Objects never change, so a study is read once a process."""
    objects = Objects(root)
    manifest = objects.manifest(study_id)
    if manifest.get("kind") != KIND:
        raise FinetoothError(f"{study_id} is not a study.", "See `finetooth status`.")
    items = {row["item_id"]: _item(row) for row in objects.frame(study_id).sort("item_id").iter_rows(named=True)}
    checks = [replace(check_from(value), id=value["id"]) for value in manifest.get("checks", [])]
    n_repeats = manifest.get("n_repeats", 0)
    return Study(
        study_id,
        manifest["evaluation_id"],
        manifest["seed"],
        manifest["raters_per_item"],
        tuple(criterion_from(c) for c in manifest["criteria"]),
        Rule(**manifest["rule"]),
        items,
        manifest,
        {check.id: check for check in checks},
        {_again(study_id, item_id): item_id for item_id in items} if n_repeats else {},
        n_repeats,
    )


def _again(study_id: str, item_id: str) -> str:
    """The id under which a pair is shown once more; it looks like any other."""
    return f"{study_id}.{content_id([study_id, 'again', item_id])[:12]}"


def _item(row: dict[str, Any]) -> Item:
    prompt = tuple(Message(turn["role"], turn["content"]) for turn in json.loads(row["prompt"]))
    wanted = json.loads(row.get("expected") or "[]")
    return Item(
        row["item_id"],
        row["example_id"],
        prompt,
        row["reference"],
        row["base"],
        row["tuned"],
        row["names_a_model"],
        expected_from(wanted, "The study") if wanted else (),
        row.get("stratum") or "",
        row.get("model") or "",
    )
