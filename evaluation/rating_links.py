"""A link for each rater: it opens the desk of one study under one name, and nothing else of the project."""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from hashlib import sha256

from core.errors import FinetoothError, InputError
from core.files import explain_os_error
from core.ids import content_id
from core.workspace import Workspace
from evaluation.study import load_study

KIND = "invitation"
FILE = "reservations.links.key"
"""Beside the reservations: it stays out of exports, and whoever removes it makes all links void."""


def invite(workspace: Workspace, study_id: str, name: str, *, who: str = "") -> str:
    """Make a link for somebody; the same name gets the same link again.

    Args:
        workspace: Where the study is.
        study_id: Which one.
        name: The rater's, as it will stand beside their votes.
        who: Who invites.

    Returns:
        The token to put into the address (``?study=STUDY&rater=TOKEN``); it tells neither name nor model.

    Raises:
        InputError: The name is empty.
        FinetoothError: There is no such study.
    """
    name = " ".join(name.split())
    if not name:
        raise InputError("A link needs a rater's name.", "Give the name that stands beside the votes.")
    load_study(workspace, study_id)
    action_id = content_id([KIND, study_id, name])
    workspace.ledger.append(KIND, study_id, {"rater": name}, who=who, action_id=action_id)
    return _token(_key(workspace), study_id, name)


def invited(workspace: Workspace, study_id: str) -> dict[str, str]:
    """Everybody who has a link to the study, in the order in which they were invited: name -> token."""
    names = dict.fromkeys(str(entry.payload["rater"]) for entry in workspace.ledger.entries(KIND, study_id))
    if not names:
        return {}
    key = _key(workspace)
    return {name: _token(key, study_id, name) for name in names}


def rater_of(workspace: Workspace, study_id: str, token: str) -> str:
    """The name behind a link.

    Raises:
        FinetoothError: The link is of no rater of this study.
    """
    for name, known in invited(workspace, study_id).items():
        if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
            return name
    raise FinetoothError("This link does not belong to a rater of this study.", "Ask whoever sent it for a new one.")


def _token(key: bytes, study_id: str, name: str) -> str:
    """Keyed, so that nobody who knows the other raters' names can make their links (HMAC-SHA-256, 96 bits)."""
    return hmac.new(key, f"{study_id}\n{name}".encode("utf-8", "surrogatepass"), sha256).hexdigest()[:24]


def _key(workspace: Workspace) -> bytes:
    """The workspace's secret, made once: of two processes that make one at the same time, the first one's stays."""
    path = workspace.path / FILE
    if not path.is_file():
        made = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
        try:
            with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as handle:
                handle.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(made, path)
        except OSError as error:
            raise explain_os_error(error, path) from error
        finally:
            made.unlink(missing_ok=True)
    return path.read_bytes()
