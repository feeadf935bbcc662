"""Finds the entailment model that the settings name; fetches one from the model hub by command only, pinned by commit.

A model says by its own configuration which of its outputs means what; nothing here assumes an order of labels.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import smollm2
from core.clock import utc_now
from core.embeddings import MINILM_NAME
from core.errors import FinetoothError, InputError
from core.files import explain_os_error, read_json, write_json
from core.models import HUB_FILES, HUB_ID
from core.quiet import asked_to_stay_offline, reaching_the_hub
from core.smollm2 import cache_folder

DEFAULT = "cross-encoder/nli-deberta-v3-small"
"""What `finetooth models --entailment default` fetches: Apache-2.0, three labels, trained on SNLI and MultiNLI."""

LABELS = ("contradiction", "entailment", "neutral")
"""The order in which scores are given here, whatever order a model has."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_VOCABULARIES = frozenset({"tokenizer.json", "vocab.txt", "vocab.json"})  # without one, an empty one would be made up
_NOT_FETCHED = ["onnx/*", "openvino/*"]
_HINT = (
    "Set entailment_model to the folder of a three-label cross-encoder or to one that was fetched (finetooth models "
    f"--entailment {DEFAULT}), or remove the line."
)


@dataclass(frozen=True, slots=True)
class EntailmentModel:
    """A three-label cross-encoder on this machine.

    Attributes:
        name: As the settings name it: a hub id or a folder.
        folder: Where its files lie.
        commit: The hub's commit; empty for a folder that a person named.
        columns: Which of its outputs stands for each of :data:`LABELS`.
        licence: As its page on the hub declared it when it was fetched; empty where that is unknown.
    """

    name: str
    folder: Path
    commit: str
    columns: tuple[int, int, int]
    licence: str = ""

    @property
    def called(self) -> str:
        """Its name for the report, the commit included."""
        return f"{self.name} (revision {self.commit[:12]})" if self.commit else self.name

    def identity(self) -> str:
        """What its scores depend on: name and commit, or the bytes of the folder's files (reads them all)."""
        if self.commit:
            return f"{self.name}@{self.commit}"
        state = hashlib.blake2b(digest_size=16)
        for path in sorted(self.folder.iterdir()):
            if path.suffix in {".json", ".safetensors", ".txt", ".model"} and path.is_file():
                with open(path, "rb") as handle:
                    state.update(f"{path.name} {path.stat().st_size}\n".encode("utf-8", "surrogateescape"))
                    state.update(hashlib.file_digest(handle, "blake2b").digest())
        return f"folder@{state.hexdigest()}"


def located(name: str, revision: str | None = None) -> EntailmentModel:
    """The model of a setting, from this machine alone.

    Args:
        name: A folder, or the hub id of a model that was fetched.
        revision: A commit, tag or branch of a hub id; None = the commit that was recorded when it was fetched.

    Raises:
        InputError: There is no such model here, files are missing, or it has other labels.
    """
    folder = Path(name).expanduser()
    if folder.exists():
        if revision:
            told = f"entailment_revision goes with a model of the hub, and entailment_model names a folder: {name}."
            raise InputError(told, "Remove the line entailment_revision.")
        return EntailmentModel(name, folder.resolve(), "", columns(folder, name))
    if name.lower() in (smollm2.NAME, MINILM_NAME):
        raise InputError(f"The embedded model {name} is no entailment model.", _HINT)
    if not HUB_ID.fullmatch(name):
        raise InputError(f"There is no entailment model at {name}.", _HINT)
    pin = _pins().get(_key(name, revision), {})
    commit = revision if revision and _COMMIT.fullmatch(revision) else pin.get("commit", "")
    found = _snapshot(name, commit) if commit else None
    if found is None:
        wanted = f"{name} at revision {revision}" if revision else name
        raise InputError(
            f"The entailment model {wanted} is neither a folder nor a model that was fetched to this machine.",
            f"Fetch it once: finetooth models --entailment {name}{f' --revision {revision}' if revision else ''}.",
        )
    return EntailmentModel(name, found, commit, columns(found, name), pin.get("licence", ""))


def known() -> list[EntailmentModel]:
    """The models that were fetched and are still here, by name and commit."""
    found: dict[tuple[str, str], EntailmentModel] = {}
    for key, pin in sorted(_pins().items()):
        name, commit = key.partition("@")[0], str(pin.get("commit", ""))
        folder = _snapshot(name, commit) if commit else None
        if folder is not None:
            model = EntailmentModel(name, folder, commit, columns(folder, name), str(pin.get("licence", "")))
            found[name, commit] = model
    return list(found.values())


def fetch(name: str, revision: str | None = None) -> EntailmentModel:
    """Fetch a model from the hub and record its commit, or check a folder; what was fetched is not fetched again.

    Args:
        name: A hub id, a folder, or ``default``.
        revision: A commit, tag or branch; None = the recorded commit, or the newest where none is recorded.

    Raises:
        InputError: There is no such model, the hub cannot be reached, or the model is no three-label cross-encoder.
        FinetoothError: The cache folder cannot be written.
    """
    name = DEFAULT if name == "default" else name
    if Path(name).expanduser().exists() or not HUB_ID.fullmatch(name):
        return located(name, revision)
    pin = _pins().get(_key(name, revision), {})
    wanted = pin.get("commit") or revision
    if wanted and _COMMIT.fullmatch(wanted) and _snapshot(name, wanted) is not None:
        return located(name, revision)
    commit, licence, folder = _download(name, wanted)
    model = EntailmentModel(name, folder, commit, columns(folder, name), licence)
    entry = {"commit": commit, "licence": licence, "fetched_at": utc_now()}
    write_json(_pins_path(), {**_pins(), _key(name, revision): entry, _key(name, commit): entry})
    return model


def columns(folder: Path, name: str) -> tuple[int, int, int]:
    """Which output of the model in ``folder`` is contradiction, entailment and neutral, by its ``id2label``.

    Raises:
        InputError: The folder holds no classifier with these three labels, no safetensors or no tokenizer.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise InputError(f"The folder of the entailment model has no config.json: {name}.", _HINT)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        labels = {int(number): str(label).strip().lower() for number, label in config.get("id2label", {}).items()}
        kinds = [str(kind) for kind in config.get("architectures") or ()]
    except OSError as error:
        raise explain_os_error(error, path) from error
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"The config.json of the entailment model cannot be read: {name}.", _HINT) from error
    if sorted(labels.values()) != sorted(LABELS) or sorted(labels) != [0, 1, 2]:
        has = ", ".join(labels[number] for number in sorted(labels)[:4]) or "none"
        told = f"The model {name} has no three labels named contradiction, entailment and neutral (its labels: {has})."
        raise InputError(told, _HINT)
    if not any(kind.endswith("ForSequenceClassification") for kind in kinds):
        raise InputError(f"The model {name} is no cross-encoder: its config.json names no classifier.", _HINT)
    if not any(folder.glob("*.safetensors")):
        raise InputError(f"The folder of the entailment model holds no *.safetensors weights: {name}.", _HINT)
    if not any(file.name in _VOCABULARIES or file.suffix == ".model" for file in folder.iterdir()):
        raise InputError(f"The folder of the entailment model holds no tokenizer: {name}.", _HINT)
    place = {label: number for number, label in labels.items()}
    return place[LABELS[0]], place[LABELS[1]], place[LABELS[2]]


def _download(name: str, revision: str | None) -> tuple[str, str, Path]:
    """The commit, the declared licence and the local folder of a hub model."""
    if asked_to_stay_offline():
        raise InputError(
            f"There is no entailment model {name} on this machine, and HF_HUB_OFFLINE forbids fetching it.",
            "Copy the model into a folder and name that folder.",
        )
    from huggingface_hub import HfApi, errors, snapshot_download

    hub: Any = errors  # HTTPError is that of whichever client the library uses
    try:
        with reaching_the_hub():
            info: Any = HfApi().model_info(name, revision=revision, timeout=10)
            folder = snapshot_download(
                name, revision=info.sha, allow_patterns=HUB_FILES, ignore_patterns=_NOT_FETCHED, etag_timeout=10
            )
    except (hub.HTTPError, hub.LocalEntryNotFoundError, OSError, ValueError) as error:
        wanted = f"{name} at revision {revision}" if revision else name
        raise InputError(
            f"The entailment model {wanted} could not be fetched from the model hub ({type(error).__name__}).",
            "Check the name and the network, or name the folder of a model that you copied here.",
        ) from error
    card = info.card_data.to_dict() if info.card_data else {}
    return str(info.sha), str(card.get("license") or ""), Path(folder)


def _snapshot(name: str, commit: str) -> Path | None:
    """The folder of a model of this commit in the local hub cache, without a look at the network."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "snapshots" / commit
    return folder if (folder / "config.json").is_file() else None


def _key(name: str, revision: str | None) -> str:
    return f"{name}@{revision or ''}"


def _pins_path() -> Path:
    return cache_folder() / "models" / "entailment.json"


def _pins() -> dict[str, dict[str, str]]:
    """What was fetched: ``name@revision as asked`` to the commit, the licence and the time.

    Raises:
        FinetoothError: The record is damaged.
    """
    path = _pins_path()
    if not path.exists():
        return {}
    pins = read_json(path)
    if not isinstance(pins, dict) or not all(isinstance(pin, dict) for pin in pins.values()):
        raise FinetoothError(f"{path} is no record of fetched models.", "Remove it and fetch the model again.")
    return pins
