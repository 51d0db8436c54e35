"""A damaged recording names the damaged line, and everything before it can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sse_core import Event
from sse_transports import EventSource
from sse_transports.testing import (
    HALF_CHARACTER,
    Recording,
    RecordingError,
    ScriptedTransport,
    UnexpectedRequest,
    record,
    replay,
)

URL = "http://stream.test/feed"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording of two connections: lines 1 to 4, and 5 to 8."""
    path = tmp_path / "feed.jsonl"
    transport = ScriptedTransport([[Event("a", id="1"), Event("b", id="2")], [Event("c"), Event("end")]])
    with record(EventSource(URL, transport=transport, until="end"), path) as source:
        assert len(list(source)) == 3
    assert path.read_bytes().count(b"\n") == 8
    return path


def replayed(recording: Recording) -> list[str]:
    """Return the data of all events, and "no more" if the recording ends too early."""
    data: list[str] = []
    try:
        data.extend(event.data for event in EventSource(URL, transport=recording.transport(), until="end"))
    except UnexpectedRequest:
        data.append("no more")
    return data


def test_a_complete_file_is_replayed(path: Path) -> None:
    assert replayed(replay(path)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        (3, "{", "not JSON"),
        (3, "", "not JSON"),
        (3, "\xff", "not JSON"),
        (3, '{"seconds":' + "[" * 200_000, "not from a recording: nested too deeply"),
        (3, "[]", "expected an object, not list"),
        (3, '{"seconds": 0}', "expected a chunk (text or base64) or an end (complete, lost, "),
        (3, '{"seconds": 0, "text": ""}', "expected a chunk"),
        (3, '{"seconds": 0, "text": 7}', "expected a chunk"),
        (3, '{"seconds": 0, "end": "bang"}', "expected a chunk"),
        (3, '{"text": "a"}', "seconds: expected 0 or more, not None"),
        (3, '{"seconds": -1, "text": "a"}', "seconds: expected 0 or more, not -1"),
        (3, '{"seconds": NaN, "text": "a"}', "seconds: expected 0 or more, not nan"),
        (3, '{"seconds": true, "text": "a"}', "seconds: expected 0 or more, not True"),
        (3, '{"seconds": 0, "text": "\\ud800"}', "text: contains a lone surrogate"),
        (3, '{"seconds": 0, "base64": "%%%"}', "base64: not base64"),
        (5, '{"seconds": 0, "text": "a"}', "expected the beginning of a connection in version 1, not None"),
        (5, '{"version": 2}', "expected the beginning of a connection in version 1, not 2"),
        (5, '{"version": 1, "time": 7}', "time: expected text"),
        (5, '{"version": 1, "time": "", "method": "", "url": ""}', "status: expected a number"),
        (
            5,
            '{"version": 1, "time": "", "method": "", "url": "", "status": 200, "seconds": 0}',
            "request_headers: expected a list of pairs",
        ),
    ],
)
def test_a_damaged_line_is_named(path: Path, line: int, text: str, reason: str) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] = text.encode("latin-1")
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(RecordingError) as caught:
        replay(path)
    error = caught.value
    assert (error.path, error.line) == (path, line)
    assert str(error).startswith(f"{path}, line {line}: {reason}")
    assert replayed(error.recording) == (["a", "no more"] if line == 3 else ["a", "b", "no more"])


def test_a_file_truncated_anywhere_can_be_used(path: Path) -> None:
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        # A line without its LF is complete.
        if content[:size].endswith((b'"complete"}\n', b'"complete"}')):
            assert len(replay(path).connections) == content[:size].count(b'"complete"}')
            continue
        with pytest.raises(RecordingError) as caught:
            replay(path)
        kept = content[:size].count(b"\n")
        assert caught.value.line == kept + 1
        if content[size : size + 1] == b"\n":
            kept += 1
        chunks = sum(len(connection.chunks) for connection in caught.value.recording.connections)
        assert chunks == sum(b'"text"' in line for line in content.split(b"\n")[:kept])


def test_an_empty_file_is_not_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    with pytest.raises(RecordingError, match="line 1: the recording is empty"):
        replay(path)


def test_unknown_names_are_ignored(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'{"seconds"', b'{"note": [1], "seconds"'))
    assert replayed(replay(path)) == ["a", "b", "c"]


def test_a_missing_file_raises_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replay(tmp_path / "none.jsonl")


def test_the_example_in_the_docs_is_a_recording(tmp_path: Path) -> None:
    guide = Path(__file__).parents[3] / "docs" / "reference" / "recordings.md"
    (example,) = re.findall(
        r"^```json\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "example.jsonl").write_text(example, encoding="utf-8")
    (connection,) = replay(tmp_path / "example.jsonl").connections
    assert [chunk.data for chunk in connection.chunks] == [b"data: hello\n\n", b"data: " + HALF_CHARACTER]
    assert connection.end == "lost"
