"""Draw the figures of a full run as bars: time per event, as multiples of this library's. `make bench-chart`.

    chart.py [RESULTS]

The picture is SVG without scripts or fonts of its own. It follows the reader's light or dark color scheme.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import results
from benchmarks.fixtures import ANTHROPIC, FOUR_FIELDS, OPENAI, PER_EVENT, WIKIMEDIA
from benchmarks.rows import chunks_name
from benchmarks.this_library import THIS_LIBRARY
from benchmarks.v8 import V8
from sse_transports.cli.stats._svg import document, text

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = "3.11"
"""The oldest supported version, whose figures are published."""
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "parse-speed.svg"
SHOWN: tuple[tuple[str, int | None], ...] = (
    (OPENAI, PER_EVENT),
    (OPENAI, 4096),
    (ANTHROPIC, 4096),
    (WIKIMEDIA, 4096),
    (FOUR_FIELDS, 65536),
)
"""The rows of the table that the chart shows."""

# All in pixels: LEFT is the room for the names, RIGHT for the figure after the longest bar, HEAD for the
# title of a row, STEP the distance from bar to bar, GAP the space between rows.
WIDTH = 760
LEFT = 190
BAR = 14
STEP = 19
HEAD = 34
GAP = 14
RIGHT = 60

LIGHT = """
.name, .figure { font-size: 12px; }
.bar { fill: #9aa4b0; }
.this-library { fill: #1a7f64; }
"""

DARK = """
.bar { fill: #59636e; }
.this-library { fill: #3fb68b; }
"""


def draw(path: Path) -> Path:
    """Draw the picture from a results file, and return the picture's path."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(results.read(path)))
    return PICTURE


def picture(figures: dict[str, Any]) -> str:
    """Return the SVG."""
    rows = {(row["fixture"], row["chunks"]): row for row in figures["rows"]}
    shown = [rows[fixture, chunks_name(chunk_size)] for fixture, chunk_size in SHOWN]
    longest = max(ratio for row in shown for _, ratio in bars(row))
    body: list[str] = []
    top = GAP
    for row in shown:
        body.append(text(8, top + 16, f"{row['fixture']}, {row['chunks']}", kind="head"))
        time_per_event = f"{THIS_LIBRARY}: {row['parsers'][THIS_LIBRARY]['ns_per_event']:,.0f} ns per event"
        body.append(text(WIDTH - 8, top + 16, time_per_event, kind="figure", anchor="end"))
        top += HEAD - 8
        for name, ratio in bars(row):
            body += bar(name, ratio, longest, top)
            top += STEP
        top += GAP
    note = f"{figures['python']}; time per event as a multiple of {THIS_LIBRARY}: shorter is faster"
    body.append(text(8, top + 8, note, kind="name"))
    label = "Time per event, compared with other parsers"
    return document(body, width=WIDTH, height=top + 20, label=label, light=LIGHT, dark=DARK)


def bars(row: dict[str, Any]) -> list[tuple[str, float]]:
    """Return the name and the ratio of each bar: this library first, then the others, fastest first."""
    ratios = {name: parser["over_this_library"] for name, parser in row["parsers"].items()}
    others = sorted((ratio, name) for name, ratio in ratios.items() if name != THIS_LIBRARY)
    return [(THIS_LIBRARY, 1.0), *((name, ratio) for ratio, name in others)]


def bar(name: str, ratio: float, longest: float, top: int) -> Iterator[str]:
    """Yield the elements of one bar: its name, its rectangle, its figure."""
    length = max(1.0, (WIDTH - LEFT - RIGHT) * ratio / longest)
    kind = "this-library" if name == THIS_LIBRARY else "bar"
    label = "eventsource-parser (V8)" if name == V8 else name
    base = top + BAR - 3
    yield text(LEFT - 8, base, label, kind="name", anchor="end")
    yield f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2"/>'
    yield text(round(LEFT + length + 6, 1), base, f"{ratio:.2f}x", kind="figure")


def main() -> None:
    """Draw the results of the oldest Python, or those of the named file."""
    path = Path(sys.argv[1]) if sys.argv[1:] else results.path_for(PYTHON)
    if not path.exists():
        raise SystemExit("there are no results yet: run `make bench` first")
    print(draw(path))


if __name__ == "__main__":
    main()
