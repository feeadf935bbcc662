"""Bad input: one clear sentence a line or a file, never a traceback, and nothing lost."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from core.errors import InputError
from curation.readers import read, source

GOOD = json.dumps({"prompt": "Which code?", "completion": "E11.9"}).encode()


def written(tmp_path: Path, *lines: bytes, name: str = "chats.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


BAD_LINES: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"hello", "not JSON: it starts with neither an object nor a list"),
    "cut off in a text": (GOOD[:-8], "cut off"),
    "cut off after a comma": (b'{"prompt": "a",', "cut off"),
    "two values": (GOOD + GOOD, "something follows the value"),
    "NUL bytes": (b"\x00" * 40, "not JSON"),
    "a NUL byte in a text": (GOOD.replace(b"E11", b"E\x0011"), "not JSON: invalid control character"),
    "Windows-1252": ('{"prompt": "Müller", "completion": "ja"}'.encode("cp1252"), "not valid UTF-8 at byte 14"),
    "NaN": (b'{"prompt": "a", "completion": "b", "score": NaN}', "it holds NaN"),
    "infinity by exponent": (b'{"prompt": "a", "completion": "b", "score": 1e999}', "number too large"),
    "an endless number": (b'{"prompt": "a", "completion": "b", "n": ' + b"9" * 9000 + b"}", "thousands of digits"),
    "deep nesting": (b'{"prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "levels deep"),
    "rather deep nesting": (b'{"prompt": "a", "x": ' + b"[" * 150 + b"]" * 150 + b"}", "levels deep"),
    "a key twice": (b'{"prompt": "a", "completion": "b", "completion": "c"}', "same key twice"),
    "a number": (b"42", "the row is a number, not an object"),
    "null": (b"null", "the row is null"),
    "an empty object": (b"{}", "empty object"),
    "an empty list": (b"[]", "messages is an empty list"),
    "a list of numbers": (b"[1, 2]", "message 1 is a number, not an object"),
    "no messages": (b'{"messages": []}', "messages is an empty list"),
    "null messages": (b'{"messages": null}', "messages is null, not a list"),
    "messages that are text": (b'{"messages": "hi"}', "messages is text, not a list"),
    "messages in Python's notation": (b"{\"messages\": \"[{'role': 'user'}]\"}", "text that looks like a list"),
    "a message without a role": (b'{"messages": [{"content": "a"}]}', "message 1 has no role"),
    "a role that is no text": (b'{"messages": [{"role": 1, "content": "a"}]}', "a role that is a number"),
    "an empty role": (b'{"messages": [{"role": " ", "content": "a"}]}', "an empty role"),
    "content that is a number": (b'{"messages": [{"role": "user", "content": 1}]}', "a content that is a number"),
    "an image": (b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "a part that is not text"),
    "an answer that is a list": (b'{"instruction": "a", "output": ["b"]}', "output is a list, not text"),
    "a broken history": (b'{"instruction": "a", "output": "b", "history": [["c"]]}', "entry 1 of history"),
    "a preference pair": (b'{"prompt": "a", "chosen": "b", "rejected": "c"}', "preference pair"),
    "plain text": (b'{"text": "a"}', "plain text only"),
    "other fields": (b'{"premise": "a", "hypothesis": "b"}', "none of the fields of a chat"),
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_bad_line_among_good_ones_is_rejected_with_its_reason(kind: str, tmp_path: Path) -> None:
    bad, reason = BAD_LINES[kind]
    path = written(tmp_path, GOOD, bad, b"", GOOD)
    result = read(path)
    assert [row.line for row in result.rows] == [1, 4]
    (reject,) = result.rejects
    assert reject.line == 2
    assert reason in reject.reason
    assert path.read_bytes()[reject.start : reject.end].rstrip(b"\n") == bad
    assert "\n" not in reject.reason


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_bad_first_line_does_not_take_the_rest_with_it(kind: str, tmp_path: Path) -> None:
    result = read(written(tmp_path, BAD_LINES[kind][0], GOOD, GOOD))
    assert ([row.line for row in result.rows], [reject.line for reject in result.rejects]) == ([2, 3], [1])


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_file_with_nothing_but_a_bad_line_is_an_input_error_that_names_it(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, BAD_LINES[kind][0])
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_reason_never_shows_the_data(tmp_path: Path) -> None:
    secret = b"sk-12345"
    for bad, _ in BAD_LINES.values():
        path = written(tmp_path, GOOD, bad.replace(b'"a"', b'"' + secret + b'"'))
        assert all("12345" not in reject.reason for reject in read(path).rejects)


def test_an_overlong_line_is_rejected_without_being_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_LINE_BYTES", 1024 * 1024)
    huge = b'{"prompt": "' + b"x" * 5 * 1024 * 1024 + b'", "completion": "y"}'
    result = read(written(tmp_path, GOOD, huge, GOOD))
    assert [row.line for row in result.rows] == [1, 3]
    assert "the line is 5 MiB long, more than the 1 MiB" in result.rejects[0].reason
    assert result.rejects[0].end - result.rejects[0].start == len(huge) + 1


def test_a_line_of_50_mb_is_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    result = read(written(tmp_path, b'{"prompt": "' + b"x" * 50_000_000 + b'"}', GOOD))
    assert ([row.line for row in result.rows], [reject.line for reject in result.rejects]) == ([2], [1])


def test_lone_surrogates_are_repaired_and_counted_and_pairs_are_kept(tmp_path: Path) -> None:
    escaped = rb'{"prompt": "a\ud800b \ud83d\udc8a", "completion": "c", "k\udfff": 1}'
    as_bytes = b'{"prompt": "\xed\xa0\x80", "completion": "c"}'
    result = read(written(tmp_path, GOOD, escaped, as_bytes))
    assert [row.example.messages[0].content for row in result.rows[1:]] == ["a\ufffdb 💊", "\ufffd"]
    assert result.rows[1].example.meta["k\ufffd"] == 1
    assert "3 broken character(s) (lone surrogates) replaced by U+FFFD (lines 2, 3)." in result.notes


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    result = read(written(tmp_path, GOOD, b"", b" \t\r", GOOD))
    assert [row.line for row in result.rows] == [1, 4]
    assert "2 blank line(s) passed over." in result.notes


def test_an_array_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "chats.json"
    path.write_bytes(b"[" + b",\n ".join([GOOD, GOOD, GOOD])[:-9])
    result = read(path)
    assert [row.line for row in result.rows] == [1, 2]
    assert [reject.line for reject in result.rejects] == [3]
    assert "this and all that follows could not be read" in result.rejects[0].reason


def test_bytes_that_are_not_utf_8_cost_one_record_of_an_array(tmp_path: Path) -> None:
    path = tmp_path / "chats.json"
    path.write_bytes(b"[\n" + b",\n".join([GOOD, GOOD.replace(b"code", b"c\xf6de"), GOOD]) + b"\n]")
    result = read(path)
    assert ([row.line for row in result.rows], [reject.line for reject in result.rejects]) == ([1, 3], [2])
    reject = result.rejects[0]
    assert b"c\xf6de" in path.read_bytes()[reject.start : reject.end]


def test_a_gzip_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    rows = b"".join(
        json.dumps({"prompt": os.urandom(40).hex(), "completion": "x"}).encode() + b"\n" for _ in range(999)
    )
    whole = gzip.compress(rows)
    path = tmp_path / "chats.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    result = read(path)
    assert 100 < len(result.rows) < 999
    assert "damaged or cut off" in result.rejects[-1].reason


CSV_CASES = {
    "too few fields": (b"a\n", "1 fields where the first line names 2 columns"),
    "too many fields": (b"a,b,c\n", "3 fields where the first line names 2 columns"),
    "a wild quotation mark": (b'"a"b,c\n', "quotation marks of this record do not match"),
    "not UTF-8": (b"M\xfcller,b\n", "not valid UTF-8"),
}


@pytest.mark.parametrize("kind", CSV_CASES)
def test_a_bad_csv_record_is_rejected_with_its_line(kind: str, tmp_path: Path) -> None:
    bad, reason = CSV_CASES[kind]
    path = tmp_path / "chats.csv"
    path.write_bytes(b'prompt,completion\na,"b\nb"\n' + bad + b"c,d\n")
    result = read(path)
    assert [row.line for row in result.rows] == [2, 5]
    assert (result.rejects[0].line, path.read_bytes()[result.rejects[0].start : result.rejects[0].end]) == (4, bad)
    assert reason in result.rejects[0].reason


def test_a_csv_field_that_never_closes_is_rejected_with_all_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "chats.csv"
    path.write_bytes(b'prompt,completion\na,b\nc,"d\ne,f\n')
    (reject,) = read(path).rejects
    assert reject.reason == "a quotation mark opens a field that never closes (lines 3 to 4)"


WHOLE_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \r\n\t\n", "only blank lines"),
    "only a byte order mark": (b"\xef\xbb\xbf", "only blank lines"),
    "an empty array": (b"[]", "holds no rows"),
    "a workbook": (b"PK\x03\x04rest", "a ZIP archive or an Excel workbook"),
    "a damaged gzip file": (b"\x1f\x8b\x08\x00", "damaged gzip"),
    "a damaged Parquet file": (b"PAR1" + b"\x00" * 200, "damaged Parquet"),
    "random bytes": (bytes(range(255, 0, -1)) * 9, "could be read"),
    "a web page": (b"<!doctype html>\n<p>Sign in", "could be read"),
}


@pytest.mark.parametrize("kind", WHOLE_FILES)
def test_a_file_with_nothing_readable_is_an_input_error(kind: str, tmp_path: Path) -> None:
    content, message = WHOLE_FILES[kind]
    path = tmp_path / "chats.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_csv_file_with_a_header_and_no_rows_is_an_input_error(tmp_path: Path) -> None:
    path = written(tmp_path, b"prompt,completion", name="chats.csv")
    with pytest.raises(InputError, match="holds no rows"):
        read(path)


def test_a_csv_file_without_a_chat_column_says_how_to_name_them(tmp_path: Path) -> None:
    path = written(tmp_path, b"Community,Id,Request", b"a,b,c", name="chats.csv")
    with pytest.raises(InputError, match="Name the columns"):
        read(path)


def test_missing_files_folders_and_devices_are_input_errors(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "nowhere.jsonl", "does not exist"),
        (tmp_path, "is a folder"),
        (Path("/dev/null"), "a pipe or a device"),
        (tmp_path / ("x" * 300), "too long"),
        (Path("a\x00b"), "no path can hold"),
    ):
        with pytest.raises(InputError, match=message):
            read(path)


def test_a_file_without_read_permission_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, GOOD)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(source, "open", refuse, raising=False)
    with pytest.raises(InputError, match="permission denied"):
        read(path)


def test_an_unknown_format_is_an_input_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="messages, sharegpt, alpaca"):
        read(written(tmp_path, GOOD), format="yaml")
