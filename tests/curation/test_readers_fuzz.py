"""Seeded mutations of real-looking files: never a traceback, and no line that is neither a row nor a reject."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.faults_fuzz import SCRAPS, fuzz, mutated, unsound
from core.errors import InputError
from curation.readers import ReadResult, read


def assert_sound(result: ReadResult) -> None:
    assert unsound(result) == []


@pytest.mark.parametrize("block", range(10))
def test_every_line_of_a_mutated_file_is_a_row_or_a_reject_with_a_reason(block: int, tmp_path: Path) -> None:
    done = fuzz(tmp_path, 60, seed=block * 60)
    assert done.wrong == ()
    assert done.refused < 30


def test_a_mutated_file_reads_the_same_when_compressed(tmp_path: Path) -> None:
    for seed in range(60):
        plain, packed = tmp_path / f"{seed}.jsonl", tmp_path / f"{seed}.jsonl.gz"
        plain.write_bytes(mutated(seed))
        packed.write_bytes(gzip.compress(mutated(seed)))
        try:
            expected = read(plain)
        except InputError:
            with pytest.raises(InputError):
                read(packed)
            continue
        assert read(packed) == expected, seed


def test_a_mutated_csv_file_gives_rows_rejects_or_an_input_error(tmp_path: Path) -> None:
    path, read_files = tmp_path / "chats.csv", 0
    for seed in range(200):
        dice = random.Random(seed)
        data = bytearray(b"prompt,completion,topic\n" + b'a,"b ""c"" \n d",e\n' * dice.randint(1, 8))
        for _ in range(dice.randint(0, 6)):
            start = dice.randrange(len(data) + 1)
            data[start : start + dice.choice([0, 1, 3])] = dice.choice(SCRAPS)
        path.write_bytes(bytes(data))
        try:
            assert_sound(read(path))
            read_files += 1
        except InputError as error:
            assert error.hint, seed
    assert read_files > 100


def test_a_mutated_parquet_file_gives_rows_or_an_input_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "chats.parquet"
    pl.DataFrame({"prompt": ["a", "b"] * 50, "completion": ["c", "d"] * 50}).write_parquet(path)
    whole = path.read_bytes()
    for seed in range(60):
        dice = random.Random(seed)
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            start = dice.randrange(4, len(data))
            data[start : start + dice.randint(0, 4)] = dice.randbytes(dice.randint(0, 4))
        path.write_bytes(bytes(data))
        try:
            assert_sound(read(path))
        except InputError as error:
            assert error.hint, seed
    capfd.readouterr()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "role", "content", "conversations", "from", "value", "prompt", "completion", "meta"]
            )
            | st.sampled_from(["instruction", "output", "history", "system", "tool_calls", "text", "type", "finetooth"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(JSON, min_size=1, max_size=4))
def test_any_json_value_on_a_line_is_a_row_or_a_reject(values: list[object], tmp_path: Path) -> None:
    path = tmp_path / "any.jsonl"
    good = {"prompt": "a", "completion": "b"}
    path.write_text("".join(json.dumps(value) + "\n" for value in [good, *values]), encoding="utf-8")
    result = read(path)
    assert_sound(result)
    assert len(result.rows) + len(result.rejects) == 1 + len(values)
