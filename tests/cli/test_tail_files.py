"""`sse tail` of files and standard input: raw bodies, recordings, incomplete streams, writes, memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sse_core import Event, encode
from sse_transports import EventSource
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.cli.output._json_lines import JSONLines
from sse_transports.testing import Cut, SSEServer, record
from tests.cli.terminal import DEADLINE, SSE, environment, sse

if TYPE_CHECKING:
    from sse_transports.testing import Steps

FORMATS = ("json", "data", "raw")


def events(count: int) -> list[Event]:
    return [
        Event(f'{{"symbol": "ACME", "price": {number}, "€": "x"}}', "price", str(number))
        for number in range(count)
    ]


def body(count: int) -> bytes:
    return b"".join(map(encode, events(count)))


def test_file_and_standard_input_give_the_events(tmp_path: Path) -> None:
    path = tmp_path / "feed.sse"
    path.write_bytes(b"\xef\xbb\xbf" + body(5000))
    expected = "".join(f"{event.data}\n" for event in events(5000))
    assert sse("tail", str(path), "--format", "data").output == expected
    assert sse("tail", "-", "--format", "data", stdin=path.read_bytes()).output == expected


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_can_be_read_again(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "feed.sse"
    path.write_bytes(body(2000))
    output = sse("tail", str(path), "--format", kind).output
    if kind == "raw":
        assert sse("tail", "-", "--format", "raw", stdin=output.encode()).output == output
        output = sse("tail", "-", stdin=output.encode()).output
    if kind == "data":
        assert [json.loads(line)["price"] for line in output.splitlines()] == list(range(2000))
    else:
        read = [Event(**json.loads(line)) for line in output.splitlines()]
        assert read == events(2000)


@pytest.mark.parametrize("rest", [b"data: [DONE]\n\ndata: b\n\n", b"data: [DONE]\n", b"data: [DONE]"])
def test_until_ends_a_file_early(rest: bytes) -> None:
    stream = b"data: a\n\n" + rest
    run = sse("tail", "-", "--until", "[DONE]", "--format", "data", stdin=stream)
    assert (run.code, run.output) == (ExitCode.ENDED, "a\n")


@pytest.mark.parametrize(
    ("stream", "arguments", "message"),
    [
        (b"data: a\n\ndata: b", [], "inside an event (7 bytes of it had arrived), which begins 'data: b'"),
        (b"data: a\n\n", ["--until", "E"], "without 'E' (until)"),
        (b"data: a\n\ndata: " + b"b" * (33 * 2**20), [], "larger than max_event_size"),
    ],
)
def test_incomplete_stream_is_one_line(stream: bytes, arguments: list[str], message: str) -> None:
    run = sse("tail", "-", "--format", "data", *arguments, stdin=stream)
    assert (run.code, run.output) == (ExitCode.INCOMPLETE, "a\n")
    assert message in run.errors
    assert run.errors.count("\n") == 1


def test_recording_gives_the_events_of_all_connections(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    script: list[Steps] = [
        [b"retry: 1\n\n", Event("a", id="1"), b"data: lost", Cut()],
        [503, {"Content-Type": "text/event-stream"}, Event("no event of the feed")],
        [Event("b")],
        [204],
    ]
    with SSEServer(script) as server, record(EventSource(server.url), path) as source:
        assert [event.data for event in source] == ["a", "b"]
    run = sse("tail", str(path))
    assert (run.code, run.errors) == (ExitCode.ENDED, "")
    # The last event ID is kept across connections.
    assert [Event(**json.loads(line)) for line in run.output.splitlines()] == [
        Event("a", id="1"),
        Event("b", id="1"),
    ]


def test_until_needs_its_blank_line_where_a_recording_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    script: list[Steps] = [[Event("a", id="1"), b"data: [DONE]\n", Cut()], [204]]
    with SSEServer(script) as server, record(EventSource(server.url), path) as source:
        assert [event.data for event in source] == ["a"]
    assert sse("tail", str(path), "--until", "[DONE]").code == ExitCode.INCOMPLETE


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    run = sse("tail", str(tmp_path / "nothing.sse"))
    assert run.code == ExitCode.USAGE
    assert "no file " in run.errors
    assert run.errors.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("page", [b'{"error": "no such stream"}\n', b"<html>\n\n</html>\n"])
def test_file_without_events_is_a_warning(page: bytes) -> None:
    run = sse("tail", "-", stdin=page)
    assert (run.code, run.output) == (ExitCode.ENDED, "")
    assert run.errors == "sse: there is no event in standard input\n"


def test_until_at_once_is_no_warning() -> None:
    run = sse("tail", "-", "--until", "end", stdin=b"data: end\n\n")
    assert (run.code, run.output, run.errors) == (ExitCode.ENDED, "", "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (gzip.compress(b"data: a\n\n"), "it is compressed; decompress it with gunzip"),
        (b"\x89PNG\r\n\x1a\n\0\0", "it is a binary file"),
    ],
    ids=["empty", "gzip", "binary"],
)
@pytest.mark.parametrize("command", ["tail", "stats"])
def test_warning_says_why_a_file_has_no_events(
    command: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "feed.sse"
    path.write_bytes(content)
    run = sse(command, str(path))
    assert (run.code, run.errors) == (ExitCode.ENDED, f"sse: there is no event in {path}: {reason}\n")


def test_events_from_a_pipe_are_written_as_they_arrive() -> None:
    process = subprocess.Popen(
        [*SSE, "tail", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin as source, process.stdout as output:
        for data in ("a", "b"):
            source.write(f"data: {data}\n\n".encode())
            source.flush()
            assert json.loads(output.readline())["data"] == data
    assert process.wait(DEADLINE) in (ExitCode.ENDED, ExitCode.BROKEN_PIPE)


def test_broken_pipe_ends_a_wait_for_standard_input() -> None:
    process = subprocess.Popen(
        [*SSE, "tail", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin as source:
        source.write(b"data: a\n\n")
        source.flush()
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(DEADLINE) == ExitCode.BROKEN_PIPE


class CountingFile(io.FileIO):
    """A file that counts its writes."""

    writes = 0

    def write(self, data: object, /) -> int:
        CountingFile.writes += 1
        return super().write(data)  # type: ignore[arg-type]  # whatever it is


@pytest.mark.parametrize("kind", FORMATS)
def test_events_of_a_chunk_are_one_write(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "feed.sse"
    path.write_bytes(body(20_000))
    chunks = path.stat().st_size / 2**16
    # The events of each chunk that was read are one write.
    program = (
        "import io, sys\n"
        "from tests.cli.test_tail_files import CountingFile\n"
        "sys.stdout = io.TextIOWrapper(io.BufferedWriter(CountingFile(1, 'w', closefd=False)))\n"
        "from sse_transports.cli import main\n"
        "code = main(sys.argv[1:])\n"
        "print(CountingFile.writes, file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, "tail", str(path), "--format", kind],
        env=environment(),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
    )
    assert chunks <= int(run.stderr) <= chunks + 2


@pytest.mark.parametrize("kind", FORMATS)
def test_memory_does_not_grow_with_the_file(kind: str, tmp_path: Path) -> None:
    pattern = body(5000)
    peaks = []
    for times in (2, 40):
        path = tmp_path / f"{times}.sse"
        path.write_bytes(pattern * times)
        peaks.append(peak_of("tail", str(path), "--format", kind))
    # The second file is 9 MB larger.
    assert peaks[1] - peaks[0] < 3 * 2**20


# In a process of its own: a child's peak starts at that of its parent, and the test process is large.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def peak_of(*arguments: str) -> int:
    """Return the peak memory of a run, in bytes."""
    run = subprocess.run(
        [sys.executable, "-I", "-c", MEASURE, *SSE, *arguments],
        env=environment(),
        capture_output=True,
        check=True,
    )
    return int(run.stdout)


@pytest.mark.parametrize(
    "data",
    [
        [f'{{"id": "{"chatcmpl-1" * 9}", "delta": "\\"{number}\n"}}' for number in range(100)],
        [f'{{"id": "{"chatcmpl-1" * 9}", "' + '"' * (number % 5 == 3) for number in range(100)],
        ["x" * 200] * 100,
        ["x" * 200, "x" * 100] * 50,
        ['"' * 100 + str(number % 7) + "\\" * 100 for number in range(100)],
        [str(number) for number in range(100)],
        [("a" if number % 2 else "b") * 200 for number in range(100)],
        [""] * 100,
    ],
    ids=["chat", "nearly all", "equal", "overlapping", "escapes", "short", "two kinds", "empty"],
)
def test_shared_prefixes_do_not_change_the_json(data: Sequence[str]) -> None:
    lines = JSONLines()
    for start in range(0, len(data), 25):
        batch = data[start : start + 25]
        written = lines([Event(each) for each in batch])
        assert [json.loads(line)["data"] for line in written.splitlines()] == list(batch)
