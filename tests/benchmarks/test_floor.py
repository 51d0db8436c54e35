"""The floor makes the very events that a parser must make: it may know the shape, not leave out work."""

from __future__ import annotations

import pytest

from benchmarks.fixtures import CUTS, GIANTS, STREAMS, Fixture
from benchmarks.floor import fed_way, ways

COUNT = 500

CASES = [
    *((STREAMS[name](COUNT), size) for name in STREAMS for size in CUTS),
    *((make(4000), size) for make, _, cuts in GIANTS.values() for size in cuts),
]


@pytest.mark.parametrize(("fixture", "size"), CASES, ids=[f"{case[0].name}, {case[1]}" for case in CASES])
def test_every_way_makes_the_expected_events(fixture: Fixture, size: int | None) -> None:
    found = ways(fixture.name, size)
    assert found
    for name, way in {**found, **fed_way(fixture.name, size)}.items():
        assert list(way(fixture.cut(size))) == fixture.events, name


def test_what_is_of_unknown_shape_has_no_floor() -> None:
    assert ways("something recorded", 4096) == {}
