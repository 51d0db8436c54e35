"""One cell of the table: a fixture in one cut, read by everybody."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import floor
from benchmarks.answers import difference
from benchmarks.fixtures import LIVE
from benchmarks.ours import OURS
from benchmarks.rounds import SLOW_SECONDS, Figure, Runner, alternate, checked, seconds_of
from benchmarks.v8 import V8

if TYPE_CHECKING:
    from benchmarks.fixtures import Fixture
    from benchmarks.peers import PythonParser
    from benchmarks.recordings import Recordings
    from benchmarks.v8 import NodeParser

# The peers take part in every third round; ours and the floor, which are compared most closely, in all.
PEERS_EVERY = 3


@dataclass
class Cell:
    """What everybody needed for one fixture in one cut.

    Attributes:
        fixture: its name.
        cut: the bytes of a chunk, or None for an event per chunk.
        events: how many there are.
        figures: by the parser's name; ours among them.
        floor: the seconds of the fastest way that knows the shape, or None if no way does.
        floor_way: what that way is called.
        fed_floor: the seconds of such a way behind a call that returns a list, as a parser's is.
    """

    fixture: str
    cut: int | None
    events: int
    figures: dict[str, Figure]
    floor: float | None
    floor_way: str
    fed_floor: float | None

    @property
    def name(self) -> str:
        """What the cell is called."""
        return f"{self.fixture}, {cut_name(self.cut)}"

    @property
    def ours(self) -> float:
        """Seconds that ours took."""
        return self.figures[OURS].seconds

    @property
    def peers(self) -> dict[str, Figure]:
        """The figures of the Python peers."""
        return {name: figure for name, figure in self.figures.items() if name not in (OURS, V8)}

    @property
    def fastest_peer(self) -> str:
        """The Python peer that took least, be its answers right or wrong."""
        return min(self.peers, key=lambda name: self.peers[name].seconds)

    def ratio(self, name: str) -> float:
        """How many times as long as ours another took."""
        return self.figures[name].seconds / self.ours

    @property
    def over_floor(self) -> float | None:
        """How many times as long as the floor ours took."""
        return None if self.floor is None else self.ours / self.floor


def cut_name(cut: int | None) -> str:
    """Return what a cut is called."""
    return "one event per chunk" if cut is LIVE else f"{cut}-byte chunks"


def measure(
    fixture: Fixture | Recordings,
    cut: int | None,
    parsers: list[PythonParser],
    node: NodeParser | None,
    rounds: int,
) -> Cell:
    """Check everybody's answers, then time everybody."""
    streams = fixture.streams(cut)
    expected = [(event.data, event.event, event.id) for event in fixture.events]
    readers = {parser.name: parser.read for parser in parsers}
    ways = floor.ways(fixture.name, cut) | floor.fed_way(fixture.name, cut)
    for name, way in ways.items():
        made = [event for chunks in streams for event in way(chunks)]
        if made != fixture.events:
            raise SystemExit(f"the floor's way {name} makes other events of {fixture.name}")
    runners = []
    for name, read in {**readers, **ways}.items():
        figure = checked(read, streams, expected)
        slow = figure.stopped or figure.seconds > SLOW_SECONDS
        every = 0 if slow else 1 if name == OURS or name in ways else PEERS_EVERY
        runners.append(Runner(name, partial(seconds_of, read, streams), figure, every))
    if node is not None:
        wrong = difference(node.load(streams), expected)
        runners.append(Runner(V8, node.round, Figure(0.0, wrong), PEERS_EVERY))
    figures = alternate(runners, rounds)
    floors = {name: figures.pop(name).seconds for name in ways}
    fed = floors.pop(floor.FED, None)
    best = min(floors, key=lambda name: floors[name]) if floors else ""
    return Cell(fixture.name, cut, len(fixture.events), figures, floors.get(best), best, fed)
