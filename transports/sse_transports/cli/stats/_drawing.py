"""What was measured, drawn for a terminal: figures, a histogram and a timeline, in lines of rich's text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from rich.cells import set_cell_size
from rich.text import Text

from .._terminal import printable
from .._units import bytes_text, plural, rate_text, seconds_text, share_text
from ._buckets import buckets
from ._distribution import PRECISION, Distribution
from ._measure import Measurement
from ._strips import strips
from ._words import ended_word

HEAD = "bold"
NAME = "dim"
BAR = "cyan"

LABELS = 18
"""Columns in front of the figures."""

FIGURES = 11
"""Columns of a figure."""

WIDEST = 120
"""Columns beyond which nothing is drawn: a bar as wide as a large screen says no more."""

SHOWN_TYPES = 12

EIGHTHS = " ▏▎▍▌▋▊▉█"

PLAIN = str.maketrans("▏▎▍▌▋▊▉▁▂▃▄▅▆▇█╳│┄·–µ…─┬", "...####.:-=+*%#x|~ -u.-+")
"""One character for each, so that what is aligned stays so."""


def drawing(measurement: Measurement, title: str, *, width: int, plain: bool) -> Iterator[Text]:
    """Give the lines.

    Args:
        measurement: what was measured.
        title: what the stream is called.
        width: columns of the terminal.
        plain: whether only ASCII can be written.
    """
    width = min(width, WIDEST) - 1
    parts = [_title(measurement, title), _figures(measurement), _spreads(measurement)]
    parts.append(_types(measurement, width))
    if measurement.timed:
        parts.append(_histogram("gaps between events", measurement.gaps, seconds_text, "together", width))
        parts.append(strips(measurement, width))
    else:
        parts.append(_histogram("data of events", measurement.sizes, bytes_text, "empty", width))
    for number, part in enumerate(parts):
        lines = list(part)
        if lines and number:
            yield Text()
        for line in lines:
            line.truncate(width, overflow="ellipsis")
            line.rstrip()
            yield _as_plain(line) if plain else line


def _as_plain(line: Text) -> Text:
    text = line.plain.translate(PLAIN)
    return Text(text.encode("ascii", "replace").decode(), spans=line.spans)


def _title(measurement: Measurement, title: str) -> Iterator[Text]:
    yield Text(printable(title), HEAD)
    if not measurement.timed:
        yield Text("a raw body: nobody noted when it came, so there are no times", NAME)


def _figures(measurement: Measurement) -> Iterator[Text]:
    if measurement.timed:
        yield from _times(measurement)
    rate = measurement.connected
    events, size = measurement.events, measurement.bytes
    yield _row("events", f"{events:,}", f"{rate_text(events / rate)} a second" if rate else "")
    yield _row("bytes", bytes_text(size), f"{bytes_text(size / rate)} a second" if rate else "")
    if measurement.unfinished:
        yield _row("unfinished", bytes_text(measurement.unfinished), "of events whose end did not come")
    yield _row("comments", f"{measurement.comments:,}")
    if measurement.retries:
        values = [f"{value} ms" for value in measurement.retries]
        yield _row("retry", values[0], f"then {', '.join(values[1:])}" if values[1:] else "")
    if not events:
        return
    yield _row("JSON", f"{measurement.json:,}", _of_all(measurement.json, events, "events"))
    yield _row("new IDs", f"{measurement.new_ids:,}", _ids(measurement))


def _times(measurement: Measurement) -> Iterator[Text]:
    if measurement.head is not None:
        yield _row("response head", seconds_text(measurement.head), "after the request")
    if measurement.first_event is not None:
        yield _row("first event", seconds_text(measurement.first_event), "after the request")
    connected = f"connected for {seconds_text(measurement.connected)} of it"
    yield _row("duration", seconds_text(measurement.duration), connected)
    yield _row("longest silence", seconds_text(measurement.silence), "on a connection, without a byte")
    yield _row("connections", f"{measurement.opened:,}", _causes(measurement.causes))
    if measurement.failures:
        failed = f"{measurement.failures.total():,}"
        yield _row("failed attempts", failed, _causes(measurement.failures))
    if measurement.lost:
        yield _row("not connected", seconds_text(measurement.lost), "after the first connection")


def _causes(causes: Counter[str]) -> str:
    return ", ".join(f"{count:,} {ended_word(cause)}" for cause, count in causes.most_common())


def _ids(measurement: Measurement) -> str:
    if not measurement.with_id:
        return "no event has an ID to resume from"
    return _of_all(measurement.with_id, measurement.events, "events have an ID to resume from")


def _of_all(part: int, whole: int, what: str) -> str:
    return f"all {what}" if part == whole and whole else f"{share_text(part, whole)} of {what}"


def _row(name: str, figure: str, note: str = "") -> Text:
    row = Text.assemble("  ", (f"{name:<{LABELS}}", NAME), f"{figure:>{FIGURES}}")
    return row.append(f"   {printable(note)}", NAME) if note else row


def _spreads(measurement: Measurement) -> Iterator[Text]:
    rows: list[tuple[str, Distribution, Callable[[float], str]]] = []
    if measurement.timed:
        rows.append(("gaps", measurement.gaps, seconds_text))
    rows.append(("data of events", measurement.sizes, bytes_text))
    rows = [row for row in rows if row[1].count]
    if not rows:
        return
    names = "".join(f"{name:>{FIGURES}}" for name in ("min", "p50", "p90", "p99", "max"))
    yield Text.assemble(("percentiles", HEAD), " " * (LABELS + 2 - len("percentiles")), (names, NAME))
    for name, spread, text in rows:
        numbers = [spread.least, *(spread.percentile(percent) for percent in (50, 90, 99)), spread.most]
        row = "".join(f"{text(number):>{FIGURES}}" for number in numbers)
        yield Text.assemble("  ", (f"{name:<{LABELS}}", NAME), row)
    if not all(spread.is_exact for _, spread, _ in rows):
        yield Text(f"  of many: percentiles are right to {PRECISION:.0%}", NAME)


def _types(measurement: Measurement, width: int) -> Iterator[Text]:
    if not measurement.types:
        return
    yield Text("event types", HEAD)
    types = measurement.types.most_common()
    shown = [(printable(name), count) for name, count in types[:SHOWN_TYPES]]
    rest = types[SHOWN_TYPES:]
    if rest:
        shown.append((plural(len(rest), "further type"), sum(count for _, count in rest)))
    events = measurement.events
    rows = [(name, count, share_text(count, events)) for name, count in shown]
    yield from _bars(rows, width)


def _histogram(
    head: str, spread: Distribution, text: Callable[[float], str], nothing: str, width: int
) -> Iterator[Text]:
    bars = buckets(spread)
    if not bars:
        return
    yield Text(head, HEAD)
    edge = max(len(text(bar.high)) for bar in bars)
    rows = [
        (
            f"{text(bar.low):>{edge}} – {text(bar.high):>{edge}}" if bar.high else nothing,
            bar.holds,
            share_text(bar.holds, spread.count) if bar.holds else "",
        )
        for bar in bars
    ]
    yield from _bars(rows, width)


def _bars(rows: Iterable[tuple[str, int, str]], width: int) -> Iterator[Text]:
    """Give a line for each name, number and share, with a bar as long as the number is large."""
    rows = list(rows)
    names = min(max(LABELS, *(len(name) for name, _, _ in rows)), width // 2)
    most = max(count for _, count, _ in rows)
    room = width - 2 - names - FIGURES - 8
    for name, count, share in rows:
        yield Text.assemble(
            "  ",
            (_cell(name, names), NAME),
            f"{count:>{FIGURES},}",
            (f"{share:>6}  ", NAME),
            (bar_text(count / most if most else 0.0, room), BAR),
        )


def _cell(name: str, width: int) -> str:
    cut = set_cell_size(name, width)
    return cut if cut.rstrip() == name.rstrip() else set_cell_size(name, width - 1) + "…"


def bar_text(share: float, room: int) -> str:
    """Return a bar that fills this share of the room; what is there at all can be seen."""
    eighths = round(share * room * 8)
    if share > 0:
        eighths = max(eighths, 1)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[rest] if rest else "")
