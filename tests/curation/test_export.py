"""Exports: what is written reads back as the same examples, byte for byte the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import FinetoothError, InputError
from core.ids import example_id
from core.types import Example, Message
from curation import export
from curation.readers import read

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = TEXT.filter(lambda name: name not in ("messages", "conversations", "prompt", "completion", "finetooth"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)
MESSAGES = st.builds(Message, st.sampled_from(["system", "user", "assistant", "tool", "narrator"]), TEXT)


def example(messages: Sequence[Message], meta: dict[str, Any] | None = None) -> Example:
    return Example(example_id(messages), tuple(messages), meta or {})


def chat(question: str = "Which code?", answer: str = "E11.9", **meta: Any) -> Example:
    return example([Message("user", question), Message("assistant", answer)], meta)


EXAMPLES = st.builds(example, st.lists(MESSAGES, min_size=1, max_size=4), st.dictionaries(NAMES, VALUES, max_size=3))
ASKS = st.builds(chat, TEXT, TEXT)


def back(path: Path) -> list[Example]:
    result = read(path)
    assert not result.rejects
    return [row.example for row in result.rows]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(examples=st.lists(EXAMPLES, min_size=1, max_size=4))
@pytest.mark.parametrize("format", ["messages", "sharegpt", "prompt_completion", "parquet"])
def test_what_is_written_reads_back_as_the_same_examples(format: str, examples: list[Example], tmp_path: Path) -> None:
    path = tmp_path / f"chats{export.SUFFIXES[format]}"
    written = export.write(examples, path, format)
    assert back(path) == examples
    assert written.n_examples == len(examples)
    assert written.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(examples=st.lists(ASKS, min_size=1, max_size=4))
def test_alpaca_reads_back_as_the_same_examples(examples: list[Example], tmp_path: Path) -> None:
    export.write(examples, tmp_path / "chats.jsonl", "alpaca")
    assert [e.id for e in back(tmp_path / "chats.jsonl")] == [e.id for e in examples]


JSON_ROWS = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.fixed_dictionaries(
                {"role": st.sampled_from(["system", "user", "assistant", "tool", "narrator"]), "content": TEXT},
                optional={"name": TEXT, "weight": st.integers(0, 1), "tool_calls": st.lists(VALUES, max_size=2)},
            )
            | st.fixed_dictionaries(
                {"role": st.just("assistant"), "content": st.none() | st.lists(TEXT, max_size=2)},
                optional={"tool_calls": st.lists(VALUES, max_size=2)},
            ),
            min_size=1,
            max_size=3,
        )
    },
    optional={"id": VALUES, "tools": VALUES, "meta": VALUES | st.dictionaries(st.sampled_from(["id", "x"]), VALUES)},
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(JSON_ROWS, min_size=1, max_size=3))
def test_an_export_of_an_untouched_messages_file_holds_the_same_json(
    rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    source, first, second = tmp_path / "in.jsonl", tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    export.to_jsonl(back(source), first)
    assert [json.loads(line) for line in first.read_text("utf-8").split("\n")[:-1]] == rows
    export.to_jsonl(back(first), second)
    assert first.read_bytes() == second.read_bytes()


def test_the_bytes_do_not_depend_on_the_order_of_meta(tmp_path: Path) -> None:
    for name, meta in (("a", {"x": 1, "y": {"p": 1, "q": 2}}), ("b", {"y": {"q": 2, "p": 1}, "x": 1})):
        export.to_jsonl([chat(**meta)], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_bytes_are_the_same_on_every_machine(tmp_path: Path) -> None:
    written = export.to_jsonl([chat("Größe?\r\n", "1\u2028\x1b 💊", z=[1.5, None], a={"é": True})], tmp_path / "a")
    line = (
        '{"messages": [{"role": "user", "content": "Größe?\\r\\n"}, '
        '{"role": "assistant", "content": "1\\u2028\\u001b 💊"}], "meta": {"a": {"é": true}, "z": [1.5, null]}}\n'
    )
    assert (tmp_path / "a").read_bytes() == line.encode()
    assert written.sha256 == hashlib.sha256(line.encode()).hexdigest()


def test_tool_calls_are_restored_and_an_edited_turn_is_written_as_its_text(tmp_path: Path) -> None:
    call = [{"id": "c1", "function": {"name": "look_up"}}]
    row = {"messages": [{"role": "assistant", "content": None, "tool_calls": call}, {"role": "tool", "content": "x"}]}
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    (read_back,) = back(path)
    edited = example([Message("assistant", "I do not know."), read_back.messages[1]], dict(read_back.meta))
    export.to_jsonl([read_back, edited], tmp_path / "out.jsonl")
    first, second = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert first == row
    assert second["messages"][0] == {"role": "assistant", "content": "I do not know."}
    assert second["meta"]["finetooth"]["turns"][0]["tool_calls"] == call


def test_sharegpt_names_survive_the_way_through(tmp_path: Path) -> None:
    names = ("human", "function_call", "observation", "gpt")
    row = {"conversations": [{"from": name, "value": name} for name in names], "tools": "[]"}
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    export.write(back(path), tmp_path / "out.jsonl", "sharegpt")
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8")) == row


def test_alpaca_refuses_what_it_cannot_hold_and_writes_nothing(tmp_path: Path) -> None:
    long = example([*chat().messages, Message("user", "And?"), Message("assistant", "No.")])
    assert export.unfit([chat(), long], "alpaca") == (long.id,)
    with pytest.raises(InputError, match="1 of 2 examples do not fit the format alpaca"):
        export.write([chat(), long], tmp_path / "out.jsonl", "alpaca")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_export_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="messages, sharegpt, alpaca, prompt_completion, parquet"):
        export.write([chat()], tmp_path / "out", "yaml")


def test_a_meta_without_json_form_is_an_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    export.to_jsonl([chat()], path)
    before = path.read_bytes()
    for value in (float("nan"), {1, 2}):
        with pytest.raises(FinetoothError, match="no JSON form"):
            export.to_jsonl([chat(), chat(bad=value)], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_rejected_lines_are_written_with_their_reasons_and_their_very_bytes(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "rejects.jsonl"
    bad = [b'{"prompt": "M\xfcller"}', '{"text": "größer"}'.encode(), b"not json"]
    source.write_bytes(b'{"prompt": "a", "completion": "b"}\n' + b"\n".join(bad) + b"\n")
    result = read(source)
    assert export.rejects(source, result.rejects, out) == 3
    entries = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [entry["line"] for entry in entries] == [2, 3, 4]
    assert base64.b64decode(entries[0]["base64"]).rstrip(b"\n") == bad[0]
    assert [entry["text"].encode() for entry in entries[1:]] == bad[1:]
    assert all(entry["reason"] for entry in entries)


def test_rejected_records_of_arrays_and_tables_can_be_exported_too(tmp_path: Path) -> None:
    out = tmp_path / "rejects.jsonl"
    array, table = tmp_path / "in.json", tmp_path / "in.parquet"
    array.write_text('[{"prompt": "a"},\n {"text": "ä"}]', encoding="utf-8")
    export.rejects(array, read(array).rejects, out)
    assert json.loads(json.loads(out.read_text("utf-8"))["text"]) == {"text": "ä"}
    pl.DataFrame({"prompt": [["a"], ["b"]], "completion": ["c", "d"]}).write_parquet(table)
    with pytest.raises(InputError):
        read(table)
    mixed = [[{"role": "user", "content": "a"}], []]
    pl.DataFrame({"messages": mixed, "n": [1, 2]}).write_parquet(table)
    export.rejects(table, read(table).rejects, out)
    assert json.loads(out.read_text("utf-8"))["record"] == {"messages": [], "n": 2}


def test_no_rejects_give_an_empty_file(tmp_path: Path) -> None:
    assert export.rejects(tmp_path / "gone", (), tmp_path / "out.jsonl") == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b""
