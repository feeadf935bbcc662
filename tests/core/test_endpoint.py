"""Asking an OpenAI-compatible endpoint: what is sent, what is tried again, and what is refused in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from core.endpoint import Endpoint
from core.errors import FinetoothError, InputError
from core.types import Message
from tests.fake_endpoint import serving

ASKED = (Message("system", "Be brief."), Message("user", "A secret?"))


def test_the_conversation_is_sent_as_it_is_and_the_answer_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "k")
    with serving(lambda body: "Yes.") as (url, heard):
        said = Endpoint(url, "m", "MY_KEY").ask(ASKED, max_tokens=5)
    assert (said.text, said.tokens, said.truncated) == ("Yes.", 7, False)
    assert heard[0]["path"] == "/v1/chat/completions" and heard[0]["authorization"] == "Bearer k"
    assert heard[0]["messages"] == [{"role": m.role, "content": m.content} for m in ASKED]
    assert (heard[0]["model"], heard[0]["temperature"], heard[0]["max_tokens"]) == ("m", 0, 5)


def test_a_busy_endpoint_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    states: list[Any] = [503, 429, "Yes."]
    with serving(lambda body: states.pop(0)) as (url, heard):
        assert Endpoint(url, "m", "MY_KEY", pause_s=0.01).ask(ASKED, max_tokens=5).text == "Yes."
    assert len(heard) == 3 and heard[0]["authorization"] is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (401, "refused the request"),
        (503, "refused the request"),
        (b"<html>", "is no chat completion"),
        (b"[]", "is no"),
    ],
)
def test_what_is_no_answer_is_told_without_the_text(answer: Any, message: str) -> None:
    with serving(lambda body: answer) as (url, heard), pytest.raises(FinetoothError, match=message) as caught:
        Endpoint(url, "m", pause_s=0.01).ask(ASKED, max_tokens=5)
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"
    assert len(heard) == (4 if answer == 503 else 1)


def test_nobody_there_and_no_address_are_told() -> None:
    with serving(lambda body: "Yes.") as (url, _):
        pass
    with pytest.raises(FinetoothError, match="does not answer"):
        Endpoint(url, "m", pause_s=0.01).ask(ASKED, max_tokens=5)
    with pytest.raises(InputError, match="no address"):
        Endpoint("file:///etc", "m").ask(ASKED, max_tokens=5)
