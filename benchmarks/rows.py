"""One row of the table: one fixture in chunks of one size, read by every parser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import floor
from benchmarks.compare_events import compare_events
from benchmarks.fixtures import PER_EVENT
from benchmarks.rounds import SLOW_SECONDS, Runner, Timing, check_and_time, cpu_seconds, run_rounds
from benchmarks.this_library import THIS_LIBRARY
from benchmarks.v8 import V8

if TYPE_CHECKING:
    from benchmarks.fixtures import Fixture
    from benchmarks.peers import PythonParser
    from benchmarks.recordings import Recordings
    from benchmarks.v8 import NodeParser

# Other parsers run in every third round only. This library and the floor run in every round, because their
# ratio is the one that has to be precise.
PEERS_EVERY = 3


@dataclass
class Row:
    """The times of all parsers for one fixture in chunks of one size.

    Attributes:
        fixture: the fixture's name.
        chunk_size: the bytes of a chunk, or None for one event per chunk.
        events: the number of events.
        timings: one per parser, by its name; this library's is among them.
        floor: the seconds of the fastest of the floor's ways, or None if the fixture has none.
        floor_way: the name of that way.
        feed_floor: the seconds of a way that is called once per chunk and returns a list, as a parser is.
    """

    fixture: str
    chunk_size: int | None
    events: int
    timings: dict[str, Timing]
    floor: float | None
    floor_way: str
    feed_floor: float | None

    @property
    def name(self) -> str:
        """The fixture and the chunk size, for printing."""
        return f"{self.fixture}, {chunks_name(self.chunk_size)}"

    @property
    def this_library(self) -> float:
        """Seconds that this library took."""
        return self.timings[THIS_LIBRARY].seconds

    @property
    def peers(self) -> dict[str, Timing]:
        """The timings of the other Python parsers."""
        return {name: timing for name, timing in self.timings.items() if name not in (THIS_LIBRARY, V8)}

    @property
    def fastest_peer(self) -> str:
        """The fastest other Python parser, whether its events are right or wrong."""
        return min(self.peers, key=lambda name: self.peers[name].seconds)

    def ratio(self, name: str) -> float:
        """The time of another parser divided by the time of this library."""
        return self.timings[name].seconds / self.this_library

    @property
    def over_floor(self) -> float | None:
        """The time of this library divided by the floor, or None without a floor."""
        return None if self.floor is None else self.this_library / self.floor


def chunks_name(chunk_size: int | None) -> str:
    """Return the name of a chunk size, for printing."""
    return "one event per chunk" if chunk_size is PER_EVENT else f"{chunk_size}-byte chunks"


def measure(
    fixture: Fixture | Recordings,
    chunk_size: int | None,
    parsers: list[PythonParser],
    node: NodeParser | None,
    rounds: int,
) -> Row:
    """Check the events of every parser, then time all of them."""
    streams = fixture.streams(chunk_size)
    expected = [(event.data, event.event, event.id) for event in fixture.events]
    readers = {parser.name: parser.read for parser in parsers}
    ways = floor.ways(fixture.name, chunk_size) | floor.feed_way(fixture.name, chunk_size)
    for name, way in ways.items():
        made = [event for chunks in streams for event in way(chunks)]
        if made != fixture.events:
            raise SystemExit(f"the floor's way {name} makes wrong events of {fixture.name}")
    runners = []
    for name, read in {**readers, **ways}.items():
        timing = check_and_time(read, streams, expected)
        slow = timing.stopped or timing.seconds > SLOW_SECONDS
        every = 0 if slow else 1 if name == THIS_LIBRARY or name in ways else PEERS_EVERY
        runners.append(Runner(name, partial(cpu_seconds, read, streams), timing, every))
    if node is not None:
        wrong = compare_events(node.load(streams), expected)
        runners.append(Runner(V8, node.round, Timing(0.0, wrong), PEERS_EVERY))
    timings = run_rounds(runners, rounds)
    floors = {name: timings.pop(name).seconds for name in ways}
    feed_floor = floors.pop(floor.FEED_WAY, None)
    best = min(floors, key=lambda name: floors[name]) if floors else ""
    return Row(fixture.name, chunk_size, len(fixture.events), timings, floors.get(best), best, feed_floor)
