"""`sse record`: what a server sends is written to a file, with its timing."""

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
from ._progress import Progress
from ._reader_gone import watched
from ._targets import URL

STDOUT = "-"


@click.command()
@click.argument("url", type=URL())
@click.argument("file", type=click.Path())
@click.option("-f", "--force", is_flag=True, help="Write over a file that is there.")
@request_options
def record(request: RequestOptions, url: str, file: str, *, force: bool) -> None:
    r"""Write what URL sends to FILE, with its timing, until it ends or Ctrl-C is pressed.

    Passwords, queries, secret headers and the body of the request are left out; what the server sent is
    not. The file is whole at any moment. `sse replay`, `sse tail` and `sse stats` read it. FILE may be
    `-`, for standard output.

    \b
    sse record https://stream.example.com/feed feed.jsonl
    timeout 60 sse record https://stream.example.com/feed - | gzip > feed.jsonl.gz
    """
    # Not above: it is made for tests, and takes its time to import.
    from ..testing._recording_transport import recording_to

    progress = Progress()
    source = request.source(url, on_state=progress.changed)
    output = _made(file, force=force)
    # Whoever reads the output and goes is noticed also while nothing comes.
    reader = watched(source.close) if file == STDOUT else nullcontext()
    with (
        _signals_that_end_it(),
        reader,
        progress,
        recording_to(source, output) as writer,
        progress.of(writer),
    ):
        try:
            for item in source:
                if isinstance(item, Event):
                    progress.events += 1
        except (SSEError, KeyboardInterrupt):
            if not writer.answers and not force and file != STDOUT:
                # Nothing is in it, and a slip in the URL is to be mended and tried again.
                Path(file).unlink()
            raise


def _made(file: str, *, force: bool) -> Path | int:
    """Return a file to write to, which is new unless it is to be written over, or what is open already."""
    if file == STDOUT:
        # A second one, because it is closed in the end.
        return os.dup(sys.stdout.fileno())
    path = Path(file)
    if path.is_dir():
        raise click.UsageError(f"{file} is a folder")
    try:
        path.touch(exist_ok=force)
    except FileExistsError:
        raise click.UsageError(f"{file} is there already; --force writes over it") from None
    return path


@contextmanager
def _signals_that_end_it() -> Iterator[None]:
    """Take what `timeout` and `kill` send, and a terminal that is closed, as Ctrl-C."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers: list[int] = [getattr(signal, name) for name in names]
    # `nohup` has one ignored, and that is to stay so.
    taken = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
