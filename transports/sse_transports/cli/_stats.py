"""`sse stats`: measure an event stream, and show it in figures and pictures."""

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
from ._options import REQUEST_OPTIONS, TEXT_OR_JSON, RequestOptions, refuse_for_files, request_options
from ._parameters import Seconds, Target, is_url
from ._status_line import status_line
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
    help="Stop after this time.",
)
@click.option("--events", type=click.IntRange(min=1), metavar="N", help="Stop after N events.")
@TEXT_OR_JSON
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw a picture as well."
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

    A file is a recording of `sse record`, or a raw body, which has no times. Ctrl-C stops the
    measurement, and prints the result so far.

    \b
    sse stats https://stream.example.com/feed --for 60
    sse stats feed.jsonl --svg feed.svg
    """
    if not is_url(target):
        refuse_for_files(context, target, {*REQUEST_OPTIONS, "seconds", "events"})
    if svg is not None:
        _check_writable(svg)
    name, measurement, error = _measure(request, target, seconds, events)
    if error is None or measurement.opened or measurement.bytes:
        _show(measurement, name, form, svg)
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    if error is not None:
        raise error
    return ExitCode.ENDED


def _measure(
    request: RequestOptions, target: str, seconds: float | None, events: int | None
) -> tuple[str, Measurement, BaseException | None]:
    """Return the name of the target, what was measured, and the error that ended it, if one did."""
    if not is_url(target):
        with StreamFile(target) as file:
            measurement = Measurement(timed=file.is_recording)
            error = _error_of(lambda: measure_file(file, measurement))
            if error is None and not measurement.events:
                file.warn_of_no_event()
            return Path(file.name).name, measurement, error
    watch = Watch(request, target, seconds=seconds, events=events)
    with status_line(lambda: _status(watch)):
        return watch.name, watch.measurement, _error_of(watch.run)


def _error_of(run: Callable[[], None]) -> BaseException | None:
    # Return it, do not raise: what was measured before the error is printed first.
    try:
        run()
    except (SSEError, OSError, KeyboardInterrupt) as error:
        return error
    return None


def _status(watch: Watch) -> str:
    measurement = watch.measurement
    state = "connected" if measurement.is_connected else "connecting"
    received = f"{plural(measurement.events, 'event')}, {bytes_text(measurement.bytes)}"
    return f"{state}: {received}, {seconds_text(int(watch.elapsed))}  (Ctrl-C ends it)"


def _show(measurement: Measurement, name: str, form: str, svg: Path | None) -> None:
    try:
        if svg is not None:
            from .stats._picture import picture

            svg.write_text(picture(measurement, name), encoding="utf-8")
    finally:
        # Print the figures even if the picture cannot be written, as on a full disk.
        _print(measurement, name, form)


def _print(measurement: Measurement, name: str, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(figures(measurement, name), indent=2))
        return
    from .stats._drawing import drawing

    out = console()
    plain = not out.encoding.lower().startswith("utf")
    # Captured, and not printed by rich: it exits with its own exit code on a broken pipe.
    with out.capture() as drawn:
        for line in drawing(measurement, name, width=out.width, plain=plain):
            out.print(line, no_wrap=True, crop=False, overflow="ignore")
    sys.stdout.write(drawn.get())


def _check_writable(path: Path) -> None:
    """Refuse a path that cannot be written. An existing file is not changed.

    Raises:
        click.UsageError: says why.
    """
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise click.UsageError(f"--svg: cannot write {path}: {error.strerror}") from None
    if is_new:
        # Resolved: through a symbolic link, `open` created its target.
        path.resolve().unlink()
