"""The settings that people chose on the Plan page, kept in the ledger until somebody chooses others."""

from __future__ import annotations

from core.workspace import Workspace
from training.config import TrainConfig, read_config

PLAN = "plan"


def keep(workspace: Workspace, config: TrainConfig, *, who: str = "", action_id: str | None = None) -> None:
    """Make these the workspace's settings for the next run."""
    workspace.ledger.append(PLAN, config.base_model, {"config": config.to_dict()}, who=who, action_id=action_id)


def kept(workspace: Workspace) -> TrainConfig | None:
    """The settings chosen last; None where nobody has chosen any.

    Raises:
        InputError: They were chosen with a version of Finetooth whose settings are not known here.
    """
    entries = workspace.ledger.entries(PLAN)
    return read_config(entries[-1].payload["config"]) if entries else None
