"""The measurement as an SVG: events over time on the left, a histogram on the right, figures above."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .._terminal import printable
from .._units import bytes_text, plural, rate_text, seconds_text, share_text
from ._buckets import buckets
from ._connection_timeline import tick
from ._distribution import Distribution
from ._model import Connection, Measurement
from ._svg import document, text

WIDTH = 760
MARGIN = 16
"""Pixels on each side."""

TOP = 152
"""The top of the charts, below title and figures."""

HEIGHT = 232
"""The height of the charts."""

BAR_STEP = 22
"""Pixels from one bar to the next, at most."""

LEFT_END = 452
"""The right edge of the chart on the left."""

RIGHT_BEGIN = 500
"""The left edge of the chart on the right."""

MAX_TITLE = 78
SHOWN_TYPES = 9

LIGHT = """
.title { font-size: 15px; font-weight: 600; }
.figure { font-size: 17px; font-weight: 600; }
.note { font-size: 12px; fill: #636c76; }
.page { fill: #ffffff; }
.axis { stroke: #d1d9e0; fill: none; }
.bar { fill: #1a7f64; }
.line { stroke: #1a7f64; stroke-width: 2; stroke-linejoin: round; fill: none; }
.area { fill: #1a7f64; opacity: 0.12; }
.disconnected { fill: #9aa4b0; opacity: 0.25; }
.lost { stroke: #c4432b; stroke-width: 2; stroke-linecap: round; fill: none; }
.end { stroke: #636c76; stroke-width: 2; stroke-linecap: round; fill: none; }
"""

DARK = """
.note { fill: #9198a1; }
.page { fill: #0d1117; }
.axis { stroke: #3d444d; }
.bar { fill: #3fb68b; }
.line { stroke: #3fb68b; }
.area { fill: #3fb68b; }
.lost { stroke: #f0765f; }
.end { stroke: #9198a1; }
"""


def picture(measurement: Measurement, title: str) -> str:
    """Return the SVG.

    Args:
        measurement: the measurement.
        title: the name of the stream.
    """
    shown = printable(title)
    if len(shown) > MAX_TITLE:
        shown = f"{shown[: MAX_TITLE - 1]}…"
    body = [text(MARGIN, 32, shown, kind="title"), *_key_figures(measurement)]
    height = TOP + HEIGHT + 56
    if measurement.timed:
        body += _events_over_time(measurement)
        body += _histogram("intervals between events", measurement.intervals, seconds_text, "same read")
    else:
        types, sizes = _event_types(measurement), buckets(measurement.sizes)
        height = TOP + min(HEIGHT, BAR_STEP * max(len(types), len(sizes))) + MARGIN
        body += [text(MARGIN, TOP - 12, "event types", kind="head"), *_bars(types, MARGIN, LEFT_END, 200)]
        body += _histogram("data of events", measurement.sizes, bytes_text, "empty")
    label = f"{plural(measurement.events, 'event')} of {shown}"
    body.insert(0, f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>')
    return document(body, width=WIDTH, height=height, label=label, light=LIGHT, dark=DARK)


def _key_figures(measurement: Measurement) -> Iterator[str]:
    shown = list(_timed_figures(measurement) if measurement.timed else _plain_figures(measurement))
    step = (WIDTH - 2 * MARGIN) / len(shown)
    for index, (name, figure, note) in enumerate(shown):
        x = MARGIN + index * step
        yield text(x, 62, name, kind="note")
        yield text(x, 84, figure, kind="figure")
        yield text(x, 102, note, kind="note")


def _timed_figures(measurement: Measurement) -> Iterator[tuple[str, str, str]]:
    rate = measurement.connected
    events, size = measurement.events, measurement.bytes
    first_event = _seconds(measurement.first_event)
    yield "first event", first_event, f"headers {_seconds(measurement.response_headers)}"
    silence = seconds_text(measurement.longest_silence)
    yield "duration", seconds_text(measurement.duration), f"silence {silence}"
    yield "events", f"{events:,}", f"{rate_text(events / rate)} a second" if rate else ""
    yield "bytes", bytes_text(size), f"{bytes_text(size / rate)} a second" if rate else ""
    p50, p99 = (seconds_text(measurement.intervals.percentile(percent)) for percent in (50, 99))
    yield "interval, p50", p50, f"p99 {p99}"
    disconnected = measurement.disconnected
    note = f"{seconds_text(disconnected)} not connected" if disconnected else ""
    yield "connections", f"{measurement.opened:,}", note


def _plain_figures(measurement: Measurement) -> Iterator[tuple[str, str, str]]:
    sizes, events = measurement.sizes, measurement.events
    yield "events", f"{events:,}", f"{share_text(measurement.json, events)} JSON"
    yield "bytes", bytes_text(measurement.bytes), f"{bytes_text(sizes.total)} of data"
    yield "data of an event, p50", bytes_text(sizes.percentile(50)), f"p99 {bytes_text(sizes.percentile(99))}"
    yield "comments", f"{measurement.comments:,}", "times are unknown"


def _seconds(seconds: float | None) -> str:
    return "none" if seconds is None else seconds_text(seconds)


def _events_over_time(measurement: Measurement) -> Iterator[str]:
    duration = measurement.duration or 1.0
    left, bottom = MARGIN, TOP + HEIGHT

    def across(seconds: float) -> float:
        return left + (LEFT_END - left) * seconds / duration

    yield text(left, TOP - 12, "events over time, cumulative", kind="head")
    yield text(LEFT_END, TOP - 12, f"{measurement.events:,}", kind="note", anchor="end")
    opened = [each for each in measurement.connections if each.opened is not None]
    for begin, end in _disconnected(measurement, opened):
        x, width = across(begin), across(end) - across(begin)
        yield f'<rect class="disconnected" x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT}"/>'
    yield f'<path class="axis" d="M{left} {TOP}H{LEFT_END}M{left} {bottom}H{LEFT_END}"/>'
    line = _line(measurement, across)
    yield f'<path class="area" d="{line}V{bottom}H{left}Z"/>'
    yield f'<path class="line" d="{line}"/>'
    for each in opened:
        if each.ended is not None and each.cause != "left":
            yield _mark(across(each.ended), is_end=each.cause == "complete")
    yield from _axis(duration, across)
    yield from _legend(measurement, opened)


def _line(measurement: Measurement, across: Callable[[float], float]) -> str:
    """Return the path of the cumulative number of events."""
    columns = LEFT_END - MARGIN
    duration = measurement.duration or 1.0
    points, total = [f"M{MARGIN} {TOP + HEIGHT}"], 0
    for column, count in enumerate(measurement.events_over_time.columns(columns, duration)):
        if count:
            # A step: flat up to this column, then straight up.
            total += count
            x = across(duration * (column + 0.5) / columns)
            y = TOP + HEIGHT * (1 - total / measurement.events)
            points.append(f"H{x:.1f}V{y:.1f}")
    return "".join([*points, f"H{LEFT_END}"])


def _disconnected(measurement: Measurement, opened: Sequence[Connection]) -> Iterator[tuple[float, float]]:
    """Yield the begin and end of each time without a connection."""
    end = 0.0
    for each in opened:
        yield end, each.opened or 0.0
        end = each.ended or measurement.duration
    if measurement.opened == len(opened):
        yield end, measurement.duration


def _mark(x: float, *, is_end: bool) -> str:
    y = TOP + HEIGHT
    if is_end:
        return f'<path class="end" d="M{x:.1f} {y - 6}v12"/>'
    return f'<path class="lost" d="M{x - 4:.1f} {y - 4}l8 8m0 -8l-8 8"/>'


def _axis(duration: float, across: Callable[[float], float]) -> Iterator[str]:
    y = TOP + HEIGHT + 20
    step = tick(duration, 6)
    for index in range(int(duration / step) + 1):
        x = across(index * step)
        anchor = "middle" if index and x < LEFT_END - 20 else ("end" if index else "")
        yield text(x, y, seconds_text(index * step), kind="note", anchor=anchor)


def _legend(measurement: Measurement, opened: Sequence[Connection]) -> Iterator[str]:
    entries = []
    causes = {each.cause for each in opened}
    if causes - {"left", "complete"}:
        entries.append("× lost")
    if "complete" in causes:
        entries.append("| ended")
    if measurement.disconnected or measurement.response_headers:
        entries.append("shaded: not connected")
    yield text(MARGIN, TOP + HEIGHT + 42, ",   ".join(entries), kind="note")


def _event_types(measurement: Measurement) -> list[tuple[str, int]]:
    types = measurement.types.most_common()
    rest = types[SHOWN_TYPES:]
    rows = [(printable(name), count) for name, count in types[:SHOWN_TYPES]]
    if rest:
        rows.append((plural(len(rest), "further type"), sum(count for _, count in rest)))
    return rows


def _histogram(
    heading: str, values: Distribution, unit: Callable[[float], str], zero_label: str
) -> Iterator[str]:
    yield text(RIGHT_BEGIN, TOP - 12, heading, kind="head")
    rows = [
        (f"{unit(bar.low)} – {unit(bar.high)}" if bar.high else zero_label, bar.frequency)
        for bar in buckets(values)
    ]
    yield from _bars(rows, RIGHT_BEGIN, WIDTH - MARGIN, 108)


def _bars(rows: Sequence[tuple[str, int]], left: int, right: int, name_width: int) -> Iterator[str]:
    """Yield bars between two x positions, each with its name before it and its count after it."""
    if not rows:
        return
    step = min(HEIGHT / len(rows), BAR_STEP)
    highest = max(count for _, count in rows)
    max_length = right - left - name_width - 52
    for index, (name, count) in enumerate(rows):
        y = TOP + index * step
        base = y + step / 2 + 4
        length = max(1.0, max_length * count / highest) if count else 0.0
        shown = name if len(name) <= name_width // 7 else f"{name[: name_width // 7 - 1]}…"
        yield text(left + name_width - 8, base, shown, kind="note", anchor="end")
        yield (
            f'<rect class="bar" x="{left + name_width}" y="{y + 2:.1f}" width="{length:.1f}"'
            f' height="{step - 4:.1f}" rx="2"/>'
        )
        yield text(left + name_width + length + 6, base, f"{count:,}", kind="note")
