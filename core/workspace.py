"""The folder that holds one project: ledger, sources, objects, runs, jobs and exports."""

from __future__ import annotations

import os
from pathlib import Path

from core.clock import Clock, utc_now
from core.errors import InputError
from core.files import explain_os_error, make_folder, read_json, write_json
from core.ledger import Ledger
from core.objects import Objects

FORMAT = 1
USUAL_PLACES = ("workspace", "demo-workspace")
FOLDERS = ("sources", "objects", "runs", "jobs", "exports")
LEDGER = "ledger.sqlite"


class Workspace:
    """An open workspace. Use :meth:`create` or :meth:`open`."""

    def __init__(self, path: Path, name: str, clock: Clock) -> None:
        self.path = path
        self.name = name
        self.clock = clock
        self.ledger = Ledger(path / LEDGER, clock, must_exist=True)
        self.objects = Objects(path / "objects")
        self.sources_dir = path / "sources"
        self.runs_dir = path / "runs"
        self.jobs_dir = path / "jobs"
        self.exports_dir = path / "exports"
        self.cache_path = path / "cache.sqlite"

    @classmethod
    def create(cls, path: Path, *, name: str = "", clock: Clock = utc_now) -> Workspace:
        """Make a workspace in a new or empty folder; an existing workspace is opened.

        Raises:
            InputError: The folder holds something else, or cannot be written.
        """
        path = path.resolve()
        if (path / "workspace.json").exists():
            return cls.open(path, clock=clock)
        if path.is_file() or (path.is_dir() and any(not _half_made(inside) for inside in path.iterdir())):
            raise InputError(
                f"{path} already holds something that is not a workspace.", "Name a new or an empty folder."
            )
        try:
            for folder in FOLDERS:
                make_folder(path / folder)
        except OSError as error:
            raise explain_os_error(error, path) from error
        Ledger(path / LEDGER, clock)
        write_json(path / "workspace.json", {"format": FORMAT, "name": name or path.name, "created_at": clock()})
        return cls.open(path, clock=clock)

    @classmethod
    def open(cls, path: Path, *, clock: Clock = utc_now) -> Workspace:
        """Open a workspace.

        Raises:
            InputError: There is none, it was made by a newer version, or the folder cannot be written.
        """
        path = path.resolve()
        if not (path / "workspace.json").is_file():
            raise InputError(f"{path} is not a Finetooth workspace.", f"Make one: finetooth init {path}")
        head = read_json(path / "workspace.json")
        version = head.get("format") if isinstance(head, dict) else None
        if not isinstance(version, int):
            raise InputError(f"{path}/workspace.json does not say its format.", "Restore it from a copy.")
        if version > FORMAT:
            raise InputError(
                f"The workspace {path} was made by a newer version of Finetooth (format {version}, known {FORMAT}).",
                "Update Finetooth, or open another workspace.",
            )
        if not os.access(path, os.W_OK):
            raise InputError(f"The workspace {path} is read-only.", "Make the folder writable, or copy it.")
        try:
            for folder in FOLDERS:
                (path / folder).mkdir(exist_ok=True)
        except OSError as error:
            raise explain_os_error(error, path) from error
        return cls(path, str(head.get("name", path.name)), clock)


def _half_made(inside: Path) -> bool:
    """Whether this is what a :meth:`Workspace.create` leaves that was interrupted before its last step."""
    if inside.is_dir():
        return inside.name in FOLDERS and not any(inside.iterdir())
    return inside.name.startswith((LEDGER, ".workspace.json.")) and not _is_in_use(inside)


def _is_in_use(ledger: Path) -> bool:
    """Whether a ledger without its workspace holds entries: somebody may want them back."""
    return ledger.name == LEDGER and ledger.stat().st_size > 0 and Ledger(ledger).head()[0] > 0


def find_workspace(path: Path | None) -> Path:
    """The workspace meant: the given one, ``FINETOOTH_WORKSPACE``, the current folder, or one in a usual place in it.

    Raises:
        InputError: None of them is a workspace.
    """
    if path is not None:
        return path
    if from_environment := os.environ.get("FINETOOTH_WORKSPACE"):
        return Path(from_environment)
    for candidate in (Path.cwd(), *(Path.cwd() / name for name in USUAL_PLACES)):
        if (candidate / "workspace.json").is_file():
            return candidate
    raise InputError("No workspace was named and none was found here.", "Make one: finetooth init workspace")


def workspace_or_error(path: Path | None) -> Workspace:
    """Open the workspace meant by a command or a page."""
    return Workspace.open(find_workspace(path))
