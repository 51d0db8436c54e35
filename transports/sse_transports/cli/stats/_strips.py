"""The timeline: a strip of events over time for each connection, with its end and the wait behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from .._units import plural, seconds_text
from ._measure import Connection, Measurement
from ._over_time import column_of
from ._words import ended_word

MOST = 12
"""Connections that have a strip of their own; of more, there is one for all together."""

LEVELS = "▁▂▃▄▅▆▇█"
QUIET = "·"
WAIT = "┄"
CUT = "╳"
END = "│"

TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Seconds between the marks of an axis, from a second up."""

HEAD = "bold"
NOTE = "dim"
STYLES = {QUIET: "dim", WAIT: "yellow", CUT: "bold red", END: "bold"}
STRIP = "cyan"


def strips(measurement: Measurement, width: int) -> Iterator[Text]:
    """Give the lines of the timeline, as wide as this; none if nothing was connected."""
    whole = measurement.duration
    if not measurement.opened or whole <= 0:
        return
    kept = [each for each in measurement.connections if each.opened is not None]
    yield _head(whole)
    if measurement.opened > min(MOST, len(kept)):
        yield from _together(measurement, width)
        return
    notes = [f"{plural(each.events, 'event')}, {ended_word(each.cause)}" for each in kept]
    number = len(str(len(kept)))
    left = number + 3
    columns = max(1, width - left - 2 - max(len(note) for note in notes))
    counts = [_counts(measurement, each, columns) for each in kept]
    most = max(map(max, counts))
    rows = [_row(measurement, each, own, most) for each, own in zip(kept, counts, strict=True)]
    for index, (row, note) in enumerate(zip(rows, notes, strict=True), 1):
        yield Text.assemble("  ", (f"{index:>{number}} ", NOTE), _styled(row), " ", (note, NOTE))
    yield from _axis(whole, columns, left, width)
    tallest = _tallest(most, whole, columns)
    yield Text(" " * left + "   ".join([tallest, *_legend(rows)]), NOTE)


def _head(whole: float) -> Text:
    return Text.assemble(("events over time", HEAD), (f"   {seconds_text(whole)} in all", NOTE))


def _counts(measurement: Measurement, connection: Connection, columns: int) -> list[int]:
    opened = connection.opened or 0.0
    return measurement.events_over_time.columns(
        columns, measurement.duration, since=opened, until=connection.ended
    )


def _row(measurement: Measurement, connection: Connection, counts: Sequence[int], most: int) -> list[str]:
    whole, columns = measurement.duration, len(counts)
    opened, ended = connection.opened or 0.0, connection.ended or whole
    begin, last = column_of(opened, columns, whole), column_of(ended, columns, whole)
    # One more, for the mark behind the last one.
    row = [" "] * (columns + 1)
    since = _wait_of(measurement, connection)
    for column in range(column_of(since, columns, whole), begin):
        row[column] = WAIT
    for attempt in measurement.connections:
        if attempt.opened is None and attempt.ended is not None and since < attempt.ended <= opened:
            row[column_of(attempt.ended, columns, whole)] = CUT
    for column in range(begin, last + 1):
        row[column] = level(counts[column], most)
    if connection.cause != "left":
        row[last + 1] = END if connection.cause == "complete" else CUT
    return row


def _wait_of(measurement: Measurement, connection: Connection) -> float:
    """Return when the stream before this one ended: attempts that failed are part of the wait."""
    before = [
        each.ended
        for each in measurement.connections
        if each.opened is not None and each.ended is not None and each.ended <= connection.requested
    ]
    return before[-1] if before else 0.0


def _together(measurement: Measurement, width: int) -> Iterator[Text]:
    whole, columns = measurement.duration, max(1, width - 4)
    counts = measurement.events_over_time.columns(columns, whole)
    cuts = measurement.ends_over_time.columns(columns, whole)
    yield Text("  ").append_text(_styled([level(count, max(counts)) for count in counts]))
    if any(cuts):
        yield Text("  ").append_text(_styled([CUT if count else " " for count in cuts]))
    yield from _axis(whole, columns, 2, width)
    connections = plural(measurement.opened, "connection")
    yield Text(f"  {_tallest(max(counts), whole, columns)}, {CUT} an end of one of {connections}", NOTE)


def level(count: int, most: int) -> str:
    """Return a block as high as this count is, compared with the most; a dot for none."""
    return LEVELS[min(len(LEVELS) * count // (most + 1), len(LEVELS) - 1)] if count else QUIET


def _styled(row: Sequence[str]) -> Text:
    text = Text()
    for character in row:
        text.append(character, STYLES.get(character, STRIP))
    return text


def _tallest(most: int, whole: float, columns: int) -> str:
    return f"{LEVELS[-1]} {plural(most, 'event')} in {seconds_text(whole / columns)}"


def _axis(whole: float, columns: int, left: int, width: int) -> Iterator[Text]:
    step = tick(whole, columns // 10)
    line, labels = ["─"] * columns, ""
    for index in range(int(whole / step) + 1):
        column = column_of(index * step, columns, whole)
        label = seconds_text(index * step)
        if len(labels) <= column and left + column + len(label) <= width:
            line[column] = "┬"
            labels = f"{labels:<{column}}{label} "
    yield Text(" " * left + "".join(line), NOTE)
    yield Text(" " * left + labels.rstrip(), NOTE)


def tick(whole: float, most: int) -> float:
    """Return seconds between marks, round ones, so that there are no more than `most`."""
    least = whole / max(most, 1)
    for seconds in TICKS:
        if seconds >= least >= TICKS[0] / 2:
            return seconds
    power = 10.0**-6
    while True:
        for step in (1, 2, 5):
            if step * power >= least:
                return step * power
        power *= 10


def _legend(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    marks = {QUIET: "quiet", WAIT: "not connected", END: "ended", CUT: "failed"}
    for mark, meaning in marks.items():
        if any(mark in row for row in rows):
            yield f"{mark} {meaning}"
