"""Each parser that is timed returns the right events of the fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.compare_events import compare_events, event_values
from benchmarks.fixtures import CHUNK_SIZES, PER_LINE, STREAMS, large, many_lines

if TYPE_CHECKING:
    from benchmarks.fixtures import Fixture
    from benchmarks.peers import PythonParser, Read

pytest.importorskip("assel", reason="the peers are not installed")

from benchmarks.peers import python_parsers

FIXTURES = [*(make(200) for make in STREAMS.values()), large(30), many_lines(300)]


def difference(read: Read, fixture: Fixture, size: int | None) -> str:
    found = [values for event in read(fixture.split(size)) if (values := event_values(event))]
    return compare_events(found, [(event.data, event.event, event.id) for event in fixture.events])


@pytest.mark.parametrize("fixture", FIXTURES, ids=[fixture.name for fixture in FIXTURES])
@pytest.mark.parametrize("parser", python_parsers(), ids=[parser.name for parser in python_parsers()])
def test_timed_parser_returns_right_events(parser: PythonParser, fixture: Fixture) -> None:
    for size in (*CHUNK_SIZES, PER_LINE, 50):
        assert difference(parser.read, fixture, size) == "", size
