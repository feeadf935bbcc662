"""A large file read by two processes gives what one gives: rows, rejects, remarks, lines and places."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.types import Message
from curation import readers
from curation.readers import ahead, blocks, source
from curation.readers.result import ReadResult


def row(text: str) -> bytes:
    turns = [{"role": "user", "content": text}, {"role": "assistant", "content": text[::-1]}]
    return json.dumps({"messages": turns}, ensure_ascii=False).encode()


LINES = st.one_of(
    st.text("aé€ 😀", max_size=30).map(row),
    st.sampled_from(
        [b"", b"  ", b"\r", b"{", b"null", b'{"messages": []}', b'{"prompt": "a", "completion": "b"}', b'"\xff"',
         b'{"messages": [{"role": "human", "content": "a"}, {"role": "assistant", "content": "b"}], "id": 7}',
         b'{"messages": [{"role": "user", "content": "\\ud800"}, {"role": "assistant", "content": "b"}]}',
         b"x" * 300, row("y" * 200)]
    ),
)  # fmt: skip
FILES = st.builds(
    lambda mark, lines, end: mark + b"\n".join(lines) + end,
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(LINES, max_size=12).map(lambda lines: [row("first"), *lines]),
    st.sampled_from([b"", b"\n", b"\n\n", b"\r\n"]),
)


def by_blocks(path: Path, block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> ReadResult:
    """All blocks read in this process, as the one beside reads them."""
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        located = source.locate(path)
        spans = list(blocks.spans(located.offset, path.stat().st_size))

        class Here(ahead.Ahead):
            def __init__(self) -> None:
                pass

            def blocks(self):  # type: ignore[no-untyped-def]
                with open(path, "rb") as handle:
                    return [blocks.read_block(handle, *span, located.offset) for span in spans]

            def close(self) -> None:
                pass

        return readers.read(path, ahead=Here())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES, st.integers(1, 250))
def test_blocks_of_any_size_give_what_the_lines_give(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, content: bytes, block_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("ahead") / "rows.jsonl"
    path.write_bytes(content)
    with monkeypatch.context() as patch:
        patch.setattr(source, "MAX_LINE_BYTES", 250)
        patch.setattr(blocks, "MAX_LINE_BYTES", 250)
        patch.setattr(source, "_BLOCK_BYTES", 100)
        patch.setattr(blocks, "_MORE_BYTES", 17)
        assert by_blocks(path, block_bytes, monkeypatch) == readers.read(path)


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts as large, with something odd on some lines, in many blocks."""
    path = tmp_path / "rows.jsonl"
    lines = [row(f"{n} é" * 20) for n in range(3000)]
    lines[7] = b'{"prompt": "a", "completion": "b"}'
    lines[1500] = b"not json"
    lines[2999] = b"   "
    path.write_bytes(b"\n".join(lines))
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 20_000)
    return path


def test_two_processes_give_what_one_gives(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = readers.read(large)
    monkeypatch.setattr(ahead, "LEAST_BYTES", 1)
    begun = ahead.start(large)
    assert begun is not None
    assert readers.read(large, ahead=begun) == alone == readers.read(large)
    assert len(alone.rows) == 2998 and [r.line for r in alone.rejects] == [1501]
    assert alone.rows[-1].example.messages[0] == Message("user", "2998 é" * 20)


def test_what_the_other_process_owes_is_read_here_when_it_is_killed(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = readers.read(large)
    monkeypatch.setattr(ahead, "LEAST_BYTES", 1)
    begun = ahead.start(large)
    assert begun is not None
    begun._process.kill()
    assert readers.read(large, ahead=begun) == alone


def test_a_file_that_is_small_packed_or_not_there_is_not_read_ahead(tmp_path: Path, large: Path) -> None:
    assert ahead.start(large) is None
    assert ahead.start(tmp_path / "nowhere.jsonl") is None
    assert ahead.start(tmp_path) is None
