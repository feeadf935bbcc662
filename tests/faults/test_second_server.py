"""Two servers and a command line on one workspace: all work, and nothing that one records is lost to the others."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.faults_driver import ROOT, Stage


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _serve(workspace: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "app", "-w", str(workspace), "--port", str(port)],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _answers(port: int, *, timeout_s: float = 60) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def test_a_second_server_works_beside_the_first_and_one_on_its_port_says_which_to_name(stage: Stage) -> None:
    workspace = stage.copy("decide")
    ports = (_free_port(), _free_port())
    servers = [_serve(workspace, port) for port in ports]
    try:
        assert all(_answers(port) for port in ports)
        third = _serve(workspace, ports[0])
        said = third.communicate(timeout=60)[1]
        assert third.returncode == 1
        assert f"Port {ports[0]} is in use. Name another one: finetooth app --port {ports[0] + 1}" in said
        done = stage.starter.run(**stage.request("decide", workspace))
        assert len(done.out.split()) == len(stage.examples)
        assert all(_answers(port) for port in ports)
    finally:
        for server in servers:
            server.terminate()
            server.communicate(timeout=30)
    assert stage.starter.look(workspace)["acts"] == stage.after["decide"]["acts"]
