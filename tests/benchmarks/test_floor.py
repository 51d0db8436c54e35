"""Every way of the floor makes exactly the events that a parser must make."""

from __future__ import annotations

import pytest

from benchmarks.fixtures import CHUNK_SIZES, GIANTS, STREAMS, Fixture
from benchmarks.floor import feed_way, ways

COUNT = 500

CASES = [
    *((STREAMS[name](COUNT), size) for name in STREAMS for size in CHUNK_SIZES),
    *((make(4000), size) for make, _, sizes in GIANTS.values() for size in sizes),
]


@pytest.mark.parametrize(("fixture", "size"), CASES, ids=[f"{case[0].name}, {case[1]}" for case in CASES])
def test_every_way_makes_the_expected_events(fixture: Fixture, size: int | None) -> None:
    found = ways(fixture.name, size)
    assert found
    for name, way in {**found, **feed_way(fixture.name, size)}.items():
        assert list(way(fixture.split(size))) == fixture.events, name


def test_unknown_fixture_has_no_floor() -> None:
    assert ways("something recorded", 4096) == {}
