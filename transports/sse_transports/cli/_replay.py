"""`sse replay`: what was recorded of a stream comes again, on standard output or from a server."""

from __future__ import annotations

import math
import sys
import threading

import click

from ._files import StreamFile
from ._reader_gone import watched
from ._seconds import Seconds
from ._targets import File


class Speed(click.ParamType[float]):
    """How many times faster than it was."""

    name = "N"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            speed = float(value)
        except ValueError:
            speed = math.nan
        # Written so that NaN fails too.
        if not speed > 0:
            self.fail(f"{value} is no speed: 2 is twice as fast, 0.5 half as fast, inf at once", param, ctx)
        return speed


@click.command()
@click.argument("file", type=File())
@click.option(
    "--serve", "port", type=click.IntRange(0, 65535), metavar="PORT", help="Be a server; 0 takes a free port."
)
@click.option(
    "--speed", type=Speed(), default=1.0, metavar="N", help="How many times faster; inf is at once."
)
@click.option(
    "--pace",
    type=Seconds(most=86_400, zero=True),
    metavar="SECONDS",
    help="Between the events of a raw body, which has no timing.",
)
@click.option("--once", is_flag=True, help="With --serve: end when all was played.")
@click.option("--cors", is_flag=True, help="With --serve: pages of every origin may read it.")
def replay(file: str, *, port: int | None, speed: float, pace: float | None, once: bool, cors: bool) -> None:
    r"""Play FILE: a recording of `sse record`, or a raw body of text/event-stream.

    A recording is played with its timing, a raw body at once, to standard output. With --serve, a server
    on 127.0.0.1 answers each request, whatever its method and path, with the next recorded connection,
    as it was; when there is none left, one with a Last-Event-ID gets a 204, and another one begins again.
    A raw body is one connection, and a Last-Event-ID that stands in it gets what comes behind that.

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
            # Not above: a server is not needed for the other way.
            from ._replay_server import serve_file

            serve_file(stream, port, speed=speed, pace=seconds, once=once, cors=cors)
        else:
            from ._playing import play

            gone = threading.Event()
            with watched(gone.set):
                play(stream, sys.stdout.buffer, speed=speed, pace=seconds, stop=gone)
