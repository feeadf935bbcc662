"""The `finetooth` command: gathers the verbs and turns errors into one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from cli import output
from cli.output import errors, say
from core.errors import CancelledError, FinetoothError

VERBS: dict[str, tuple[str, ...]] = {
    "app_verbs": ("status", "demo", "app", "models", "jobs"),
    "data_verbs": (
        "init", "import", "findings", "decide", "resolve", "accept", "undo", "redo", "adopt", "rejects",
    ),
    "edit_verbs": ("edit", "add", "history"),
    "release_verbs": ("freeze", "diff", "restore", "changes", "export", "licence", "retire", "replay"),
    "bare_verbs": ("check", "curate"),
    "train_verbs": ("plan", "train"),
    "preflight_verbs": ("preflight",),
    "run_verbs": ("runs", "export-model"),
    "judge_verbs": ("perplexity", "evaluate", "report", "stats"),
    "trace_verb": ("trace",),
    "study_verbs": ("study", "rate", "results"),
    "judge_model_verb": ("judge",),
    "replies_verb": ("replies",),
}  # fmt: skip
"""Which module has which verbs, in the order in which the help lists them."""


def command_line(words: Sequence[str] = ()) -> typer.Typer:
    """The command line with all verbs, or with those of one module where the first word is one of them.

    Importing what every verb needs would take longer than many a check does.
    """
    app = typer.Typer(
        name="finetooth",
        help="From raw chat examples to a fine-tuned model that your own experts have judged.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_verbs)  # a module with one verb would else have no verb at all
    wanted = [module for module, verbs in VERBS.items() if words and words[0] in verbs]
    for module in wanted or VERBS:
        import_module(f"cli.{module}").register(app)
    return app


def _verbs() -> None:
    """From raw chat examples to a fine-tuned model that your own experts have judged."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 wrong use or nothing readable, 3 blocking problems."""
    try:
        command_line(sys.argv[1:])()
    except FinetoothError as error:
        say(f"finetooth: {error.message}")
        if error.hint:
            say(f"  {error.hint}")
        sys.exit(130 if isinstance(error, CancelledError) else error.exit_code)
    except KeyboardInterrupt:
        say("Interrupted. What was already written is complete; run the command again to go on.")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except MemoryError:
        errors.print("finetooth: the machine ran out of memory. Use a smaller file, batch or sequence length.")
        sys.exit(1)


def process() -> None:
    """The same as a program of its own."""
    output.own_process = True
    main()


if __name__ == "__main__":
    process()
