"""Acts of a person from a page: done in callbacks, bound to the item on screen, once however often a key is pressed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from core.errors import FinetoothError
from core.ids import content_id, new_action_id

HURRY_S = 0.5
"""A decision this soon after its item appeared was meant for the one before: nobody reads that fast."""

COLOURED = re.compile(r":(?:green|red|blue|orange)\[([^\]]*)\]")
KIND = Literal["primary", "secondary", "tertiary"]
Do = Callable[[str], str | None]
"""Carries out an act, given its action id; returns a sentence that confirms it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An item on screen. ``nonce`` is new each time it appears, so that one showing takes at most one act."""

    item: str
    nonce: str
    since_s: float

    def key(self, verb: str) -> str:
        """The key of a widget that belongs to this showing."""
        return f"{verb}-{self.item[:16]}-{self.nonce}"

    def action_id(self, verb: str) -> str:
        """The identity of one act on this showing: repeating it records nothing twice."""
        return content_id([verb, self.item, self.nonce])


def show(item: str, *, scope: str) -> Shown:
    """The showing of ``item`` in its place on the page (``scope``); a new one if another item stood there before."""
    current = st.session_state.get(f"shown-{scope}")
    if not isinstance(current, Shown) or current.item != item or current.nonce in _spent():
        current = Shown(item, new_action_id()[:12], time.monotonic())
        st.session_state[f"shown-{scope}"] = current
    return current


def button(
    label: str,
    shown: Shown,
    verb: str,
    do: Do,
    *,
    shortcut: str | None = None,
    icon: str | None = None,
    kind: KIND = "secondary",
    help: str | None = None,
    disabled: bool = False,
    stretch: bool = False,
    guard: bool = True,
) -> None:
    """A button that acts once on the item shown.

    Args:
        label: Fixed words, never text from a dataset.
        shown: The showing that the act belongs to.
        verb: Names the act among those on this item.
        do: Carries it out, given the action id; returns a sentence to confirm it, or None.
        shortcut: A key; printed on the button.
        icon: A Material Symbol.
        kind: How the button looks.
        help: Its tooltip.
        disabled: Whether it cannot be pressed.
        stretch: Whether it fills its column.
        guard: Whether a press within :data:`HURRY_S` of the item's appearance is taken for a repeated one.
    """
    st.button(
        words(label, disabled=disabled),
        key=shown.key(verb),
        icon=icon,
        type=kind,
        help=help,
        disabled=disabled,
        shortcut=shortcut,
        width="stretch" if stretch else "content",
        on_click=perform,
        args=(shown, verb, do, guard),
    )


def words(label: str, *, disabled: bool) -> str:
    """A button's label; where it cannot be pressed, without its colours, which would outshine the grey."""
    return COLOURED.sub(r"\1", label) if disabled else label


def perform(shown: Shown, verb: str, do: Do, guard: bool = True) -> None:
    """Carry out an act unless this showing has had one."""
    if shown.nonce in _spent():
        return
    if guard and time.monotonic() - shown.since_s < st.session_state.get("hurry_s", HURRY_S):
        say("That press came as the item appeared, so it was not counted.")
        return
    try:
        sentence = do(shown.action_id(verb))
    except FinetoothError as error:
        fail(error)
        return
    _spend(shown.nonce)
    if sentence:
        say(sentence)


def guarded(do: Callable[..., Any]) -> Callable[..., None]:
    """A callback whose FinetoothError is shown as a sentence."""

    def callback(*args: Any, **kwargs: Any) -> None:
        try:
            do(*args, **kwargs)
        except FinetoothError as error:
            fail(error)

    return callback


def say(sentence: str) -> None:
    """Confirm something on the next run, in fixed words (never dataset text)."""
    st.session_state["_said"] = sentence


def fail(error: FinetoothError) -> None:
    """Show an error on the next run."""
    st.session_state["_failed"] = (error.message, error.hint)


def latest() -> str:
    """The nonce of the showing that this session acted on last; empty before the first act."""
    return next(reversed(_spent()), "")


def _spent() -> dict[str, None]:
    spent: dict[str, None] = st.session_state.setdefault("_spent", {})
    return spent


def _spend(nonce: str) -> None:
    spent = _spent()
    spent[nonce] = None
    while len(spent) > 500:
        spent.pop(next(iter(spent)))
