"""The real texts below the planted faults: read from the shared data, cleaned by rules, in a fixed order."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.harness import SHARED_DATA
from core.errors import InputError

DATASETS = ("clinic", "desk")
_FILES = {
    "clinic": ("clinic_notes_train.jsonl", "clinic_notes_validation.jsonl"),
    "desk": ("templated_sft.jsonl.gz", "formats/alpaca_en_demo.json", "formats/glaive_toolcall_en_demo.json"),
}
_SECTIONS = {
    "GENHX": "History", "FAM/SOCHX": "Family and social history", "PASTMEDICALHX": "Past medical history",
    "PASTSURGICAL": "Past surgery", "CC": "Chief complaint", "ROS": "Review of systems", "ALLERGY": "Allergies",
    "MEDICATIONS": "Medications", "ASSESSMENT": "Assessment", "EXAM": "Examination", "DIAGNOSIS": "Diagnosis",
    "DISPOSITION": "Disposition", "PLAN": "Plan", "EDCOURSE": "Course in the emergency room",
}  # fmt: skip
CONTRACTION = re.compile(r"\b\w+n't\b|\b\w+'(?:m|re|ve|ll|d)\b|\b(?:it|that|there|what|who|he|she|here|let)'s\b", re.I)
_FORMULA = re.compile(r"\bas an AI\b|\blanguage model\b|\bsorry\b|\bapolog|\bI am (?:unable|not able)\b", re.IGNORECASE)
_MARKS = re.compile(r"[!\\`*#_|{}<>“”‘’„]|&\w*;|https?:|^\W")


@dataclass(frozen=True, slots=True)
class Text:
    """One clean real text.

    Attributes:
        key: Where it comes from, such as ``train-17``.
        ask: The real prompt, or one made from the title where the text was part of a prompt.
        title: What it is about.
        body: The text, runs of white space made one space.
        fields: Facts that can be read off the real row, in order.
    """

    key: str
    ask: str
    title: str
    body: str
    fields: Mapping[str, Any]

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.body.split())


def read(dataset: str, data: Path = SHARED_DATA) -> list[Text]:
    """The clean texts of a set, each once, mixed in a fixed order.

    Raises:
        InputError: The real data is not there.
    """
    for file in _FILES[dataset]:
        if not (data / file).exists():
            raise InputError(f"The real rows of {file} are not here.", "Put the shared data beside the checkout.")
    texts = _clinic(data) if dataset == "clinic" else _desk(data)
    unique = {text.body: text for text in texts if is_clean(text.body)}
    return sorted(unique.values(), key=lambda text: number_of(text.key, "order"))


def is_clean(body: str) -> bool:
    """Whether a text keeps the plain norms.

    A capital first and a full stop last; no contraction, exclamation mark, apology, markup, entity or curly quote;
    quotes and brackets closed; three words at the least.
    """
    return (
        len(body.split()) >= 3
        and body[0].isupper()
        and body.endswith(".")
        and not body.endswith("..")
        and not _MARKS.search(body)
        and not CONTRACTION.search(body)
        and not _FORMULA.search(body)
        and body.count('"') % 2 == 0
        and body.count("(") == body.count(")")
    )


def number_of(key: str, what: str) -> int:
    """A number that belongs to a key: the same on every machine."""
    return int.from_bytes(blake2b(f"{what}:{key}".encode(), digest_size=6).digest(), "big")


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


def _clinic(data: Path) -> Iterator[Text]:
    for file in _FILES["clinic"]:
        split = file.removeprefix("clinic_notes_").removesuffix(".jsonl")
        for line in (data / file).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            ask, body = row["messages"][1]["content"], _single_spaced(row["messages"][2]["content"])
            section = ask.split("\n", 1)[0].removeprefix("Section: ")
            speakers = re.findall(r"^(Doctor|Patient|Guest\w*)", ask, re.MULTILINE)
            fields: dict[str, Any] = {
                "section": section,
                "turns": len(speakers),
                "guest": any(name.startswith("Guest") for name in speakers),
                "speakers": sorted(set(speakers)),
                "note": body,
            }
            if age := re.search(r"\b(\d{1,3})-year-old", body):
                fields["age"] = int(age[1])
            yield Text(f"{split}-{row['meta']['source_id']}", ask, _SECTIONS.get(section, "Note"), body, fields)


def _desk(data: Path) -> Iterator[Text]:
    with gzip.open(data / "templated_sft.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = json.loads(line)
            prompt, template = row["messages"][0]["content"], row["meta"]["template"]
            if template.startswith("dbpedia") and " -  " in prompt:
                title, body = prompt.split("film or written work. ", 1)[-1].split(" -  ", 1)
                yield _text(f"entry-{number}", f"An entry on {title}.", title, body)
            elif template.startswith("ag_news"):
                body = prompt.split("\n", 1)[-1]
                title = " ".join(body.split()[:5])
                yield _text(f"news-{number}", f"The news item that begins: {title}", title, body)
            elif template.startswith("adversarial_qa") and (held := re.search(r'passage "(.*)"\?', prompt, re.DOTALL)):
                title = " ".join(held[1].split()[:5])
                yield _text(f"passage-{number}", f"The passage that begins: {title}", title, held[1])
    for number, row in enumerate(json.loads((data / _FILES["desk"][1]).read_text(encoding="utf-8"))):
        ask = "\n".join(part for part in (row["instruction"], row["input"]) if part)
        if "\n" not in row["output"].strip():
            yield _text(f"alpaca-{number}", ask, row["instruction"].split("\n")[0].rstrip(".:?"), row["output"])
    for number, row in enumerate(json.loads((data / _FILES["desk"][2]).read_text(encoding="utf-8"))):
        for place, (before, turn) in enumerate(pairwise(row["conversations"])):
            if before["from"] == "human" and turn["from"] == "gpt" and "\n" not in turn["value"].strip():
                title = before["value"].split("\n")[0].rstrip(".:?")
                yield _text(f"glaive-{number}-{place}", before["value"], title, turn["value"])


def _text(key: str, ask: str, title: str, body: str) -> Text:
    body = _single_spaced(body)
    fields: dict[str, Any] = {
        "title": _single_spaced(title),
        "kind": key.split("-", 1)[0],
        "words": len(body.split()),
        "years": [int(year) for year in dict.fromkeys(re.findall(r"\b(?:1[89]|20)\d\d\b", body))],
        "quoted": '"' in body,
        "text": body,
    }
    if founded := re.search(r"(?:[Ff]ounded|[Ee]stablished) in (\d{4})", body):
        fields["founded"] = int(founded[1])
    return Text(key, ask, _single_spaced(title), body, fields)
