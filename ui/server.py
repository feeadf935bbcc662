"""Serve the app on this machine only, with headers that let nothing in a dataset reach another one.

``python -m ui.server [--port 8501] [--workspace FOLDER]``; `finetooth app` and `make app` call :func:`serve`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from core.errors import FinetoothError

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8501
ALLOWED_HOSTS = ("localhost", "127.0.0.1")
INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def content_security_policy() -> str:
    """The policy for the installed Streamlit: its own inline scripts and ours by hash, nothing from anywhere else.

    Computed from the served ``index.html``, so an update of Streamlit cannot leave it behind (CSP Level 3, hashes).

    Raises:
        FinetoothError: The installed Streamlit has no ``index.html`` where it should be.
    """
    import streamlit

    from ui.keys import SCRIPT

    page = Path(streamlit.__file__).parent / "static" / "index.html"
    try:
        html = page.read_bytes()
    except OSError as error:
        raise FinetoothError("The installed Streamlit is incomplete.", "Install it again: make setup") from error
    scripts = (*INLINE_SCRIPT.findall(html), SCRIPT.encode())
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "style-src 'self' 'unsafe-inline'",
            f"script-src 'self' 'unsafe-eval' {hashes}",
            "connect-src 'self'",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


class SecurityHeaders:
    """Middleware: security headers on every answer, and no answer under a foreign host name (DNS rebinding).

    Plain ASGI, so it buffers nothing. Streamlit itself refuses a websocket under a foreign name.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._headers = [
            (b"content-security-policy", content_security_policy().encode("ascii")),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP requests for this machine on, with headers on the answer; other kinds of message as they are."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if host.rsplit(":", 1)[0] not in ALLOWED_HOSTS:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"This app answers only under 127.0.0.1 and localhost."})
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, with_headers)


def serve(workspace: Path | None = None, *, port: int = DEFAULT_PORT, open_browser: bool = False) -> None:
    """Serve the app on 127.0.0.1 until it is stopped.

    Args:
        workspace: The workspace that opens first; None leaves it to ``FINETOOTH_WORKSPACE``, a usual place or Home.
        port: The port to listen on.
        open_browser: Whether to open the person's browser once the app answers.

    Raises:
        FinetoothError: The port is taken.
    """
    if not _is_free(port):
        raise FinetoothError(f"Port {port} is in use.", f"Name another one: finetooth app --port {port + 1}")
    if workspace is not None:
        os.environ["FINETOOTH_WORKSPACE"] = str(workspace.resolve())

    import streamlit as st
    from starlette.middleware import Middleware

    sys.argv = [str(ROOT / "app.py")]  # where Streamlit looks for .streamlit/config.toml
    if open_browser:
        threading.Thread(target=_open_when_ready, args=(f"http://127.0.0.1:{port}",), daemon=True).start()
    app = st.App(ROOT / "app.py", middleware=[Middleware(SecurityHeaders)])
    app.run(config={"server.port": port, "server.address": "127.0.0.1", "server.headless": True})


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _open_when_ready(url: str, *, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                webbrowser.open(url)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m ui.server", description="Serve the Finetooth app.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--workspace", type=Path, default=None)
    parser.add_argument("--open", action="store_true", help="open the browser")
    arguments = parser.parse_args()
    try:
        serve(arguments.workspace, port=arguments.port, open_browser=arguments.open)
    except FinetoothError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
