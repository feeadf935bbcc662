"""The table of pairs that a check leaves behind, made for a small workspace with plain sets."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from core.files import write_json
from core.types import Example
from core.workspace import Workspace
from curation import queries, thresholds
from curation.minhash.normalise import normalise


def write(workspace: Workspace, *, near: float = 0.70, short: float = 0.85) -> None:
    """Write ``index/`` for the workspace as it stands: word 3-grams throughout, longest examples first."""
    examples, _ = queries.current(workspace)
    ordered = sorted(examples, key=lambda e: (-sum(len(m.content) for m in e.messages), e.id))
    units: dict[tuple[str, str], list[Example]] = {}
    for example in ordered:
        units.setdefault(_sides(example), []).append(example)
    grams = [tuple(_grams(text) for text in (f"{p} {a}".strip(), p, a)) for p, a in units]
    rows = []
    for left, right in combinations(range(len(grams)), 2):
        alike = [_jaccard(a, b) for a, b in zip(grams[left], grams[right], strict=True)]
        if alike[0] >= 0.5:
            rows.append((left, right, *alike, 0, True))
    folder = workspace.path / "index"
    folder.mkdir(exist_ok=True)
    firsts = {"id": [group[0].id for group in units.values()], "copies": [len(group) for group in units.values()]}
    pl.DataFrame(firsts, schema=thresholds.UNITS).write_parquet(folder / "units.parquet")
    pl.DataFrame(rows, schema=thresholds.PAIRS, orient="row").write_parquet(folder / "pairs.parquet")
    key = queries.key_of(sorted(example.id for example in examples))
    write_json(folder / "meta.json", {"dataset_key": key, "near": near, "short": short, "floor": 0.50})


def _sides(example: Example) -> tuple[str, str]:
    prompt = "\n".join(message.content for message in example.prompt if message.role != "system")
    return normalise(prompt), normalise(example.answer)


def _grams(text: str) -> set[tuple[str, ...]]:
    words = text.split(" ")
    return {tuple(words[k : k + 3]) for k in range(max(1, len(words) - 2))}


def _jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b)
