"""`sse stats` as a person runs it: at a terminal, in a pipe, interrupted, and of files of both kinds."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sse_core import Comment, Event, encode
from sse_transports import EventSource
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.cli._options import RequestOptions
from sse_transports.cli.stats._measure import Measurement
from sse_transports.cli.stats._measured import Watch
from sse_transports.testing import Cut, NoAnswer, SSEServer, Stall, Steps, record
from tests.cli.terminal import Terminal, sse
from tests.recorded_streams import every_recording, needs_recordings

REPLY: Steps = [
    Event('{"n": 1}', id="1"),
    Comment("heartbeat"),
    Event("plain", "delta"),
    Event("[DONE]"),
]

PLAIN = RequestOptions(
    method="GET",
    headers={},
    content=None,
    last_event_id="",
    until=None,
    retry=None,
    max_attempts=None,
    timeout=60.0,
    idle_timeout=None,
    insecure=False,
)

RECORDING = """\
{"version": 1, "time": "2026-01-01T00:00:00.000+00:00", "method": "GET", "url": "https://example.com/feed", \
"request_headers": [], "seconds": 0.25, "status": 302, "headers": [["Location", "/there"]]}
{"seconds": 0.0, "end": "complete"}
{"version": 1, "time": "2026-01-01T00:00:00.250+00:00", "method": "GET", "url": "https://example.com/there", \
"request_headers": [], "seconds": 0.25, "status": 200, "headers": [["Content-Type", "text/event-stream"]]}
{"seconds": 0.5, "text": "retry: 2000\\nid: 1\\ndata: {}\\n\\n"}
{"seconds": 2.5, "text": ": heartbeat\\n\\ndata: two\\n\\ndata: three\\n\\ndata: unfini"}
{"seconds": 3.5, "end": "lost"}
{"version": 1, "time": "2026-01-01T00:00:06.000+00:00", "method": "GET", "url": "https://example.com/feed", \
"request_headers": [], "seconds": 0.5, "status": 503, "headers": []}
{"seconds": 0.5, "text": "data: this is no stream\\n\\n"}
{"seconds": 1.0, "end": "left"}
{"version": 1, "time": "2026-01-01T00:00:09.000+00:00", "method": "GET", "url": "https://example.com/feed", \
"request_headers": [], "seconds": 1.0, "status": 200, "headers": [["Content-Type", "text/event-stream"]]}
{"seconds": 1.0, "text": "event: last\\ndata: four\\n\\n"}
{"seconds": 2.0, "end": "left"}
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "feed.jsonl"
    path.write_text(RECORDING)
    return path


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.sse"
    path.write_bytes(b"retry: 100\n\n" + b"".join(encode(step) for step in REPLY if isinstance(step, Event)))
    return path


def measured(*arguments: str, code: int = ExitCode.ENDED) -> dict[str, Any]:
    run = sse("stats", "--format", "json", *arguments)
    assert run.code == code, run
    figures: dict[str, Any] = json.loads(run.output)
    return figures


def test_a_reply_is_measured_to_its_end() -> None:
    with SSEServer([REPLY]) as server:
        run = sse("stats", server.url, "-d", "hello", "--until", "[DONE]")
        assert server.calls[0].body == b"hello"
    assert run.code == ExitCode.ENDED
    assert run.errors == ""
    lines = [line.split() for line in run.output.splitlines()]
    assert lines[0] == [f"{server.url}/"]
    assert ["connections", "1", "1", "ended"] in lines
    assert ["comments", "1"] in lines
    assert ["JSON", "1", "50%", "of", "events"] in lines
    assert ["new", "IDs", "1", "all", "events", "have", "an", "ID", "to", "resume", "from"] in lines
    for head in ("percentiles", "event types", "gaps between events", "events over time"):
        assert f"\n{head}" in run.output


def test_reconnects_their_causes_and_failures_are_counted() -> None:
    script: list[Steps] = [[b"retry: 20\n\n", REPLY[0], Cut()], [503, b"busy"], [Event("b", id="2")], [204]]
    with SSEServer(script) as server:
        figures = measured(server.url)
    connections = figures["connections"]
    assert (figures["events"], figures["retry"], figures["ids"]) == (2, ["20"], {"new": 2, "with": 2})
    assert (connections["opened"], connections["reconnects"]) == (2, 1)
    # Without what the error says.
    assert figures["bytes"] == sum(each["bytes"] for each in connections["first"]) == 12 + 22 + 14
    assert connections["causes"] == {"lost": 1, "complete": 1}
    assert connections["failures"] == {"HTTP 503": 1}
    assert figures["lost"] > 0
    assert figures["duration"] >= figures["connected"] + figures["lost"]


def test_ctrl_c_ends_the_measuring_and_the_result_is_printed() -> None:
    with SSEServer([[*REPLY, Stall()]]) as server, Terminal("stats", server.url) as terminal:
        terminal.until("3 events")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert "1 left" in terminal.text
    assert "events over time" in terminal.text
    assert "Traceback" not in terminal.text


def test_ctrl_c_before_anything_came_prints_nothing() -> None:
    with SSEServer([[NoAnswer()]]) as server, Terminal("stats", server.url) as terminal:
        terminal.until("connecting")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert "connections" not in terminal.text


def test_the_live_line_is_gone_when_the_result_is_there() -> None:
    with SSEServer([[*REPLY, Stall()]]) as server, Terminal("stats", server.url) as terminal:
        terminal.until("3 events")
        terminal.interrupt()
        terminal.finish()
    before, _, result = terminal.screen.partition(f"{server.url}/")
    # To the beginning of the line, and nothing in it; the title may have a colour.
    assert before.removesuffix("\x1b[1m").endswith("\r\x1b[K")
    assert "Ctrl-C ends it" not in result


def test_a_terminal_gets_colours_and_a_pipe_gets_none(recording: Path) -> None:
    with Terminal("stats", str(recording)) as terminal:
        assert terminal.finish() == ExitCode.ENDED
    piped = sse("stats", str(recording))
    assert "\x1b[36m" in terminal.screen
    assert "\x1b" not in piped.output
    assert [line.rstrip() for line in terminal.text.splitlines()] == [
        line.rstrip() for line in piped.output.splitlines()
    ]


def test_no_color_is_honoured(recording: Path) -> None:
    with Terminal("stats", str(recording), env={"NO_COLOR": "1"}) as terminal:
        terminal.finish()
    assert "\x1b[36m" not in terminal.screen


@pytest.mark.parametrize("columns", [20, 40, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(columns: int, recording: Path) -> None:
    with Terminal("stats", str(recording), columns=columns) as terminal:
        terminal.finish()
    widths = [len(line) for line in terminal.text.splitlines()]
    assert max(widths) <= columns
    assert "events over time" in terminal.text


def test_where_only_ascii_can_be_written_it_is_drawn_with_that(recording: Path) -> None:
    run = sse("stats", str(recording), env={"PYTHONIOENCODING": "ascii"})
    assert run.code == ExitCode.ENDED
    assert run.output.isascii()
    assert "####" in run.output
    assert "x failed" in run.output


def test_a_closed_pipe_ends_it_quietly(recording: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with Terminal("stats", str(recording), output=writer) as terminal:
            assert terminal.finish() == ExitCode.CLOSED_PIPE
    finally:
        os.close(writer)
    assert terminal.text == ""


def test_it_stops_after_so_many_events() -> None:
    with SSEServer([[*REPLY, *REPLY, Stall()]]) as server:
        figures = measured(server.url, "--events", "4")
    assert figures["events"] == 4
    assert figures["connections"]["causes"] == {"left": 1}


def test_it_stops_when_the_time_to_measure_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    # The time is over when the test says so: when all that will come has come.
    over: list[Callable[[], None]] = []

    class Timer:
        daemon = False

        def __init__(self, seconds: float, function: Callable[[], None]) -> None:
            assert seconds == 60
            over.append(function)

        def start(self) -> None:
            assert self.daemon

        def cancel(self) -> None:
            over.clear()

    class Counted(Measurement):
        def item(self, item: Event | Comment) -> None:
            super().item(item)
            if self.events == 3:
                threading.Thread(target=over[0]).start()

    monkeypatch.setattr("sse_transports.cli.stats._measured.Timer", Timer)
    monkeypatch.setattr("sse_transports.cli.stats._measured.Measurement", Counted)
    with SSEServer([[*REPLY, Stall()]]) as server:
        watch = Watch(PLAIN, server.url, seconds=60)
        watch.run()
    assert watch.measurement.causes == {"left": 1}
    assert not over


def test_no_stream_in_the_time_to_measure_is_told() -> None:
    with SSEServer([[NoAnswer()]]) as server:
        run = sse("stats", server.url, "--for", "0.05")
    assert run.code == ExitCode.GAVE_UP
    assert run.output == ""
    assert run.errors == "sse: no event stream within 0.05 seconds: no answer\n"


def test_an_error_of_the_server_is_told_and_nothing_is_drawn() -> None:
    with SSEServer([[404]]) as server:
        run = sse("stats", server.url)
    assert run.code == ExitCode.HTTP_ERROR
    assert run.output == ""
    assert run.errors.count("\n") == 1


def test_what_came_before_a_failure_is_printed_and_the_failure_is_told() -> None:
    with SSEServer([[*REPLY, Cut()]]) as server:
        run = sse("stats", server.url, "-d", "hello", "--format", "json")
    assert run.code == ExitCode.BROKEN
    assert json.loads(run.output)["events"] == 3
    assert run.errors.startswith("sse: ")
    assert run.errors.count("\n") == 1


def test_of_a_raw_body_no_times_are_invented(body: Path) -> None:
    run = sse("stats", str(body))
    assert run.output.startswith("body.sse\na raw body: nobody noted when it came, so there are no times\n")
    for timed in ("duration", "first event", "gaps", "over time", "a second", "connections"):
        assert timed not in run.output
    assert "data of events" in run.output
    assert measured(str(body))["retry"] == ["100"]


def test_standard_input_is_read_as_a_file(body: Path) -> None:
    run = sse("stats", "-", "--format", "json", stdin=body.read_bytes())
    assert json.loads(run.output)["events"] == 3


def test_the_times_of_a_recording_come_from_the_file(recording: Path) -> None:
    figures = measured(str(recording))
    expected = {
        "timed": True,
        # The redirect belongs to the first request.
        "head": 0.5,
        "first_event": 1.0,
        "duration": 12,
        "connected": 5.5,
        "lost": 6,
        "longest_silence": 2,
        "events": 4,
        "comments": 1,
        "unfinished_bytes": 12,
        "events_per_second": round(4 / 5.5, 3),
        "types": {"message": 3, "last": 1},
        "json": 1,
        "ids": {"new": 1, "with": 4},
        "retry": ["2000"],
    }
    assert {name: figures[name] for name in expected} == expected
    gaps = figures["gaps"]
    assert (gaps["count"], gaps["min"], gaps["max"]) == (2, 0, 2)
    connections = figures["connections"]
    assert connections["causes"] == {"lost": 1, "left": 1}
    assert connections["failures"] == {"HTTP 503": 1}
    assert [each["requested"] for each in connections["first"]] == [0, 6, 9]


def test_a_recording_is_measured_as_the_stream_itself_was(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    script: list[Steps] = [
        [b"retry: 20\n\n", *REPLY, Cut()],
        [503],
        [b"data: whole\n\n: x\n\ndata: unfini"],
        [204],
    ]
    with SSEServer(script) as server:
        live = measured(server.url)
    with SSEServer(script) as server, record(EventSource(server.url), path) as source:
        for _ in source:
            pass
    recorded = measured(str(path))
    for same in ("events", "comments", "bytes", "unfinished_bytes", "sizes", "types", "json", "ids", "retry"):
        assert live[same] == recorded[same]
    for same in ("opened", "reconnects", "failed", "causes", "failures"):
        assert live["connections"][same] == recorded["connections"][same]
    assert live["gaps"]["count"] == recorded["gaps"]["count"]


def test_what_stands_before_a_damage_is_measured(recording: Path) -> None:
    recording.write_text(RECORDING.partition('{"seconds": 3.5')[0] + "{}\n")
    run = sse("stats", str(recording), "--format", "json")
    assert run.code == ExitCode.USAGE
    assert json.loads(run.output)["events"] == 3
    assert "line 6" in run.errors


def test_what_came_before_an_event_that_is_too_large_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    head = RECORDING.splitlines(keepends=True)[2]
    data = "data: a\\n\\ndata: " + "x" * (33 * 2**20)
    path.write_text(f'{head}{{"seconds": 0.5, "text": "{data}"}}\n{{"seconds": 1.0, "end": "complete"}}\n')
    run = sse("stats", str(path), "--format", "json")
    assert run.code == ExitCode.BROKEN
    assert json.loads(run.output)["events"] == 1
    assert run.errors.count("\n") == 1


@pytest.mark.parametrize(
    "options", [["--for", "1"], ["--events", "1"], ["--until", "x"], ["-X", "POST"], ["--no-retry"], ["-k"]]
)
def test_a_file_is_not_asked_and_has_no_limit(options: list[str], body: Path) -> None:
    run = sse("stats", str(body), *options)
    assert run.code == ExitCode.USAGE
    assert "for a URL" in run.errors


def test_the_picture_is_one_file_that_needs_no_other(recording: Path, body: Path, tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    path.write_text("an older picture")
    for file in (recording, body):
        assert sse("stats", str(file), "--svg", str(path)).code == ExitCode.ENDED
        picture = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(picture)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme: dark" in picture
        assert picture.count("http") == 1
        assert "url(" not in picture
        words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        assert file.name in words


def test_a_picture_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with SSEServer([[]]) as server:
        for path in (tmp_path / "missing" / "picture.svg", tmp_path):
            run = sse("stats", server.url, "--svg", str(path))
            assert run.code == ExitCode.USAGE
            assert str(path) in run.errors
            assert run.errors.count("\n") == 1
        assert server.calls == []


def test_a_run_without_a_result_leaves_no_picture_and_spoils_none(tmp_path: Path) -> None:
    new, old = tmp_path / "new.svg", tmp_path / "old.svg"
    old.write_text("an older picture")
    with SSEServer([[404], [404]]) as server:
        for path in (new, old):
            assert sse("stats", server.url, "--svg", str(path)).code == ExitCode.HTTP_ERROR
    assert not new.exists()
    assert old.read_text() == "an older picture"


def test_what_a_server_made_up_is_harmless_wherever_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    hostile = "\x1b]0;owned\x07</text><script>\u202e"
    body = f"event: {hostile}\ndata: a\n\n".encode()
    run = sse("stats", "-", "--svg", str(path), stdin=body)
    assert "\\x1b]0;owned\\x07</text><script>\\u202e" in run.output
    assert "\x1b" not in run.output
    ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert "<script>" not in path.read_text(encoding="utf-8")
    assert measured("-", code=ExitCode.ENDED)["events"] == 0


def test_a_password_or_query_is_in_no_result(tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    with SSEServer([REPLY]) as server:
        url = server.url.replace("://", "://user:passw0rd@") + "/feed?key=s3cret"
        run = sse("stats", url, "--until", "[DONE]", "--svg", str(path))
    assert run.code == ExitCode.ENDED
    for written in (run.output, path.read_text(encoding="utf-8")):
        assert "/feed" in written
        assert "passw0rd" not in written
        assert "s3cret" not in written


def test_many_connections_share_a_strip(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    connection = (
        '{"version": 1, "time": "2026-01-01T00:00:%02d+00:00", "method": "GET", "url": "https://example.com/",'
        ' "request_headers": [], "seconds": 0, "status": 200,'
        ' "headers": [["Content-Type", "text/event-stream"]]}\n'
        '{"seconds": 0.5, "text": "data: a\\n\\n"}\n{"seconds": 0.75, "end": "lost"}\n'
    )
    path.write_text("".join(connection % second for second in range(40)))
    with Terminal("stats", str(path)) as terminal:
        terminal.finish()
    assert "of 40 connections" in terminal.text


@needs_recordings
@every_recording
def test_a_recorded_reply_is_measured(path: Path, tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    run = sse("stats", str(path), "--svg", str(picture))
    assert run.code == ExitCode.ENDED
    assert run.errors == ""
    assert max(map(len, run.output.splitlines())) <= 80
    ElementTree.fromstring(picture.read_text(encoding="utf-8"))
