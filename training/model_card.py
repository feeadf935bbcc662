"""The model card beside an exported adapter or model: what it was made of, what was measured, what it lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.parity import Parity
from training.serving import AS_OF, Recipe

HUB_LICENCES = {
    "apache-2.0": "apache-2.0",
    "mit": "mit",
    "llama 2 community": "llama2",
    "llama 3.1 community": "llama3.1",
    "llama 3.2 community": "llama3.2",
    "gemma": "gemma",
}
"""What model hubs call a licence; any other is ``other`` with its name beside it."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that the card says; nothing is looked up.

    Attributes:
        name: Of the model.
        base: The base model's hub id or name.
        licence: Of the base model; None where it is not known.
        commercial: Whether a fine-tune of the base may be used commercially, and on which terms; None likewise.
        method: ``qlora``, ``lora`` or ``full``.
        revision_id: Of the dataset.
        splits: Examples of the revision by split.
        settings: Of the training.
        facts: What was measured during the run.
        versions: Of the libraries.
        run_id: Of the run.
        status: How the run ended.
        parity: The proof of the merge; None where nothing was merged.
        recipes: How to serve it.
    """

    name: str
    base: str
    licence: str | None
    commercial: str | None
    method: str
    revision_id: str
    splits: Mapping[str, int]
    settings: Mapping[str, Any]
    facts: Mapping[str, Any]
    versions: Mapping[str, str]
    run_id: str
    status: str
    parity: Parity | None
    recipes: Sequence[Recipe]


def card(facts: CardFacts, *, library: str) -> str:
    """The card as Markdown with the YAML head that model hubs read.

    Args:
        facts: What it says.
        library: ``peft`` for an adapter, ``transformers`` for a whole model.
    """
    before, after = facts.facts.get("Hold-out loss before"), facts.facts.get("Hold-out loss after")
    parts = [
        _head(facts, library),
        f"# {_plain(facts.name)}\n",
        f"{_plain(facts.base)}, fine-tuned by {facts.method} on conversations with Finetooth.\n",
        "## Data\n",
        f"Dataset revision `{facts.revision_id}`: "
        + ", ".join(f"{count:,} to {_PURPOSE.get(split, split)}" for split, count in facts.splits.items())
        + ". Its own card tells sources, licences, and what was dropped and edited and why.\n",
        "## What was measured while training\n",
    ]
    if before is not None and after is not None:
        parts.append(
            f"Hold-out loss {before} before and {after} after, in nats a token of the answers. Lower means that these "
            "answers are more expected; it is not a judgement of quality.\n"
        )
    else:
        parts.append("No hold-out loss was measured.\n")
    parts.append(_table("Measured", facts.facts))
    if facts.parity is not None:
        parts += ["## Merge\n", f"{_sentence(facts.parity.sentence())}\n"]
    parts += [
        "## Settings\n",
        _table("Setting", facts.settings),
        f"Run `{facts.run_id}`, {facts.status}. "
        + ", ".join(f"{name} {version}" for name, version in facts.versions.items())
        + ".\n",
        "## Licence\n",
        f"The base model's licence is {_plain(facts.licence)}; commercial use of a fine-tune: {facts.commercial}. "
        "Read the base model's card, and the licences of the data, before you rely on it.\n"
        if facts.licence
        else "The base model's licence is not known to Finetooth: read its card, and the licences of the data.\n",
        "## Limits\n",
        "A lower loss does not say that answers are right, safe or fair: that is what the evaluation by people is for. "
        "What the base model gets wrong outside of this data, this model gets wrong, too.\n",
        "## Serving\n",
        "Run in the exported folder, which holds the parts named below. These commands follow each program's "
        f"documentation ({AS_OF}) and were not run here.\n",
    ]
    for recipe in facts.recipes:
        parts.append(f"**{recipe.program}**\n")
        parts.append("```sh\n" + "\n".join(recipe.commands) + "\n```\n")
        if recipe.note:
            parts.append(f"{recipe.note}\n")
    return "\n".join(parts)


_PURPOSE = {"train": "train on", "holdout": "measure", "test": "test"}


def _head(facts: CardFacts, library: str) -> str:
    licence = (facts.licence or "").lower()
    lines = [
        "---",
        f"base_model: {json.dumps(facts.base)}",
        f"library_name: {library}",
        "pipeline_tag: text-generation",
    ]
    if licence in HUB_LICENCES:
        lines.append(f"license: {HUB_LICENCES[licence]}")
    else:
        lines.append("license: other" if licence else "license: unknown")
        if licence:
            lines.append(f"license_name: {json.dumps(facts.licence)}")
    relation = "adapter" if library == "peft" else "finetune"
    return "\n".join(
        [*lines, f"base_model_relation: {relation}", "tags:", "- finetooth", f"- {facts.method}", "---", ""]
    )


def _table(title: str, values: Mapping[str, Any]) -> str:
    rows = [f"| {title} | |", "|---|---|"]
    rows += [f"| {_plain(str(name))} | {_plain(_shown(value))} |" for name, value in values.items()]
    return "\n".join(rows) + "\n"


def _shown(value: Any) -> str:
    if value is None:
        return "off or all"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1 else str(value)
    return str(value)


def _plain(text: str | None) -> str:
    """Text that Markdown shows as it is; names come from people and paths."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", str(text).replace("\n", " "))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
