"""The settings of a training run as a form: each with the reason for its default, and what is unusual about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from core import smollm2
from training import catalogue
from training.config import Method, Scheduler, TrainConfig, read_config
from ui import render

START = "plan_start"
OTHER = "another model (folder or hub id)"
METHODS = {
    "qlora": "QLoRA: base in 4 bits, adapters on top. The least memory, nearly the quality of LoRA.",
    "lora": "LoRA: base in 16 bits, adapters on top. Somewhat faster where memory allows it.",
    "full": "Full: every weight is trained, in 32 bits. The most memory; about a tenth of the learning rate.",
}
HELP = {
    "epochs": "Passes over the training set. Three are enough for most; more learn the examples by heart.",
    "learning_rate": "Peak rate. Adapters want about ten times the rate of full fine-tuning: 1e-4 to 5e-4.",
    "batch_size": "Conversations in one forward pass. Costs memory, not quality; small batches suit adapters.",
    "gradient_accumulation": "Forward passes in one step: a larger batch without its memory.",
    "rank": "Inner width of each adapter. 16 suits a narrow skill; more holds more, and costs memory.",
    "alpha": "The adapter's output is scaled by alpha / rank; twice the rank is usual.",
    "max_tokens": "Longest conversation. A longer one is never cut: it forbids the run, or is left out and listed.",
    "dropout": "Share of adapter inputs dropped while training. 0 unless the set is small and the loss overfits.",
    "warmup_share": "Share of all steps in which the rate rises to its peak; a calm start.",
    "weight_decay": "Of AdamW; 0 is usual for adapters.",
    "max_grad_norm": "Gradients are scaled down to this norm; 0 leaves them as they are.",
    "gradient_checkpointing": "Recomputes activations: much less memory, about a third more time.",
    "seed": "Of the adapters' start and the order of examples: the same seed gives the same run.",
    "eval_every": "Steps between measurements of the hold-out loss; 0 measures once an epoch.",
    "eval_examples": "Hold-out conversations that measure it; 0 takes all.",
    "limit": "Train on a seeded sample of this many conversations; 0 takes all.",
}


def start_from(settings: Mapping[str, Any]) -> None:
    """Have the form begin with these settings, whatever it held, the next time it is drawn (see ``beginning``).

    Args:
        settings: All settings of a run or a file, or only those to change; the rest are those kept last.
    """
    st.session_state[START] = dict(settings)
    for name in (*TrainConfig.model_fields, "model", "model_path"):
        st.session_state.pop(f"plan_{name}", None)


def beginning(kept: TrainConfig) -> TrainConfig:
    """What the form begins with: the settings kept last, changed by those given to ``start_from``.

    Raises:
        InputError: A given setting is unknown or out of range; it is named.
    """
    return read_config({**kept.to_dict(), **st.session_state.get(START, {})})


def model(config: TrainConfig) -> str:
    """The base model: one from the catalogue, or a folder or hub id; with its licence."""
    names = {one.name if one.name == smollm2.NAME else one.hub_id: one for one in catalogue.MODELS}
    listed = catalogue.find(config.base_model)
    start = next((name for name, one in names.items() if one is listed), OTHER) if listed else OTHER
    chosen = str(
        st.selectbox(
            "Base model",
            [*names, OTHER],
            index=[*names, OTHER].index(start),
            key="plan_model",
            format_func=lambda name: name if name == OTHER else _model_words(names[name]),
            persist_state="session",
        )
    )
    if chosen == OTHER:
        typed = st.text_input(
            "Folder or hub id",
            value="" if listed else config.base_model,
            key="plan_model_path",
            placeholder="/models/my-base, or owner/name",
            persist_state="session",
        ).strip()
        st.caption("Look at the licence of your own model before you use a fine-tune of it commercially.")
        return typed
    one = names[chosen]
    place = "comes with Finetooth, no network needed" if chosen == smollm2.NAME else "fetched from the hub, or a folder"
    st.caption(
        render.plain(
            f"Licence {one.licence}; commercial use of a fine-tune: {one.commercial}. Context {one.context_tokens:,} "
            f"tokens; {place}. Noted {catalogue.AS_OF}: read the model's card before you rely on it."
        )
    )
    return chosen


def settings(config: TrainConfig, base_model: str) -> TrainConfig:
    """The form. Returns what it holds now.

    Raises:
        InputError: A setting is out of range; it is named.
    """
    values: dict[str, Any] = {"base_model": base_model or config.base_model}
    values["method"] = st.segmented_control(
        "Method", get_args(Method), default=config.method, required=True, key="plan_method", persist_state="session"
    )
    st.caption(METHODS[values["method"]])
    for names in (("epochs", "learning_rate", "max_tokens"), ("batch_size", "gradient_accumulation", "rank")):
        for column, name in zip(st.columns(3), names, strict=True):
            with column:
                values[name] = _number(config, name)
    with st.expander("More settings, with sane defaults"):
        for names in (
            ("alpha", "dropout", "warmup_share"),
            ("weight_decay", "max_grad_norm", "seed"),
            ("eval_every", "eval_examples", "limit"),
        ):
            for column, name in zip(st.columns(3), names, strict=True):
                with column:
                    values[name] = _number(config, name)
        values["scheduler"] = st.selectbox(
            "How the rate falls",
            get_args(Scheduler),
            index=get_args(Scheduler).index(config.scheduler),
            key="plan_scheduler",
            persist_state="session",
            width=240,
        )
        values["gradient_checkpointing"] = st.toggle(
            "Gradient checkpointing",
            value=config.gradient_checkpointing,
            help=HELP["gradient_checkpointing"],
            key="plan_gradient_checkpointing",
            persist_state="session",
        )
        skip = st.toggle(
            "Leave out, and list, what is too long or cannot be trained (otherwise it forbids the run)",
            value=config.on_unusable == "skip",
            key="plan_on_unusable",
            persist_state="session",
        )
        values["on_unusable"] = "skip" if skip else "refuse"
    return read_config({**config.to_dict(), **values})


def _number(config: TrainConfig, name: str) -> float | int | None:
    """One number; where the setting may be off, 0 stands for that."""
    current = getattr(config, name)
    words = name.replace("_", " ").capitalize()
    labels = {"max_tokens": "Longest conversation, tokens", "max_grad_norm": "Largest gradient norm"}
    labels |= {"batch_size": "Conversations a pass", "gradient_accumulation": "Passes a step"}
    labels |= {"eval_every": "Steps between measurements", "eval_examples": "Hold-out examples", "limit": "Sample of"}
    real = name in ("epochs", "learning_rate", "alpha", "dropout", "warmup_share", "weight_decay", "max_grad_norm")
    shown: Any = float(current or 0) if real else int(current or 0)
    value = st.number_input(
        labels.get(name, words),
        min_value=0.0 if real else 0,
        value=shown,
        step=_step(name, shown),
        format="%g" if real else "%d",
        help=HELP[name],
        key=f"plan_{name}",
        persist_state="session",
    )
    return None if not value and name in ("eval_every", "eval_examples", "limit", "max_grad_norm") else value


def _step(name: str, shown: float) -> Any:
    steps = {"learning_rate": 1e-5, "epochs": 1.0, "alpha": 1.0, "max_grad_norm": 0.5, "max_tokens": 64, "limit": 50}
    if name in steps:
        return steps[name]
    return 0.01 if isinstance(shown, float) else 1


def is_local(base_model: str) -> bool:
    """Whether the model's files are on this machine, so that looking at them fetches nothing."""
    if base_model == smollm2.NAME:
        return smollm2.is_ready()
    return bool(base_model) and (Path(base_model).expanduser() / "config.json").is_file()


def _model_words(one: catalogue.BaseModel) -> str:
    billions = one.shape.params / 1e9
    size = f"{billions:.1f} B" if billions >= 1 else f"{billions * 1000:.0f} M"
    return f"{one.name} · {size} parameters · {one.licence}"
