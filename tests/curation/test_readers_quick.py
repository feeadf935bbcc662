"""The quick ways of the readers say just what the strict ones say: rows read by a schema, lines cut from blocks."""

from __future__ import annotations

import gzip
import random
import re
from pathlib import Path

import pytest

from curation.export import rejects
from curation.readers import read, source
from curation.readers.collect import Collector
from curation.readers.json_values import holds_surrogates, parse
from curation.readers.plain import plain_messages
from curation.readers.source import Line, Raw, decoded, lines, locate

ROWS = (
    rb'{"messages": [{"role": "user", "content": "\"x\" \u00e9"}, {"role": "assistant", "content": "\\"}]}',
    rb'{"messages":[{"content":"role","role":"user"},{"role":"assistant","content":"\"role\":\"content\""}]}',
    rb'{"messages":[{"r\u006fle":"user","role":"assistant","content":"x"}]}',
    rb'{"mess\u0061ges":[{"role":"system","content":"x"}],"messages":[{"role":"assistant","content":"x"}]}',
    b'{"messages":[{"role":"user","content":"\xc3\xa9\xe2\x80\xa8"}]}\r',
    b'\xef\xbb\xbf{"messages":[{"role":"user","content":"a"}]}',
    rb'{"messages":[{"role":"user","content":"\ud83d\ude00 \ud83d"}]}',
    b'{"messages":[{"role":"user","content":"\xed\xa0\x80"}]}',
    b'{"messages":[{"role":"tool","content":"a\x7fb"}],"meta":{}}',
)
SCRAPS = (
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"\x00", b"\t", b"\r", b" ", b"\xa0", b"\xc0\x80"),
    *(rb"\u0072", rb"\u0000", rb"\ud800", rb"\/", rb"\b", b"\x7f", b"\xf4\x90\x80\x80", b'"messages":[],'),
    *(b'"role":"user",', b',"content":"z"', b'"content":"z",', rb',"r\u006fle":"user"', rb'"c\u006Fntent":"z",'),
)


@pytest.mark.parametrize("name", ["r\\u006fle", "\\u0072ole", "rol\\u0065"])
def test_a_key_that_comes_twice_is_seen_though_it_is_written_with_escapes(name: str) -> None:
    line = f'{{"messages":[{{"{name}":"user","role":"assistant","content":"x"}}]}}'
    assert plain_messages(line.encode()) is None


def test_rows_read_by_the_schema_are_those_of_the_strict_reader() -> None:
    rng, quick = random.Random(0), 0
    for _ in range(30_000):
        line = rng.choice(ROWS)
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            at, to = sorted(rng.randrange(len(line) + 1) for _ in range(2))
            line = rng.choice(
                (
                    line[:at] + rng.choice(SCRAPS) + line[at:],
                    line[:at] + line[at + 2 :],
                    line[:at] + bytes([rng.randrange(11, 256)]) + line[at + 1 :],
                    line[:at] + line[at:to] + line[at:],
                )
            )
        messages = plain_messages(line)
        if messages is None:
            continue
        quick += 1
        strict, whole = Collector(), decoded(Raw(1, 0, len(line) + 1, line))
        assert not whole.problem
        strict.add(1, parse(whole.text), repair=holds_surrogates(whole.text))
        (row,) = strict.result("jsonl").rows
        assert (row.example.messages, dict(row.example.meta), strict.result("jsonl").notes) == (messages, {}, ())
    assert quick > 1_000


@pytest.mark.parametrize("packed", [False, True])
def test_lines_cut_from_blocks_are_all_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    longest, rng = 40, random.Random(1)
    monkeypatch.setattr(source, "MAX_LINE_BYTES", longest)
    for turn in range(400):
        monkeypatch.setattr(source, "_BLOCK_BYTES", rng.choice([1, 2, 7, 16, 39]))
        mark = rng.choice([b"", b"\xef\xbb\xbf"])
        body = b"".join(
            rng.choice(["a", "é", "💊", "\r", "\x00"]).encode() * rng.choice([0, 1, 3, 10, 13, 20, 39, 40, 41, 90])
            + rng.choice([b"\n", b"\n", b"\r\n", b"\n\n", b"\r"])
            for _ in range(rng.randrange(1, 9))
        )
        body = b"x" + (body if turn % 2 else body.rstrip(b"\n"))
        path = tmp_path / "lines.jsonl"
        path.write_bytes(gzip.compress(mark + body) if packed else mark + body)
        start, wanted = len(mark), list[Line]()
        for number, piece in enumerate(re.findall(rb"[^\n]*\n|[^\n]+\Z", body), 1):
            end = start + len(piece)
            overlong = len(piece.removesuffix(b"\n")) > longest
            text = "" if overlong else piece.decode()
            wanted.append(Line(number, start, end, text, source.overlong(len(piece)) if overlong else ""))
            start = end
        assert list(lines(locate(path))) == wanted


def test_what_was_read_of_the_line_at_the_damage_is_given_back(tmp_path: Path) -> None:
    rng = random.Random(2)
    row = b'{"messages":[{"role":"user","content":"%s"},{"role":"assistant","content":"z"}]}\n'
    whole = b"".join(row % "".join(rng.choices("abcdef 123", k=40_000)).encode() for _ in range(30))
    path, out = tmp_path / "cut.jsonl.gz", tmp_path / "rejects.jsonl"
    path.write_bytes(gzip.compress(whole)[:-20_000])
    result = read(path)
    (damage,) = result.rejects
    assert "damaged or cut off" in damage.reason
    assert whole[: damage.start].count(b"\n") == len(result.rows) == damage.line - 1
    assert rejects(path, result.rejects, out) == 1
