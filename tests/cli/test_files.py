"""Recordings and raw bodies are recognized, and read as their bytes arrive."""

from __future__ import annotations

import io
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from sse_core import ContentTypeError, Event, Parser
from sse_transports import EventSource
from sse_transports.cli._files import DamagedFile, StreamFile
from sse_transports.testing import Cut, ScriptedTransport, record

URL = "http://stream.test/feed"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording of three connections: one dropped, an HTTP error, and one that the client closed."""
    path = tmp_path / "feed.jsonl"
    transport = ScriptedTransport(
        [
            [Event("a", id="1"), Event("b", id="2"), Cut()],
            [503, {"Content-Type": "text/event-stream"}, b"sorry"],
            [Event("c"), Event("end")],
        ]
    )
    with record(EventSource(URL, transport=transport, until="end"), path) as source:
        assert len(list(source)) == 3
    return path


def events_of(path: str, seen: list[str] | None = None) -> list[str]:
    parser = Parser()
    seen = [] if seen is None else seen
    with StreamFile(path) as file:
        for connection in file:
            parser.reset()
            for data, _ in connection:
                if connection.is_stream:
                    seen.extend(event.data for event in parser.feed(data))
    return seen


def replace_stdin(monkeypatch: pytest.MonkeyPatch, descriptor: int) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.FileIO(descriptor))))


def test_recording_has_connections_times_and_ends(recording: Path) -> None:
    with StreamFile(str(recording)) as file:
        assert file.is_recording
        seen = [(connection, list(connection)) for connection in file]
    assert [connection.head.status for connection, _ in seen if connection.head] == [200, 503, 200]
    assert [connection.is_stream for connection, _ in seen] == [True, False, True]
    assert [connection.end.end for connection, _ in seen if connection.end] == [
        "lost",
        "complete",
        "complete",
    ]
    assert all(chunk.seconds is not None for _, chunks in seen for chunk in chunks)
    assert b"".join(chunk.data for chunk in seen[1][1]) == b"sorry"


def test_raw_body_is_one_connection_without_times(tmp_path: Path) -> None:
    path = tmp_path / "feed.sse"
    path.write_bytes(b"data: a\n\ndata: b\n\n")
    with StreamFile(str(path)) as file:
        assert not file.is_recording
        (connection,) = file
        assert list(connection) == [(path.read_bytes(), None)]
        assert (connection.head, connection.end, connection.is_stream) == (None, None, True)


@pytest.mark.parametrize(
    ("values", "is_stream"),
    [
        (["text/event-stream, text/event-stream"], True),
        (["text/html", "Text/Event-Stream;charset=utf-8"], True),
        (["text/event-stream, */*"], True),
        (["text/event-stream", "not a type"], True),
        (["text/event-stream, text/html"], False),
        (["text/event-stream", "text/html"], False),
        (["text/event-stream-x"], False),
        ([""], False),
    ],
)
def test_content_type_counts_as_in_a_live_stream(tmp_path: Path, values: list[str], is_stream: bool) -> None:
    path = tmp_path / "feed.jsonl"
    transport = ScriptedTransport([[200, *({"Content-Type": value} for value in values), Event("a")]])
    with record(EventSource(URL, transport=transport, retry=None), path) as source:
        if is_stream:
            assert [event.data for event in source] == ["a"]
        else:
            with pytest.raises(ContentTypeError):
                next(source)
    with StreamFile(str(path)) as file:
        assert [connection.is_stream for connection in file] == [is_stream]
    assert events_of(str(path)) == ["a"] * is_stream


def test_recording_has_the_events_of_its_streams(recording: Path) -> None:
    assert events_of(str(recording)) == ["a", "b", "c", "end"]


def test_next_connection_skips_unread_chunks(recording: Path) -> None:
    with StreamFile(str(recording)) as file:
        firsts = [next(iter(connection)).data for connection in file]
    assert firsts == [b"id: 1\ndata: a\n\n", b"sorry", b"data: c\n\n"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b'{"data": "version"}\n\ndata: a\n\n',
        b"{" * 100_000 + b"\ndata: a\n\n",
        b"{not json\ndata: a\n\n",
        b"\xef\xbb\xbfdata: a\n\n",
        b'data: {"version": 1}\n\n',
    ],
)
def test_other_files_are_raw_bodies(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "feed"
    path.write_bytes(body)
    with StreamFile(str(path)) as file:
        assert not file.is_recording
        assert b"".join(data for connection in file for data, _ in connection) == body


def test_recording_is_recognized_in_any_key_order(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes().replace(b'{"version": 1, ', b'{"note": 1, "version": 1, '))
    assert events_of(str(recording)) == ["a", "b", "c", "end"]


def test_damaged_recording_names_the_line(recording: Path) -> None:
    lines = recording.read_bytes().split(b"\n")
    lines[2] = b"{"
    recording.write_bytes(b"\n".join(lines))
    seen: list[str] = []
    with pytest.raises(DamagedFile) as caught:
        events_of(str(recording), seen)
    assert seen == ["a"]
    assert str(caught.value) == f"{recording}, line 3: not JSON"


def test_recording_truncated_in_line_1_is_damaged(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:20])
    with pytest.raises(DamagedFile, match="line 1: the line is truncated"):
        events_of(str(recording))


def test_pipe_is_read_as_bytes_arrive(monkeypatch: pytest.MonkeyPatch, recording: Path) -> None:
    first, *rest = recording.read_bytes().splitlines(keepends=True)
    for first_bytes, more, expected in [
        (b"d", b"ata: a\n\n", b"ata: a\n\n"),
        (first, rest[0], b"id: 1\ndata: a\n\n"),
    ]:
        reader, writer = os.pipe()
        replace_stdin(monkeypatch, reader)
        os.write(writer, first_bytes)
        # More is written only after these bytes were read: waiting for more would block forever.
        with StreamFile("-") as file:
            connection = next(iter(file))
            chunks = iter(connection)
            if not file.is_recording:
                assert next(chunks).data == first_bytes
            os.write(writer, more)
            assert next(chunks).data == expected
        assert not sys.stdin.closed
        os.close(writer)
        sys.stdin.close()


@pytest.mark.parametrize("kind", ["raw", "recording"])
def test_large_file_is_not_held_in_memory(tmp_path: Path, recording: Path, kind: str) -> None:
    path = tmp_path / "large"
    data = b"data: " + b"x" * 1000 + b"\n\n"
    with path.open("wb") as file:
        if kind == "recording":
            head, chunk, *_ = recording.read_bytes().splitlines(keepends=True)
            file.write(head)
            data = chunk.replace(b"data: a", b"data: " + b"a" * 1000)
        for _ in range(4000):
            file.write(data)
        if kind == "recording":
            file.write(b'{"seconds": 1, "end": "complete"}\n')
    with StreamFile(str(path)) as warmed:
        next(iter(next(iter(warmed))))
    tracemalloc.start()
    try:
        with StreamFile(str(path)) as stream:
            total = sum(len(chunk.data) for connection in stream for chunk in connection)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > 4_000_000
    assert peak < 500_000
