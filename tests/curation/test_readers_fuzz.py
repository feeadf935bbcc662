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

from core.errors import InputError
from core.ids import example_id
from curation.readers import ReadResult, read

ROWS: list[object] = [
    {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "ä 💊 \u2028"}], "meta": {"id": 1}},
    {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": [{"a": 1}]}]},
    {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho"}], "tools": "[]"},
    {"instruction": "do", "input": "this", "output": "done", "history": [["a", "b"]]},
    {"prompt": "a", "completion": "b", "score": 0.5},
    [{"role": "user", "content": "q"}],
]
SCRAPS = [
    *(b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\n\n", b"\xc3", b"\xed\xa0\x80", b"\x1b[31m", b"\\"),
    *(b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"[" * 3000),
    *(
        b"\\ud800",
        b"\\u0000",
        b"null",
        b"true",
        b'"messages"',
        b'"prompt": 1,',
        b'"role": "human",',
        b"\x1f\x8b",
        b"PK",
    ),
]


def mutated(seed: int) -> bytes:
    """A file of up to a dozen lines with up to eight faults of every sort, the same for the same seed."""
    dice = random.Random(seed)
    data = bytearray()
    for row in dice.choices(ROWS, k=dice.randint(1, 12)):
        data += json.dumps(row, ensure_ascii=dice.random() < 0.5).encode() + dice.choice(
            [b"\n", b"\n", b"\r\n", b"\n\n"]
        )
    for _ in range(dice.randint(0, 8)):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.choice([0, 0, 1, 1, 2, 5, 40]))
        data[start:end] = dice.choice(SCRAPS)
    return bytes(data)


def lines_of(data: bytes) -> list[bytes]:
    body = data.removeprefix(b"\xef\xbb\xbf")
    return [line for line in body.split(b"\n") if line.strip(b" \t\r\n\x0b\x0c")]


def assert_sound(result: ReadResult) -> None:
    for row in result.rows:
        assert row.example.messages
        assert row.example.id == example_id(row.example.messages)
        json.dumps(dict(row.example.meta), allow_nan=False, ensure_ascii=False).encode("utf-8")
        for message in row.example.messages:
            message.content.encode("utf-8")
    for reject in result.rejects:
        assert reject.reason
        assert reject.start <= reject.end
    numbers = [row.line for row in result.rows] + [reject.line for reject in result.rejects]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("block", range(10))
def test_every_line_of_a_mutated_file_is_a_row_or_a_reject_with_a_reason(block: int, tmp_path: Path) -> None:
    by_line = 0
    for seed in range(block * 60, block * 60 + 60):
        data = mutated(seed)
        path = tmp_path / f"{seed}.jsonl"
        path.write_bytes(data)
        try:
            result = read(path)
        except InputError as error:
            assert str(path) in error.message, seed
            assert error.hint, seed
            continue
        assert_sound(result)
        if result.container != "jsonl" or data[:2] in (b"\xff\xfe", b"\x1f\x8b"):
            continue
        by_line += 1
        assert len(result.rows) + len(result.rejects) == len(lines_of(data)), seed
        rejected = [data[reject.start : reject.end].removesuffix(b"\n") for reject in result.rejects]
        assert set(rejected) <= set(lines_of(data)), seed
    assert by_line > 30


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
