"""The timeline on a terminal: for each connection, a line with its events, its end and the wait before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from .._units import plural, seconds_text
from ._labels import end_label
from ._model import Connection, Measurement
from ._time_series import column_of

MAX_LINES = 12
"""How many connections get their own line; more share a single one."""

LEVELS = "▁▂▃▄▅▆▇█"
QUIET = "·"
WAIT = "┄"
LOST = "╳"
END = "│"

TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Seconds between the ticks of an axis, from one second up."""

HEADING_STYLE = "bold"
NOTE_STYLE = "dim"
MARK_STYLES = {QUIET: "dim", WAIT: "yellow", LOST: "bold red", END: "bold"}
LEVEL_STYLE = "cyan"


def connection_timeline(measurement: Measurement, width: int) -> Iterator[Text]:
    """Yield the lines of the timeline, `width` columns wide; none without a connection."""
    duration = measurement.duration
    if not measurement.opened or duration <= 0:
        return
    shown = [each for each in measurement.connections if each.opened is not None]
    yield _heading(duration)
    if measurement.opened > min(MAX_LINES, len(shown)):
        yield from _combined_line(measurement, width)
        return
    notes = [f"{plural(each.events, 'event')}, {end_label(each.cause)}" for each in shown]
    number_width = len(str(len(shown)))
    left = number_width + 3
    columns = max(1, width - left - 2 - max(len(note) for note in notes))
    counts = [_counts(measurement, each, columns) for each in shown]
    highest = max(map(max, counts))
    rows = [_row(measurement, each, own, highest) for each, own in zip(shown, counts, strict=True)]
    for index, (row, note) in enumerate(zip(rows, notes, strict=True), 1):
        yield Text.assemble(
            "  ", (f"{index:>{number_width}} ", NOTE_STYLE), _styled(row), " ", (note, NOTE_STYLE)
        )
    yield from _axis(duration, columns, left, width)
    scale = _scale(highest, duration, columns)
    yield Text(" " * left + "   ".join([scale, *_legend(rows)]), NOTE_STYLE)


def _heading(duration: float) -> Text:
    return Text.assemble(
        ("events over time", HEADING_STYLE), (f"   {seconds_text(duration)} in total", NOTE_STYLE)
    )


def _counts(measurement: Measurement, connection: Connection, columns: int) -> list[int]:
    opened = connection.opened or 0.0
    return measurement.events_over_time.columns(
        columns, measurement.duration, since=opened, until=connection.ended
    )


def _row(measurement: Measurement, connection: Connection, counts: Sequence[int], highest: int) -> list[str]:
    duration, columns = measurement.duration, len(counts)
    opened, ended = connection.opened or 0.0, connection.ended or duration
    begin, last = column_of(opened, columns, duration), column_of(ended, columns, duration)
    # One column more, for the mark after the last one.
    row = [" "] * (columns + 1)
    since = _end_of_previous_stream(measurement, connection)
    for column in range(column_of(since, columns, duration), begin):
        row[column] = WAIT
    for attempt in measurement.connections:
        if attempt.opened is None and attempt.ended is not None and since < attempt.ended <= opened:
            row[column_of(attempt.ended, columns, duration)] = LOST
    for column in range(begin, last + 1):
        row[column] = level(counts[column], highest)
    if connection.cause != "left":
        row[last + 1] = END if connection.cause == "complete" else LOST
    return row


def _end_of_previous_stream(measurement: Measurement, connection: Connection) -> float:
    """Return when the previous stream ended. Failed attempts since then are part of the wait."""
    ends = [
        each.ended
        for each in measurement.connections
        if each.opened is not None and each.ended is not None and each.ended <= connection.requested
    ]
    return ends[-1] if ends else 0.0


def _combined_line(measurement: Measurement, width: int) -> Iterator[Text]:
    duration, columns = measurement.duration, max(1, width - 4)
    counts = measurement.events_over_time.columns(columns, duration)
    ends = measurement.ends_over_time.columns(columns, duration)
    yield Text("  ").append_text(_styled([level(count, max(counts)) for count in counts]))
    if any(ends):
        yield Text("  ").append_text(_styled([LOST if count else " " for count in ends]))
    yield from _axis(duration, columns, 2, width)
    connections = plural(measurement.opened, "connection")
    yield Text(f"  {_scale(max(counts), duration, columns)}, {LOST} end of one of {connections}", NOTE_STYLE)


def level(count: int, highest: int) -> str:
    """Return a block whose height shows this count relative to the highest; a dot for none."""
    return LEVELS[min(len(LEVELS) * count // (highest + 1), len(LEVELS) - 1)] if count else QUIET


def _styled(row: Sequence[str]) -> Text:
    text = Text()
    for character in row:
        text.append(character, MARK_STYLES.get(character, LEVEL_STYLE))
    return text


def _scale(highest: int, duration: float, columns: int) -> str:
    return f"{LEVELS[-1]} {plural(highest, 'event')} in {seconds_text(duration / columns)}"


def _axis(duration: float, columns: int, left: int, width: int) -> Iterator[Text]:
    step = tick(duration, columns // 10)
    line, labels = ["─"] * columns, ""
    for index in range(int(duration / step) + 1):
        column = column_of(index * step, columns, duration)
        label = seconds_text(index * step)
        if len(labels) <= column and left + column + len(label) <= width:
            line[column] = "┬"
            labels = f"{labels:<{column}}{label} "
    yield Text(" " * left + "".join(line), NOTE_STYLE)
    yield Text(" " * left + labels.rstrip(), NOTE_STYLE)


def tick(duration: float, max_ticks: int) -> float:
    """Return a round number of seconds between ticks, such that there are at most `max_ticks`."""
    minimum = duration / max(max_ticks, 1)
    for seconds in TICKS:
        if seconds >= minimum >= TICKS[0] / 2:
            return seconds
    power = 10.0**-6
    while True:
        for step in (1, 2, 5):
            if step * power >= minimum:
                return step * power
        power *= 10


def _legend(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    marks = {QUIET: "quiet", WAIT: "not connected", END: "ended", LOST: "failed"}
    for mark, meaning in marks.items():
        if any(mark in row for row in rows):
            yield f"{mark} {meaning}"
