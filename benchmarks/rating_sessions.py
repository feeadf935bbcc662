"""Raters without a browser: sessions of the app that vote at a steady pace, as the load beside a measured one.

``python -m benchmarks.rating_sessions URL STUDY --raters 9 --every 5 --seconds 60`` speaks the protocol of Streamlit's
own browser part: it asks for the page, reads the buttons that come, and presses one. Prints one JSON line at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

PAGE = "side_by_side"
VERDICTS = ("Left is better", "Right is better", "Both good", "Both bad")


class Session:
    """One rater: a connection and the buttons that stand on the page."""

    def __init__(self, url: str, study_id: str, who: str) -> None:
        self.url, self.query = url, urlencode({"study": study_id, "who": who})
        self.buttons: dict[str, str] = {}
        self.socket: Any = None

    async def open(self) -> None:
        """Connect, draw the page, and become a rater."""
        import websockets

        host = urlsplit(self.url).netloc
        self.socket = await websockets.connect(
            f"ws://{host}/_stcore/stream",
            origin=self.url,  # type: ignore[arg-type]
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
        )
        await self.rerun(None)
        if "Start rating" in self.buttons:
            await self.rerun("Start rating")

    async def rerun(self, press: str | None) -> None:
        """Ask for the page, with a button pressed or not, and read until it is drawn."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = PAGE
        message.rerun_script.context_info.url = f"{self.url}/{PAGE}"
        if press is not None:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = self.buttons[press], True
        self.buttons = {}
        await self.socket.send(message.SerializeToString())
        while True:
            came = ForwardMsg()
            came.ParseFromString(await self.socket.recv())
            if came.delta.new_element.HasField("button"):
                button = came.delta.new_element.button
                self.buttons[button.label] = button.id
            if came.HasField("script_finished"):
                return


async def rate(session: Session, every_s: float, until: float, wait_s: float, turn: int) -> tuple[int, list[float]]:
    """Vote once in ``every_s`` seconds; how often, and how long each page took."""
    await session.open()
    await asyncio.sleep(wait_s)
    waits: list[float] = []
    while time.monotonic() < until:
        started = time.monotonic()
        verdict = VERDICTS[(turn + len(waits)) % len(VERDICTS)]
        if verdict not in session.buttons:
            break
        await session.rerun(verdict)
        waits.append(time.monotonic() - started)
        await asyncio.sleep(max(0.0, every_s - waits[-1]))
    return len(waits), waits


async def run(url: str, study_id: str, raters: int, every_s: float, seconds: float) -> dict[str, Any]:
    """All sessions at once, their votes spread evenly."""
    until = time.monotonic() + seconds
    work = [
        rate(Session(url, study_id, f"scripted-{k}"), every_s, until, every_s * k / raters, k) for k in range(raters)
    ]  # fmt: skip
    done = await asyncio.gather(*work)
    waits = sorted(wait for _, each in done for wait in each)
    return {"votes": sum(n for n, _ in done), "median_s": waits[len(waits) // 2] if waits else None}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("study")
    parser.add_argument("--raters", type=int, default=9)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two votes of one rater")
    parser.add_argument("--seconds", type=float, default=60.0)
    chosen = parser.parse_args()
    found = asyncio.run(run(chosen.url, chosen.study, chosen.raters, chosen.every, chosen.seconds))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
