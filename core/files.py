"""Files that are either wholly there or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import FinetoothError, InputError


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that replaces it when the block ends well (fsync, then rename).

    Raises:
        FinetoothError: The disk is full or the folder cannot be written; ``path`` is then as it was.
    """
    if not path.name or path.is_dir():
        raise InputError(f"{path} is a folder, not a file.", "Name a file inside it.")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a device or a pipe, not a file.", "Name a file.")
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        raise explain_os_error(error, path) from error
    finally:
        with suppress(FileNotFoundError, NotADirectoryError):
            temporary.unlink()


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


def json_document(value: Mapping[str, Any]) -> str:
    """The same for a document with long lists: one key a line, and one entry of a list a line.

    Python indents far more slowly than it writes.
    """
    text = _one_a_line(value, _as_it_is)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _one_a_line(value, _as_ascii)
    return text


def _one_a_line(value: Mapping[str, Any], encode: Callable[[Any], str]) -> str:
    lines = []
    for key, part in value.items():
        if isinstance(part, list) and part:
            entries = ",\n  ".join(map(encode, part))
            lines.append(f" {encode(key)}: [\n  {entries}\n ]")
        else:
            lines.append(f" {encode(key)}: {encode(part)}")
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"


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
