"""`sse tail`: print events as they arrive, from a server, a file or standard input."""

from __future__ import annotations

import gc
import signal
import threading
from pathlib import Path

import click

from sse_core import Comment, Event

from .. import EventSource, FileStore, Store
from ._files import StreamFile, event_batches
from ._options import REQUEST_OPTIONS, RequestOptions, Until, refuse_for_files, request_options
from ._parameters import Target, is_url
from ._standard_streams import on_broken_pipe
from ._terminal import console, paint, plain
from .output._connection_log import ConnectionLog
from .output._formats import DataLines, EventStream, Format
from .output._json_lines import JSONLines
from .output._output import Output
from .output._pretty import Pretty
from .output._printer import Printer
from .output._select import JSONPath, RunningText, Selection, ValueLines

GC_THRESHOLD = 100_000
"""The garbage collector runs after so many new objects; by default after some 700 to 2000."""

FORMATS = ("pretty", "json", "data", "raw")


@click.command()
@click.argument("target", type=Target())
@request_options
@click.option(
    "--event", "types", multiple=True, metavar="TYPE", help="Print only events of this type; repeatable."
)
@click.option(
    "-n", "--count", type=click.IntRange(min=1), metavar="COUNT", help="Stop after printing this many events."
)
@click.option(
    "--select",
    "paths",
    multiple=True,
    type=JSONPath(),
    help="Print only the value at this path in the JSON data, as running text. Repeatable: the first found.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="For people (default on a terminal), JSON Lines (default elsewhere), data only, or event stream.",
)
@click.option("--comments", is_flag=True, help="Print comments too, in pretty, json and raw.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Save the last event ID there, and resume after it the next time.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Show each connection change: connecting, opened, lost, waiting."
)
@click.pass_context
def tail(
    context: click.Context,
    request: RequestOptions,
    *,
    target: str,
    types: tuple[str, ...],
    count: int | None,
    paths: tuple[tuple[str, ...], ...],
    kind: str | None,
    comments: bool,
    state: Path | None,
    verbose: bool,
) -> None:
    r"""Print the events of TARGET as they arrive: a URL, a file, or - for standard input.

    A file is a recording of `sse record`, or a raw body (the bytes of an event stream).

    \b
    sse tail https://stream.wikimedia.org/v2/stream/recentchange
    sse tail -H @key --json @question.json --until '[DONE]' \
        --select choices.0.delta.content https://api.example.com/v1/chat/completions
    sse tail --state feed.id https://example.com/feed | jq .data
    """
    if not is_url(target):
        refuse_for_files(context, target, {*REQUEST_OPTIONS, "state"} - {"until", "until_event"})
    output = Output()
    selection = Selection(paths)
    if kind is None:
        kind = "pretty" if output.is_terminal or paths else "json"
    chosen = _value_format(kind, selection) if paths else _event_format(kind, output)
    comments = comments or (verbose and kind == "pretty")
    printer = Printer(output, chosen, types, count)
    with selection.warn_if_empty(), printer:
        if is_url(target):
            store = None if state is None else _FlushBeforeSave(printer, _file_store(state))
            log = ConnectionLog(output, verbose=verbose)
            source = request.source(target, store=store, on_state=log.show, before_reading=printer.flush)
            _print_from_server(source, printer, store, comments=comments)
        else:
            _print_from_file(target, printer, comments=comments, until=request.until)


def _print_from_server(
    source: EventSource[Event | Comment], printer: Printer, store: Store | None, *, comments: bool
) -> None:
    with source, on_broken_pipe(source.close):
        for item in source:
            if comments or isinstance(item, Event):
                printer.write([item])
                if printer.is_full:
                    # A source saves the ID of an event when it is asked for the next one.
                    if store is not None and store.load() != source.last_event_id:
                        store.save(source.last_event_id)
                    return


def _print_from_file(target: str, printer: Printer, *, comments: bool, until: Until | None) -> None:
    # A chunk has some thousand events, which are freed before the next chunk is read. By default, the garbage
    # collector would scan them again and again: for short events, that took a quarter of the time.
    gc.set_threshold(GC_THRESHOLD)
    found = 0
    with StreamFile(target) as file, on_broken_pipe(_interrupt):
        for items in event_batches(file, comments=comments, until=until):
            found += len(items)
            printer.write(items)
            printer.flush()
            if printer.is_full:
                return
        if not found and until is None:
            file.warn_of_no_event()


def _file_store(path: Path) -> FileStore:
    """Return a store in this file, checked to be writable before any request is sent.

    Raises:
        click.UsageError: says why it is not.
    """
    # Imported here, because only --state needs it.
    from tempfile import TemporaryFile

    if path.exists() and not path.is_file():
        raise click.UsageError(f"--state: {path} is not a regular file")
    try:
        # A save replaces the file, so its folder must be writable; for a symbolic link, that of its target.
        TemporaryFile(dir=path.resolve().parent).close()
    except OSError as error:
        raise click.UsageError(f"--state: cannot write {path}: {error.strerror}") from None
    return FileStore(path)


class _FlushBeforeSave:
    """A store that saves an event's ID only after the event was written to the output."""

    def __init__(self, printer: Printer, store: Store) -> None:
        self._printer = printer
        self._store = store

    def load(self) -> str:
        return self._store.load()

    def save(self, last_event_id: str) -> None:
        self._printer.flush()
        self._store.save(last_event_id)


def _event_format(kind: str, output: Output) -> Format:
    if kind == "pretty":
        return Pretty(paint(console()) if output.is_terminal else plain, output.escape)
    formats: dict[str, type[Format]] = {"json": JSONLines, "data": DataLines, "raw": EventStream}
    return formats[kind]()


def _value_format(kind: str, selection: Selection) -> Format:
    if kind == "raw":
        raise click.UsageError(
            "--select prints values, not events: use --format json or data, or no --format"
        )
    if kind == "pretty":
        return RunningText(selection)
    return ValueLines(selection, as_json=kind == "json")


def _interrupt() -> None:
    """Interrupt the main thread: closing a file does not wake a thread that is blocked in reading it."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
