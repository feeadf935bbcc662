"""For writing the demo dataset: about 320 coding chats of three departments, with the faults that real sets carry.

    python examples/icd10_coding.py                      writes the shipped files again, byte for byte
    python examples/icd10_coding.py --seed 7 --out a.jsonl --faults b.json

The faults file is the ground truth for tests. No check reads it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Any

import icd10_chats as chats
import icd10_faults as faults
from icd10_chats import Case, Messages

SEED = 2026
ROWS = {"outpatient": 136, "emergency": 98, "inpatient": 86}
TURNS = ("outpatient", "emergency", "outpatient", "emergency", "outpatient", "inpatient")
HERE = Path(__file__).parent

FORMAT, TONE, CLASH = ["format.*"], ["tone.*"], ["contradictions.*"]
SAME_IN_OTHER_WORDS = ["duplicates.semantic", "duplicates.canned", "format.wording"]
PRIVATE = ("email", "phone", "card", "ssn", "email", "phone", "email", "phone", "card", "ssn")
BREAKS: tuple[tuple[str, int, list[str], Callable[[Messages, str, int], faults.Broken]], ...] = (
    ("tone_break", len(faults.TONES), TONE, faults.tone_break),
    ("format_drift", len(faults.DRIFTS), FORMAT, faults.format_drift),
    ("empty_answer", len(faults.EMPTY_ANSWERS), FORMAT, faults.empty_answer),
    ("blank_turn", len(faults.BLANK_TURNS), FORMAT, faults.blank_turn),
    ("truncated_answer", 5, FORMAT, faults.truncated_answer),
    ("placeholder", len(faults.PLACEHOLDERS), FORMAT, faults.placeholder),
)


@dataclass(slots=True)
class Draft:
    """The set while it is written: rows in the order of planting, faults by the index of their rows."""

    rng: random.Random
    cases: list[Case]
    rows: list[tuple[str, Messages]] = field(default_factory=list)
    planted: list[dict[str, Any]] = field(default_factory=list)
    departments: Iterator[str] = field(default_factory=lambda: cycle(TURNS))

    def add(self, department: str, messages: Messages) -> int:
        """Adds a row and returns its index."""
        self.rows.append((department, messages))
        return len(self.rows) - 1

    def note(self, kind: str, rows: list[int], expect: list[str], **more: object) -> None:
        """Writes down a planted fault."""
        self.planted.append({"kind": kind, "rows": rows, "expect": expect, **more})

    def case(self, fits: Callable[[Case], bool] = lambda case: True) -> Case:
        """Takes the next unused case that fits."""
        return self.cases.pop(next(i for i, case in enumerate(self.cases) if fits(case)))

    def asked(self, department: str | None = None, fits: Callable[[Case], bool] = lambda case: True) -> chats.Asked:
        """A question about an unused case."""
        return chats.ask(self.case(fits), department or next(self.departments), self.rng)


def write_set(seed: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows and the list of planted faults for a seed; the same seed gives the same bytes on every machine."""
    rng = random.Random(seed)
    cases = chats.read_cases()
    rng.shuffle(cases)
    draft = Draft(rng, cases)
    _plant_copies(draft)
    _plant_twins(draft)
    _plant_clashes(draft)
    _plant_broken_rows(draft)
    for department, n_rows in ROWS.items():
        for _ in range(n_rows - sum(name == department for name, _ in draft.rows)):
            draft.add(department, chats.messages(draft.asked(department)))
    return _in_seeded_order(draft, seed)


def _plant_copies(draft: Draft) -> None:
    for n_copies in (1, 1, 1, 2):
        asked = draft.asked()
        rows = [draft.add(asked.department, chats.messages(asked)) for _ in range(1 + n_copies)]
        draft.note("exact_duplicate", rows, ["duplicates.exact"], note=f"{len(rows)} equal rows")
    for _ in range(6):
        asked = draft.asked()
        copy = faults.near_copy(chats.messages(asked), draft.rng)
        rows = [draft.add(asked.department, chats.messages(asked)), draft.add(asked.department, copy.messages)]
        draft.note("near_duplicate", rows, ["duplicates.near"], turn=copy.turn, note=copy.note)
    for _ in range(5):
        asked = draft.asked(fits=lambda case: bool(case.other))
        again = _in_other_words(asked, draft.rng)
        rows = [draft.add(asked.department, chats.messages(each)) for each in (asked, again)]
        draft.note(
            "paraphrased_duplicate", rows, SAME_IN_OTHER_WORDS, turn=faults.USER, note="the same case in other words"
        )


def _in_other_words(asked: chats.Asked, rng: random.Random) -> chats.Asked:
    """The same case and codes, with another wording, another frame and the codes in another order."""
    n_frames = len(chats.DEPARTMENTS[asked.department].frames)
    while True:
        order = list(asked.excerpt)
        rng.shuffle(order)
        frame = (asked.frame + rng.randint(1, n_frames - 1)) % n_frames
        again = replace(chats.reworded(asked, asked.case.other), frame=frame, excerpt=tuple(order))
        whole = [" ".join(text for _, text in chats.messages(each)[:2]) for each in (asked, again)]
        if faults.words3_jaccard(whole[0], whole[1]) < 0.7:
            return again
        asked_codes = [code for code in asked.excerpt if code != asked.case.code]
        if len(asked_codes) > 3:
            dropped = rng.choice(asked_codes)
            asked = replace(asked, excerpt=tuple(code for code in asked.excerpt if code != dropped))


def _plant_twins(draft: Draft) -> None:
    for twin in draft.rng.sample(faults.TWINS, 5):
        yes, no = twin.case(negated=False), twin.case(negated=True)
        asked = chats.ask(yes, next(draft.departments), draft.rng, must=(twin.no,), frame=0)
        rows = [draft.add(asked.department, chats.messages(replace(asked, case=case))) for case in (yes, no)]
        draft.note("negated_twin", rows, [], must_survive=True, note="one negation apart, and both answers are right")


def _plant_clashes(draft: Draft) -> None:
    for nth in range(6):
        asked = draft.asked()
        code = draft.rng.choice([code for code in asked.excerpt if code != asked.case.code])
        _plant_clash(draft, asked, chats.answer(asked.department, code), edited=nth % 2 == 1)
        draft.planted[-1].update(kind="clashing_code", note=f"{asked.case.code} is right, {code} is not")
    for nth in range(4):
        asked = draft.asked("inpatient")
        length = len(asked.case.code) - 1
        other = length + 1 + nth % 2
        right = chats.answer("inpatient", asked.case.code)
        _plant_clash(draft, asked, right.replace(f"({length} char", f"({other} char"), edited=nth % 2 == 0)
        draft.planted[-1].update(note=f"{length} characters is right, {other} is not")
    numbered = draft.rng.sample(faults.NUMBERED, 2)
    for (case, good, bad), department in zip(numbered, ("outpatient", "emergency"), strict=True):
        right = chats.answer(department, case.code)
        _plant_clash(draft, chats.ask(case, department, draft.rng), right.replace(good, bad), edited=False)
        draft.planted[-1].update(note=f"{good} is right, {bad} is not")


def _plant_clash(draft: Draft, asked: chats.Asked, wrong_answer: str, edited: bool) -> None:
    """The question twice, the second time with a wrong answer and, where `edited`, a few other words."""
    right = chats.messages(asked)
    again = faults.near_copy(right, draft.rng).messages if edited else right
    rows = [draft.add(asked.department, right)]
    rows.append(draft.add(asked.department, faults.with_turn(again, faults.ASSISTANT, wrong_answer)))
    draft.note("clashing_number", rows, CLASH, turn=faults.ASSISTANT, wrong=rows[1], note="")


def _plant_broken_rows(draft: Draft) -> None:
    for kind, n_rows, expect, damage in BREAKS:
        for nth in range(n_rows):
            asked = draft.asked(fits=_can_be_cut) if kind == "truncated_answer" else draft.asked()
            broken = damage(chats.messages(asked), asked.case.code, nth)
            _note_broken(draft, kind, asked.department, broken, expect)
    for private in PRIVATE:
        asked = draft.asked()
        broken = faults.personal_data(chats.messages(asked), private, draft.rng)
        _note_broken(draft, "personal_data", asked.department, broken, [f"privacy.{private}"])


def _can_be_cut(case: Case) -> bool:
    return faults.can_be_cut(case.code)


def _note_broken(draft: Draft, kind: str, department: str, broken: faults.Broken, expect: list[str]) -> None:
    row = draft.add(department, broken.messages)
    value = {"value": broken.value} if broken.value else {}
    draft.note(kind, [row], expect, turn=broken.turn, **value, note=broken.note)


def _in_seeded_order(draft: Draft, seed: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    order = list(range(len(draft.rows)))
    draft.rng.shuffle(order)
    line_of = {index: line for line, index in enumerate(order, start=1)}
    rows = []
    for line, index in enumerate(order, start=1):
        department, messages = draft.rows[index]
        turns = [{"role": role, "content": content} for role, content in messages]
        rows.append({"messages": turns, "meta": {"department": department, "case": 1000 + line}})
    listed = []
    for fault in draft.planted:
        lines: dict[str, Any] = {"rows": sorted(line_of[index] for index in fault["rows"])}
        if "wrong" in fault:
            lines["wrong"] = line_of[fault["wrong"]]
        listed.append({**fault, **lines})
    return rows, {"seed": seed, "rows": len(rows), "faults": listed}


def main() -> None:
    """Writes the set and its list of faults."""
    parser = argparse.ArgumentParser(description="Write the demo dataset and the list of its planted faults.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=HERE / "icd10_coding.jsonl")
    parser.add_argument("--faults", type=Path, default=HERE / "icd10_coding.faults.json")
    wanted = parser.parse_args()
    rows, listed = write_set(wanted.seed)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    wanted.out.write_text(lines, encoding="utf-8", newline="\n")
    entries = ",\n".join("    " + json.dumps(fault, ensure_ascii=False) for fault in listed["faults"])
    head = f'{{\n  "seed": {listed["seed"]},\n  "rows": {listed["rows"]},\n  "faults": [\n'
    wanted.faults.write_text(f"{head}{entries}\n  ]\n}}\n", encoding="utf-8", newline="\n")
    print(f"{len(rows)} chats in {wanted.out}, {len(listed['faults'])} planted faults and twins in {wanted.faults}")


if __name__ == "__main__":
    main()
