"""The `finetooth` command: gathers the verbs and turns errors into one sentence and an exit code."""

from __future__ import annotations

import os
import sys

import typer

from cli import app_verbs, bare_verbs, data_verbs, judge_verbs, train_verbs
from cli.output import errors, say
from core.errors import CancelledError, FinetoothError

app = typer.Typer(
    name="finetooth",
    help="From raw chat examples to a fine-tuned model that your own experts have judged.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for verbs in (app_verbs, data_verbs, bare_verbs, train_verbs, judge_verbs):
    verbs.register(app)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 wrong use or nothing readable, 3 blocking problems."""
    try:
        app()
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


if __name__ == "__main__":
    main()
