"""Under which licence each imported file may be used, as people said it: the data card and the exports repeat it."""

from __future__ import annotations

import re
from collections.abc import Collection

from core.errors import InputError
from core.workspace import Workspace

KIND = "licence"
LONGEST = 200
HUB = frozenset((
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0",
    "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-permissive-1.0", "cdla-permissive-2.0",
    "cdla-sharing-1.0", "gpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0", "odbl", "odc-by", "pddl", "unlicense",
))  # fmt: skip
"""Names that dataset hubs know."""


def say(workspace: Workspace, source_id: str, licence: str, *, who: str) -> bool:
    """Record a licence; the last one said holds. Returns whether it is another than before.

    Raises:
        InputError: It is empty or longer than a name or a line can be.
    """
    flat = " ".join(licence.split())
    if not flat or len(flat) > LONGEST:
        raise InputError(
            f"A licence is named in 1 to {LONGEST} characters.", "Give its name, such as CC BY 4.0, or a reference."
        )
    if said(workspace).get(source_id) == flat:
        return False
    workspace.ledger.append(KIND, source_id, {"licence": flat}, who=who)
    return True


def said(workspace: Workspace) -> dict[str, str]:
    """The licence of each source of which somebody said one."""
    return {entry.subject: str(entry.payload["licence"]) for entry in workspace.ledger.entries(KIND)}


def on_hub(licences: Collection[str | None]) -> tuple[str, str]:
    """What a dataset hub calls the licence of a set from sources under these: its tag, and a name where that needs one.

    ``unknown`` where nobody said one of them, ``other`` where they differ or have no tag.
    """
    named = [licence for licence in licences if licence]
    if not named or len(named) < len(licences):
        return "unknown", ""
    tags = {re.sub(r"[\s_]+", "-", licence.strip().lower()) for licence in named}
    if len(tags) == 1 and (tag := tags.pop()) in HUB:
        return tag, ""
    return "other", "; ".join(dict.fromkeys(named))
