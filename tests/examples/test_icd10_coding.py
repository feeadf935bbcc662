"""For holding the demo dataset to its word: right codes, the listed faults and no others, and the same bytes again."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
sys.path.insert(0, str(EXAMPLES))

icd = pytest.importorskip("simple_icd_10_cm")

import icd10_chats as chats  # noqa: E402
import icd10_coding  # noqa: E402
import icd10_faults as faults  # noqa: E402

CODE = re.compile(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?\b")
OTHER_SEED = 7
NORMS = {
    "outpatient": re.compile(r"The code is \S+, .+\."),
    "emergency": re.compile(r"[A-Z]\d\S+ - .+\."),
    "inpatient": re.compile(r"Assigned code: [A-Z]\d\S+ \(\d characters\)\.\nTitle: .+\."),
}


class Written:
    """One set with the lookups that the tests share; lines are 1-based."""

    def __init__(self, rows: list[dict[str, Any]], listed: dict[str, Any]) -> None:
        self.rows = dict(enumerate(rows, start=1))
        self.faults: list[dict[str, Any]] = listed["faults"]
        self.listed = listed
        self.touched = {line for fault in self.faults for line in fault["rows"]}
        self.clean = [line for line in self.rows if line not in self.touched]

    def turn(self, line: int, turn: int) -> str:
        return str(self.rows[line]["messages"][turn]["content"])

    def prompt(self, line: int) -> str:
        return f"{self.turn(line, 0)}\n{self.turn(line, 1)}"

    def department(self, line: int) -> str:
        return str(self.rows[line]["meta"]["department"])

    def of(self, kind: str) -> list[dict[str, Any]]:
        found = [fault for fault in self.faults if fault["kind"] == kind]
        assert found
        return found

    def right(self, line: int) -> tuple[str, str]:
        """The answer's code, and the department's own sentence for it."""
        code = CODE.findall(self.turn(line, 2))[0]
        return code, chats.answer(self.department(line), code)


def _shipped() -> Written:
    lines = (EXAMPLES / "icd10_coding.jsonl").read_text(encoding="utf-8").splitlines()
    listed = json.loads((EXAMPLES / "icd10_coding.faults.json").read_text(encoding="utf-8"))
    return Written([json.loads(line) for line in lines], listed)


@pytest.fixture(scope="module", params=["shipped", "another seed"])
def written(request: pytest.FixtureRequest) -> Written:
    return _shipped() if request.param == "shipped" else Written(*icd10_coding.write_set(OTHER_SEED))


@pytest.fixture(scope="module")
def wordings() -> dict[str, chats.Case]:
    return {case.code: case for case in chats.read_cases()}


@pytest.mark.skipif(importlib.metadata.version("simple_icd_10_cm") != "1.5.0", reason="another ICD-10-CM release")
def test_the_script_writes_the_shipped_files_again_byte_for_byte(tmp_path: Path) -> None:
    out, listed = tmp_path / "set.jsonl", tmp_path / "faults.json"
    script = [sys.executable, str(EXAMPLES / "icd10_coding.py"), "--out", str(out), "--faults", str(listed)]
    subprocess.run(script, check=True, capture_output=True, cwd=tmp_path)
    assert out.read_bytes() == (EXAMPLES / "icd10_coding.jsonl").read_bytes()
    assert listed.read_bytes() == (EXAMPLES / "icd10_coding.faults.json").read_bytes()


def test_another_seed_gives_another_set_with_as_many_faults_of_each_kind() -> None:
    one, other = _shipped(), Written(*icd10_coding.write_set(OTHER_SEED))
    assert [one.turn(line, 1) for line in one.rows] != [other.turn(line, 1) for line in other.rows]

    def counts(written: Written) -> Counter[tuple[str, int]]:
        return Counter((fault["kind"], len(fault["rows"])) for fault in written.faults)

    assert counts(one) == counts(other)
    assert min(Counter(fault["kind"] for fault in one.faults).values()) >= 4


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_finds_enough_cases(seed: int) -> None:
    rows, listed = icd10_coding.write_set(seed)
    assert len(rows) == listed["rows"] == 320


def test_every_row_is_a_system_a_user_and_an_assistant_turn(written: Written) -> None:
    assert written.listed["rows"] == len(written.rows) == 320
    for row in written.rows.values():
        assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]
        assert set(row["meta"]) == {"department", "case"}


def test_a_clean_answer_holds_one_code_of_the_excerpt_with_the_title_of_the_table(written: Written) -> None:
    for line in written.clean:
        offered = CODE.findall(written.turn(line, 1))
        assert 3 <= len(offered) <= 7 and len(set(offered)) == len(offered)
        for code in offered:
            assert icd.is_leaf(code) and icd.get_description(code) in written.turn(line, 1)
        codes = CODE.findall(written.turn(line, 2))
        assert len(codes) == 1 and codes[0] in offered
        assert written.turn(line, 2) == chats.answer(written.department(line), codes[0])
        assert icd.get_description(codes[0]) in written.turn(line, 2)


def test_a_clean_answer_is_the_code_that_the_wording_was_written_for(
    written: Written, wordings: dict[str, chats.Case]
) -> None:
    for line in written.clean:
        code = CODE.findall(written.turn(line, 2))[0]
        assert wordings[code].wording in written.turn(line, 1)


def test_every_case_has_its_own_category_a_known_patient_and_a_billable_code(wordings: dict[str, chats.Case]) -> None:
    taken = [code[:3] for code in wordings]
    taken += [twin.yes[:3] for twin in faults.TWINS] + [case.code[:3] for case, _, _ in faults.NUMBERED]
    assert len(set(taken)) == len(taken)
    assert {twin.yes[:3] for twin in faults.TWINS} == {twin.no[:3] for twin in faults.TWINS}
    for case in wordings.values():
        assert icd.is_leaf(case.code) and case.who in "aeycmfo" and case.wording
        assert len(chats.siblings(case.code)) >= 2


def test_clean_rows_do_not_repeat_one_another(written: Written) -> None:
    prompts = {line: written.prompt(line) for line in written.clean}
    assert len({CODE.findall(written.turn(line, 2))[0] for line in written.clean}) == len(written.clean)
    assert max(faults.words3_jaccard(prompts[a], prompts[b]) for a, b in combinations(written.clean, 2)) < 0.5


def test_each_department_has_enough_clean_rows_and_a_clear_norm(written: Written) -> None:
    clean = Counter(written.department(line) for line in written.clean)
    assert min(clean.values()) >= 60
    for department, norm in NORMS.items():
        answers = [written.turn(line, 2) for line in written.rows if written.department(line) == department]
        share = sum(norm.fullmatch(answer) is not None for answer in answers) / len(answers)
        assert _wilson_lower(share, len(answers)) >= 0.8


def _wilson_lower(share: float, n: int, z: float = 1.96) -> float:
    """Lower bound of the Wilson score interval (Wilson 1927)."""
    centre = share + z * z / (2 * n)
    spread = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return float((centre - spread) / (1 + z * z / n))


def test_exact_duplicates_are_equal_and_no_other_rows_are(written: Written) -> None:
    planted = [set(fault["rows"]) for fault in written.of("exact_duplicate")]
    lines_of: dict[str, set[int]] = {}
    for line, row in written.rows.items():
        lines_of.setdefault(json.dumps(row["messages"]), set()).add(line)
    assert sorted(map(sorted, planted)) == sorted(sorted(lines) for lines in lines_of.values() if len(lines) > 1)


def test_near_duplicates_differ_by_a_few_words_of_the_question(written: Written) -> None:
    for fault in written.of("near_duplicate"):
        one, two = fault["rows"]
        assert written.turn(one, 1) != written.turn(two, 1) and written.turn(one, 2) == written.turn(two, 2)
        assert faults.words3_jaccard(written.turn(one, 1), written.turn(two, 1)) >= 0.7
        assert faults.words3_jaccard(written.prompt(one), written.prompt(two)) >= 0.7


def test_paraphrased_duplicates_share_the_answer_and_few_phrases(written: Written) -> None:
    for fault in written.of("paraphrased_duplicate"):
        one, two = fault["rows"]
        assert written.turn(one, 2) == written.turn(two, 2)
        assert faults.words3_jaccard(written.prompt(one), written.prompt(two)) < 0.7


def test_negated_twins_are_nearly_one_prompt_with_two_right_answers(written: Written) -> None:
    cases = {twin.case(negated).code: twin.case(negated) for twin in faults.TWINS for negated in (False, True)}
    for fault in written.of("negated_twin"):
        one, two = fault["rows"]
        assert fault["must_survive"] and fault["expect"] == []
        assert written.turn(one, 1) != written.turn(two, 1) and written.turn(one, 2) != written.turn(two, 2)
        assert faults.words3_jaccard(written.prompt(one), written.prompt(two)) >= 0.7
        for line in (one, two):
            code, sentence = written.right(line)
            assert written.turn(line, 2) == sentence and cases[code].wording in written.turn(line, 1)


def test_clashing_codes_answer_one_question_with_two_codes(written: Written, wordings: dict[str, chats.Case]) -> None:
    same = 0
    for fault in written.of("clashing_code"):
        one, two = fault["rows"]
        same += written.turn(one, 1) == written.turn(two, 1)
        assert faults.words3_jaccard(written.prompt(one), written.prompt(two)) >= 0.7
        codes = {line: CODE.findall(written.turn(line, 2))[0] for line in (one, two)}
        assert len(set(codes.values())) == 2 and set(codes.values()) <= set(CODE.findall(written.turn(one, 1)))
        right = two if fault["wrong"] == one else one
        assert wordings[codes[right]].wording in written.turn(right, 1)
    assert 0 < same < len(written.of("clashing_code"))


def test_clashing_numbers_differ_in_nothing_but_a_number(written: Written) -> None:
    for fault in written.of("clashing_number"):
        one, two = fault["rows"]
        assert faults.words3_jaccard(written.prompt(one), written.prompt(two)) >= 0.7
        code, sentence = written.right(one)
        assert CODE.findall(written.turn(two, 2))[0] == code
        right = two if fault["wrong"] == one else one
        assert written.turn(right, 2) == sentence != written.turn(fault["wrong"], 2)
        wordless = [re.sub(r"\d+", "#", written.turn(line, 2)) for line in (one, two)]
        assert wordless[0] == wordless[1]


def test_rows_with_a_broken_voice_or_format_still_name_the_right_code(
    written: Written, wordings: dict[str, chats.Case]
) -> None:
    for fault in written.of("tone_break") + written.of("format_drift"):
        (line,) = fault["rows"]
        answer = written.turn(line, 2)
        codes = CODE.findall(answer.upper())
        assert len(codes) == 1 and wordings[codes[0]].wording in written.turn(line, 1)
        assert answer != chats.answer(written.department(line), codes[0])
        assert fault["turn"] == 2


def test_empty_and_blank_turns_hold_no_text_and_no_other_turn_is_empty(written: Written) -> None:
    planted = {(f["rows"][0], f["turn"]) for f in written.of("empty_answer") + written.of("blank_turn")}
    blank = {(line, turn) for line in written.rows for turn in range(3) if not written.turn(line, turn).strip()}
    assert planted == blank


def test_truncated_answers_stop_in_the_middle_of_a_word(written: Written) -> None:
    for fault in written.of("truncated_answer"):
        (line,) = fault["rows"]
        _, sentence = written.right(line)
        answer = written.turn(line, 2)
        assert sentence.startswith(answer) and sentence[len(answer)].isalpha() and answer[-1].isalpha()


def test_placeholders_stand_where_they_are_listed_and_nowhere_else(written: Written) -> None:
    planted = {(fault["rows"][0], fault["turn"], fault["value"]) for fault in written.of("placeholder")}
    found = {
        (line, turn, mark)
        for line in written.rows
        for turn in range(3)
        for mark in re.findall(r"\{\{\w+\}\}", written.turn(line, turn))
    }
    assert planted == found


def test_personal_data_is_of_valid_form_and_stands_where_it_is_listed(written: Written) -> None:
    phonenumbers = pytest.importorskip("phonenumbers")
    kinds = Counter()
    for fault in written.of("personal_data"):
        (line,), value, kind = fault["rows"], fault["value"], fault["note"]
        assert fault["expect"] == [f"privacy.{kind}"] and written.turn(line, fault["turn"]).count(value) == 1
        kinds[kind] += 1
        digits = [int(digit) for digit in value if digit.isdigit()]
        if kind == "email":
            assert re.fullmatch(r"[a-z.]+@[a-z-]+\.[a-z]{2,}", value)
        elif kind == "phone":
            assert phonenumbers.is_valid_number(phonenumbers.parse(value, "US"))
        elif kind == "card":
            assert len(digits) == 16 and faults.luhn_digit(digits[:-1]) == digits[-1]
        else:
            assert re.fullmatch(r"8\d\d-[1-9]\d-[1-9]\d{3}", value)
    assert set(kinds) == {"email", "phone", "card", "ssn"}
    assert not any("@" in written.turn(line, turn) for line in written.clean for turn in range(3))


def test_the_luhn_digit_agrees_with_a_published_number() -> None:
    assert faults.luhn_digit([7, 9, 9, 2, 7, 3, 9, 8, 7, 1]) == 3


def test_no_part_of_the_product_reads_the_list_of_faults() -> None:
    for package in ("core", "curation", "training", "evaluation", "flows", "cli", "ui", "pages"):
        for path in (ROOT / package).rglob("*.py"):
            assert "icd10_coding.faults" not in path.read_text(encoding="utf-8"), path


def test_a_chat_stays_short_enough_to_train_in_minutes() -> None:
    assert max(len(" ".join(m["content"] for m in row["messages"])) for row in _shipped().rows.values()) < 600
