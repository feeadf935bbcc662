"""Agreement, win rate and intervals from any file of ratings; what ``finetooth stats`` prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from core.errors import InputError
from core.files import explain_os_error
from evaluation.agreement import Agreement, agreement
from evaluation.estimate import Estimate
from evaluation.preference import CREDIT, Outcome, Preference, Vote, preference
from evaluation.ranking import Duel, rank_models
from evaluation.rubric import HIGHEST, LOWEST, VERDICTS

N_RESAMPLES = 2000
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not counted, with the reason."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(slots=True)
class RatingsFile:
    """The ratings of a file, folded: one verdict and one score a criterion for an item and rater.

    ``tuned_side`` holds, where lines say so, the side on which the tuned model stood for that rater; ``duels`` the
    verdicts of lines that name two of several models.
    """

    verdicts: dict[tuple[str, str], str] = field(default_factory=dict)
    scores: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    tuned_side: dict[tuple[str, str], str] = field(default_factory=dict)
    duels: list[Duel] = field(default_factory=list)
    duelled: set[tuple[str, str]] = field(default_factory=set)
    bad: list[BadLine] = field(default_factory=list)
    n_lines: int = 0
    n_skipped: int = 0
    n_not_applicable: int = 0


def stats_of_ratings(path: Path, *, seed: int = 0) -> dict[str, Any]:
    """Statistics of a JSONL file of ratings.

    Each line is ``{"item", "rater"}`` with ``"verdict"`` (left, right, tie, both_bad, or skip = missing),
    ``"scores"`` ({criterion: 1 to 5, or null = not applicable}), or both. An optional ``"tuned": "left" | "right"``
    says on which side the tuned model stood; then verdicts are turned into models before anything is counted, and
    the win rate is the tuned model's. Without it, it is the left side's. Where more than two models were compared,
    ``"models": [left, right]`` names those of a line; such verdicts make the ``ranking`` and nothing else.

    Returns:
        ``alpha_nominal``, ``alpha_ordinal``, ``ac1`` and ``raw_agreement`` (numbers, or None), ``win_rate`` (a dict
        with ``value``, ``low``, ``high``, ``n``, ``method``, ``of``; None without verdicts), ``reasons`` (why a
        figure is None), ``preference``, ``ranking`` (models by strength, the strongest first), ``criteria`` (the
        agreement of each), counts, and ``rejected`` lines.
        Verdicts give the nominal figures where there are any, else the one criterion does; the ordinal alpha is the
        one criterion's. With several criteria, each has its own under ``criteria``.

    Raises:
        InputError: The file cannot be read, or no line of it is a rating.
    """
    folded = read_ratings(path)
    if not folded.verdicts and not folded.scores and not folded.duels:
        detail = f" The first problem: {folded.bad[0]}." if folded.bad else ""
        raise InputError(
            f"{path} holds no rating that can be counted.{detail}",
            'Each line needs "item", "rater" and a "verdict" or "scores".',
        )
    votes = votes_of(folded)
    by_verdict = agreement(_verdict_units(folded), ordinal=False, n_resamples=N_RESAMPLES, seed=seed)
    by_criterion = {
        name: agreement(_by_item(values), ordinal=True, n_resamples=N_RESAMPLES, seed=seed)
        for name, values in sorted(folded.scores.items())
    }
    chosen = preference(votes, seed=seed) if votes else None
    document = _document(folded, by_verdict if folded.verdicts else None, by_criterion, chosen)
    return document | {"ranking": [one.as_dict() for one in rank_models(folded.duels, seed=seed)]}


def _document(
    folded: RatingsFile,
    by_verdict: Agreement | None,
    by_criterion: Mapping[str, Agreement],
    chosen: Preference | None,
) -> dict[str, Any]:
    only = next(iter(by_criterion.values())) if len(by_criterion) == 1 else None
    nominal_source = by_verdict or only
    why = f"{len(by_criterion)} criteria: see criteria" if by_criterion else "several models: see ranking"
    several = Estimate(None, reason=why)
    none_scored = Estimate(None, reason="undefined: no rubric scores, and verdicts have no order")
    ordinal = only.alpha_ordinal if only else (several if by_criterion else none_scored)
    figures = {
        "alpha_nominal": nominal_source.alpha_nominal if nominal_source else several,
        "alpha_ordinal": ordinal,
        "ac1": nominal_source.ac1 if nominal_source else several,
        "raw_agreement": nominal_source.raw if nominal_source else several,
    }
    reasons = {key: value.reason for key, value in figures.items() if value.value is None}
    win: dict[str, Any] | None = None
    if chosen is not None:
        win = {"of": "tuned" if folded.tuned_side else "left", **chosen.win_rate.as_dict()}
    else:
        unsaid = "no verdict: left, right, tie or both_bad"
        reasons["win_rate"] = "several models: see ranking" if folded.duels else unsaid
    pairs = set(folded.verdicts) | folded.duelled | {pair for values in folded.scores.values() for pair in values}
    return {
        **{key: value.value for key, value in figures.items()},
        "win_rate": win,
        "intervals": {k: [v.low, v.high] for k, v in figures.items() if v.low is not None},
        "reasons": reasons,
        "preference": chosen.as_dict() if chosen else None,
        "agreement_of": "verdict" if by_verdict else (next(iter(by_criterion)) if only else "criteria"),
        "verdict_agreement": by_verdict.as_dict() if by_verdict else None,
        "criteria": {name: value.as_dict() for name, value in by_criterion.items()},
        "n_items": len({item for item, _ in pairs}),
        "n_raters": len({rater for _, rater in pairs}),
        "n_ratings": len(pairs),
        "n_lines": folded.n_lines,
        "n_skipped": folded.n_skipped,
        "n_not_applicable": folded.n_not_applicable,
        "rejected": [{"line": bad.line, "reason": bad.reason, "message": str(bad)} for bad in folded.bad],
    }


def votes_of(folded: RatingsFile) -> list[Vote]:
    """Verdicts as outcomes of the tuned model (of the left side where no line names sides)."""
    votes: list[Vote] = []
    for (item, rater), verdict in folded.verdicts.items():
        votes.append(Vote(item, rater, outcome_of(verdict, folded.tuned_side.get((item, rater), "left"))))
    return votes


def outcome_of(verdict: str, tuned_side: str) -> Outcome:
    """A verdict about sides, as an outcome of the model that stood on ``tuned_side``."""
    if verdict in ("left", "right"):
        return "win" if verdict == tuned_side else "loss"
    return "tie" if verdict == "tie" else "both_bad"


def _verdict_units(folded: RatingsFile) -> list[list[str]]:
    if not folded.tuned_side:
        return _by_item(folded.verdicts)
    grouped: dict[str, list[str]] = {}
    for vote in votes_of(folded):
        grouped.setdefault(vote.item, []).append(vote.outcome)
    return list(grouped.values())


def _by_item(values: Mapping[tuple[str, str], Value]) -> list[list[Value]]:
    grouped: dict[str, list[Value]] = {}
    for (item, _), value in values.items():
        grouped.setdefault(item, []).append(value)
    return list(grouped.values())


def read_ratings(path: Path) -> RatingsFile:
    """Read a JSONL file of ratings; a line that is no rating is kept in ``bad`` with its reason.

    Raises:
        InputError: The file cannot be opened or is not text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        explained = explain_os_error(error, path)
        raise InputError(explained.message, explained.hint) from error
    folded = RatingsFile()
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not raw.strip():
            continue
        folded.n_lines += 1
        parsed = _parse(raw)
        if isinstance(parsed, str):
            folded.bad.append(BadLine(number, parsed))
        else:
            rows.append((number, parsed))
    _fold(rows, folded)
    folded.bad.sort(key=lambda bad: bad.line)
    return folded


def _parse(raw: bytes) -> dict[str, Any] | str:
    """One line as a rating, or the reason why it is none."""
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(value, dict):
        return "is not a JSON object"
    for key in ("item", "rater"):
        name = value.get(key)
        if isinstance(name, bool) or not isinstance(name, str | int) or name == "":
            return f'has no "{key}" (text or a whole number)'
        if not _writable(str(name)):
            return f'its "{key}" holds half of a surrogate pair'
    verdict, scores = value.get("verdict"), value.get("scores")
    if verdict is None and scores is None:
        return 'has neither "verdict" nor "scores"'
    if verdict is not None and verdict not in VERDICTS:
        return f'its "verdict" is none of {", ".join(VERDICTS)}'
    if value.get("tuned") not in (None, "left", "right"):
        return 'its "tuned" is neither "left" nor "right"'
    return _check_models(value) or _check_scores(scores) or value


def _check_models(row: dict[str, Any]) -> str:
    models = row.get("models")
    if models is None:
        return ""
    named = isinstance(models, list) and all(isinstance(one, str) and one and _writable(one) for one in models)
    if not named or len(models) != 2 or models[0] == models[1]:
        return 'its "models" are not the names of two different models, left and right'
    return ""


def _check_scores(scores: Any) -> str:
    if scores is None:
        return ""
    if not isinstance(scores, dict) or not scores:
        return 'its "scores" are not an object of criterion and score'
    for name, value in scores.items():
        if not _writable(name):
            return "a criterion's name holds half of a surrogate pair"
        if value is None:
            continue
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole or not LOWEST <= value <= HIGHEST:
            return f"a score is not a whole number from {LOWEST} to {HIGHEST} (null = not applicable)"
    return ""


def _writable(text: str) -> bool:
    """Whether the text has a UTF-8 form (JSON may carry half of a surrogate pair, which has none)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _fold(rows: Iterable[tuple[int, dict[str, Any]]], folded: RatingsFile) -> None:
    """Put ratings in their place; a second one for the same item, rater and question is rejected."""
    rows = list(rows)
    sided = any(row.get("tuned") for _, row in rows)
    seen: dict[tuple[str, str, str], int] = {}
    for number, row in rows:
        pair = (str(row["item"]), str(row["rater"]))
        verdict = row.get("verdict")
        if sided and verdict in ("left", "right") and not row.get("tuned"):
            folded.bad.append(BadLine(number, 'has no "tuned" side, which other lines have'))
            continue
        models = row.get("models")
        asked = [f"scores.{name}" for name in row.get("scores") or {}]
        if verdict is not None:
            asked.insert(0, f"verdict {sorted(models)}" if models else "verdict")
        earlier = next((seen[(*pair, key)] for key in asked if (*pair, key) in seen), None)
        if earlier is not None:
            folded.bad.append(BadLine(number, f"the same rater rated this item already, on line {earlier}"))
            continue
        seen.update({(*pair, key): number for key in asked})
        if verdict == "skip":
            folded.n_skipped += 1
        elif verdict is not None and models:
            credit = CREDIT[outcome_of(verdict, "left")]
            folded.duels.append(Duel(pair[0], models[0], models[1], credit))
            folded.duelled.add(pair)
        elif verdict is not None:
            folded.verdicts[pair] = verdict
            if row.get("tuned"):
                folded.tuned_side[pair] = row["tuned"]
        for name, value in (row.get("scores") or {}).items():
            if value is None:
                folded.n_not_applicable += 1
            else:
                folded.scores.setdefault(str(name), {})[pair] = int(value)
