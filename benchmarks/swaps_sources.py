"""The real rows below the swap set: question and answer as they stand in the shared data and in ``examples/``."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import ROOT, SHARED_DATA
from benchmarks.planted_sources import number_of
from core.errors import InputError

CLINIC = ("clinic_notes_train.jsonl", "clinic_notes_validation.jsonl")
TEMPLATED = "templated_sft.jsonl.gz"
SUPPORT = "customer_support"
CODING = ROOT / "examples" / "icd10_coding.jsonl"
_CODE_LINE = re.compile(r"^(?:- )?([A-Z]\d[\dA-Z](?:\.[\dA-Z]{1,4})?)(?::| =| )\s*(.+)$", re.MULTILINE)
_CLASSIFIED = (  # templates whose prompt holds a text worth an answer of its own
    ("dbpedia_14", "entry"),
    ("ag_news", "news"),
    ("adversarial_qa", "passage"),
)
_FREE = ("common_gen_Given", "cosmos_qa_context_answer_to_question")  # any sentence, or any question, is right there
_OFFERED = {
    "quarel_choose_between": r'between "(.+?)" and\s+"(.+?)"',
    "kilt_tasks_hotpotqa_final_exam": r"[,:] ([A-Z][\w'. -]+?),? or ([A-Z][\w'. -]+)\?",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One real row, or a real text of a prompt as the answer to a question for it.

    Attributes:
        key: Where it comes from, such as ``clinic-train-17``; unique.
        task: ``clinic``, ``support``, ``coding``, ``text`` (a real text as the answer) or a template's name.
        system: The system prompt; empty where there is none.
        question: The prompt.
        answer: The answer; never blank.
        choices: Answers among which the prompt lets choose, the right one included: (what is said, its title).
        origin: What two rows share that were made of the same text; no two pairs of the set have one origin.
    """

    key: str
    task: str
    system: str
    question: str
    answer: str
    choices: tuple[tuple[str, str], ...] = ()
    origin: str = ""


def read(data: Path = SHARED_DATA) -> list[Source]:
    """All rows, each answer-bearing text once, mixed in a fixed order.

    Raises:
        InputError: The real data is not there.
    """
    for name in (*CLINIC, TEMPLATED, f"{SUPPORT}/test_cases.json"):
        if not (data / name).exists():
            raise InputError(f"The real rows of {name} are not here.", "Put the shared data beside the checkout.")
    found = [*_clinic(data), *_templated(data), *_support(data), *_coding()]
    unique = {(source.question, source.answer): source for source in found if _states(source.answer)}
    return sorted(unique.values(), key=lambda source: number_of(source.key, "swaps"))


def _states(answer: str) -> bool:
    """Whether an answer says something; some rows answer with a question."""
    return bool(answer.strip()) and not answer.rstrip().endswith("?")


def clinic(data: Path = SHARED_DATA, file: str = CLINIC[0]) -> list[Source]:
    """The clinic notes of one file as sources, in the order of the file."""
    return list(_clinic(data, (file,)))


def _clinic(data: Path, files: tuple[str, ...] = CLINIC) -> Iterator[Source]:
    for file in files:
        split = file.removeprefix("clinic_notes_").removesuffix(".jsonl")
        for line in (data / file).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            key = f"clinic-{split}-{row['meta']['source_id']}"
            system, question, answer = (message["content"] for message in row["messages"])
            origin = answer if len(answer) > 40 else key  # the notes repeat themselves
            yield Source(key, "clinic", system, question, answer, origin=origin)


def _templated(data: Path) -> Iterator[Source]:
    seen: set[str] = set()
    with gzip.open(data / TEMPLATED, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = json.loads(line)
            question, answer = row["messages"][0]["content"], row["messages"][-1]["content"]
            template, key = row["meta"]["template"], f"templated-{number}"
            if template.startswith(_FREE):
                continue
            kind = next((kind for start, kind in _CLASSIFIED if template.startswith(start)), "")
            text = _held(question, kind)
            origin = " ".join(_contents(question, template).split()[:12]).casefold()
            if origin in seen:
                continue
            seen.add(origin)
            if text and len(text.split()) > 12:
                start = " ".join(text.split()[:5])
                asked = {
                    "entry": f"Tell me about {start.split(' - ')[0]}.",
                    "news": f"What does the report say that begins “{start}”?",
                    "passage": f"What does the passage say that begins “{start}”?",
                }[kind]
                yield Source(f"{key}-text", "text", "", asked, text, origin=origin)
            else:
                yield Source(key, template, "", question, answer, _choices(question, answer, template), origin)


def _contents(question: str, template: str) -> str:
    """What the prompt is about, without the words of its template."""
    text = re.sub(
        r"^(?:FINAL EXAM\s+Question 1\.|Are the questions|Can an answer to|I want to know whether)", "", question
    )
    held = re.search(r"\n(.+)", text) if template.startswith(("glue_mrpc", "ag_news")) else re.search(r"\"(.+)\"", text)
    return held[1] if held and template.startswith(("glue", "ag_news", "adversarial")) else text


def _held(question: str, kind: str) -> str:
    if kind == "entry" and " -  " in question:
        body = question.split("film or written work. ", 1)[-1]
        return " ".join(body.split(" -  ", 1)[1].split())
    if kind == "news":
        return " ".join(question.split("\n", 1)[-1].split())
    if kind == "passage" and (held := re.search(r'passage "(.*)"\?', question, re.DOTALL)):
        return " ".join(held[1].split())
    return ""


def _choices(question: str, answer: str, template: str) -> tuple[tuple[str, str], ...]:
    named: list[str] = []
    if template == "dream_baseline":
        named = [line[2:].strip() for line in question.splitlines() if line.startswith("- ")]
    elif pattern := _OFFERED.get(template):
        held = re.search(pattern, question)
        named = [held[1], held[2]] if held else []
    return tuple((name, "") for name in named) if answer in named else ()


def _support(data: Path) -> Iterator[Source]:
    for case in json.loads((data / SUPPORT / "test_cases.json").read_text(encoding="utf-8")):
        turns = case["messages"]
        system = turns[0]["content"] if turns[0]["role"] == "system" else ""
        asked = [turn["content"] for turn in turns if turn["role"] == "user"]
        if len(asked) == 1:
            yield Source(f"support-{case['id']}", "support", system, asked[0], case["ideal_response"], origin=asked[0])


def _coding() -> Iterator[Source]:
    faults = json.loads(CODING.with_name("icd10_coding.faults.json").read_text(encoding="utf-8"))
    faulty = {row for fault in faults["faults"] for row in fault["rows"]}
    for number, line in enumerate(CODING.read_text(encoding="utf-8").splitlines(), start=1):
        if number in faulty:
            continue
        messages = json.loads(line)["messages"]
        system, question, answer = (message["content"] for message in messages)
        choices = tuple(dict.fromkeys(_CODE_LINE.findall(question)))
        yield Source(f"coding-{number}", "coding", system, question, answer, choices, f"coding-{number}")
