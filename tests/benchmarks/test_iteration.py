"""The benchmark of the iteration reads every event, and would notice one that is lost or doubled."""

from __future__ import annotations

import sys

import pytest

from benchmarks import iteration_speed
from benchmarks.feed_server import payload
from benchmarks.iteration_speed import READERS, SHAPES, Reader, collect, cpu_seconds, make_chunks
from sse_core import Event

EVENTS = 150
EXPECTED = [Event(payload(number)) for number in range(EVENTS)]

each_reader = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
each_shape = pytest.mark.parametrize("per_chunk", SHAPES.values(), ids=SHAPES)


@each_reader
@each_shape
def test_reader_yields_every_event(reader: Reader, per_chunk: int) -> None:
    chunks = make_chunks(EVENTS, per_chunk)
    assert len(chunks) == -(-EVENTS // per_chunk)
    assert collect(reader, chunks) == EXPECTED
    assert collect(reader, chunks[:-1]) != EXPECTED


@each_reader
@each_shape
def test_reader_reads_all_chunks_when_it_is_timed(reader: Reader, per_chunk: int) -> None:
    read: list[bytes] = []

    class Chunks(list[bytes]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            for chunk in super().__iter__():
                read.append(chunk)
                yield chunk

    chunks = Chunks(make_chunks(EVENTS, per_chunk))
    assert cpu_seconds(reader, chunks) >= 0
    assert read == list(make_chunks(EVENTS, per_chunk))


def test_wrong_events_end_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["iteration_speed.py", "--events", "3", "--rounds", "1"])
    monkeypatch.setattr(iteration_speed, "collect", lambda reader, chunks: [])
    with pytest.raises(SystemExit, match=r"Parser\.feed returns wrong events: one event a read"):
        iteration_speed.main()


def test_figures_are_multiples_of_feed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["iteration_speed.py", "--events", "130", "--rounds", "1"])
    iteration_speed.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("  Parser.feed") and line.endswith(" 1.00x feed")]
    assert len([line for line in lines if line.endswith("x feed")]) == len(SHAPES) * len(READERS)
