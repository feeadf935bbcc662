"""Asks a model behind an OpenAI-compatible endpoint (POST …/chat/completions), which may stand on this machine."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import FinetoothError, InputError
from core.types import Message

KEY_VARIABLE = "FINETOOTH_API_KEY"
TRIES = 4
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""States that may pass: the request is sent again after a pause."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model answered; ``tokens`` is None where the endpoint does not count them."""

    text: str
    tokens: int | None
    truncated: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model answers.

    Attributes:
        url: Up to and with the version, such as ``http://127.0.0.1:8000/v1``.
        model: Its name there.
        key_variable: The environment variable with the key; it is read when asking and never stored. Unset = no key.
        timeout_s: Longest wait for one answer.
        pause_s: Before the second try, doubled with each further one.
    """

    url: str
    model: str
    key_variable: str = KEY_VARIABLE
    timeout_s: float = 120.0
    pause_s: float = 1.0

    def ask(self, messages: Sequence[Message], *, max_tokens: int) -> Said:
        """The answer to a conversation, decoded greedily (temperature 0).

        Raises:
            InputError: The address is none.
            FinetoothError: There is no answer: nobody is there, the request is refused, or the reply is not of this
                protocol. The text of the conversation and of the reply is not in the message.
        """
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"{self.url} is no address of an endpoint.", "Give one such as http://127.0.0.1:8000/v1")
        body = {
            "model": self.model,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            **{"max_tokens": max_tokens, "temperature": 0},
        }
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(self.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        address = f"{self.url.rstrip('/')}/chat/completions"
        request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")
        began = time.monotonic()
        return _said(self._send(request), began, self.url)

    def _send(self, request: urllib.request.Request) -> bytes:
        for attempt in range(1, TRIES + 1):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout_s) as reply:
                    return bytes(reply.read())
            except urllib.error.HTTPError as error:
                if error.code not in AGAIN or attempt == TRIES:
                    raise FinetoothError(
                        f"The endpoint {self.url} refused the request ({error.code} {error.reason}).",
                        f"Check the model's name ({self.model}), and the key in {self.key_variable}.",
                    ) from error
            except (OSError, TimeoutError) as error:
                if attempt == TRIES:
                    raise FinetoothError(
                        f"The endpoint {self.url} does not answer ({type(error).__name__}).",
                        "Start it, or check its address.",
                    ) from error
            time.sleep(self.pause_s * 2 ** (attempt - 1))
        raise AssertionError("every last try returns or raises")


def _said(reply: bytes, began: float, url: str) -> Said:
    try:
        document = json.loads(reply)
        choice = document["choices"][0]
        text = choice["message"]["content"]
        tokens = (document.get("usage") or {}).get("completion_tokens")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise FinetoothError(
            f"What the endpoint {url} sent is no chat completion.", "Its address should end in a version such as /v1."
        ) from error
    if not isinstance(text, str):
        raise FinetoothError(f"The endpoint {url} sent no text.", "Ask a model that answers with text.")
    seconds = time.monotonic() - began
    return Said(text, tokens if isinstance(tokens, int) else None, choice.get("finish_reason") == "length", seconds)
