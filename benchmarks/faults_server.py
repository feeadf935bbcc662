"""Kills the web server at random moments while a run it started trains on; the next server shows the run at once.

``python -m benchmarks.faults_server`` is a process that has imported what the server needs and forks one for each
request (a line of JSON), which then starts in well under a second; the server is the real one (``ui.server``), and
so is the page that is asked for over its websocket, as a browser does. What is not measured is the import of libraries
by a server that starts cold.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT
from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace
from training import actions, queries, timeline
from training.config import TrainConfig

IMPORTED = ("streamlit.starlette", "streamlit.proto.BackMsg_pb2", "ui.server", "ui.curve", "ui.runs", "ui.tokens")
PROGRESS = re.compile(r'text: "([\d,]+) of [\d,]+ steps')
READY_S = 90
PAGE_S = 60


@dataclass(slots=True)
class Survival:
    """What kills of the server did to a run.

    Attributes:
        kills: Servers killed.
        attach_s: For each new server, seconds from the opening of the page until it showed the run.
        ready_s: For each new server, seconds until it answered.
        steps: Steps of the run at its end.
        wrong: What did not hold, in words.
    """

    kills: int = 0
    attach_s: list[float] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    steps: int = 0
    wrong: list[str] = field(default_factory=list)


def prepare(folder: Path) -> tuple[Workspace, str]:
    """A workspace with a frozen revision of 48 conversations, 8 of them held out. Returns it and the revision's id."""
    from curation import actions as curation_actions
    from curation import freeze

    lines = [
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"Which code applies to case {k}?{' Look twice.' * (k % 3)}"},
                    {"role": "assistant", "content": f"Code {k % 5} is given in table {k}."},
                ]
            }
        )
        for k in range(48)
    ]
    (folder / "chats.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    workspace = Workspace.create(folder / "workspace")
    curation_actions.import_file(workspace, folder / "chats.jsonl", who="Ana")
    return workspace, freeze.freeze(workspace, who="Ana", holdout_size=8).revision.id


def survive(
    workspace: Workspace, revision: str, config: TrainConfig, *, kills: int, seed: int, tell: Callable[[str], None]
) -> Survival:
    """Start a run from a server, kill that server and each of its successors, and look what the run and pages show."""
    chance, found = random.Random(seed), Survival()
    forker = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.faults_server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    port, server, run_id = _free_port(), 0, ""
    try:
        _read(forker)
        start: dict[str, Any] | None = {"revision": revision, "config": config.to_dict()}
        while found.kills < kills:
            begun = time.monotonic()
            server = _fork(forker, {"workspace": str(workspace.path), "port": port, "start": start})
            _await(lambda: _answers(port), READY_S, "the server does not answer")
            found.ready_s.append(time.monotonic() - begun)
            if start is not None:
                run_id, start = queries.runs(workspace)[0].id, None
                _await(partial(_step, workspace, run_id), READY_S, "the run does not begin")
            process = jobs.stored_state(queries.job_of(workspace, run_id))
            found.attach_s.append(seconds_until_shown(port, run_id, _step(workspace, run_id)))
            time.sleep(chance.uniform(0, 1))
            os.kill(server, signal.SIGKILL)
            server = 0
            found.kills += 1
            found.wrong += _after(workspace, run_id, process)
            shown = f"ready in {found.ready_s[-1]:.2f} s, the run shown {found.attach_s[-1]:.2f} s after"
            tell(f"kill {found.kills}: {shown}; it is at step {_step(workspace, run_id)}")
        actions.stop_run(workspace, run_id)
        state = jobs.wait(queries.job_of(workspace, run_id))
        found.steps = queries.run(workspace, run_id).step
        if state.status != "cancelled":
            found.wrong.append(f"the run ended as {state.status}: {state.message}")
        found.wrong += _events_wrong(jobs.events(workspace.runs_dir / run_id))
    finally:
        if server:
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGKILL)
        if run_id and jobs.alive(queries.job_of(workspace, run_id)):
            jobs.kill(queries.job_of(workspace, run_id))
        forker.kill()
        forker.communicate()
    return found


def _after(workspace: Workspace, run_id: str, before: dict[str, Any]) -> list[str]:
    """What is wrong with the run right after a kill of its server: it must be the same process, at work."""
    job = queries.job_of(workspace, run_id)
    now = jobs.stored_state(job)
    wrong = []
    if not jobs.alive(job) or (now["pid"], now["born"]) != (before["pid"], before["born"]):
        wrong.append("the training process is not the one it was")
    step = _step(workspace, run_id)
    with suppress(FinetoothError):
        _await(lambda: _step(workspace, run_id) > step, 30, "")
        return wrong
    return [*wrong, "the training stands still"]


def _step(workspace: Workspace, run_id: str) -> int:
    return queries.run(workspace, run_id).step


def _events_wrong(events: list[dict[str, Any]]) -> list[str]:
    wrong = []
    if [event["seq"] for event in events] != list(range(1, len(events) + 1)):
        wrong.append("events are lost or doubled")
    steps = [event["step"] for event in timeline.fold(events) if event["type"] == "step"]
    if steps != list(range(1, len(steps) + 1)):
        wrong.append("steps are lost or doubled")
    return wrong


def seconds_until_shown(port: int, run_id: str, step: int) -> float:
    """Open the Train page over the server's websocket; seconds until it shows the run, at this step or a later one.

    Raises:
        FinetoothError: It does not within a minute.
    """
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.sync.client import connect
    from websockets.typing import Origin, Subprotocol

    begun = time.monotonic()
    url, origin = f"ws://127.0.0.1:{port}/_stcore/stream", f"http://127.0.0.1:{port}"
    with connect(url, origin=Origin(origin), max_size=None, subprotocols=[Subprotocol("streamlit")]) as socket_:
        ask: Any = BackMsg()
        ask.rerun_script.query_string = f"who=Ana&run={run_id}"
        ask.rerun_script.page_name = "train"
        socket_.send(ask.SerializeToString())
        while time.monotonic() - begun < PAGE_S:
            message: Any = ForwardMsg()
            message.ParseFromString(socket_.recv(timeout=PAGE_S))
            said = PROGRESS.search(str(message))
            if said and int(said[1].replace(",", "")) >= step:
                return time.monotonic() - begun
    raise FinetoothError(f"The page does not show run {run_id}.")


def _answers(port: int) -> bool:
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _await(condition: Callable[[], object], within_s: float, otherwise: str) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() >= deadline:
            raise FinetoothError(otherwise)
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fork(forker: subprocess.Popen[str], request: dict[str, Any]) -> int:
    if forker.stdin is None:
        raise FinetoothError("The process that forks servers has no pipe.")
    print(json.dumps(request), file=forker.stdin, flush=True)
    return int(_read(forker))


def _read(forker: subprocess.Popen[str]) -> str:
    line = "" if forker.stdout is None else forker.stdout.readline().strip()
    if not line:
        raise FinetoothError("The process that forks servers has ended.")
    return line


def serve() -> None:
    """Fork a server for each request, until standard input ends."""
    for name in IMPORTED:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _as_server(request)
        print(pid, flush=True)


def _as_server(request: dict[str, Any]) -> None:
    from training.config import read_config
    from ui.server import serve as serve_app

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    workspace = Workspace.open(Path(request["workspace"]))
    try:
        if request["start"]:  # so that the training process is this server's own child
            start = request["start"]
            actions.start_run(workspace, start["revision"], read_config(start["config"]))
        serve_app(workspace.path, port=request["port"])
    finally:
        os._exit(70)


if __name__ == "__main__":
    serve()
