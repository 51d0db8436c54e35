"""`sse stats` as a command: on a terminal, in a pipe, interrupted, and with files of both kinds."""

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
from sse_transports.cli.stats._collect import Watch
from sse_transports.cli.stats._model import Measurement
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


def test_stream_is_measured_to_its_end() -> None:
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
    for heading in ("percentiles", "event types", "intervals between events", "events over time"):
        assert f"\n{heading}" in run.output


def test_reconnects_their_causes_and_failures_are_counted() -> None:
    script: list[Steps] = [[b"retry: 20\n\n", REPLY[0], Cut()], [503, b"busy"], [Event("b", id="2")], [204]]
    with SSEServer(script) as server:
        figures = measured(server.url)
    connections = figures["connections"]
    assert (figures["events"], figures["retry"], figures["ids"]) == (2, ["20"], {"new": 2, "with": 2})
    assert (connections["opened"], connections["reconnects"]) == (2, 1)
    # Without the body of the 503.
    assert figures["bytes"] == sum(each["bytes"] for each in connections["first"]) == 12 + 22 + 14
    assert connections["causes"] == {"lost": 1, "complete": 1}
    assert connections["failures"] == {"HTTP 503": 1}
    assert figures["disconnected"] > 0
    assert figures["duration"] >= figures["connected"] + figures["disconnected"]


def test_ctrl_c_stops_and_prints_the_result() -> None:
    with SSEServer([[*REPLY, Stall()]]) as server, Terminal("stats", server.url) as terminal:
        terminal.until("3 events")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert "1 stopped" in terminal.text
    assert "events over time" in terminal.text
    assert "Traceback" not in terminal.text


def test_ctrl_c_before_a_response_prints_nothing() -> None:
    with SSEServer([[NoAnswer()]]) as server, Terminal("stats", server.url) as terminal:
        terminal.until("connecting")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert "connections" not in terminal.text


def test_live_line_is_erased_before_the_result() -> None:
    with SSEServer([[*REPLY, Stall()]]) as server, Terminal("stats", server.url) as terminal:
        terminal.until("3 events")
        terminal.interrupt()
        terminal.finish()
    before, _, result = terminal.screen.partition(f"{server.url}/")
    # The line is erased; the title may have a color.
    assert before.removesuffix("\x1b[1m").endswith("\r\x1b[K")
    assert "Ctrl-C ends it" not in result


def test_terminal_gets_colors_and_a_pipe_gets_none(recording: Path) -> None:
    with Terminal("stats", str(recording)) as terminal:
        assert terminal.finish() == ExitCode.ENDED
    piped = sse("stats", str(recording))
    assert "\x1b[36m" in terminal.screen
    assert "\x1b" not in piped.output
    assert [line.rstrip() for line in terminal.text.splitlines()] == [
        line.rstrip() for line in piped.output.splitlines()
    ]


def test_no_color_is_respected(recording: Path) -> None:
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


def test_drawing_uses_ascii_if_nothing_else_can_be_written(recording: Path) -> None:
    run = sse("stats", str(recording), env={"PYTHONIOENCODING": "ascii"})
    assert run.code == ExitCode.ENDED
    assert run.output.isascii()
    assert "####" in run.output
    assert "x failed" in run.output


def test_closed_pipe_ends_the_command_quietly(recording: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with Terminal("stats", str(recording), output=writer) as terminal:
            assert terminal.finish() == ExitCode.BROKEN_PIPE
    finally:
        os.close(writer)
    assert terminal.text == ""


def test_command_stops_after_a_number_of_events() -> None:
    with SSEServer([[*REPLY, *REPLY, Stall()]]) as server:
        figures = measured(server.url, "--events", "4")
    assert figures["events"] == 4
    assert figures["connections"]["causes"] == {"left": 1}


def test_command_stops_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # A timer that fires when the test decides: after all events came.
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
        def on_item(self, item: Event | Comment) -> None:
            super().on_item(item)
            if self.events == 3:
                threading.Thread(target=over[0]).start()

    monkeypatch.setattr("sse_transports.cli.stats._collect.Timer", Timer)
    monkeypatch.setattr("sse_transports.cli.stats._collect.Measurement", Counted)
    with SSEServer([[*REPLY, Stall()]]) as server:
        watch = Watch(PLAIN, server.url, seconds=60)
        watch.run()
    assert watch.measurement.causes == {"left": 1}
    assert not over


def test_no_stream_within_the_time_limit_is_an_error() -> None:
    with SSEServer([[NoAnswer()]]) as server:
        run = sse("stats", server.url, "--for", "0.05")
    assert run.code == ExitCode.GAVE_UP
    assert run.output == ""
    assert run.errors == "sse: no event stream within 0.05 seconds: no response\n"


def test_http_error_is_reported_without_a_drawing() -> None:
    with SSEServer([[404]]) as server:
        run = sse("stats", server.url)
    assert run.code == ExitCode.HTTP_ERROR
    assert run.output == ""
    assert run.errors.count("\n") == 1


def test_result_before_a_failure_is_printed() -> None:
    with SSEServer([[*REPLY, Cut()]]) as server:
        run = sse("stats", server.url, "-d", "hello", "--format", "json")
    assert run.code == ExitCode.INCOMPLETE
    assert json.loads(run.output)["events"] == 3
    assert run.errors.startswith("sse: ")
    assert run.errors.count("\n") == 1


def test_raw_body_has_no_times(body: Path) -> None:
    run = sse("stats", str(body))
    assert run.output.startswith("body.sse\na raw body: it has no times, only sizes and counts\n")
    for timed in ("duration", "first event", "intervals", "over time", "a second", "connections"):
        assert timed not in run.output
    assert "data of events" in run.output
    assert measured(str(body))["retry"] == ["100"]


def test_standard_input_is_read_as_a_file(body: Path) -> None:
    run = sse("stats", "-", "--format", "json", stdin=body.read_bytes())
    assert json.loads(run.output)["events"] == 3


def test_times_of_a_recording_come_from_the_file(recording: Path) -> None:
    figures = measured(str(recording))
    expected = {
        "timed": True,
        # The redirect belongs to the first request.
        "response_headers": 0.5,
        "first_event": 1.0,
        "duration": 12,
        "connected": 5.5,
        "disconnected": 6,
        "longest_silence": 2,
        "events": 4,
        "comments": 1,
        "incomplete_bytes": 12,
        "events_per_second": round(4 / 5.5, 3),
        "types": {"message": 3, "last": 1},
        "json": 1,
        "ids": {"new": 1, "with": 4},
        "retry": ["2000"],
    }
    assert {name: figures[name] for name in expected} == expected
    intervals = figures["intervals"]
    assert (intervals["count"], intervals["min"], intervals["max"]) == (2, 0, 2)
    connections = figures["connections"]
    assert connections["causes"] == {"lost": 1, "left": 1}
    assert connections["failures"] == {"HTTP 503": 1}
    assert [each["requested"] for each in connections["first"]] == [0, 6, 9]


def test_recording_and_live_stream_measure_the_same(tmp_path: Path) -> None:
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
    for same in ("events", "comments", "bytes", "incomplete_bytes", "sizes", "types", "json", "ids", "retry"):
        assert live[same] == recorded[same]
    for same in ("opened", "reconnects", "failed", "causes", "failures"):
        assert live["connections"][same] == recorded["connections"][same]
    assert live["intervals"]["count"] == recorded["intervals"]["count"]


def test_damaged_recording_is_measured_up_to_the_damage(recording: Path) -> None:
    recording.write_text(RECORDING.partition('{"seconds": 3.5')[0] + "{}\n")
    run = sse("stats", str(recording), "--format", "json")
    assert run.code == ExitCode.USAGE
    assert json.loads(run.output)["events"] == 3
    assert "line 6" in run.errors


def test_recording_is_measured_up_to_a_too_large_event(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    head = RECORDING.splitlines(keepends=True)[2]
    data = "data: a\\n\\ndata: " + "x" * (33 * 2**20)
    path.write_text(f'{head}{{"seconds": 0.5, "text": "{data}"}}\n{{"seconds": 1.0, "end": "complete"}}\n')
    run = sse("stats", str(path), "--format", "json")
    assert run.code == ExitCode.INCOMPLETE
    assert json.loads(run.output)["events"] == 1
    assert run.errors.count("\n") == 1


@pytest.mark.parametrize(
    "options", [["--for", "1"], ["--events", "1"], ["--until", "x"], ["-X", "POST"], ["--no-retry"], ["-k"]]
)
def test_request_options_and_limits_need_a_url(options: list[str], body: Path) -> None:
    run = sse("stats", str(body), *options)
    assert run.code == ExitCode.USAGE
    assert "for a URL" in run.errors


def test_svg_is_self_contained(recording: Path, body: Path, tmp_path: Path) -> None:
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
        texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        assert file.name in texts


def test_unwritable_svg_path_is_refused_before_sending(tmp_path: Path) -> None:
    with SSEServer([[]]) as server:
        for path in (tmp_path / "missing" / "picture.svg", tmp_path):
            run = sse("stats", server.url, "--svg", str(path))
            assert run.code == ExitCode.USAGE
            assert str(path) in run.errors
            assert run.errors.count("\n") == 1
        assert server.calls == []


def test_failed_run_leaves_svg_files_untouched(tmp_path: Path) -> None:
    new, old = tmp_path / "new.svg", tmp_path / "old.svg"
    old.write_text("an older picture")
    with SSEServer([[404], [404]]) as server:
        for path in (new, old):
            assert sse("stats", server.url, "--svg", str(path)).code == ExitCode.HTTP_ERROR
    assert not new.exists()
    assert old.read_text() == "an older picture"


def test_hostile_event_types_are_escaped_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    hostile = "\x1b]0;owned\x07</text><script>\u202e"
    body = f"event: {hostile}\ndata: a\n\n".encode()
    run = sse("stats", "-", "--svg", str(path), stdin=body)
    assert "\\x1b]0;owned\\x07</text><script>\\u202e" in run.output
    assert "\x1b" not in run.output
    ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert "<script>" not in path.read_text(encoding="utf-8")
    assert measured("-", code=ExitCode.ENDED)["events"] == 0


def test_passwords_and_queries_are_not_in_results(tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    with SSEServer([REPLY]) as server:
        url = server.url.replace("://", "://user:passw0rd@") + "/feed?key=s3cret"
        run = sse("stats", url, "--until", "[DONE]", "--svg", str(path))
    assert run.code == ExitCode.ENDED
    for written in (run.output, path.read_text(encoding="utf-8")):
        assert "/feed" in written
        assert "passw0rd" not in written
        assert "s3cret" not in written


def test_many_connections_share_one_line(tmp_path: Path) -> None:
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
def test_recorded_streams_are_measured(path: Path, tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    run = sse("stats", str(path), "--svg", str(picture))
    assert run.code == ExitCode.ENDED
    assert run.errors == ""
    assert max(map(len, run.output.splitlines())) <= 80
    ElementTree.fromstring(picture.read_text(encoding="utf-8"))
