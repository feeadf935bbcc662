"""The formats that are read: each shape gives the same conversation, and nothing of a row is lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from core.types import Example
from curation.readers import ReadResult, read

ASKED = [("system", "Be brief."), ("user", "Which code?"), ("assistant", "E11.9")]


def as_jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def turns(example: Example) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in example.messages]


def one(path: Path, *rows: Any, **options: Any) -> Example:
    result = read(as_jsonl(path / "chats.jsonl", *rows), **options)
    assert not result.rejects
    return result.rows[0].example


SAME_CHAT: dict[str, dict[str, Any]] = {
    "messages": {"messages": [{"role": role, "content": content} for role, content in ASKED]},
    "text parts": {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Which "}, {"type": "text", "text": "code?"}]},
            {"role": "assistant", "content": "E11.9"},
        ]
    },
    "sharegpt": {
        "conversations": [
            {"from": "system", "value": "Be brief."},
            {"from": "human", "value": "Which code?"},
            {"from": "gpt", "value": "E11.9"},
        ]
    },
    "sharegpt with a system field": {
        "system": "Be brief.",
        "conversations": [{"from": "human", "value": "Which code?"}, {"from": "gpt", "value": "E11.9"}],
    },
    "alpaca": {"instruction": "Which code?", "input": "", "output": "E11.9", "system": "Be brief."},
    "prompt and completion": {"system": "Be brief.", "prompt": "Which code?", "completion": "E11.9"},
    "prompt and completion as messages": {
        "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which code?"}],
        "completion": [{"role": "assistant", "content": "E11.9"}],
    },
    "question and answer": {"system_prompt": "Be brief.", "question": "Which code?", "answer": "E11.9"},
    "input and output": {"system": "Be brief.", "input": "Which code?", "output": "E11.9"},
}


@pytest.mark.parametrize("shape", SAME_CHAT)
def test_every_shape_gives_the_same_conversation_with_the_same_id(shape: str, tmp_path: Path) -> None:
    example = one(tmp_path, SAME_CHAT[shape])
    assert turns(example) == ASKED
    assert example.id == one(tmp_path, SAME_CHAT["messages"]).id


def test_a_file_may_mix_shapes_and_says_so(tmp_path: Path) -> None:
    result = read(as_jsonl(tmp_path / "mixed.jsonl", *SAME_CHAT.values()))
    assert (len(result.rows), result.format) == (len(SAME_CHAT), "mixed")
    assert any(note.startswith("The file mixes shapes: alpaca 1, messages 2,") for note in result.notes)


def test_a_format_that_is_asked_for_rejects_the_rows_of_other_shapes(tmp_path: Path) -> None:
    path = as_jsonl(tmp_path / "mixed.jsonl", *SAME_CHAT.values())
    result = read(path, format="alpaca")
    assert [row.line for row in result.rows] == [5]
    assert result.rejects[0].reason == "the row has the shape messages, not alpaca"


def test_an_instruction_and_its_input_are_joined_by_a_blank_line(tmp_path: Path) -> None:
    example = one(tmp_path, {"instruction": "Code this.", "input": "Type 2 diabetes", "output": "E11.9"})
    assert turns(example) == [("user", "Code this.\n\nType 2 diabetes"), ("assistant", "E11.9")]


def test_an_alpaca_history_becomes_earlier_turns(tmp_path: Path) -> None:
    row = {"instruction": "And now?", "input": "", "output": "Still.", "history": [["Hi", "Hello"]]}
    assert turns(one(tmp_path, row)) == [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "And now?"),
        ("assistant", "Still."),
    ]


def test_role_names_of_other_tools_are_mapped_and_counted(tmp_path: Path) -> None:
    names = ("human", "gpt", "function_call", "observation", "Assistant")
    row = {"conversations": [{"from": name, "value": name} for name in names]}
    result = read(as_jsonl(tmp_path / "chats.jsonl", row))
    assert [role for role, _ in turns(result.rows[0].example)] == [
        "user",
        "assistant",
        "assistant",
        "tool",
        "assistant",
    ]
    assert any("function_call as assistant 1×" in note and "human as user 1×" in note for note in result.notes)


def test_an_unknown_role_is_kept_for_the_checks_to_report(tmp_path: Path) -> None:
    row = {"messages": [{"role": "narrator", "content": "Once"}, {"role": "assistant", "content": "Yes"}]}
    result = read(as_jsonl(tmp_path / "chats.jsonl", row))
    assert turns(result.rows[0].example)[0] == ("narrator", "Once")
    assert any("role other than system, user, assistant or tool" in note for note in result.notes)


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "Which code?"}]},
        {"instruction": "Which code?", "input": ""},
        {"prompt": "Which code?", "completion": None},
    ],
)
def test_a_row_without_an_answer_is_kept_for_the_checks_to_report(row: dict[str, Any], tmp_path: Path) -> None:
    assert turns(one(tmp_path, row)) == [("user", "Which code?")]


def test_tool_calls_become_text_and_their_fields_are_kept(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"code": "E11"}'}}
    row = {
        "messages": [
            {"role": "user", "content": "Look it up."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "E11.9"},
        ]
    }
    result = read(as_jsonl(tmp_path / "chats.jsonl", row))
    spoken = turns(result.rows[0].example)
    assert json.loads(spoken[1][1]) == {"tool_calls": [call]}
    assert spoken[2] == ("tool", "E11.9")
    assert any("tool calls" in note and "(line 1)" in note for note in result.notes)


def test_other_fields_are_kept_in_meta_under_their_names(tmp_path: Path) -> None:
    row = {**SAME_CHAT["alpaca"], "department": "renal", "meta": {"source_id": 7}}
    meta = one(tmp_path, row).meta
    assert (meta["source_id"], meta["department"]) == (7, "renal")


def test_a_field_that_collides_with_one_of_meta_keeps_both_values(tmp_path: Path) -> None:
    meta = one(tmp_path, {**SAME_CHAT["messages"], "id": 1, "meta": {"id": 2}}).meta
    assert (meta["id"], meta["id_2"]) == (2, 1)


def test_meta_never_enters_the_id(tmp_path: Path) -> None:
    assert one(tmp_path, {**SAME_CHAT["messages"], "n": 1}).id == one(tmp_path, SAME_CHAT["messages"]).id


def test_a_json_array_is_read_by_record(tmp_path: Path) -> None:
    for name, indent in (("pretty.json", 2), ("dense.json", None)):
        path = tmp_path / name
        path.write_text(json.dumps([*SAME_CHAT.values(), {"nothing": 1}], indent=indent), encoding="utf-8")
        result = read(path)
        assert [row.line for row in result.rows] == list(range(1, len(SAME_CHAT) + 1))
        assert [reject.line for reject in result.rejects] == [len(SAME_CHAT) + 1]
        rejected = path.read_bytes()[result.rejects[0].start : result.rejects[0].end]
        assert json.loads(rejected) == {"nothing": 1}


def test_objects_written_over_several_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pretty.json"
    path.write_text("\n".join(json.dumps(row, indent=2) for row in SAME_CHAT.values()), encoding="utf-8")
    assert len(read(path).rows) == len(SAME_CHAT)


def test_one_array_of_messages_is_one_chat(tmp_path: Path) -> None:
    assert turns(one(tmp_path, SAME_CHAT["messages"]["messages"])) == ASKED


def table(result: ReadResult) -> list[list[tuple[str, str]]]:
    return [turns(row.example) for row in result.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_columns_are_recognised_whatever_separates_them(delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    lines = (("Prompt", "Completion", "topic"), ("Which code?", '"E11.9', "x"), ("Line one\nline two", "Yes", ""))
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells] for cells in lines]
    path.write_text("\r\n".join(delimiter.join(cells) for cells in quoted), encoding="utf-8-sig", newline="")
    result = read(path)
    assert table(result)[0] == [("user", "Which code?"), ("assistant", '"E11.9')]
    assert table(result)[1][0] == ("user", "Line one\nline two")
    assert [row.line for row in result.rows] == [2, 3]
    assert result.rows[0].example.meta["topic"] == "x"
    assert (result.container, result.format) == ("csv", "prompt_completion")


def test_a_csv_column_of_messages_is_read_as_json(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    frame = pl.DataFrame({"messages": [json.dumps(SAME_CHAT["messages"]["messages"])], "meta": ['{"source_id": 7}']})
    frame.write_csv(path)
    result = read(path)
    assert table(result) == [ASKED]
    assert result.rows[0].example.meta == {"source_id": 7}


def test_parquet_is_read_from_lists_of_structs_and_from_text_columns(tmp_path: Path) -> None:
    for number, frame in enumerate(
        (
            pl.DataFrame({"messages": [SAME_CHAT["messages"]["messages"]], "topic": ["x"], "empty": [None]}),
            pl.DataFrame({"system": ["Be brief."], "prompt": ["Which code?"], "completion": ["E11.9"], "topic": ["x"]}),
        )
    ):
        path = tmp_path / f"{number}.parquet"
        frame.write_parquet(path)
        result = read(path)
        assert table(result) == [ASKED]
        assert result.rows[0].example.meta["topic"] == "x"
        assert "empty" not in result.rows[0].example.meta


def test_gzip_is_recognised_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    plain = as_jsonl(tmp_path / "chats.jsonl", SAME_CHAT["messages"])
    packed = tmp_path / "chats"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed).rows == read(plain).rows


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_of_unicode_give_the_same_rows(encoding: str, tmp_path: Path) -> None:
    text = json.dumps({"prompt": "Wie heißt 💊?", "completion": "Metformin"}, ensure_ascii=False)
    plain, other = tmp_path / "plain.jsonl", tmp_path / "other.jsonl"
    plain.write_text(text + "\n" + text + "\n", encoding="utf-8")
    other.write_text(text + "\r\n" + text + "\r\n", encoding=encoding, newline="")
    assert read(other).rows == read(plain).rows


def test_text_is_kept_exactly(tmp_path: Path) -> None:
    content = "  \u0000 tab\t \x1b[31mred\x1b[0m \u202ertl \r\n![x](http://y) \u2028 end  "
    assert one(tmp_path, {"prompt": content, "completion": "x" * 1_000_000}).messages[0].content == content


DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL = {
    "clinic_notes_train.jsonl": (1201, 1200, "messages"),
    "clinic_notes_backtranslated.jsonl.gz": (400, 400, "messages"),
    "templated_sft.jsonl.gz": (4000, 3967, "messages"),
    "formats/identity.json": (91, 91, "alpaca"),
    "formats/alpaca_en_demo.json": (150, 150, "alpaca"),
    "formats/glaive_toolcall_en_demo.json": (60, 59, "sharegpt"),
    "customer_support/test_cases.json": (70, 70, "messages"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_to_the_last_row(name: str) -> None:
    if not DATA.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    result = read(DATA / name)
    ids = {row.example.id for row in result.rows}
    assert (len(result.rows), len(ids), result.format) == REAL[name]
    assert result.rejects == ()


def test_every_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    blocks = [block.split("\n", 1) for block in page.split("```")[1::2]]
    assert [kind for kind, _ in blocks] == ["json"] * 5 + ["csv"]
    for kind, body in blocks:
        path = tmp_path / f"example.{kind}"
        path.write_text(body, encoding="utf-8")
        result = read(path)
        assert not result.rejects
        assert result.rows[0].example.answer == "E11.9"


def test_rejects_of_a_wide_encoding_have_their_own_byte_offsets(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text('{"prompt": "ä💊", "completion": "b"}\nkaputt 💊\n', encoding="utf-16")
    (reject,) = read(path).rejects
    assert path.read_bytes()[reject.start : reject.end].decode("utf-16-le") == "kaputt 💊\n"
