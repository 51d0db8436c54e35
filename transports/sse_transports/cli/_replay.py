"""`sse replay`: play a recording or a raw body, to standard output or from a server."""

from __future__ import annotations

import sys
import threading

import click

from ._files import StreamFile
from ._parameters import File, Seconds, Speed
from ._standard_streams import on_broken_pipe


@click.command()
@click.argument("file", type=File())
@click.option(
    "--serve",
    "port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Run a server; 0 takes a free port.",
)
@click.option(
    "--speed", type=Speed(), default=1.0, metavar="N", help="How many times faster; inf is at once."
)
@click.option(
    "--pace",
    type=Seconds(most=86_400, zero=True),
    metavar="SECONDS",
    help="Time between the events of a raw body, which has no timing.",
)
@click.option("--once", is_flag=True, help="With --serve: exit when everything was played.")
@click.option("--cors", is_flag=True, help="With --serve: let pages of every origin read it.")
def replay(file: str, *, port: int | None, speed: float, pace: float | None, once: bool, cors: bool) -> None:
    r"""Play FILE: a recording of `sse record`, or a raw body of text/event-stream.

    Plays to standard output: a recording with its timing, a raw body at once. With --serve, a server on
    127.0.0.1 answers each request, whatever its method and path, with the next recorded connection. After
    the last one, a request with a Last-Event-ID gets a 204, and a request without one starts again from
    the first. A raw body is one connection, and a request with a Last-Event-ID resumes after that event.

    \b
    sse replay feed.jsonl --speed 10 | sse tail -
    sse replay reply.sse --serve 8000 --pace 0.05 --cors
    """
    if port is None and (once or cors):
        raise click.UsageError(f"--{'once' if once else 'cors'} is for a server: give --serve PORT too")
    with StreamFile(file) as stream:
        if pace is not None and stream.is_recording:
            raise click.UsageError("--pace is for raw bodies; a recording has its own timing: give --speed")
        seconds = (pace or 0.0) / speed
        if port is not None:
            # Imported here, because only this branch needs a server.
            from ._replay_server import serve_file

            serve_file(stream, port, speed=speed, pace=seconds, once=once, cors=cors)
        else:
            from ._playback import play

            stop = threading.Event()
            with on_broken_pipe(stop.set):
                play(stream, sys.stdout.buffer, speed=speed, pace=seconds, stop=stop)
