"""What a command reads: a server, a file, or standard input."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

STDIN = "-"


class File(click.ParamType[str]):
    """A file that is there, or `-` for standard input."""

    name = "FILE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        reason = _no_file(value)
        if reason:
            self.fail(
                f"{reason}; `sse record {value} FILE` makes one" if is_url(value) else reason, param, ctx
            )
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        # The shell knows its files; nobody knows all URLs.
        return [CompletionItem(incomplete, type="file")]


class Target(File):
    """A URL, or a file that is there, or `-` for standard input.

    What is neither is refused here, in one line, before anything is sent.
    """

    name = "URL|FILE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if is_url(value):
            return value
        reason = _no_file(value)
        if reason:
            self.fail(f"{reason}; a URL begins with http:// or https://", param, ctx)
        return value


class URL(click.ParamType[str]):
    """A URL of http or https."""

    name = "URL"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_url(value):
            self.fail(f"{value} is no URL: it begins with http:// or https://", param, ctx)
        return value


def is_url(target: str) -> bool:
    """Return whether this is a URL of http or https; what is wrong inside it, an `EventSource` tells."""
    try:
        return urlsplit(target).scheme.lower() in ("http", "https") and "://" in target
    except ValueError:
        return False


def _no_file(name: str) -> str:
    """Return why nothing can be read from this; empty if something can."""
    if not name:
        return "the name is empty"
    if name == STDIN or (path := Path(name)).is_file():
        return ""
    if path.is_dir():
        return f"{name} is a folder"
    # A pipe, say, has no size and is no plain file, but is there.
    return "" if path.exists() else f"no file {name}"
