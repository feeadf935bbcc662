"""Runs real commands in processes that can be killed at any step, and says afterwards what a workspace holds.

``python -m benchmarks.faults_child`` reads one request a line (JSON) from standard input and answers with lines
``pid N`` and ``ended STATUS``. Each request runs in a fork of its own, which starts in milliseconds since everything is
imported already. A request names a verb:

- ``cli``: ``finetooth`` with the given words, through the same ``main`` as the installed program;
- ``decide``: one decision after the other, each confirmed by a line on standard output once it is recorded;
- ``prepare``: make the workspace that the others start from;
- ``look``: print as JSON what the workspace shows to a person.

Every step that may leave something behind (a file opened for writing, renamed or removed, a folder made, a database
opened, a transaction begun or committed, a ledger row) is counted and written to a trace; ``kill_at`` ends the process
with SIGKILL just before that step.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from core.errors import FinetoothError

VERB_MODULES = ("cli.main", "cli.data_verbs", "cli.app_verbs", "curation.release", "curation.checking")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PROCESS = re.compile(r"\.\d+-\d+(?=\.tmp)")
STATEMENTS = ("BEGIN", "COMMIT", "INSERT INTO entries")


class Steps:
    """Counts the steps of this process, writes each to the trace, and ends the process before the one asked for."""

    def __init__(self, trace: Path, kill_at: int | None) -> None:
        self.handle = os.open(trace, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.kill_at = kill_at
        self.count = 0

    def step(self, what: str) -> None:
        """One more step is about to happen."""
        self.count += 1
        os.write(self.handle, f"{self.count} {what}\n".encode())
        if self.count == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _file(self, verb: str, path: Any) -> None:
        name = os.fsdecode(path)
        if "__pycache__" not in name and not name.startswith(("/dev/", "/proc/")):
            self.step(f"{verb} {PROCESS.sub('', Path(name).name)}")

    def watch(self) -> None:
        """Count from now on."""

        def audit(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open":
                path, _, flags = arguments
                if isinstance(path, str | bytes | os.PathLike) and flags is not None and int(flags) & WRITES:
                    self._file("write", path)
            elif event == "os.rename":
                self._file("rename", arguments[1])
            elif event in ("os.remove", "os.mkdir"):
                if os.path.lexists(arguments[0]) == (event == "os.remove"):
                    self._file(event[3:], arguments[0])
            elif event == "sqlite3.connect":
                self.step(f"open {Path(str(arguments[0]).split('?')[0]).name}")

        steps = self

        class Traced(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                known = next((s for s in STATEMENTS if sql.startswith(s)), None)
                if known:
                    steps.step(known.lower())
                return super().execute(sql, *parameters)

        sqlite3.connect = partial(sqlite3.connect, factory=Traced)  # type: ignore[assignment]
        sys.addaudithook(audit)


def run(request: Mapping[str, Any]) -> int:
    """Do what a request asks for, in this process. Returns the exit code."""
    if request.get("uid"):
        os.setgid(request["uid"])
        os.setuid(request["uid"])
    if request.get("file_limit_bytes") is not None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_limit_bytes"],) * 2)
    if request.get("trace"):
        Steps(Path(request["trace"]), request.get("kill_at")).watch()
    if request["verb"] == "cli":
        sys.argv = ["finetooth", *request["words"]]
        import_module("cli.main").main()
        return 0
    verbs = {"decide": decide, "prepare": prepare, "look": look}
    verbs[request["verb"]](request)
    return 0


def decide(request: Mapping[str, Any]) -> None:
    """Keep and drop the given examples in turn; print each action id once its decision is recorded."""
    from core.workspace import Workspace
    from curation import actions

    workspace = Workspace.open(Path(request["workspace"]))
    for number, example_id in enumerate(request["examples"]):
        action_id = f"{request['name']}:{number}"
        verdict: Literal["keep", "drop"] = "drop" if number % 3 else "keep"
        actions.decide(workspace, example_id, verdict, who=request["name"], action_id=action_id)
        print(action_id, flush=True)


def prepare(request: Mapping[str, Any]) -> None:
    """A workspace with an imported file, findings, decisions, a revision, and an export of it."""
    from core.workspace import Workspace
    from curation import actions, checking, freeze, release

    workspace = Workspace.create(Path(request["workspace"]))
    actions.import_file(workspace, Path(request["file"]), who="Ana")
    checking.check(workspace, only=("duplicates", "format"))
    first = freeze.freeze(workspace, who="Ana", holdout_size=10).revision.id
    release.export_revision(workspace, first, Path(request["workspace"]).parent / "out" / "chats.jsonl", who="Ana")
    actions.decide(workspace, request["example"], "drop", who="Ana", action_id="first")


def look(request: Mapping[str, Any]) -> None:
    """Print what a person sees, and what is wrong with it."""
    from core.audit import audit
    from core.files import sha256_file
    from core.workspace import Workspace
    from curation import freeze, queries, sources

    workspace = Workspace.open(Path(request["workspace"]))
    audit(workspace)
    wrong: list[str] = []
    entries = workspace.ledger.entries()
    ids = [e.action_id for e in entries]
    if len(ids) != len(set(ids)) or [e.seq for e in entries] != list(range(1, len(entries) + 1)):
        wrong.append("entries are missing or stand there twice")
    imported = {}
    for source_id in queries.imported(workspace):
        source = sources.load(workspace, source_id)
        imported[source_id] = sum(1 for _ in sources.rows(workspace, source_id))
        if imported[source_id] != source.n_rows or sha256_file(sources.original(workspace, source_id)) != source_id:
            wrong.append(f"source {source_id[:8]} is not whole")
    seen = queries.overview(workspace)
    revisions = {}
    for view in freeze.revisions(workspace):
        frame = workspace.objects.frame(view.revision.id)
        revisions[view.revision.id] = hashlib.sha256(repr(frame.rows()).encode()).hexdigest()
        if frame.height != view.revision.n_examples:
            wrong.append(f"revision {view.revision.id[:8]} is not whole")
    if set(seen.revisions) != set(revisions):
        wrong.append("Home counts other revisions than the Dataset page lists")
    out = Path(request["workspace"]).parent / "out"
    files = (
        {p.name: sha256_file(p) for p in sorted(out.iterdir()) if not p.name.startswith(".")} if out.exists() else {}
    )
    for name in files:
        if name.endswith(".manifest.json"):
            stated = json.loads((out / name).read_text(encoding="utf-8"))["files"]
            wrong += [
                f"{one} is not what its manifest says" for one, digest in stated.items() if files.get(one) != digest
            ]
    current, _ = queries.current(workspace)
    document = {
        "wrong": wrong,
        "action_ids": ids,
        "acts": [
            [e.kind, e.subject, e.payload.get("verdict", ""), e.payload.get("becomes", "")]
            for e in entries
            if e.kind == "decision"
        ],
        "sources": imported,
        "revisions": revisions,
        "files": files,
        "examples": hashlib.sha256("".join(example.id for example in current).encode()).hexdigest(),
        "n": [seen.n_rows, seen.n_examples, seen.n_in],
    }
    print(json.dumps(document))


def serve() -> None:
    """Answer requests until standard input ends."""
    for module in VERB_MODULES:
        import_module(module)
    if threading.active_count() > 1:
        raise RuntimeError("a thread is running, so that forks of this process are not safe")
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _as_child(request)
        print(f"pid {child}", flush=True)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


def _as_child(request: Mapping[str, Any]) -> None:
    import traceback

    code = 70
    try:
        for stream, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
            handle = os.open(name, os.O_RDWR | os.O_CREAT, 0o666)
            os.dup2(handle, stream)
        sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
        code = run(request)
    except FinetoothError as error:  # as the command line says it
        sys.stderr.write(f"finetooth: {error.message}\n  {error.hint}\n")
        code = error.exit_code
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 -- a fork must not fall back into the server's loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
