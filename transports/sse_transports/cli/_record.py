"""`sse record`: write what a server sends to a file, with its timing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from sse_core import Event, SSEError

from ._options import RequestOptions, request_options
from ._parameters import URL
from ._progress import Progress
from ._standard_streams import on_broken_pipe

STDOUT = "-"


@click.command()
@click.argument("url", type=URL())
@click.argument("file", type=click.Path())
@click.option("-f", "--force", is_flag=True, help="Overwrite an existing file.")
@request_options
def record(request: RequestOptions, url: str, file: str, *, force: bool) -> None:
    r"""Write what URL sends to FILE, with its timing, until it ends or Ctrl-C is pressed.

    Passwords, URL queries, sensitive headers and the request's body are left out; what the server sent
    is not. The file is valid at any moment. `sse replay`, `sse tail` and `sse stats` read it. FILE may
    be `-`, for standard output.

    \b
    sse record https://stream.example.com/feed feed.jsonl
    timeout 60 sse record https://stream.example.com/feed - | gzip > feed.jsonl.gz
    """
    # Imported here, because the test kit takes long to import.
    from ..testing._recording_transport import recording_to

    progress = Progress()
    source = request.source(url, on_state=progress.update)
    output = _open_output(file, force=force)
    # Stop when the reader of the pipe exits, also while nothing arrives.
    pipe = on_broken_pipe(source.close) if file == STDOUT else nullcontext()
    with _signals_as_ctrl_c(), pipe, progress, recording_to(source, output) as writer, progress.show(writer):
        try:
            for item in source:
                if isinstance(item, Event):
                    progress.events += 1
        except (SSEError, KeyboardInterrupt):
            if not writer.answers and not force and file != STDOUT:
                # Leave no empty file: after correcting the URL, the same command must work without --force.
                Path(file).unlink()
            raise


def _open_output(file: str, *, force: bool) -> Path | int:
    """Return the path of a new file, or of one that may be overwritten; or a file descriptor."""
    if file == STDOUT:
        # A copy of the descriptor, because it is closed at the end.
        return os.dup(sys.stdout.fileno())
    path = Path(file)
    if path.is_dir():
        raise click.UsageError(f"{file} is a folder")
    try:
        path.touch(exist_ok=force)
    except FileExistsError:
        raise click.UsageError(f"{file} exists; --force overwrites it") from None
    return path


@contextmanager
def _signals_as_ctrl_c() -> Iterator[None]:
    """Handle SIGTERM, which `timeout` and `kill` send, and SIGHUP of a closed terminal like Ctrl-C."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers: list[int] = [getattr(signal, name) for name in names]
    # `nohup` makes the process ignore SIGHUP; leave a signal that is ignored as it is.
    handled = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in handled:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)
