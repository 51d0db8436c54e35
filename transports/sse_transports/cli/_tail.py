"""`sse tail`: events as they come, from a server, a file or standard input."""

from __future__ import annotations

import gc
import signal
import threading
from pathlib import Path as FilePath

import click

from sse_core import Comment, Event

from .. import EventSource, FileStore, Store
from ._file_events import batches
from ._files import StreamFile
from ._options import REQUEST, RequestOptions, refuse_for_files, request_options
from ._reader_gone import watched
from ._targets import Target, is_url
from ._terminal import console, paint, plain, printable, tell
from .output._formats import DataLines, EventStream, Format
from .output._json_lines import JSONLines
from .output._output import Output
from .output._pretty import Pretty
from .output._printer import Printer
from .output._select import Path, RunningText, Selection, ValueLines
from .output._timeline import Timeline

SELDOM = 100_000
"""Objects made and not freed, after which the garbage collector looks what it can free."""

FORMATS = ("pretty", "json", "data", "raw")


@click.command()
@click.argument("target", type=Target())
@request_options
@click.option("--event", "types", multiple=True, metavar="TYPE", help="Only events of this type; repeatable.")
@click.option(
    "--select",
    "paths",
    multiple=True,
    type=Path(),
    help="Only what stands there in the data's JSON, as running text. Repeatable: the first that is there.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="For people (on a terminal), JSON Lines (elsewhere), the data alone, or an event stream again.",
)
@click.option("--comments", is_flag=True, help="Show comments too, in pretty, json and raw.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=FilePath),
    metavar="FILE",
    help="Keep the last event ID there, and go on behind it the next time.",
)
@click.option("-v", "--verbose", is_flag=True, help="Tell what happens: connecting, opened, cut, waiting.")
@click.pass_context
def tail(
    context: click.Context,
    request: RequestOptions,
    *,
    target: str,
    types: tuple[str, ...],
    paths: tuple[tuple[str, ...], ...],
    kind: str | None,
    comments: bool,
    state: FilePath | None,
    verbose: bool,
) -> None:
    r"""Print the events of TARGET as they come: a URL, a file, or - for standard input.

    A file is a recording of `sse record`, or the body of an event stream as it was sent.

    \b
    sse tail https://stream.wikimedia.org/v2/stream/recentchange
    sse tail -H @key --json @question.json --until '[DONE]' \
        --select choices.0.delta.content https://api.example.com/v1/chat/completions
    sse tail --state feed.id https://example.com/feed | jq .data
    """
    if not is_url(target):
        refuse_for_files(context, target, {*REQUEST, "state"} - {"until"})
    output = Output()
    selection = Selection(paths)
    if kind is None:
        kind = "pretty" if output.is_terminal or paths else "json"
    chosen = _of_values(kind, selection) if paths else _of_events(kind, output)
    comments = comments or (verbose and kind == "pretty")
    printer = Printer(output, chosen, types)
    with selection.told_if_nothing_is_found(), printer:
        if is_url(target):
            store = None if state is None else _StoreBehind(printer, _file_store(state))
            timeline = Timeline(output, everything=verbose)
            source = request.source(target, store=store, on_state=timeline.show, before_reading=printer.flush)
            _print_from_server(source, printer, comments=comments)
        else:
            _print_from_file(target, printer, comments=comments, until=request.until)


def _print_from_server(source: EventSource[Event | Comment], printer: Printer, *, comments: bool) -> None:
    with source, watched(source.close):
        for item in source:
            if comments or isinstance(item, Event):
                printer.write([item])


def _print_from_file(target: str, printer: Printer, *, comments: bool, until: str | None) -> None:
    # A piece has some thousand events, which are gone before the next one is read. The garbage collector
    # would look at them again and again: for short events, that took a quarter of the time.
    gc.set_threshold(SELDOM)
    pieces = found = 0
    with StreamFile(target) as file, watched(_interrupt):
        for items in batches(file, comments=comments, until=until):
            pieces += 1
            found += len(items)
            printer.write(items)
            printer.flush()
        if pieces and not found and until is None:
            # Perhaps it is a page, or what a server said of an error.
            tell(f"sse: there is no event in {printable(file.name)}")


def _file_store(path: FilePath) -> FileStore:
    """Return a store in a file that is known to be writable before anything is asked.

    Raises:
        click.UsageError: it is not; says why.
    """
    # Not above: who keeps no ID need not wait for it.
    from tempfile import TemporaryFile

    if path.exists() and not path.is_file():
        raise click.UsageError(f"--state: {path} is no plain file")
    try:
        # The file is replaced: what counts is its folder, that of the file itself where the path is a link.
        TemporaryFile(dir=path.resolve().parent).close()
    except OSError as error:
        raise click.UsageError(f"--state: cannot write {path}: {error.strerror}") from None
    return FileStore(path)


class _StoreBehind:
    """A store that keeps the ID of an event when the event has been written, and not before."""

    def __init__(self, printer: Printer, store: Store) -> None:
        self._printer = printer
        self._store = store

    def load(self) -> str:
        return self._store.load()

    def save(self, last_event_id: str) -> None:
        self._printer.flush()
        self._store.save(last_event_id)


def _of_events(kind: str, output: Output) -> Format:
    if kind == "pretty":
        return Pretty(paint(console()) if output.is_terminal else plain, output.harmless)
    formats: dict[str, type[Format]] = {"json": JSONLines, "data": DataLines, "raw": EventStream}
    return formats[kind]()


def _of_values(kind: str, selection: Selection) -> Format:
    if kind == "raw":
        raise click.UsageError("--select leaves no event stream over: give --format json or data, or none")
    if kind == "pretty":
        return RunningText(selection)
    return ValueLines(selection, as_json=kind == "json")


def _interrupt() -> None:
    """Wake the main thread, which waits for standard input; what waits for a file cannot be closed."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
