"""One row of the table: one fixture in chunks of one size, read by every parser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.compare_events import compare_events
from benchmarks.fixtures import PER_EVENT, PER_LINE
from benchmarks.rounds import SLOW_SECONDS, Runner, Timing, check_and_time, cpu_seconds, run_rounds
from benchmarks.this_library import THIS_LIBRARY
from benchmarks.v8 import V8

if TYPE_CHECKING:
    from benchmarks.fixtures import Fixture
    from benchmarks.peers import PythonParser
    from benchmarks.recordings import Recordings
    from benchmarks.v8 import NodeParser

# Other parsers run in every third round only. This library runs in every round: all ratios depend on it.
PEERS_EVERY = 3


@dataclass
class Row:
    """The times of all parsers for one fixture in chunks of one size.

    Attributes:
        fixture: the fixture's name.
        chunk_size: the bytes of a chunk, PER_EVENT or PER_LINE.
        events: the number of events.
        timings: one per parser, by its name; this library's is among them.
    """

    fixture: str
    chunk_size: int | None
    events: int
    timings: dict[str, Timing]

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


def chunks_name(chunk_size: int | None) -> str:
    """Return the name of a chunk size, for printing."""
    names = {PER_EVENT: "one event per chunk", PER_LINE: "one line per chunk"}
    return names.get(chunk_size, f"{chunk_size}-byte chunks")


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
    runners = []
    for name, read in readers.items():
        timing = check_and_time(read, streams, expected)
        slow = timing.stopped or timing.seconds > SLOW_SECONDS
        every = 0 if slow else 1 if name == THIS_LIBRARY else PEERS_EVERY
        runners.append(Runner(name, partial(cpu_seconds, read, streams), timing, every))
    if node is not None:
        wrong = compare_events(node.load(streams), expected)
        runners.append(Runner(V8, node.round, Timing(0.0, wrong), PEERS_EVERY))
    timings = run_rounds(runners, rounds)
    return Row(fixture.name, chunk_size, len(fixture.events), timings)
