"""A workspace's own thresholds: ``finetooth.toml`` in its folder, read by every check there, changed on the record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import InputError
from core.files import writing
from core.workspace import Workspace
from curation.evidence import house_style
from curation.evidence.entailment_models import EntailmentModel
from curation.evidence.settings import TABLE, Settings

NAME = "finetooth.toml"
KIND = "settings"


def path_of(workspace: Workspace) -> Path:
    """Where a workspace's settings stand, whether or not the file exists."""
    return workspace.path / NAME


def read_settings(workspace: Workspace) -> Settings:
    """The workspace's settings; the defaults where it has no file.

    Raises:
        InputError: The file cannot be read, or a table, key or value in it is wrong.
    """
    path = path_of(workspace)
    return Settings.from_toml(path) if path.exists() else Settings()


def set_thresholds(workspace: Workspace, near: float, short: float, who: str, *, action_id: str | None = None) -> bool:
    """Set both thresholds of near-duplicates; comments and all other settings in the file stay as they are.

    Args:
        workspace: The open workspace.
        near: Least Jaccard similarity of word 3-grams, above 0 and at most 1.
        short: The same of character 5-grams, for texts under 15 words.
        who: Whose decision it is; it is written to the ledger with the values before and after.
        action_id: The same again changes nothing.

    Returns:
        Whether a value changed.

    Raises:
        InputError: A value is out of range, or the file as it stands cannot be read.
    """
    import tomlkit

    for value in (near, short):
        if not 0 < value <= 1:
            raise InputError(f"A threshold of {value:g} is not possible.", "Choose one above 0 and at most 1.")
    before = read_settings(workspace)
    if (before.near_threshold, before.short_threshold) == (near, short):
        return False
    path = path_of(workspace)
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    if TABLE not in document:
        document[TABLE] = tomlkit.table()
    table = document[TABLE]
    table["near_threshold"], table["short_threshold"] = near, short
    with writing(path) as temporary:
        temporary.write_text(tomlkit.dumps(document), encoding="utf-8")
        Settings.from_toml(temporary)
    payload = {
        "near_threshold": near,
        "short_threshold": short,
        "before": {"near_threshold": before.near_threshold, "short_threshold": before.short_threshold},
    }
    workspace.ledger.append(KIND, TABLE, payload, who=who, action_id=action_id)
    return True


def set_style(
    workspace: Workspace, style: Mapping[str, str | bool | int], who: str, *, action_id: str | None = None
) -> bool:
    """Declare the house style; comments and all other settings in the file stay as they are.

    Args:
        workspace: The open workspace.
        style: Every rule that is to hold, by its key in ``[style]``; rules that are not named hold no longer.
        who: Whose decision it is; it is written to the ledger with the rules before and after.
        action_id: The same again changes nothing.

    Returns:
        Whether a rule changed.

    Raises:
        InputError: A rule or its value is unknown, or the file as it stands cannot be read.
    """
    import tomlkit

    wanted = house_style.read_style(dict(style), NAME)
    before = read_settings(workspace).style
    if before == wanted:
        return False
    path = path_of(workspace)
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    if house_style.TABLE not in document:
        document[house_style.TABLE] = tomlkit.table()
    table = document[house_style.TABLE]
    for key in before.keys.keys() - wanted.keys.keys():
        del table[key]
    for key, value in wanted.keys.items():
        if before.keys.get(key) != value:
            table[key] = value
    with writing(path) as temporary:
        temporary.write_text(tomlkit.dumps(document), encoding="utf-8")
        Settings.from_toml(temporary)
    payload = {"style": wanted.keys, "before": before.keys}
    workspace.ledger.append(KIND, house_style.TABLE, payload, who=who, action_id=action_id)
    return True


def set_entailment(workspace: Workspace, model: EntailmentModel, who: str, *, action_id: str | None = None) -> bool:
    """Have the workspace's checks ask this entailment model, at this commit; all else in the file stays as it is.

    Returns:
        Whether the setting changed.

    Raises:
        InputError: The file as it stands cannot be read.
    """
    import tomlkit

    named = model.name if model.commit else str(model.folder)
    wanted = {"entailment_model": named, "entailment_revision": model.commit or None}
    settings = read_settings(workspace)
    before = {"entailment_model": settings.entailment_model, "entailment_revision": settings.entailment_revision}
    if before == wanted:
        return False
    path = path_of(workspace)
    document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    if TABLE not in document:
        document[TABLE] = tomlkit.table()
    table = document[TABLE]
    for key, value in wanted.items():
        if value is not None:
            table[key] = value
        elif key in table:
            del table[key]
    with writing(path) as temporary:
        temporary.write_text(tomlkit.dumps(document), encoding="utf-8")
        Settings.from_toml(temporary)
    workspace.ledger.append(KIND, TABLE, {**wanted, "before": before}, who=who, action_id=action_id)
    return True
