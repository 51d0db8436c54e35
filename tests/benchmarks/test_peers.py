"""Each peer, fed as its client feeds it, answers what is right of the benchmark's streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.answers import difference, said
from benchmarks.fixtures import CUTS, STREAMS, many_lines

if TYPE_CHECKING:
    from benchmarks.fixtures import Fixture
    from benchmarks.peers import PythonParser, Read

pytest.importorskip("assel", reason="the peers are not installed")

from benchmarks.peers import python_parsers

FIXTURES = [*(make(200) for make in STREAMS.values()), many_lines(300)]


def answered(read: Read, fixture: Fixture, size: int | None) -> str:
    answers = [say for event in read(fixture.cut(size)) if (say := said(event))]
    return difference(answers, [(event.data, event.event, event.id) for event in fixture.events])


@pytest.mark.parametrize("fixture", FIXTURES, ids=[fixture.name for fixture in FIXTURES])
@pytest.mark.parametrize("parser", python_parsers(), ids=[parser.name for parser in python_parsers()])
def test_what_is_timed_answers_right(parser: PythonParser, fixture: Fixture) -> None:
    for size in CUTS:
        assert answered(parser.read, fixture, size) == "", size
