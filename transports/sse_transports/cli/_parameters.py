"""Types of values on the command line: seconds, a speed, a URL, a file."""

from __future__ import annotations

import math
from pathlib import Path
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from .._driver import LONGEST_TIMEOUT

STDIN = "-"


class Seconds(click.FloatRange):
    """A number of seconds within bounds. NaN is refused: click's own range check lets it pass.

    Args:
        most: the largest value; by default, the longest timeout of an event source.
        zero: whether 0 is allowed.
    """

    def __init__(self, *, most: float = LONGEST_TIMEOUT, zero: bool = False) -> None:
        super().__init__(min=0, min_open=not zero, max=most)

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value} is not a number of seconds", param, ctx)
        return float(seconds)


class Speed(click.ParamType[float]):
    """A factor above 0 by which a recording is played faster; `inf` plays it at once."""

    name = "N"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            speed = float(value)
        except ValueError:
            speed = math.nan
        # Written so that NaN fails too.
        if not speed > 0:
            self.fail(
                f"{value} is not a speed: 2 is twice as fast, 0.5 half as fast, inf at once", param, ctx
            )
        return speed


class File(click.ParamType[str]):
    """An existing file, or `-` for standard input."""

    name = "FILE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        reason = _why_unreadable(value)
        if reason:
            self.fail(
                f"{reason}; `sse record {value} FILE` makes one" if is_url(value) else reason, param, ctx
            )
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        # The shell completes file names; URLs cannot be completed.
        return [CompletionItem(incomplete, type="file")]


class Target(File):
    """A URL, an existing file, or `-` for standard input.

    Anything else is refused in one line, before anything is sent.
    """

    name = "URL|FILE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if is_url(value):
            return value
        reason = _why_unreadable(value)
        if reason:
            self.fail(f"{reason}; a URL begins with http:// or https://", param, ctx)
        return value


class URL(click.ParamType[str]):
    """An http or https URL."""

    name = "URL"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_url(value):
            self.fail(f"{value} is not a URL: it begins with http:// or https://", param, ctx)
        return value


def is_url(target: str) -> bool:
    """Return whether this begins like an http or https URL; `EventSource` checks the rest of it."""
    try:
        return urlsplit(target).scheme.lower() in ("http", "https") and "://" in target
    except ValueError:
        return False


def _why_unreadable(name: str) -> str:
    """Return why this file cannot be read; empty if it can."""
    if not name:
        return "the name is empty"
    if name == STDIN or (path := Path(name)).is_file():
        return ""
    if path.is_dir():
        return f"{name} is a folder"
    # A named pipe exists, but `is_file` is false for it.
    return "" if path.exists() else f"no file {name}"
