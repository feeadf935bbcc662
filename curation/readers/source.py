"""Opens a source file whatever its compression and encoding, and yields its lines with their byte offsets."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from core.errors import InputError
from core.files import explain_os_error

MAX_LINE_BYTES = 32 * 1024 * 1024
"""A longer line is rejected, so that one broken line cannot fill the memory."""

_BLOCK_BYTES = 1024 * 1024  # less than MAX_LINE_BYTES

DAMAGED = "the compressed file is damaged or cut off here; what follows could not be read"
UNDECODED = re.compile("[\udc80-\udcff]")
"""Bytes that were not UTF-8, as Python keeps them in text (``surrogateescape``)."""

_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)

_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV (UTF-8)."),
    (b"%PDF", "a PDF document", "Export its text as CSV or JSONL."),
    (b"SQLite format 3", "a SQLite database", "Export the table as CSV."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first with: unzstd FILE"),
    (b"BZh", "compressed with bzip2", "Unpack it first with: bunzip2 FILE"),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it first with: unxz FILE"),
    (b"ARROW1", "an Arrow file", "Save it as Parquet."),
    (b"version https://git-lfs.github.com", "a Git LFS pointer, not the file itself", "Fetch it with: git lfs pull"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that exists and can be opened. ``offset`` is the length of its byte order mark."""

    path: Path
    compressed: bool
    encoding: str
    offset: int
    parquet: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line, its line end included; ``problem`` says why its text cannot be trusted (empty when it can)."""

    number: int
    start: int
    end: int
    text: str
    problem: str = ""

    @property
    def blank(self) -> bool:
        """Whether it holds nothing but ASCII white space."""
        return not self.problem and not self.text.strip(" \t\r\n\x0b\x0c")


def locate(path: Path) -> Source:
    """Look at a file's first bytes: compression, encoding, Parquet or text.

    Raises:
        InputError: It is missing, unreadable, a folder, empty, or of a kind that holds no chats.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a file.", "Name one file inside it.")
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is a pipe or a device, not a file.", "Save its content to a file and name that.")
        with open(path, "rb") as handle:
            head = handle.read(64)
    except OSError as error:
        explained = explain_os_error(error, path)
        raise InputError(explained.message, explained.hint) from error
    except ValueError as error:  # a NUL character in the path
        raise InputError("The path of the file holds a character that no path can hold.", "Check the path.") from error
    compressed = head.startswith(b"\x1f\x8b")
    if compressed:
        try:
            with gzip.open(path, "rb") as packed:
                head = packed.read(64)
        except (*_DAMAGE, OSError) as error:
            raise InputError(f"{path} is a damaged gzip file: nothing could be read.", "Copy it again.") from error
    if not head:
        raise InputError(f"{path} is empty.", "Check that it was written completely, or name another file.")
    for magic, what, hint in _FOREIGN:
        if head.startswith(magic):
            raise InputError(f"{path} is {what}; Finetooth reads JSONL, JSON, CSV and Parquet.", hint)
    encoding, offset = _encoding(head)
    return Source(path, compressed, encoding, offset, head.startswith(b"PAR1"))


def _encoding(head: bytes) -> tuple[str, int]:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    if head[:2] in (b"{\x00", b"[\x00"):
        return "utf-16-le", 0
    if head[:2] in (b"\x00{", b"\x00["):
        return "utf-16-be", 0
    return "utf-8", 0


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The file's uncompressed bytes, from the first."""
    try:
        with open(source.path, "rb") as raw:
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb")) if source.compressed else raw
    except _DAMAGE as error:
        raise InputError(f"{source.path} is a damaged gzip file.", "Copy it again.") from error
    except OSError as error:
        explained = explain_os_error(error, source.path)
        raise InputError(explained.message, explained.hint) from error


def beginning(source: Source, size_bytes: int) -> bytes:
    """Up to ``size_bytes`` uncompressed bytes from the first on; of a damaged gzip file, those before the damage."""
    chunks, left = list[bytes](), size_bytes
    with opened(source) as handle:
        try:
            while left > 0 and (chunk := handle.read(min(left, 1024 * 1024))):
                chunks.append(chunk)
                left -= len(chunk)
        except _DAMAGE:
            pass  # the parser then meets a document without an end, and reports it
    return b"".join(chunks)


class Raw(NamedTuple):
    """One physical line as bytes, without its line end. ``end`` is the offset behind the line end."""

    number: int
    start: int
    end: int
    content: bytes


def lines(source: Source) -> Iterator[Line]:
    """Every physical line, streamed; memory is bounded by ``MAX_LINE_BYTES``, whatever the file holds."""
    return (line if isinstance(line, Line) else decoded(line) for line in raw_lines(source))


def raw_lines(source: Source) -> Iterator[Raw | Line]:
    """The same, but those of a UTF-8 file are left as bytes where nothing is wrong with their length."""
    with opened(source) as handle:
        handle.read(source.offset)
        if source.encoding == "utf-8":
            yield from _utf8_lines(handle, source.offset)
        else:
            yield from _wide_lines(handle, source.encoding, source.offset)


def _utf8_lines(handle: BinaryIO, start: int) -> Iterator[Raw | Line]:
    number = 1
    begun: list[bytes] = []  # of a line that did not end in its block
    length = 0  # of what has begun, or would have, were it not too long
    while True:
        try:
            block = cast(io.BufferedReader, handle).read1(_BLOCK_BYTES)
        except _DAMAGE:
            yield Line(number, start, start + length, "", DAMAGED)
            return
        if not block:
            break
        first, *pieces = block.split(b"\n")
        length += len(first)
        if length <= MAX_LINE_BYTES:
            begun.append(first)
        else:
            begun.clear()
        if not pieces:
            continue
        end = start + length + 1
        yield _whole(number, start, end, begun, length)
        last = pieces.pop()
        for piece in pieces:
            number, start, end = number + 1, end, end + len(piece) + 1
            yield Raw(number, start, end, piece)
        number, start = number + 1, end
        begun, length = [last], len(last)
    if length:
        yield _whole(number, start, start + length, begun, length)


def _whole(number: int, start: int, end: int, begun: list[bytes], length: int) -> Raw | Line:
    if length > MAX_LINE_BYTES:
        return Line(number, start, end, "", overlong(end - start))
    return Raw(number, start, end, b"".join(begun))


def decoded(line: Raw) -> Line:
    """The text of a line, with its line end; the problem where it has none."""
    ending = b"\n" if line.end - line.start > len(line.content) else b""
    return _decoded(line.number, line.start, line.end, line.content + ending)


def _decoded(number: int, start: int, end: int, raw: bytes) -> Line:
    try:
        return Line(number, start, end, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        byte = error.start + 1
    try:  # surrogates written as bytes, by programs that do not check: repaired and counted like escaped ones
        return Line(number, start, end, raw.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        problem = f"not valid UTF-8 at byte {byte} of the line; save the file as UTF-8"
        return Line(number, start, end, raw.decode("utf-8", "surrogateescape"), problem)


def _wide_lines(handle: BinaryIO, encoding: str, position: int) -> Iterator[Line]:
    limit = MAX_LINE_BYTES // 2
    reader = io.TextIOWrapper(handle, encoding=encoding, errors="surrogatepass", newline="\n")
    number = 0
    try:
        while True:
            start, number = position, number + 1
            try:
                text = rest = reader.readline(limit + 1)
                position += len(text.encode(encoding, "surrogatepass"))
                too_long = len(text) > limit and not text.endswith("\n")
                while too_long and rest and not rest.endswith("\n"):
                    rest = reader.readline(limit)
                    position += len(rest.encode(encoding, "surrogatepass"))
            except _DAMAGE:
                yield Line(number, start, position, "", DAMAGED)
                return
            except UnicodeDecodeError:
                name = encoding.upper()
                yield Line(number, start, position, "", f"not valid {name} from here on; save the file as UTF-8")
                return
            if not text:
                return
            problem = overlong(position - start) if too_long else ""
            yield Line(number, start, position, "" if too_long else text, problem)
    finally:
        reader.detach()


def overlong(size_bytes: int) -> str:
    """Why a line of this length is rejected."""
    return (
        f"the line is {size_bytes / 1024 / 1024:.0f} MiB long, more than the {MAX_LINE_BYTES // 1024 // 1024} MiB "
        "that one example may take"
    )
