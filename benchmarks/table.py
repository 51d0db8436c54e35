"""Print the table: one line per fixture and chunk size, one column per parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.rows import chunks_name
from benchmarks.this_library import THIS_LIBRARY
from benchmarks.v8 import V8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rows import Row

SHORT_NAMES = {"launchdarkly-eventsource": "launchdarkly", V8: "JS on V8"}

LEGEND = """\
sse-core: ns per event. Others: as a multiple of sse-core; below 1.00 is faster.
! events wrong.  > stopped before the end; at least this."""


def lines(rows: list[Row]) -> Iterator[str]:
    """Yield the lines of the table."""
    names = [name for name in rows[0].timings if name != THIS_LIBRARY]
    heads = [SHORT_NAMES.get(name, name) for name in names]
    widths = [max(9, len(head)) for head in heads]
    first = max(len(row.fixture) for row in rows)
    yield _line("", "", THIS_LIBRARY, heads, first, widths)
    fixture = ""
    for row in rows:
        columns = [_column(row, name) for name in names]
        shown = "" if row.fixture == fixture else row.fixture
        fixture = row.fixture
        time_per_event = f"{row.this_library / row.events * 1e9:,.0f}"
        yield _line(shown, chunks_name(row.chunk_size), time_per_event, columns, first, widths)


def _line(
    fixture: str,
    chunks: str,
    this_library: str,
    columns: list[str],
    first: int,
    widths: list[int],
) -> str:
    others = " ".join(f"{column:>{width}}" for column, width in zip(columns, widths, strict=True))
    return f"{fixture:{first}} {chunks:19} {this_library:>11} {others}"


def _column(row: Row, name: str) -> str:
    timing = row.timings[name]
    ratio = row.ratio(name)
    text = f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"
    return f"{'>' if timing.stopped else ''}{text}{'!' if timing.wrong else ''}"


def mistakes(rows: list[Row]) -> Iterator[str]:
    """Yield a line for each parser with wrong events, and for each that was stopped."""
    for row in rows:
        for name, timing in row.timings.items():
            if timing.wrong:
                yield f"{name} returns wrong events in {row.name}: {timing.wrong}"
            if timing.stopped:
                yield f"{name} was stopped in {row.name}"
