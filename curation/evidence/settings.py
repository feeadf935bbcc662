"""Every threshold that a check uses, with its default and its reason, and how a project changes it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from core import smollm2
from core.errors import InputError
from core.files import explain_os_error
from core.models import HUB_ID
from curation.evidence import house_style
from curation.evidence.house_style import HouseStyle

TABLE = "check"
TABLES = frozenset(
    {TABLE, house_style.TABLE, "training", "evaluation"}
)  # one file may hold all of a project's settings
_NOT_IN_FILE = frozenset({"style", "rows", "preferred", "pair_floor"})


@dataclass(frozen=True, slots=True)
class Settings:
    """How strict the checks are.

    Attributes:
        near_threshold: Least Jaccard similarity (word 3-grams) at which two texts are near-duplicates.
        short_threshold: The same for texts under 15 words (character 5-grams).
        subset_containment: Least share of one example's 3-grams that stand in another for it to be its subset.
        paraphrase_cosine: Least cosine similarity of prompts in the semantic pass.
        semantic: Whether the semantic pass (a model) runs without being asked for by name.
        min_group: Fewest answers from which a norm is learned.
        group_by: Keys of an example's meta, of which the first present splits the groups of one system prompt.
        norm_share: What the lower confidence bound of a norm's share must reach.
        norm_confidence: Confidence of that bound (one-sided).
        length_z: Robust z-score of log length from which an answer is over-long.
        tone_z: Robust z-score from which a measured tone (formality, sentences, reading ease ...) is a departure.
        template_share: Share of the prompts from which one template is over-represented.
        phone_regions: Countries whose national phone formats are understood.
        name_model: Folder of a token-classification model that tags persons, for ``privacy.name``; in a file, relative
            to that file. None = names are not looked for.
        entailment_model: A three-label cross-encoder that reads the answers which the rules of ``contradictions.clash``
            leave undecided: a folder (in a file, relative to that file), or the hub id of a model that was fetched
            (``finetooth models --entailment NAME``). None = no model is asked.
        entailment_revision: Commit, tag or branch of that hub id; None = the commit that was recorded when it was
            fetched.
        entailment_pairs: Most pairs of sentences that the model reads for one row; what is left out is counted.
        reworded_rows: Largest set in which contradictions are also looked for between questions in other words or in
            earlier turns, and between statements; in a larger one, only between prompts alike in wording.
        reworded_meaning: Whether the embedding model, where it is installed, is asked about questions that are in
            other words; it reads only those whose answers clash. False = their letters alone decide.
        base_model: Whose chat template and tokens are meant: an embedded model's name, a folder, or a hub id.
        max_tokens: Longest conversation that training is planned for, in that model's tokens.
        style: The house style, in a table of its own, ``[style]``; it outranks what the checks learn from the set.
        rows: Example id to its 1-based lines, where the caller knows them (identical rows are one example).
        preferred: Ids that should stay when a duplicate must go, such as those a person has reviewed.
        pair_floor: Pairs of whole conversations are kept from this similarity on, for the threshold explorer; None =
            only those that reach the thresholds.
    """

    near_threshold: float = 0.70
    short_threshold: float = 0.85
    subset_containment: float = 0.90
    paraphrase_cosine: float = 0.90
    semantic: bool = False
    min_group: int = 20
    group_by: tuple[str, ...] = ("task", "template", "category")
    norm_share: float = 0.80
    norm_confidence: float = 0.95
    length_z: float = 5.0
    tone_z: float = 6.0
    template_share: float = 0.20
    phone_regions: tuple[str, ...] = ("US", "GB")
    name_model: str | None = None
    entailment_model: str | None = None
    entailment_revision: str | None = None
    entailment_pairs: int = 16
    reworded_rows: int = 20_000
    reworded_meaning: bool = True
    base_model: str = smollm2.NAME
    max_tokens: int = 1024
    style: HouseStyle = HouseStyle()  # noqa: RUF009 (frozen)
    rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    preferred: frozenset[str] = frozenset()
    pair_floor: float | None = None

    @classmethod
    def from_toml(cls, path: Path) -> Settings:
        """Read the table ``[check]`` of a ``finetooth.toml``; an absent table means the defaults.

        Raises:
            InputError: The file cannot be read or is not TOML, or a table, key or value in it is wrong.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            told = explain_os_error(error, path)
            raise InputError(told.message, told.hint) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not a TOML file.", "Correct it, or leave out --config.") from error
        if strange := sorted(document.keys() - TABLES):
            raise InputError(f"{path}: {strange[0]!r} is unknown here.", f"Put the settings below a line [{TABLE}].")
        table = document.get(TABLE, {})
        if not isinstance(table, dict):
            raise InputError(f"{path}: [{TABLE}] must be a table.", f"Write a line [{TABLE}] with settings below it.")
        style = house_style.read_style(document.get(house_style.TABLE, {}), str(path))
        return cls(style=style, **{key: _value(cls, path, key, value) for key, value in table.items()})


_NAMED = {"entailment_model": "a folder or a fetched model", "entailment_revision": "a commit, tag or branch"}


def _names_a_hub_model(path: Path, value: str) -> bool:
    """Whether a name is no folder beside the file and has the form owner/name."""
    return bool(HUB_ID.fullmatch(value)) and not (path.parent / value).exists()


def _value(cls: type[Settings], path: Path, key: str, value: Any) -> Any:
    """One setting from a file, checked against the default of the same name."""
    names = [f.name for f in fields(cls) if f.name not in _NOT_IN_FILE]
    if key not in names:
        raise InputError(f"{path}: [{TABLE}] has no setting {key!r}.", f"Known settings: {', '.join(names)}.")
    default = getattr(cls(), key)
    if default is None:
        if not isinstance(value, str) or not value.strip():
            told = f"{path}: the setting {key!r} in [{TABLE}] must be the name of {_NAMED.get(key, 'a folder')}."
            raise InputError(told, "Correct it or remove the line.")
        if key == "entailment_revision" or (key == "entailment_model" and _names_a_hub_model(path, value)):
            return value
        return str(path.parent / Path(value).expanduser())
    if isinstance(default, bool):
        right = isinstance(value, bool)
    elif isinstance(default, float):
        right = isinstance(value, int | float) and not isinstance(value, bool)
    elif isinstance(default, int):
        right = isinstance(value, int) and not isinstance(value, bool) and value > 0
    elif isinstance(default, str):
        right = isinstance(value, str) and bool(value.strip())
    else:
        right = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if right and isinstance(default, float) and default <= 1:
        right = 0 <= value <= 1
    if not right:
        kinds = {bool: "true or false", int: "a whole number over 0", str: "a name", tuple: "a list of strings"}
        kind = kinds.get(type(default))
        kind = kind or ("a number from 0 to 1" if default <= 1 else "a number")
        raise InputError(f"{path}: the setting {key!r} in [{TABLE}] must be {kind}.", "Correct it or remove the line.")
    return tuple(value) if isinstance(value, list) else type(default)(value)
