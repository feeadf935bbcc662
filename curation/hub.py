"""The head of a dataset folder's README as hubs and ``datasets.load_dataset`` read it: splits, licence, size (YAML)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from curation import licences
from curation.card import CardFacts

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def front_matter(facts: CardFacts, splits: Sequence[str]) -> str:
    """YAML between two lines of dashes, to stand before the card.

    Args:
        facts: What the card says.
        splits: Names of the files under ``data/``, each a split.
    """
    licence, name = licences.on_hub([source.licence for source in facts.sources])
    size = next((label for limit, label in SIZES if facts.n_examples < limit), "1M<n<10M")
    lines = ["---", "configs:", "- config_name: default", "  data_files:"]
    for split in splits:
        lines += [f"  - split: {split}", f"    path: data/{split}.parquet"]
    lines.append(f"license: {licence}")
    if name:
        lines.append(f"license_name: {_quoted(name)}")
    lines += [
        f"pretty_name: {_quoted(facts.name)}",
        "size_categories:",
        f"- {size}",
        "task_categories:",
        "- text-generation",
        "---",
        "",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar: any JSON string is one."""
    return json.dumps(text)
