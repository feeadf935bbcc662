"""Reads what a base model says of itself: licence, context and chat format, from its own config and card."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.files import read_json
from core.models import HUB_ID
from core.quiet import asked_to_stay_offline, reaching_the_hub
from training.catalogue import BaseModel, card_folder, find, known_folder, read_shape

FILES = ("config.json", "README.md", "tokenizer_config.json", "chat_template.jinja")
"""All that is fetched of a model to describe it: no weights, no code."""

TEMPLATES = {
    "<|im_start|>": "ChatML",
    "<|start_header_id|>": "Llama 3",
    "<start_of_turn>": "Gemma",
    "[INST]": "Mistral",
    "<|user|>": "Zephyr",
}
"""Chat formats by a marker in their templates."""

FREE = ("apache-2.0", "mit", "bsd-3-clause", "bsd-2-clause", "bsd", "openrail", "bigscience-openrail-m", "cc-by-4.0")
TERMS = ("llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4", "gemma", "cc-by-sa-4.0")
UNKNOWN = "not known: read the licence"


def describe(name_or_path: str, *, fetch: bool = False) -> BaseModel:
    """A base model as it describes itself, or as the catalogue does where it is not on this machine.

    Args:
        name_or_path: A folder, a hub id, or a catalogued name.
        fetch: Whether config and card of a hub id may be fetched (some kilobytes; never where someone asked to stay
            offline).

    Raises:
        InputError: There is no such model here and none was fetched, or its config is not that of a decoder.
    """
    folder = known_folder(name_or_path)
    if folder is None and fetch and HUB_ID.fullmatch(name_or_path):
        folder = _fetch(name_or_path, card_folder(name_or_path))
    listed = find(name_or_path)
    if folder is None:
        if listed is not None:
            return listed
        raise InputError(
            f"Nothing is known of {name_or_path}: it is not in the catalogue and not on this machine.",
            "Read its card from the hub, or name the folder that holds its config.json.",
        )
    return _read(folder, name_or_path, listed)


def commercial_use(licence: str) -> str:
    """Whether a licence, by its identifier on the hub, allows commercial use of a fine-tune."""
    name = licence.lower()
    if name in FREE:
        return "yes"
    if name in TERMS:
        return "yes, under its own terms: read them"
    if re.search(r"\bnc\b|non-?commercial|research", name):
        return "no (research or non-commercial use only)"
    return UNKNOWN


def card_fields(text: str) -> dict[str, str]:
    """The plain ``key: value`` lines of a model card's front matter."""
    found = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    lines = found.group(1).splitlines() if found else []
    pairs = (re.match(r"([\w-]+):\s*(\S.*)$", line) for line in lines)
    return {pair.group(1): pair.group(2).strip().strip("\"'") for pair in pairs if pair}


def template_name(template: str | None) -> str:
    """The chat format of a template, by its markers; ``none`` where there is no template."""
    if not template:
        return "none"
    return next((name for marker, name in TEMPLATES.items() if marker in template), "its own")


def _read(folder: Path, name: str, listed: BaseModel | None) -> BaseModel:
    config = read_json(folder / "config.json")
    readme = folder / "README.md"
    card = card_fields(readme.read_text(encoding="utf-8", errors="replace")) if readme.is_file() else {}
    licence = card.get("license_name") or card.get("license") or ""
    seen = BaseModel(
        name=name if listed is None else listed.name,
        hub_id=name if HUB_ID.fullmatch(name) else "",
        shape=read_shape(config, name),
        licence=licence or "not stated",
        commercial=commercial_use(card.get("license_name") or card.get("license", "")),
        context_tokens=int(config.get("max_position_embeddings") or 0),
        template=template_name(_template(folder)),
    )
    if licence or listed is None:
        return seen
    return replace(seen, licence=listed.licence, commercial=listed.commercial, hub_id=listed.hub_id)


def _template(folder: Path) -> str | None:
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    path = folder / "tokenizer_config.json"
    stored: Any = read_json(path).get("chat_template") if path.is_file() else None
    if isinstance(stored, list):  # several by name; the default is used
        stored = next((one.get("template") for one in stored if one.get("name") == "default"), None)
    return stored if isinstance(stored, str) else None


def _fetch(name: str, target: Path) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    if asked_to_stay_offline():
        raise InputError(f"HF_HUB_OFFLINE forbids fetching the card of {name}.", "Name a folder instead.")
    try:
        with reaching_the_hub():
            snapshot_download(name, allow_patterns=list(FILES), local_dir=target, etag_timeout=10)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"The card of {name} could not be fetched from the model hub.", "Check the name and the network."
        ) from error
    return target
