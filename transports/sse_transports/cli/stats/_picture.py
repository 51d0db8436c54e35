"""What was measured, as a picture: events over time, the histogram beside it, and figures above."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .._terminal import printable
from .._units import bytes_text, plural, rate_text, seconds_text, share_text
from ._buckets import buckets
from ._distribution import Distribution
from ._measure import Connection, Measurement
from ._strips import tick
from ._svg import document, text

WIDTH = 760
EDGE = 16
"""Pixels around everything."""

TOP = 152
"""Where the charts begin, below title and figures."""

HEIGHT = 232
"""Of the charts."""

BAR = 22
"""Pixels from one bar to the next, at most."""

MIDDLE = 452
"""Where the chart on the left ends."""

RIGHT = 500
"""Where the one on the right begins."""

LONGEST_TITLE = 78
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
.away { fill: #9aa4b0; opacity: 0.25; }
.cut { stroke: #c4432b; stroke-width: 2; stroke-linecap: round; fill: none; }
.end { stroke: #636c76; stroke-width: 2; stroke-linecap: round; fill: none; }
"""

DARK = """
.note { fill: #9198a1; }
.page { fill: #0d1117; }
.axis { stroke: #3d444d; }
.bar { fill: #3fb68b; }
.line { stroke: #3fb68b; }
.area { fill: #3fb68b; }
.cut { stroke: #f0765f; }
.end { stroke: #9198a1; }
"""


def picture(measurement: Measurement, title: str) -> str:
    """Return the SVG.

    Args:
        measurement: what was measured.
        title: what the stream is called.
    """
    shown = printable(title)
    if len(shown) > LONGEST_TITLE:
        shown = f"{shown[: LONGEST_TITLE - 1]}…"
    body = [text(EDGE, 32, shown, kind="title"), *_key_figures(measurement)]
    height = TOP + HEIGHT + 56
    if measurement.timed:
        body += _over_time(measurement)
        body += _histogram("gaps between events", measurement.gaps, seconds_text, "together")
    else:
        types, sizes = _types(measurement), buckets(measurement.sizes)
        height = TOP + min(HEIGHT, BAR * max(len(types), len(sizes))) + EDGE
        body += [text(EDGE, TOP - 12, "event types", kind="head"), *_bars(types, EDGE, MIDDLE, 200)]
        body += _histogram("data of events", measurement.sizes, bytes_text, "empty")
    label = f"{plural(measurement.events, 'event')} of {shown}"
    body.insert(0, f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>')
    return document(body, width=WIDTH, height=height, label=label, light=LIGHT, dark=DARK)


def _key_figures(measurement: Measurement) -> Iterator[str]:
    shown = list(_timed_figures(measurement) if measurement.timed else _plain_figures(measurement))
    step = (WIDTH - 2 * EDGE) / len(shown)
    for index, (name, figure, note) in enumerate(shown):
        x = EDGE + index * step
        yield text(x, 62, name, kind="note")
        yield text(x, 84, figure, kind="figure")
        yield text(x, 102, note, kind="note")


def _timed_figures(measurement: Measurement) -> Iterator[tuple[str, str, str]]:
    rate = measurement.connected
    events, size = measurement.events, measurement.bytes
    first, head = measurement.first_event, measurement.head
    yield "first event", _seconds(first), f"head {_seconds(head)}"
    yield "duration", seconds_text(measurement.duration), f"silence {seconds_text(measurement.silence)}"
    yield "events", f"{events:,}", f"{rate_text(events / rate)} a second" if rate else ""
    yield "bytes", bytes_text(size), f"{bytes_text(size / rate)} a second" if rate else ""
    gaps = measurement.gaps
    yield "gap, p50", seconds_text(gaps.percentile(50)), f"p99 {seconds_text(gaps.percentile(99))}"
    away = f"{seconds_text(measurement.lost)} not connected" if measurement.lost else ""
    yield "connections", f"{measurement.opened:,}", away


def _plain_figures(measurement: Measurement) -> Iterator[tuple[str, str, str]]:
    sizes, events = measurement.sizes, measurement.events
    yield "events", f"{events:,}", f"{share_text(measurement.json, events)} JSON"
    yield "bytes", bytes_text(measurement.bytes), f"{bytes_text(sizes.total)} of data"
    yield "data of an event, p50", bytes_text(sizes.percentile(50)), f"p99 {bytes_text(sizes.percentile(99))}"
    yield "comments", f"{measurement.comments:,}", "no times are known"


def _seconds(seconds: float | None) -> str:
    return "none" if seconds is None else seconds_text(seconds)


def _over_time(measurement: Measurement) -> Iterator[str]:
    whole = measurement.duration or 1.0
    left, bottom = EDGE, TOP + HEIGHT

    def across(seconds: float) -> float:
        return left + (MIDDLE - left) * seconds / whole

    yield text(left, TOP - 12, "events over time, all together", kind="head")
    yield text(MIDDLE, TOP - 12, f"{measurement.events:,}", kind="note", anchor="end")
    opened = [each for each in measurement.connections if each.opened is not None]
    for begin, end in _away(measurement, opened):
        x = across(begin)
        yield f'<rect class="away" x="{x:.1f}" y="{TOP}" width="{across(end) - x:.1f}" height="{HEIGHT}"/>'
    yield f'<path class="axis" d="M{left} {TOP}H{MIDDLE}M{left} {bottom}H{MIDDLE}"/>'
    line = _line(measurement, across)
    yield f'<path class="area" d="{line}V{bottom}H{left}Z"/>'
    yield f'<path class="line" d="{line}"/>'
    for each in opened:
        if each.ended is not None and each.cause != "left":
            yield _mark(across(each.ended), is_end=each.cause == "complete")
    yield from _axis(whole, across)
    yield from _legend(measurement, opened)


def _line(measurement: Measurement, across: Callable[[float], float]) -> str:
    """Return the path of the events so far."""
    columns = MIDDLE - EDGE
    whole = measurement.duration or 1.0
    points, sofar = [f"M{EDGE} {TOP + HEIGHT}"], 0
    for column, count in enumerate(measurement.events_over_time.columns(columns, whole)):
        if count:
            # Flat up to here, then up: events come at once.
            sofar += count
            x = across(whole * (column + 0.5) / columns)
            y = TOP + HEIGHT * (1 - sofar / measurement.events)
            points.append(f"H{x:.1f}V{y:.1f}")
    return "".join([*points, f"H{MIDDLE}"])


def _away(measurement: Measurement, opened: Sequence[Connection]) -> Iterator[tuple[float, float]]:
    """Give the times without a connection."""
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
    return f'<path class="cut" d="M{x - 4:.1f} {y - 4}l8 8m0 -8l-8 8"/>'


def _axis(whole: float, across: Callable[[float], float]) -> Iterator[str]:
    y = TOP + HEIGHT + 20
    step = tick(whole, 6)
    for index in range(int(whole / step) + 1):
        x = across(index * step)
        anchor = "middle" if index and x < MIDDLE - 20 else ("end" if index else "")
        yield text(x, y, seconds_text(index * step), kind="note", anchor=anchor)


def _legend(measurement: Measurement, opened: Sequence[Connection]) -> Iterator[str]:
    words = []
    causes = {each.cause for each in opened}
    if causes - {"left", "complete"}:
        words.append("× lost")
    if "complete" in causes:
        words.append("| ended")
    if measurement.lost or measurement.head:
        words.append("shaded: not connected")
    yield text(EDGE, TOP + HEIGHT + 42, ",   ".join(words), kind="note")


def _types(measurement: Measurement) -> list[tuple[str, int]]:
    types = measurement.types.most_common()
    rest = types[SHOWN_TYPES:]
    rows = [(printable(name), count) for name, count in types[:SHOWN_TYPES]]
    if rest:
        rows.append((plural(len(rest), "further type"), sum(count for _, count in rest)))
    return rows


def _histogram(head: str, spread: Distribution, words: Callable[[float], str], nothing: str) -> Iterator[str]:
    yield text(RIGHT, TOP - 12, head, kind="head")
    rows = [
        (f"{words(bar.low)} – {words(bar.high)}" if bar.high else nothing, bar.holds)
        for bar in buckets(spread)
    ]
    yield from _bars(rows, RIGHT, WIDTH - EDGE, 108)


def _bars(rows: Sequence[tuple[str, int]], left: int, right: int, names: int) -> Iterator[str]:
    """Give bars between these two places, with names of so many pixels in front and counts behind."""
    if not rows:
        return
    step = min(HEIGHT / len(rows), BAR)
    most = max(count for _, count in rows)
    room = right - left - names - 52
    for index, (name, count) in enumerate(rows):
        y = TOP + index * step
        base = y + step / 2 + 4
        length = max(1.0, room * count / most) if count else 0.0
        shown = name if len(name) <= names // 7 else f"{name[: names // 7 - 1]}…"
        yield text(left + names - 8, base, shown, kind="note", anchor="end")
        yield (
            f'<rect class="bar" x="{left + names}" y="{y + 2:.1f}" width="{length:.1f}"'
            f' height="{step - 4:.1f}" rx="2"/>'
        )
        yield text(left + names + length + 6, base, f"{count:,}", kind="note")
