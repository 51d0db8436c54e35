"""The measurement for a terminal: figures, a histogram and a timeline, as lines of rich's `Text`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from rich.cells import set_cell_size
from rich.text import Text

from .._terminal import printable
from .._units import bytes_text, plural, rate_text, seconds_text, share_text
from ._buckets import buckets
from ._connection_timeline import connection_timeline
from ._distribution import PRECISION, Distribution
from ._labels import end_label
from ._model import Measurement

HEADING_STYLE = "bold"
NAME_STYLE = "dim"
BAR_STYLE = "cyan"

LABEL_WIDTH = 18
"""Columns of the label of a figure."""

FIGURE_WIDTH = 11
"""Columns of a figure."""

MAX_WIDTH = 120
"""Columns of the whole drawing, at most: wider bars would show no more."""

SHOWN_TYPES = 12

EIGHTHS = " ▏▎▍▌▋▊▉█"

ASCII = str.maketrans("▏▎▍▌▋▊▉▁▂▃▄▅▆▇█╳│┄·–µ…─┬", "...####.:-=+*%#x|~ -u.-+")
"""One ASCII character for each, so that columns stay aligned."""


def drawing(measurement: Measurement, title: str, *, width: int, plain: bool) -> Iterator[Text]:
    """Yield the lines.

    Args:
        measurement: the measurement.
        title: the name of the stream.
        width: columns of the terminal.
        plain: whether only ASCII can be written.
    """
    width = min(width, MAX_WIDTH) - 1
    parts = [_title(measurement, title), _figures(measurement), _percentiles(measurement)]
    parts.append(_event_types(measurement, width))
    if measurement.timed:
        parts.append(
            _histogram("intervals between events", measurement.intervals, seconds_text, "same read", width)
        )
        parts.append(connection_timeline(measurement, width))
    else:
        parts.append(_histogram("data of events", measurement.sizes, bytes_text, "empty", width))
    for number, part in enumerate(parts):
        lines = list(part)
        if lines and number:
            yield Text()
        for line in lines:
            line.truncate(width, overflow="ellipsis")
            line.rstrip()
            yield _as_ascii(line) if plain else line


def _as_ascii(line: Text) -> Text:
    text = line.plain.translate(ASCII)
    return Text(text.encode("ascii", "replace").decode(), spans=line.spans)


def _title(measurement: Measurement, title: str) -> Iterator[Text]:
    yield Text(printable(title), HEADING_STYLE)
    if not measurement.timed:
        yield Text("a raw body: it has no times, only sizes and counts", NAME_STYLE)


def _figures(measurement: Measurement) -> Iterator[Text]:
    if measurement.timed:
        yield from _times(measurement)
    rate = measurement.connected
    events, size = measurement.events, measurement.bytes
    yield _row("events", f"{events:,}", f"{rate_text(events / rate)} a second" if rate else "")
    yield _row("bytes", bytes_text(size), f"{bytes_text(size / rate)} a second" if rate else "")
    if measurement.incomplete:
        yield _row("incomplete", bytes_text(measurement.incomplete), "of events that were not completed")
    yield _row("comments", f"{measurement.comments:,}")
    if measurement.retry_values:
        values = [f"{value} ms" for value in measurement.retry_values]
        yield _row("retry", values[0], f"then {', '.join(values[1:])}" if values[1:] else "")
    if not events:
        return
    yield _row("JSON", f"{measurement.json:,}", _of_all(measurement.json, events, "events"))
    yield _row("new IDs", f"{measurement.new_ids:,}", _ids(measurement))


def _times(measurement: Measurement) -> Iterator[Text]:
    if measurement.response_headers is not None:
        yield _row("response headers", seconds_text(measurement.response_headers), "after the request")
    if measurement.first_event is not None:
        yield _row("first event", seconds_text(measurement.first_event), "after the request")
    connected = f"connected for {seconds_text(measurement.connected)} of it"
    yield _row("duration", seconds_text(measurement.duration), connected)
    silence = seconds_text(measurement.longest_silence)
    yield _row("longest silence", silence, "without a byte on an open connection")
    yield _row("connections", f"{measurement.opened:,}", _causes(measurement.causes))
    if measurement.failures:
        failed = f"{measurement.failures.total():,}"
        yield _row("failed attempts", failed, _causes(measurement.failures))
    if measurement.disconnected:
        yield _row("not connected", seconds_text(measurement.disconnected), "after the first connection")


def _causes(causes: Counter[str]) -> str:
    return ", ".join(f"{count:,} {end_label(cause)}" for cause, count in causes.most_common())


def _ids(measurement: Measurement) -> str:
    if not measurement.with_id:
        return "no event has an ID to resume from"
    return _of_all(measurement.with_id, measurement.events, "events have an ID to resume from")


def _of_all(part: int, whole: int, what: str) -> str:
    return f"all {what}" if part == whole and whole else f"{share_text(part, whole)} of {what}"


def _row(name: str, figure: str, note: str = "") -> Text:
    row = Text.assemble("  ", (f"{name:<{LABEL_WIDTH}}", NAME_STYLE), f"{figure:>{FIGURE_WIDTH}}")
    return row.append(f"   {printable(note)}", NAME_STYLE) if note else row


def _percentiles(measurement: Measurement) -> Iterator[Text]:
    rows: list[tuple[str, Distribution, Callable[[float], str]]] = []
    if measurement.timed:
        rows.append(("intervals", measurement.intervals, seconds_text))
    rows.append(("data of events", measurement.sizes, bytes_text))
    rows = [row for row in rows if row[1].count]
    if not rows:
        return
    names = "".join(f"{name:>{FIGURE_WIDTH}}" for name in ("min", "p50", "p90", "p99", "max"))
    heading = f"{'percentiles':<{LABEL_WIDTH + 2}}"
    yield Text.assemble((heading, HEADING_STYLE), (names, NAME_STYLE))
    for name, values, text in rows:
        percentiles = [values.percentile(percent) for percent in (50, 90, 99)]
        numbers = [values.minimum, *percentiles, values.maximum]
        row = "".join(f"{text(number):>{FIGURE_WIDTH}}" for number in numbers)
        yield Text.assemble("  ", (f"{name:<{LABEL_WIDTH}}", NAME_STYLE), row)
    if not all(values.is_exact for _, values, _ in rows):
        yield Text(f"  with so many numbers, percentiles are accurate to {PRECISION:.0%}", NAME_STYLE)


def _event_types(measurement: Measurement, width: int) -> Iterator[Text]:
    if not measurement.types:
        return
    yield Text("event types", HEADING_STYLE)
    types = measurement.types.most_common()
    shown = [(printable(name), count) for name, count in types[:SHOWN_TYPES]]
    rest = types[SHOWN_TYPES:]
    if rest:
        shown.append((plural(len(rest), "further type"), sum(count for _, count in rest)))
    events = measurement.events
    rows = [(name, count, share_text(count, events)) for name, count in shown]
    yield from _bars(rows, width)


def _histogram(
    heading: str, values: Distribution, text: Callable[[float], str], zero_label: str, width: int
) -> Iterator[Text]:
    bars = buckets(values)
    if not bars:
        return
    yield Text(heading, HEADING_STYLE)
    edge_width = max(len(text(bar.high)) for bar in bars)
    rows = [
        (
            f"{text(bar.low):>{edge_width}} – {text(bar.high):>{edge_width}}" if bar.high else zero_label,
            bar.frequency,
            share_text(bar.frequency, values.count) if bar.frequency else "",
        )
        for bar in bars
    ]
    yield from _bars(rows, width)


def _bars(rows: Iterable[tuple[str, int, str]], width: int) -> Iterator[Text]:
    """Yield a line for each name, count and share, with a bar whose length shows the count."""
    rows = list(rows)
    name_width = min(max(LABEL_WIDTH, *(len(name) for name, _, _ in rows)), width // 2)
    highest = max(count for _, count, _ in rows)
    bar_width = width - 2 - name_width - FIGURE_WIDTH - 8
    for name, count, share in rows:
        yield Text.assemble(
            "  ",
            (_cell(name, name_width), NAME_STYLE),
            f"{count:>{FIGURE_WIDTH},}",
            (f"{share:>6}  ", NAME_STYLE),
            (bar_text(count / highest if highest else 0.0, bar_width), BAR_STYLE),
        )


def _cell(name: str, width: int) -> str:
    cell = set_cell_size(name, width)
    return cell if cell.rstrip() == name.rstrip() else set_cell_size(name, width - 1) + "…"


def bar_text(share: float, width: int) -> str:
    """Return a bar that fills this share of the width; the smallest share is still visible."""
    eighths = round(share * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[rest] if rest else "")
