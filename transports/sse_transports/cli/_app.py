"""The commands of `sse`. An error that ends one becomes one line on standard error and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
from collections.abc import Iterator
from typing import Any

import click
from click.exceptions import Exit, NoArgsIsHelpError

from sse_core import SSEError, __version__

from ._advice import advice
from ._exit_codes import ExitCode, exit_code_of
from ._standard_streams import (
    discard_output,
    flush_or_discard_output,
    print_error,
    replace_closed_streams,
)
from ._terminal import printable

COMMANDS = ("tail", "record", "replay", "stats", "check", "demo", "completion")
"""Each is a click command, in the module with its name and a leading underscore."""


class Commands(click.Group):
    """Imports a command when it is run: `sse tail` need not wait for the imports of `sse stats`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"{__package__}._{name}"), name)
        assert isinstance(command, click.Command)  # noqa: S101  # for type checkers
        # click keeps the lines of a paragraph that begins with a backspace character. The docstrings are
        # raw, because other lines in them end with a backslash, so they spell the character out.
        command.help = (command.help or "").replace("\\b\n", "\b\n")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {printable(args[0])!r}; there are {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        # `--help` and `--version` print in here, and that can fail too.
        with _errors_reported():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with _errors_reported():
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result


@contextlib.contextmanager
def _errors_reported() -> Iterator[None]:
    """Turn an exception that ends a command into one line on standard error, and an exit code.

    This is used inside click's `main`, because `main` itself reports some of these exceptions in its own way.

    Raises:
        Exit: click's exception that carries an exit code.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Exit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        discard_output()
        raise Exit(ExitCode.BROKEN_PIPE) from None
    except SSEError as error:
        print_error(_one_line(f"sse: {error}{advice(error)}"))
        raise Exit(exit_code_of(error)) from None
    except OSError as error:
        print_error(_one_line(f"sse: {_describe(error)}"))
        # Standard output may be what failed.
        flush_or_discard_output()
        raise Exit(ExitCode.USAGE) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="sse", message="%(prog)s %(version)s")
def sse() -> None:
    """Read, record, replay, measure and check event streams (Server-Sent Events).

    Exit codes: 0 success, 1 faults found (check), 2 wrong usage, 3 HTTP error, 4 not an event
    stream, 5 gave up, 6 incomplete stream, 7 idle timeout, 130 interrupted, 141 broken pipe.
    """


def run(arguments: list[str]) -> int:
    """Run `sse` with these arguments, and return the exit code."""
    replace_closed_streams()
    # Commands that show failed connections do that in their own way. Python shows what has no handler.
    logging.getLogger("sse_transports").addHandler(logging.NullHandler())
    try:
        result = sse.main(arguments, prog_name="sse", standalone_mode=False)
    except NoArgsIsHelpError as error:
        print_error(error.format_message())
        return ExitCode.USAGE
    except click.ClickException as error:
        # The command's name is taken from the arguments: not every exception has a context to ask.
        path = " ".join(["sse", *(name for name in arguments[:1] if name in COMMANDS)])
        print_error(_one_line(f"{path}: {error.format_message()} (see {path} --help)"))
        return ExitCode.USAGE
    except click.Abort:
        return ExitCode.INTERRUPTED
    # What the command returned, or the code of an `Exit`.
    return result if isinstance(result, int) else ExitCode.ENDED


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _describe(error: OSError) -> str:
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{error.filename}: {reason}"
