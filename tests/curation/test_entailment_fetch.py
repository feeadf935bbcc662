"""Fetching an entailment model: by command only, once, pinned by commit; a hub on this machine stands in for it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import command_line
from core.errors import InputError
from core.workspace import Workspace
from curation import project_settings
from curation.evidence.entailment_models import fetch, known, located
from tests.tiny_entailment import tiny_entailment

NAME = "some-lab/tiny-nli"
FIRST, SECOND = "1" * 40, "2" * 40


class Hub:
    """What the stand-in serves: a folder, at the commit that ``main`` means now; it remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.commit, self.asked = folder, FIRST, list[str]()


class Handler(BaseHTTPRequestHandler):
    """The three answers of the model hub that a download needs: about a model, its list of files, and a file."""

    def __init__(self, hub: Hub, *given: object) -> None:
        self.hub = hub
        super().__init__(*given)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.hub.asked.append(self.path)
        path, _, _ = self.path.partition("?")
        known = {"", "/revision/main", f"/revision/{FIRST}", f"/revision/{SECOND}"}
        api = f"/api/models/{NAME}"
        if path.startswith(f"{api}/tree/"):
            self._send(json.dumps([{**self._entry(f), "type": "file"} for f in self._files()]).encode())
        elif path.startswith(api) and path.removeprefix(api) in known:
            commit = path.rpartition("/")[2] if FIRST[0] * 9 in path or SECOND[0] * 9 in path else self.hub.commit
            files = [{"rfilename": f.name} for f in self._files()]
            card = {"license": "apache-2.0"}
            self._send(json.dumps({"id": NAME, "sha": commit, "siblings": files, "cardData": card}).encode())
        elif path.startswith(f"/{NAME}/resolve/"):
            commit, name = path.removeprefix(f"/{NAME}/resolve/").split("/", 1)
            file = self.hub.folder / name
            if file.is_file():
                self._send(file.read_bytes(), {"X-Repo-Commit": commit})
            else:
                self._send(b"", {"X-Error-Code": "EntryNotFound"}, 404)
        else:
            self._send(b"{}", {"X-Error-Code": "RepoNotFound"}, 404)

    do_HEAD = do_GET

    def _files(self) -> list[Path]:
        return sorted(self.hub.folder.iterdir())

    def _entry(self, file: Path) -> dict[str, object]:
        return {"path": file.name, "size": file.stat().st_size, "oid": hashlib.sha1(file.read_bytes()).hexdigest()}

    def _send(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response(status)
        told = {"Content-Length": str(len(body)), "ETag": f'"{hashlib.sha1(body).hexdigest()}"', **(headers or {})}
        for name, value in told.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *given: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model and, beside it, what must not be fetched."""
    folder = tiny_entailment(tmp_path_factory.mktemp("hub"), steps=0)
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "modeling_own.py").write_text("raise SystemExit", encoding="utf-8")
    return folder


@pytest.fixture
def hub(untaught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A model hub on the loopback address, empty caches, and no wish to stay offline."""
    from huggingface_hub import constants

    serving = Hub(untaught)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, serving))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("FINETOOTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    yield serving
    server.shutdown()
    server.server_close()


def test_a_model_is_fetched_once_and_its_commit_holds_when_the_hub_moves_on(hub: Hub) -> None:
    with pytest.raises(InputError, match="neither a folder nor a model that was fetched"):
        located(NAME)
    assert hub.asked == []  # a check never asks the hub
    model = fetch(NAME)
    assert (model.commit, model.licence) == (FIRST, "apache-2.0")
    assert not {"pytorch_model.bin", "modeling_own.py"} & {file.name for file in model.folder.iterdir()}
    hub.asked.clear()
    hub.commit = SECOND
    again, here = fetch(NAME), located(NAME)
    assert hub.asked == [] and again.commit == here.commit == FIRST and here.folder == model.folder
    assert here.called == f"{NAME} (revision {FIRST[:12]})" and here.identity() == f"{NAME}@{FIRST}"
    assert located(NAME, FIRST).folder == model.folder
    moved = fetch(NAME, "main")
    assert moved.commit == SECOND and located(NAME, "main").commit == SECOND and located(NAME).commit == FIRST
    assert [m.commit for m in known()] == [FIRST, SECOND]


def test_a_commit_that_was_not_fetched_is_told_with_the_command_for_it(hub: Hub) -> None:
    fetch(NAME)
    with pytest.raises(InputError, match="at revision") as caught:
        located(NAME, SECOND)
    assert caught.value.hint.endswith(f"finetooth models --entailment {NAME} --revision {SECOND}.")


def test_what_the_hub_does_not_have_is_one_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="could not be fetched from the model hub"):
        fetch("some-lab/no-such-model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="HF_HUB_OFFLINE forbids"):
        fetch(NAME)


def test_a_model_with_other_labels_is_not_recorded(hub: Hub, tmp_path: Path) -> None:
    hub.folder = tiny_entailment(tmp_path / "two", steps=0, labels=("entailment", "not_entailment", "other"))
    with pytest.raises(InputError, match="no three labels named"):
        fetch(NAME)
    assert known() == []


def test_the_command_fetches_pins_and_lists_it(hub: Hub, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import models

    monkeypatch.setattr(models, "catalogue", lambda: [])  # the base model would be converted for this empty cache
    settings = project_settings.path_of(workspace)
    settings.write_text("# ours\n[check]\nmin_group = 9\n", encoding="utf-8")
    words = ["models", "--entailment", NAME, "-w", str(workspace.path), "--who", "Ada", "--json"]
    done = CliRunner().invoke(command_line(["models"]), words, catch_exceptions=False)
    (entry,) = json.loads(done.stdout)
    assert (entry["name"], entry["role"], entry["licence"]) == (NAME, "entailment", "apache-2.0")
    assert (Path(entry["path"]) / "config.json").is_file() and entry["revision"] == FIRST
    read = project_settings.read_settings(workspace)
    assert (read.entailment_model, read.entailment_revision, read.min_group) == (NAME, FIRST, 9)
    assert settings.read_text(encoding="utf-8").startswith("# ours")
    (told,) = workspace.ledger.entries("settings")
    assert told.payload["entailment_revision"] == FIRST and told.payload["before"]["entailment_model"] is None
    CliRunner().invoke(command_line(["models"]), words, catch_exceptions=False)
    assert len(workspace.ledger.entries("settings")) == 1


def test_the_command_tells_what_to_write_without_a_workspace(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import models

    monkeypatch.setattr(models, "catalogue", lambda: [])
    done = CliRunner().invoke(command_line(["models"]), ["models", "--entailment", NAME], catch_exceptions=False)
    assert f'entailment_model = "{NAME}"\nentailment_revision = "{FIRST}"' in done.stdout
    with pytest.raises(InputError, match="--revision goes with --entailment"):
        CliRunner().invoke(command_line(["models"]), ["models", "--revision", "x"], catch_exceptions=False)
