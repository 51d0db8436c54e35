"""Draws the figures of a full run: bars of time per event, as multiples of ours. `make bench-chart`.

    chart.py [RESULTS]

The picture is SVG without script or font of its own, and takes the reader's light or dark.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import results
from benchmarks.cells import cut_name
from benchmarks.fixtures import ANTHROPIC, FOUR_FIELDS, LIVE, OPENAI, WIKIMEDIA
from benchmarks.ours import OURS
from benchmarks.v8 import V8
from sse_transports.cli.stats._svg import document, text

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = "3.11"
"""The oldest that is supported: what everybody has at least."""
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "parse-speed.svg"
SHOWN: tuple[tuple[str, int | None], ...] = (
    (OPENAI, LIVE),
    (OPENAI, 4096),
    (ANTHROPIC, 4096),
    (WIKIMEDIA, 4096),
    (FOUR_FIELDS, 65536),
)

WIDTH = 760
LEFT = 190
BAR = 14
STEP = 19
HEAD = 34
GAP = 14
# Room to the right of the longest bar, for its figure.
RIGHT = 60

LIGHT = """
.name, .figure { font-size: 12px; }
.bar { fill: #9aa4b0; }
.ours { fill: #1a7f64; }
"""

DARK = """
.bar { fill: #59636e; }
.ours { fill: #3fb68b; }
"""


def draw(path: Path) -> Path:
    """Draw the picture from a file of results, and return where it is."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(results.read(path)))
    return PICTURE


def picture(figures: dict[str, Any]) -> str:
    """Return the SVG."""
    cells = {(cell["fixture"], cell["cut"]): cell for cell in figures["cells"]}
    shown = [cells[fixture, cut_name(cut)] for fixture, cut in SHOWN]
    longest = max(ratio for cell in shown for _, ratio in bars(cell))
    body: list[str] = []
    top = GAP
    for cell in shown:
        ours = cell["parsers"][OURS]["ns_per_event"]
        head = f"{cell['fixture']}, {cell['cut']}"
        body.append(text(8, top + 16, head, kind="head"))
        ours_text = f"{OURS}: {ours:,.0f} ns per event"
        body.append(text(WIDTH - 8, top + 16, ours_text, kind="figure", anchor="end"))
        top += HEAD - 8
        for name, ratio in bars(cell):
            body += bar(name, ratio, longest, top)
            top += STEP
        top += GAP
    note = f"{figures['python']}; time per event as a multiple of {OURS}: shorter is faster"
    body.append(text(8, top + 8, note, kind="name"))
    label = "Time per event, beside other parsers"
    return document(body, width=WIDTH, height=top + 20, label=label, light=LIGHT, dark=DARK)


def bars(cell: dict[str, Any]) -> list[tuple[str, float]]:
    """Return who is shown and how long, ours first, the others from the fastest on."""
    ratios = {name: parser["over_ours"] for name, parser in cell["parsers"].items()}
    others = sorted((ratio, name) for name, ratio in ratios.items() if name != OURS)
    return [(OURS, 1.0), *((name, ratio) for ratio, name in others)]


def bar(name: str, ratio: float, longest: float, top: int) -> Iterator[str]:
    """Give one bar with its name and its figure."""
    length = max(1.0, (WIDTH - LEFT - RIGHT) * ratio / longest)
    kind = "ours" if name == OURS else "bar"
    label = "eventsource-parser (V8)" if name == V8 else name
    base = top + BAR - 3
    yield text(LEFT - 8, base, label, kind="name", anchor="end")
    yield f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2"/>'
    yield text(round(LEFT + length + 6, 1), base, f"{ratio:.2f}x", kind="figure")


def main() -> None:
    """Draw from the results under the oldest Python, or from those that are named."""
    path = Path(sys.argv[1]) if sys.argv[1:] else results.path_for(PYTHON)
    if not path.exists():
        raise SystemExit("there are no results yet: make bench")
    print(draw(path))


if __name__ == "__main__":
    main()
