"""The commands of `sse`, and what becomes of an error: one line, and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit, NoArgsIsHelpError

from sse_core import SSEError, __version__

from ._advice import advice
from ._exit_codes import ExitCode, code_of
from ._standard_streams import stand_in_for_closed
from ._terminal import printable, tell

COMMANDS = ("tail", "record", "replay", "stats", "check", "demo", "completion")
"""Each is a click command of that name, in the module of that name with an underscore before it."""


class Commands(click.Group):
    """Commands that are imported when they are needed: `sse tail` must not wait for `sse stats`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"{__package__}._{name}"), name)
        assert isinstance(command, click.Command)  # noqa: S101  # for type checkers
        # How click is told to keep lines apart; it wants the character, and a docstring has no escapes.
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
        # This is where `--help` and `--version` are printed.
        with _ending():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with _ending():
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    """Make of what ends a command one line and an exit code.

    Inside of click's `main` and not around it: that has its own words for some of these.

    Raises:
        Exit: what click takes an exit code from.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Exit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        _forget_output()
        raise Exit(ExitCode.CLOSED_PIPE) from None
    except SSEError as error:
        tell(_one_line(f"sse: {error}{advice(error)}"))
        raise Exit(code_of(error)) from None
    except OSError as error:
        tell(_one_line(f"sse: {_what_failed(error)}"))
        _flush_or_forget_output()
        raise Exit(ExitCode.USAGE) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="sse", message="%(prog)s %(version)s")
def sse() -> None:
    """Read, record, replay, measure and check event streams (Server-Sent Events).

    Exit codes: 0 it ended, 1 faults found (check), 2 wrong usage, 3 an HTTP error, 4 not an event
    stream, 5 gave up, 6 broken off, 130 interrupted, 141 the output was closed.
    """


def run(arguments: list[str]) -> int:
    """Run `sse` with these arguments, and return the exit code."""
    stand_in_for_closed()
    try:
        return _code(sse.main(arguments, prog_name="sse", standalone_mode=False))
    except NoArgsIsHelpError as error:
        tell(error.format_message())
        return ExitCode.USAGE
    except click.ClickException as error:
        # Not the error's context, which not all of them have.
        path = " ".join(["sse", *(name for name in arguments[:1] if name in COMMANDS)])
        tell(_one_line(f"{path}: {error.format_message()} (see {path} --help)"))
        return ExitCode.USAGE
    except click.Abort:
        return ExitCode.INTERRUPTED


def _code(result: object) -> int:
    # What a command returns, or the code with which it left.
    return result if isinstance(result, int) else ExitCode.ENDED


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _what_failed(error: OSError) -> str:
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{error.filename}: {reason}"


def _flush_or_forget_output() -> None:
    # It may be the output that failed, as on a full disk.
    try:
        sys.stdout.flush()
    except OSError:
        _forget_output()


def _forget_output() -> None:
    """Let what is still to be written go nowhere, or Python would complain when it exits."""
    with Path(os.devnull).open("wb") as nowhere, contextlib.suppress(OSError):
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
