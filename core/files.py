"""Files that are either wholly there or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import FinetoothError, InputError

STALE_S = 60
"""A temporary file untouched for this long, of a process that this machine does not know, was left by a kill."""

KEPT = ("workspace.json", "ledger.", "cache.", "reservations.")
"""How the names of a workspace's own files begin: what writes them writes them otherwise, and never over others."""


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that replaces it when the block ends well (fsync, rename, fsync of the folder).

    What processes that were killed left of earlier tries is removed.

    Raises:
        FinetoothError: The disk is full or the folder cannot be written; ``path`` is then as it was.
    """
    with writing_together((path,)) as (temporary,):
        yield temporary


@contextmanager
def writing_together(paths: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """The same for files that belong together: all are whole on the disk before the first one gets its name.

    The last path is the one whose presence means that the others are complete and fit each other: where it exists, it
    goes first and comes last.

    Raises:
        FinetoothError: The disk is full or a folder cannot be written; every path is then as it was.
    """
    for path in paths:
        if not path.name or path.is_dir():
            raise InputError(f"{path} is a folder, not a file.", "Name a file inside it.")
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is a device or a pipe, not a file.", "Name a file.")
        if path.name.startswith(KEPT) and (path.parent / KEPT[0]).is_file():
            raise InputError(f"{path} is a part of a workspace, which is never overwritten.", "Name another file.")
    own = f"{os.getpid()}-{threading.get_ident()}"
    temporaries = tuple(path.with_name(f".{path.name}.{own}.tmp") for path in paths)
    at = paths[-1]
    try:
        for at in paths:
            make_folder(at.parent)
            _sweep(at)
        yield temporaries
        for temporary in temporaries:
            with open(temporary, "rb") as handle:
                os.fsync(handle.fileno())
        at = paths[-1]
        if len(paths) > 1 and at.exists():
            at.unlink()
            _sync_folder(at.parent)  # a power cut must not bring it back beside new files, ...
        _named(paths[:-1], temporaries[:-1])  # ... nor keep it where it lost one of them
        _named(paths[-1:], temporaries[-1:])
    except OSError as error:
        raise explain_os_error(error, at) from error
    finally:
        for temporary in temporaries:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _named(paths: Sequence[Path], temporaries: Sequence[Path]) -> None:
    """Give files their names, for good."""
    for path, temporary in zip(paths, temporaries, strict=True):
        try:
            temporary.replace(path)
        except OSError as error:
            raise explain_os_error(error, path) from error
    for folder in dict.fromkeys(path.parent for path in paths):
        _sync_folder(folder)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that what is kept in it survives a power cut: each is synced into the next.

    Raises:
        OSError: It cannot be made.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut, where the file system can (POSIX leaves it open)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(path: Path) -> None:
    """Remove the temporary files for ``path`` of processes that are no more."""
    left = re.compile(re.escape(f".{path.name}.") + r"(\d+)-\d+\.tmp")
    for stale in path.parent.iterdir():
        matched = left.fullmatch(stale.name)
        if matched and not _runs(int(matched[1])):
            with suppress(OSError):
                if time.time() - stale.stat().st_mtime >= STALE_S:
                    stale.unlink()


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def write_atomic(path: Path, data: str | bytes) -> None:
    """Replace ``path`` by ``data`` in one step."""
    with writing(path) as temporary:
        temporary.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)


def write_json(path: Path, value: Any) -> None:
    """Write one JSON document, atomically, keys in the given order."""
    write_atomic(path, json_text(value) + "\n")


def json_text(value: Any, indent: int | None = 1) -> str:
    """One JSON document that UTF-8 can hold (a lone surrogate, as in an odd file name, is written as an escape)."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, allow_nan=False)
    return text


_as_it_is = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_as_ascii = json.JSONEncoder(allow_nan=False).encode
PIECE = 1_000  # entries of a list that are written at once


def json_document(value: Mapping[str, Any]) -> Iterator[str]:
    """The same for a document with long lists, in pieces: one key a line, and one entry of a list a line.

    Python indents far more slowly than it writes, and a long answer need not be held in memory as a whole.
    """
    yield "{"
    after = "\n"
    for key, part in value.items():
        if isinstance(part, list) and part:
            yield f"{after} {_encoded(key)}: ["
            for start in range(0, len(part), PIECE):
                yield ("," if start else "") + _a_line_each(part[start : start + PIECE])
            yield "\n ]"
        else:
            yield f"{after} {_encoded(key)}: {_encoded(part)}"
        after = ",\n"
    yield "\n}" if value else "}"


def _encoded(value: Any) -> str:
    text = _as_it_is(value)
    return text if _fits_utf8(text) else _as_ascii(value)


def _a_line_each(entries: Sequence[Any]) -> str:
    text = ",".join([f"\n  {_as_it_is(one)}" for one in entries])
    return text if _fits_utf8(text) else ",".join([f"\n  {_encoded(one)}" for one in entries])


def _fits_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def write_jsonl(path: Path, records: Iterable[Any]) -> int:
    """Write one JSON document a line, atomically. Returns the number of lines."""
    count = 0
    with writing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as handle:
        for record in records:
            handle.write(json_text(record, indent=None) + "\n")
            count += 1
    return count


def read_json(path: Path) -> Any:
    """Read one JSON document.

    Raises:
        FinetoothError: The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise explain_os_error(error, path) from error
    except ValueError as error:
        raise FinetoothError(f"{path} is not a JSON document.", "Restore it from a copy, or remove it.") from error


def read_jsonl(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a file with one JSON object a line, each with its line number; empty lines are passed over.

    Raises:
        InputError: The file cannot be read, or a line is no JSON object (naming the first).
    """
    try:
        return json_lines(path.read_bytes(), str(path))
    except OSError as error:
        explained = explain_os_error(error, path)
        raise InputError(explained.message, explained.hint) from error


def json_lines(data: bytes, name: str) -> list[tuple[int, dict[str, Any]]]:
    """The same of bytes that are known by a name.

    Raises:
        InputError: A line is no JSON object (naming the first).
    """
    found: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise InputError(f"Line {number} of {name} is not a JSON object.", "Write one object a line, in UTF-8.")
        found.append((number, value))
    return found


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def copy_atomic(source: Path, target: Path) -> None:
    """Copy bytes so that ``target`` appears whole."""
    with writing(target) as temporary:
        shutil.copyfile(source, temporary)


def explain_os_error(error: OSError, path: Path) -> FinetoothError:
    """An operating-system error as a sentence with a way out."""
    if error.errno == errno.ENOSPC:
        return FinetoothError(f"The disk is full: {path} could not be written.", "Free some space and repeat.")
    if isinstance(error, FileNotFoundError):
        return FinetoothError(f"{path} does not exist.", "Check the path.")
    if isinstance(error, IsADirectoryError):
        return FinetoothError(f"{path} is a folder, not a file.", "Name a file inside it.")
    if isinstance(error, FileExistsError | NotADirectoryError):
        return FinetoothError(f"{path} stands below a file, not below a folder.", "Name another place.")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return FinetoothError(f"{path} cannot be accessed: permission denied.", "Check the folder's permissions.")
    return FinetoothError(f"{path}: {error.strerror or error}.", "Check the path and the disk.")
