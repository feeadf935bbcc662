"""The settings of a training run as a form: each with the reason for its default, and what is unusual about it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from core import smollm2
from core.errors import FinetoothError
from core.models import HUB_ID
from training import cards, catalogue
from training.config import Method, Scheduler, TrainConfig, read_config, read_settings
from ui import act, render

START = "plan_start"
OTHER = "another model (folder or hub id)"
METHODS = {
    "qlora": "QLoRA: base in 4 bits, adapters on top. The least memory, nearly the quality of LoRA.",
    "lora": "LoRA: base in 16 bits, adapters on top. Somewhat faster where memory allows it.",
    "full": "Full: every weight is trained, in 32 bits. The most memory; about a tenth of the learning rate.",
}
LABELS = {
    "max_tokens": "Longest conversation, tokens",
    "max_grad_norm": "Largest gradient norm",
    "batch_size": "Conversations a pass",
    "gradient_accumulation": "Passes a step",
    "eval_every": "Steps between measurements",
    "eval_examples": "Hold-out examples",
    "limit": "Sample of",
    "scheduler": "How the rate falls",
    "target_modules": "Layers with adapters",
    "on_unusable": "What cannot be trained",
    "train_turns": "Turns that are trained",
    "patience": "Patience, measurements",
    "min_improvement": "Smallest gain, nats",
    "keep": "Adapter that is kept",
    "checkpoint_every": "Steps between checkpoints",
    "samples": "Sample prompts",
    "sample_tokens": "Longest sample, tokens",
    "padding_free": "Without padding",
    "general_questions": "General questions",
    "optimizer": "Optimiser",
}
MORE = {
    "Adapters": (("alpha", "dropout", "target_modules"),),
    "Optimiser": (("warmup_share", "scheduler", "weight_decay"), ("max_grad_norm", "optimizer"), ("seed", "limit")),
    "Measuring and stopping": (("eval_every", "eval_examples", "keep"), ("patience", "min_improvement")),
    "Checkpoints and samples": (
        ("checkpoint_every", "checkpoints_kept", "general_questions"),
        ("samples", "sample_tokens"),
    ),
    "Rows and memory": (("train_turns", "on_unusable"), ("gradient_checkpointing", "padding_free")),
}
CHOICES: dict[str, dict[str, str]] = {
    "scheduler": {name: name for name in get_args(Scheduler)},
    "optimizer": {"adamw": "AdamW", "paged_adamw_8bit": "paged AdamW, 8 bits (NVIDIA GPU)"},
    "keep": {"best": "the best on the hold-out", "last": "the last"},
    "train_turns": {"all": "all of the assistant's", "last": "the last alone"},
    "on_unusable": {"refuse": "forbids the run", "skip": "is left out, and listed"},
}
REAL = (
    "epochs",
    "learning_rate",
    "alpha",
    "dropout",
    "warmup_share",
    "weight_decay",
    "max_grad_norm",
    "min_improvement",
)
MAY_BE_OFF = ("eval_every", "eval_examples", "limit", "max_grad_norm", "patience", "checkpoint_every")
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
    "optimizer": "Paged 8-bit states save memory on an NVIDIA GPU; elsewhere AdamW is used, and said.",
    "scheduler": "Cosine falls gently at both ends; constant suits short trials.",
    "target_modules": "all-linear learns most at equal size; or the names of layers, separated by commas.",
    "train_turns": "Turns whose answers are trained; those with the weight 0 in the file never are.",
    "on_unusable": "Rows that are too long or have no answer: they forbid the run, or are left out and listed.",
    "patience": "Measurements in a row without a better hold-out loss after which the run ends; 0 goes on to the end.",
    "min_improvement": "By how much the hold-out loss must fall to count as better.",
    "keep": "The best on the hold-out is safe against learning by heart; the last is what the run ended with.",
    "checkpoint_every": "Where a run can be taken up again after a power cut; 0 takes one at each measurement.",
    "checkpoints_kept": "Newest checkpoints that stay on disk, besides the best.",
    "samples": "Hold-out prompts that are answered at each measurement, so that you see it learn; 0 for none.",
    "sample_tokens": "Longest such answer; each takes time.",
    "general_questions": "Questions foreign to the data, measured before and after: does it forget? 0 for none.",
    "padding_free": "Conversations of a pass lie end to end, attention stays within each: the same training, faster.",
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


def forget_start() -> None:
    """Have the form begin with the settings kept last again."""
    st.session_state.pop(START, None)


def model(config: TrainConfig, possible: Collection[str] | None = None) -> str:
    """The base model: one from the catalogue, or a folder or hub id; with its licence.

    Args:
        config: What the form begins with.
        possible: Names of the catalogued models to offer; None offers all.
    """
    smaller_first = sorted(catalogue.MODELS, key=lambda one: one.shape.params)
    offered = [one for one in smaller_first if possible is None or one.name in possible]
    names = {one.name if one.name == smollm2.NAME else one.hub_id: one for one in offered}
    if st.session_state.get("plan_model", OTHER) not in (*names, OTHER):
        del st.session_state["plan_model"]  # it was ruled out since
    listed = catalogue.find(config.base_model)
    start = next((name for name, one in names.items() if one is listed), next(iter(names), OTHER)) if listed else OTHER
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
        if typed:
            _card(typed)
        return typed
    one = names[chosen]
    place = "Comes with Finetooth, no network needed" if chosen == smollm2.NAME else "Fetched from the hub, or a folder"
    st.caption(
        render.plain(
            f"{_card_words(one)} {place}. Noted {catalogue.AS_OF}: read the model's card before you rely on it."
        )
    )
    return chosen


def _card(typed: str) -> None:
    """What a folder or hub id says of itself; where it is not here, the button that fetches its card."""
    try:
        st.caption(render.plain(_card_words(cards.describe(typed))))
    except FinetoothError as error:
        st.caption(render.plain(error.message))
        if HUB_ID.fullmatch(typed):
            st.button(
                "Read its card from the hub",
                key=f"plan_card-{typed}",
                icon=":material/cloud_download:",
                on_click=act.guarded(cards.describe),
                args=(typed,),
                kwargs={"fetch": True},
            )


def _card_words(one: catalogue.BaseModel) -> str:
    context = f"{one.context_tokens:,} tokens" if one.context_tokens else "not stated"
    return (
        f"Licence {one.licence}; commercial use of a fine-tune: {one.commercial}. Context {context}; chat format "
        f"{one.template}."
    )


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
        for title, rows in MORE.items():
            st.markdown(f"**{title}**")
            for part in rows:
                for column, name in zip(st.columns(3), part, strict=False):
                    with column:
                        values[name] = _field(config, name)
    return read_config({**config.to_dict(), **values})


def _field(config: TrainConfig, name: str) -> Any:
    """The widget of one setting, by its kind: a choice, a switch, names of layers, or a number."""
    key, words = f"plan_{name}", LABELS.get(name, name.replace("_", " ").capitalize())
    current = getattr(config, name)
    if name in CHOICES:
        options, said = list(CHOICES[name]), CHOICES[name]
        return st.selectbox(
            words,
            options,
            index=options.index(current),
            format_func=lambda option: said[option],
            help=HELP[name],
            key=key,
            persist_state="session",
        )
    if isinstance(current, bool):
        return st.toggle(words, value=current, help=HELP[name], key=key, persist_state="session")
    if name == "target_modules":
        shown = current if isinstance(current, str) else ", ".join(current)
        typed = st.text_input(words, value=shown, help=HELP[name], key=key, persist_state="session")
        named = [part.strip() for part in typed.split(",") if part.strip()]
        return "all-linear" if named in ([], ["all-linear"]) else named
    return _number(config, name)


def _number(config: TrainConfig, name: str) -> float | int | None:
    """One number; where the setting may be off, 0 stands for that."""
    current = getattr(config, name)
    real = name in REAL
    shown: Any = float(current or 0) if real else int(current or 0)
    value = st.number_input(
        LABELS.get(name, name.replace("_", " ").capitalize()),
        min_value=0.0 if real else 0,
        value=shown,
        step=_step(name, shown),
        format="%g" if real else "%d",
        help=HELP[name],
        key=f"plan_{name}",
        persist_state="session",
    )
    return None if not value and name in MAY_BE_OFF else value


def _step(name: str, shown: float) -> Any:
    steps = {"learning_rate": 1e-5, "epochs": 1.0, "alpha": 1.0, "max_grad_norm": 0.5, "max_tokens": 64, "limit": 50}
    if name in steps:
        return steps[name]
    return 0.01 if isinstance(shown, float) else 1


def file(config: TrainConfig) -> None:
    """Take the settings away as a file, or bring those of a file; `finetooth train --config` reads the same."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Settings as a file",
            data=json.dumps(config.to_dict(), indent=2) + "\n",
            file_name="finetooth-train.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="plan_download",
        )
        with st.popover("Settings from a file", icon=":material/upload_file:"):
            given = st.file_uploader("A JSON file of settings", type=["json"], key="plan_upload")
            st.button(
                "Use them", key="plan_use_file", disabled=given is None, on_click=act.guarded(_use), args=(given,)
            )


def _use(given: Any) -> None:
    """Begin with a file's settings; what it leaves out is as by default, as for ``finetooth train --config``."""
    start_from(read_config(read_settings(given.getvalue(), given.name)).to_dict())


def is_local(base_model: str) -> bool:
    """Whether the model's files are on this machine, so that looking at them fetches nothing."""
    if base_model == smollm2.NAME:
        return smollm2.is_ready()
    return bool(base_model) and (Path(base_model).expanduser() / "config.json").is_file()


def _model_words(one: catalogue.BaseModel) -> str:
    billions = one.shape.params / 1e9
    size = f"{billions:.1f} B" if billions >= 1 else f"{billions * 1000:.0f} M"
    return f"{one.name} · {size} parameters · {one.licence}"
