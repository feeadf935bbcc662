"""What the last check learned of the set, kept (``index/learned.json``) so that one text can be held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from core.files import write_atomic
from core.ids import content_id
from core.workspace import Workspace
from curation import thresholds
from curation.checks import CHECKS
from curation.checks.format_length import Range, Spread
from curation.checks.tone_profile import Band
from curation.evidence.groups import Norm
from curation.evidence.groups_asks import Split
from curation.evidence.habits_json import KeyNorm
from curation.evidence.habits_norms import Formula, KeptScope
from curation.evidence.norms import LearnedNorm
from curation.evidence.settings import Settings

FILE = "learned.json"
PARTS: Mapping[str, Any] = {
    "groups": dict[str, str],
    "systems": dict[str, int],
    "tasks": dict[str, Split],
    "words": dict[str, int],
    "texts": dict[str, int],
    "format.norm": dict[str, list[KeptScope]],
    "format.norm/keys": dict[str, list[KeyNorm]],
    "format.norm/opening": dict[str, Formula],
    "format.norm/closing": dict[str, Formula],
    "format.length": dict[str, Range],
    "format.length/spread": dict[str, Spread],
    "format.truncated": dict[str, bool],
    "format.truncated/words": dict[str, int],
    "format.damage": dict[str, bool],
    "tone.norm": dict[str, LearnedNorm],
    "tone.profile": dict[str, Band],
    "spelling.typo": dict[str, str],
    "language.other": dict[str, Norm],
    "language.reply": dict[str, Norm],
}
"""The type of the records of each part; a part's name begins with its check, or stands for what several share.

``groups``: labels by key; ``systems``: how many examples have each common system prompt and its variants; ``tasks``:
the questions that split a group; ``words``: in how many of ``texts`` turns each word stands.
"""
_BY_SETTINGS = ("min_group", "group_by", "norm_share", "norm_confidence", "length_z", "tone_z", "style")

Learned = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was learned: records by part and key, and which checks had run, on which state of the dataset."""

    parts: Learned
    checks: frozenset[str]
    dataset_key: str


def write(workspace: Workspace, learned: Learned, settings: Settings, dataset_key: str, checks: Sequence[str]) -> None:
    """Keep what a run of the checks learned, beside what other checks learned from the same state of the dataset.

    Raises:
        FinetoothError: The disk is full or the folder cannot be written.
    """
    before = load(workspace, settings)
    ran = set(checks)
    parts: dict[str, Mapping[str, Any]] = {}
    if before is not None and before.dataset_key == dataset_key:
        parts = {name: held for name, held in before.parts.items() if name.partition("/")[0] not in ran}
        ran |= before.checks
    parts.update(learned)
    folder = workspace.path / thresholds.FOLDER
    document = {"key": _key(settings), "dataset_key": dataset_key, "checks": sorted(ran), "parts": parts}
    write_atomic(folder / FILE, msgspec.json.encode(document))


def load(workspace: Workspace, settings: Settings) -> Kept | None:
    """What was learned last; None where nothing was, or with other settings or by another version of Finetooth."""
    path = workspace.path / thresholds.FOLDER / FILE
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    stamp = found.st_ino, found.st_mtime_ns, found.st_size, _key(settings)
    known = _held.get(path)
    if known is None or known[0] != stamp:
        known = _held[path] = stamp, _read(path, stamp[-1])
    return known[1]


_held: dict[Path, tuple[tuple[object, ...], Kept | None]] = {}


def _read(path: Path, key: str) -> Kept | None:
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
        if msgspec.json.decode(document["key"], type=str) != key:
            return None
        raw = msgspec.json.decode(document["parts"], type=dict[str, msgspec.Raw])
        parts = {
            name: msgspec.json.decode(raw[name], type=records, dec_hook=_as_it_is)
            for name, records in PARTS.items()
            if name in raw
        }
        checks = msgspec.json.decode(document["checks"], type=frozenset[str])
        return Kept(parts, checks, msgspec.json.decode(document["dataset_key"], type=str))
    except (OSError, KeyError, msgspec.MsgspecError):
        return None  # damaged: the next check writes it anew


def _as_it_is(kind: type, value: object) -> object:
    return value


def _key(settings: Settings) -> str:
    """What the records depend on beside the set: the settings, and the versions of the checks."""
    versions = [[check.name, check.version] for check in CHECKS]
    return content_id([repr([getattr(settings, name) for name in _BY_SETTINGS]), versions])
