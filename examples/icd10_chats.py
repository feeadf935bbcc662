"""For turning one ICD-10-CM code into one clean chat, in the words of one of three imagined departments."""

from __future__ import annotations

import random
import re
import warnings
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

CASES_FILE = Path(__file__).with_name("icd10_cases.txt")
MAX_TITLE_CHARS = 60
MAX_EXCERPT_CHARS = 145

Messages = tuple[tuple[str, str], ...]
"""(role, content) pairs, in the order system, user, assistant."""


@dataclass(frozen=True, slots=True)
class Case:
    """A diagnosis in a clinician's words and its code; `who` is the kind of patient, `other` a second wording."""

    code: str
    who: str
    wording: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question before it is written out: `excerpt` holds the codes offered, `frame` the department's phrasing."""

    department: str
    case: Case
    person: str
    excerpt: tuple[str, ...]
    frame: int


@dataclass(frozen=True, slots=True)
class Department:
    """How one team writes: its system prompt, its table line, its questions and its answer sentence."""

    system: str
    table_line: str
    frames: tuple[str, ...]
    answer: str


DEPARTMENTS = {
    "outpatient": Department(
        system="You are the outpatient clinic's coding assistant. Choose one ICD-10-CM code.",
        table_line="{code} {title}",
        frames=(
            "Excerpt:\n{table}\n\n{Person} was seen for {dx}. Which code applies?",
            "Excerpt:\n{table}\n\nWe saw {person} for {dx}. Which code should we use?",
            "Excerpt:\n{table}\n\n{Person} came to the clinic with {dx}. What is the right code?",
        ),
        answer="The code is {code}, {title}.",
    ),
    "emergency": Department(
        system="You code emergency charts in ICD-10-CM. Reply with the code and its title.",
        table_line="- {code}: {title}",
        frames=(
            "Triage note: {person} with {dx}.\nWhich of these codes fits?\n{table}",
            "Triage note: {dx} in {person}.\nSelect one code:\n{table}",
            "Chart entry: {person} presenting with {dx}.\nPick the code:\n{table}",
        ),
        answer="{code} - {title}.",
    ),
    "inpatient": Department(
        system="You support the ICD-10-CM audit of inpatient stays. Give code, length and title.",
        table_line="{code} = {title}",
        frames=(
            "Discharge diagnosis of {person}: {dx}.\nCandidates:\n{table}\nName the code and count its characters.",
            "Candidates:\n{table}\nThe record of {person} shows {dx}. Which candidate is correct, and how long is it?",
            "Auditing the stay of {person} for {dx}.\nCandidates:\n{table}\nState the final code and its length.",
        ),
        answer="Assigned code: {code} ({length} characters).\nTitle: {title}.",
    ),
}


def title(code: str) -> str:
    """The title of a code in the ICD-10-CM table (April 2026 release, in `simple-icd-10-cm` 1.5.0)."""
    return str(_table().get_description(code))


def siblings(code: str) -> list[str]:
    """Other billable codes of the same category that make a real choice: short titles, no left and right twins."""
    table = _table()
    found = []
    for other in table.get_descendants(code[:3]):
        words = title(other).lower()
        if (
            other != code
            and len(other) <= 6
            and table.is_leaf(other)
            and len(words) <= MAX_TITLE_CHARS
            and not re.search(r"\b(right|left|bilateral)\b", words)
        ):
            found.append(str(other))
    return found


def excerpt(code: str, rng: random.Random, must: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Three to six codes of a category in table order: `code`, `must`, near siblings; at most one "unspecified"."""
    size = rng.randint(4, 6)
    pool = [other for other in siblings(code) if other not in must]
    rng.shuffle(pool)
    pool.sort(key=lambda other: other[:5] != code[:5])
    chosen = [code, *must]
    for other in pool:
        vague = sum("unspecified" in title(c).lower() for c in [*chosen, other])
        chars = sum(len(title(c)) for c in [*chosen, other])
        if len(chosen) < size and vague <= 1 and (chars <= MAX_EXCERPT_CHARS or len(chosen) < 3):
            chosen.append(other)
    return tuple(sorted(chosen))


def person(who: str, rng: random.Random) -> str:
    """A patient of the right age and sex for the diagnosis, such as "a 34-year-old woman"."""
    low, high = {"c": (5, 12), "y": (18, 29), "e": (66, 88), "f": (24, 47), "o": (52, 70)}.get(who, (27, 64))
    nouns = {"c": ["boy", "girl"], "m": ["man"], "f": ["woman"], "o": ["woman"]}.get(who, ["man", "woman", "patient"])
    age = rng.randint(low, high)
    article = "an" if str(age).startswith("8") or age in (11, 18) else "a"
    return f"{article} {age}-year-old {rng.choice(nouns)}"


def ask(case: Case, department: str, rng: random.Random, must: tuple[str, ...] = (), frame: int | None = None) -> Asked:
    """A question about `case` in the department's manner; `must` are codes the excerpt has to offer as well."""
    chosen_frame = rng.randrange(len(DEPARTMENTS[department].frames)) if frame is None else frame
    return Asked(department, case, person(case.who, rng), excerpt(case.code, rng, must), chosen_frame)


def question(asked: Asked) -> str:
    """The user turn of a question."""
    department = DEPARTMENTS[asked.department]
    table = "\n".join(department.table_line.format(code=code, title=title(code)) for code in asked.excerpt)
    return department.frames[asked.frame].format(
        table=table, person=asked.person, Person=asked.person[0].upper() + asked.person[1:], dx=asked.case.wording
    )


def answer(department: str, code: str) -> str:
    """The department's answer sentence for a code."""
    length = len(code.replace(".", ""))
    return DEPARTMENTS[department].answer.format(code=code, title=title(code), length=length)


def messages(asked: Asked) -> Messages:
    """The clean chat: system, user, assistant."""
    return (
        ("system", DEPARTMENTS[asked.department].system),
        ("user", question(asked)),
        ("assistant", answer(asked.department, asked.case.code)),
    )


def reworded(asked: Asked, wording: str) -> Asked:
    """The same question with the diagnosis in other words."""
    return replace(asked, case=replace(asked.case, wording=wording))


def read_cases(path: Path = CASES_FILE) -> list[Case]:
    """The cases of `icd10_cases.txt`, in file order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Case(*re.split(r"\s*\|\s*", line.strip())) for line in lines if line.strip() and not line.startswith("#")]


@cache
def _table() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the package reads its data by a deprecated call
            return import_module("simple_icd_10_cm")
    except ModuleNotFoundError as missing:
        raise SystemExit("The ICD-10-CM table is not installed. Run: pip install simple-icd-10-cm==1.5.0") from missing
