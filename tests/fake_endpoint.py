"""A local server that speaks as an OpenAI-compatible endpoint does, for tests: it answers by a function."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serving(answer: Callable[[dict[str, Any]], str | int | bytes]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An endpoint on a free port of this machine.

    Args:
        answer: From the request's body to the text of the answer, a status to refuse with, or the raw bytes to send.

    Returns:
        Its address up to ``/v1``, and the requests as they come in (body, with ``path`` and ``authorization``).
    """
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.append({**body, "path": self.path, "authorization": self.headers.get("Authorization")})
            said = answer(body)
            self.send_response(said if isinstance(said, int) else 200)
            self.end_headers()
            if isinstance(said, bytes):
                self.wfile.write(said)
            elif isinstance(said, str):
                choice = {"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
                self.wfile.write(json.dumps({"choices": [choice], "usage": {"completion_tokens": 7}}).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: a test reads no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
