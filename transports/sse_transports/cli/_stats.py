"""`sse stats`: how an event stream behaves, in figures and pictures."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click

from sse_core import SSEError

from ._exit_codes import ExitCode
from ._files import StreamFile
from ._live_line import live_line
from ._options import REQUEST, TEXT_OR_JSON, RequestOptions, refuse_for_files, request_options
from ._seconds import Seconds
from ._targets import Target, is_url
from ._terminal import console
from ._units import bytes_text, plural, seconds_text
from .stats._collect import Watch, measure_file
from .stats._figures import figures
from .stats._model import Measurement


@click.command(short_help="Measure a stream: rates, intervals, sizes, types, reconnects.")
@click.argument("target", type=Target())
@request_options
@click.option(
    "--for",
    "seconds",
    type=Seconds(),
    metavar="SECONDS",
    help="Stop after so long.",
)
@click.option("--events", type=click.IntRange(min=1), metavar="N", help="Stop after so many events.")
@TEXT_OR_JSON
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw a picture, too."
)
@click.pass_context
def stats(
    context: click.Context,
    request: RequestOptions,
    target: str,
    *,
    seconds: float | None,
    events: int | None,
    form: Literal["text", "json"],
    svg: Path | None,
) -> int:
    r"""Measure the stream of a URL until it ends, or what is in a FILE (- for stdin).

    A file is a recording of `sse record`, or a raw body, of which no times are known. Ctrl-C ends the
    measuring, and what was measured is printed all the same.

    \b
    sse stats https://stream.example.com/feed --for 60
    sse stats feed.jsonl --svg feed.svg
    """
    if not is_url(target):
        refuse_for_files(context, target, {*REQUEST, "seconds", "events"})
    if svg is not None:
        _check_writable(svg)
    name, measurement, trouble = _measure(request, target, seconds, events)
    if trouble is None or measurement.opened or measurement.bytes:
        _show(measurement, name, form, svg)
    if isinstance(trouble, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if trouble is not None:
        raise trouble
    return ExitCode.ENDED


def _measure(
    request: RequestOptions, target: str, seconds: float | None, events: int | None
) -> tuple[str, Measurement, BaseException | None]:
    """Return what it is called, what was measured, and what ended it if that was no end."""
    if not is_url(target):
        with StreamFile(target) as file:
            measurement = Measurement(timed=file.is_recording)
            return Path(file.name).name, measurement, _ended_by(lambda: measure_file(file, measurement))
    watch = Watch(request, target, seconds=seconds, events=events)
    with live_line(lambda: _line(watch)):
        return watch.name, watch.measurement, _ended_by(watch.run)


def _ended_by(run: Callable[[], None]) -> BaseException | None:
    # What was measured before is worth to be told.
    try:
        run()
    except (SSEError, OSError, KeyboardInterrupt) as error:
        return error
    return None


def _line(watch: Watch) -> str:
    measurement = watch.measurement
    state = "connected" if measurement.is_connected else "connecting"
    came = f"{plural(measurement.events, 'event')}, {bytes_text(measurement.bytes)}"
    return f"{state}: {came}, {seconds_text(int(watch.elapsed))}  (Ctrl-C ends it)"


def _show(measurement: Measurement, name: str, form: str, svg: Path | None) -> None:
    try:
        if svg is not None:
            from .stats._picture import picture

            svg.write_text(picture(measurement, name), encoding="utf-8")
    finally:
        # The disk may be full; the figures are not lost by that.
        _print(measurement, name, form)


def _print(measurement: Measurement, name: str, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(figures(measurement, name), indent=2))
        return
    from .stats._drawing import drawing

    out = console()
    plain = not out.encoding.lower().startswith("utf")
    # Written by ourselves: rich has an exit code of its own for a closed pipe.
    with out.capture() as drawn:
        for line in drawing(measurement, name, width=out.width, plain=plain):
            out.print(line, no_wrap=True, crop=False, overflow="ignore")
    sys.stdout.write(drawn.get())


def _check_writable(path: Path) -> None:
    """Refuse a path that cannot be written; nothing that is there is touched.

    Raises:
        click.UsageError: says why.
    """
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise click.UsageError(f"--svg: cannot write {path}: {error.strerror}") from None
    if is_new:
        # Where a link leads, if it is one.
        path.resolve().unlink()
