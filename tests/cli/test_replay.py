"""`sse replay` plays a file to standard output, or from a server, as it was recorded."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import IncompleteRead
from typing import TYPE_CHECKING, BinaryIO

import pytest

from sse_core import Event, IncompleteStream, encode
from sse_transports import EventSource
from sse_transports.cli import _playback, _replay_server, main
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.cli._files import StreamFile
from sse_transports.testing import Cut, ScriptedTransport, Sleep, SSEServer, record
from tests.cli.piped import piped
from tests.cli.replay_server import ReplayServer
from tests.cli.terminal import DEADLINE, Terminal, sse

if TYPE_CHECKING:
    from pathlib import Path

    from sse_transports.testing import Steps

URL = "http://stream.test/feed"

SCRIPT: list[Steps] = [
    [
        *(Sleep(0.5), 200, {"X-Server": "one"}, b"retry: 1\n\n", Sleep(1), Event("a", id="1")),
        *(Sleep(2), Event("b", id="2"), b"data: lost", Cut()),
    ],
    [503, {"X-Server": "two", "Access-Control-Allow-Origin": "https://page.test"}, b"busy"],
    [b"\xef\xbb\xbf", Sleep(4), b"id: 3\ndata: ", b"c\n\n", Event("end"), b"data: half"],
]

STREAM = b"retry: 1\n\nid: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\ndata: end\n\ndata: half"

BODY = b"".join(encode(event) for event in [Event("a", id="1"), Event("b", id="2"), Event("c")])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording of a dropped connection, an HTTP error, and a connection that was read to its end."""
    path = tmp_path / "feed.jsonl"
    with record(EventSource(URL, transport=ScriptedTransport(SCRIPT), until="end"), path) as source:
        assert [event.data for event in source] == ["a", "b", "c"]
    return path


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "reply.sse"
    path.write_bytes(BODY)
    return path


class Clock(threading.Event):
    """A clock that only `wait` advances, and an event that is never set."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout > 0
        self.now += timeout
        return False


class Output(io.BytesIO):
    """Records what was flushed, and when."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.seen: list[tuple[float, bytes]] = []

    def flush(self) -> None:
        if self.getvalue():
            self.seen.append((round(self._clock.now, 6), self.getvalue()))
            self.seek(0)
            self.truncate()


def played(
    monkeypatch: pytest.MonkeyPatch, path: Path, *, speed: float = 1.0, pace: float = 0.0
) -> tuple[list[tuple[float, bytes]], float]:
    """Return what was written, with the times, and the time of the end."""
    clock = Clock()
    monkeypatch.setattr(_playback, "time", clock)
    output = Output(clock)
    with StreamFile(str(path)) as file:
        _playback.play(file, output, speed=speed, pace=pace, stop=clock)
    return output.seen, clock.now


# To standard output.


def test_recording_is_played_with_its_timing(monkeypatch: pytest.MonkeyPatch, recording: Path) -> None:
    assert played(monkeypatch, recording)[0] == [
        (0.5, b"retry: 1\n\n"),
        (1.5, b"id: 1\ndata: a\n\n"),
        (3.5, b"id: 2\ndata: b\n\n"),
        (7.5, b"id: 3\ndata: c\n\n"),
        (7.5, b"data: end\n\n"),
        # What follows `until` is read if it comes at once.
        (7.5, b"data: half"),
    ]


def test_speed_shortens_all_waits(monkeypatch: pytest.MonkeyPatch, recording: Path) -> None:
    moments = [moment for moment, _ in played(monkeypatch, recording, speed=2)[0]]
    assert moments == [0.25, 0.75, 1.75, 3.75, 3.75, 3.75]


def test_incomplete_last_event_is_played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    transport = ScriptedTransport([[Event("a"), Sleep(1), b"data: lo", Sleep(1), b"st", Sleep(5), Cut()]])
    with record(EventSource(URL, transport=transport, retry=None), path) as source:
        next(source)
        with pytest.raises(IncompleteStream):
            next(source)
    # At the end of the connection: only then is it clear that the rest of the event is missing.
    seen, end = played(monkeypatch, path)
    assert seen == [(0.0, b"data: a\n\n"), (7.0, b"data: lost")]
    assert end == 7.0


def test_raw_body_is_played_at_once_or_at_a_pace(monkeypatch: pytest.MonkeyPatch, body: Path) -> None:
    assert played(monkeypatch, body) == ([(0.0, BODY)], 0.0)
    seen, end = played(monkeypatch, body, pace=0.25)
    assert [moment for moment, _ in seen] == [0.0, 0.25, 0.5]
    assert b"".join(data for _, data in seen) == BODY
    assert end == 0.5


def test_output_is_the_stream_byte_for_byte(recording: Path, body: Path) -> None:
    run = sse("replay", str(recording), "--speed", "inf")
    assert (run.code, run.output, run.errors) == (ExitCode.ENDED, STREAM.decode(), "")
    assert sse("replay", str(body)).output == BODY.decode()
    assert sse("replay", "-", "--speed", "inf", stdin=recording.read_bytes()).output == STREAM.decode()
    assert sse("replay", "-", stdin=BODY).output == BODY.decode()


def test_recording_without_a_stream_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    transport = ScriptedTransport([[204]])
    with record(EventSource(URL, transport=transport), path) as source:
        assert list(source) == []
    run = sse("replay", str(path))
    assert (run.code, run.output) == (ExitCode.USAGE, "")
    assert run.errors == f"sse: {path}: there is no event stream in it\n"


def test_damaged_recording_is_played_up_to_the_damage(recording: Path) -> None:
    lines = recording.read_bytes().splitlines(keepends=True)
    recording.write_bytes(b"".join(lines[:3]) + b"{\n")
    run = sse("replay", str(recording), "--speed", "inf")
    assert run.code == ExitCode.USAGE
    assert run.output == "retry: 1\n\nid: 1\ndata: a\n\n"
    assert run.errors == f"sse: {recording}, line 4: not JSON\n"
    served = sse("replay", str(recording), "--serve", "0")
    assert (served.code, served.output, served.errors) == (ExitCode.USAGE, "", run.errors)


def test_broken_pipe_and_ctrl_c_end_it_quietly(tmp_path: Path, body: Path) -> None:
    large = tmp_path / "large.sse"
    large.write_bytes(BODY * 10_000)
    with piped("replay", str(large)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(DEADLINE) == ExitCode.BROKEN_PIPE
    with piped("replay", str(body), "--pace", "3600") as process:
        assert process.stdout is not None
        process.stdout.readline()
        # Nothing more is written for an hour.
        process.stdout.close()
        assert process.wait(DEADLINE) == ExitCode.BROKEN_PIPE
    with Terminal("replay", str(body), "--pace", "3600") as terminal:
        terminal.until("data: a\n\n")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert terminal.text == "id: 1\ndata: a\n\n^C"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.jsonl"], "no file none.jsonl"),
        (["{folder}"], "is a folder"),
        (["http://stream.test/x"], "`sse record http://stream.test/x FILE` makes one"),
        (["{recording}", "--speed", "0"], "0 is not a speed: 2 is twice as fast"),
        (["{recording}", "--speed", "nan"], "nan is not a speed"),
        (["{recording}", "--speed", "fast"], "fast is not a speed"),
        (["{recording}", "--pace", "1"], "--pace is for raw bodies"),
        (["{recording}", "--once"], "--once is for a server: give --serve PORT too"),
        (["{recording}", "--cors"], "--cors is for a server: give --serve PORT too"),
        (["{recording}", "--serve", "65536"], "65536 is not in the range"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str], message: str, tmp_path: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["replay", *(part.format(folder=tmp_path, recording=recording) for part in arguments)])
    output, errors = capsys.readouterr()
    assert (code, output) == (ExitCode.USAGE, "")
    assert message in errors
    assert errors.count("\n") == 1


def test_port_in_use_is_one_line(body: Path) -> None:
    with SSEServer([]) as server:
        run = sse("replay", str(body), "--serve", str(server.port))
    assert (run.code, run.output) == (ExitCode.USAGE, "")
    assert run.errors.startswith(
        f"sse replay: port {server.port}: Address already in use; --serve 0 takes a free one"
    )
    assert run.errors.count("\n") == 1


# From a server.


def test_each_request_gets_the_next_connection(recording: Path) -> None:
    with ReplayServer(str(recording), "--speed", "inf") as server:
        source = EventSource(server.url + "feed", until="end")
        assert [event.data for event in source] == ["a", "b", "c"]
    first, second, third = server.errors.splitlines()
    assert first == "GET /feed -> 200, connection 1 of 3"
    assert second == "GET /feed, Last-Event-ID: 2 -> 503, connection 2 of 3"
    assert third == "GET /feed, Last-Event-ID: 2 -> 200, connection 3 of 3"
    assert server.code == ExitCode.INTERRUPTED


def test_any_method_and_path_are_answered(recording: Path) -> None:
    lines = recording.read_bytes()
    recording.write_bytes(lines[lines.rindex(b'{"version"') :])
    with ReplayServer(str(recording), "--speed", "inf") as server:
        for method, path in [("POST", "v1/chat?x=1"), ("DELETE", ""), ("GET", "a/b")]:
            status, _, body = server.request(path, method=method)
            assert (status, body[-10:]) == (200, b"data: half")
    assert server.errors.splitlines()[0] == "POST /v1/chat?x=1 -> 200, connection 1 of 1"


def test_favicon_request_uses_no_connection(recording: Path, body: Path) -> None:
    for file in (recording, body):
        with ReplayServer(str(file)) as server:
            assert server.request("favicon.ico")[0] == 404
        assert server.errors == ""


def test_after_the_last_an_id_gets_204_others_restart(recording: Path) -> None:
    with ReplayServer(str(recording), "--speed", "inf") as server:
        statuses = []
        for last_event_id in ["", "2", "", "3", "", "3"]:
            headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
            try:
                statuses.append(str(server.request(headers=headers)[0]))
            except IncompleteRead:
                statuses.append("lost")
    assert statuses == ["lost", "503", "200", "204", "lost", "503"]
    assert server.errors.splitlines()[3] == "GET /, Last-Event-ID: 3 -> 204, nothing left to play"


def test_raw_body_resumes_after_any_event(body: Path) -> None:
    with ReplayServer(str(body)) as server:
        for last_event_id, expected in [
            ("", (200, BODY)),
            ("1", (200, BODY[BODY.index(b"id: 2") :])),
            # One event follows the last ID; it was sent already, in the first response.
            ("2", (204, b"")),
            # No event has this ID.
            ("3", (204, b"")),
        ]:
            headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
            status, _, answer = server.request(headers=headers)
            assert (status, answer) == expected, last_event_id
    assert [line.partition("-> ")[2] for line in server.errors.splitlines()] == [
        "200, all",
        "200, the events after that",
        "204, nothing left to play",
        "204, nothing left to play",
    ]


def test_first_play_of_a_raw_body_skips_no_events(body: Path) -> None:
    for last_event_id, expected in [("2", b"data: c\n\n"), ("unknown", BODY)]:
        with ReplayServer(str(body)) as server:
            _, _, answer = server.request(headers={"Last-Event-ID": last_event_id})
            assert answer == expected


def test_ids_of_a_raw_body_are_read_once(body: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    def chunks(file: BinaryIO) -> Iterator[bytes]:
        reads.append(file.tell())
        yield from iter(lambda: file.read(7), b"")

    monkeypatch.setattr(_replay_server, "_chunks", chunks)
    player = _replay_server.BodyPlayer(body, pace=0.0, headers=())
    with closing(player), SSEServer(player.answer) as server:

        def resumed(last_event_id: str) -> list[str]:
            headers = {"Last-Event-ID": last_event_id}
            with EventSource(server.url, retry=None, headers=headers) as source:
                return [event.data for event in source]

        after_one = BODY.index(b"id: 2")
        for _ in range(2):
            assert resumed("1") == ["b", "c"]
        # The first was for the index, the others were played.
        assert reads == [0, after_one, after_one]
        # A file that has changed is read again.
        body.write_bytes(b": changed\n" + BODY)
        assert resumed("1") == ["b", "c"]
        assert reads[3:] == [0, after_one + 10]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("feed.localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("", 200),
        ("evil.test", 421),
        ("evil.test:8000", 421),
        ("localhost.evil.test", 421),
        ("evillocalhost", 421),
        ("127.0.0.1.evil.test", 421),
        ("192.0.2.1", 421),
        ("evil.test@localhost", 421),
        ("[::1", 421),
        ("\x9b31m.test", 421),
    ],
)
def test_requests_for_foreign_names_are_refused(host: str, status: int, recording: Path, body: Path) -> None:
    for file in (recording, body):
        with ReplayServer(str(file), "--speed", "inf", "--cors") as server:
            try:
                found, headers, text = server.request(headers={"Host": host})
            except IncompleteRead:
                # The recorded connection was lost.
                found = 200
            assert found == status
            if status == 421:
                # Nor does it use up a recorded connection.
                assert "access-control-allow-origin" not in headers
                assert b"localhost and 127.0.0.1 only, not for" in text
                assert repr(host).encode() in text
        assert ("is not this machine" in server.errors) == (status == 421)
        assert "\x9b" not in server.errors


def test_large_request_bodies_are_refused(recording: Path) -> None:
    with ReplayServer(str(recording), "--speed", "inf") as server:
        status, _, text = server.request(method="POST", headers={"Content-Length": "99999999"})
        assert status == 413
        assert text == b"the body is larger than 16777216 bytes: Content-Length: 99999999\n"
    assert server.errors == ""


def test_raw_body_is_served_as_an_event_stream(body: Path) -> None:
    with ReplayServer("-", "--pace", "0.001", stdin=BODY * 2) as server:
        with EventSource(server.url, retry=None) as source:
            assert [event.data for event in source] == ["a", "b", "c", "a", "b", "c"]
        _, headers, _ = server.request()
    assert headers["content-type"] == "text/event-stream"
    assert "access-control-allow-origin" not in headers


def test_cors_lets_other_origins_read(recording: Path, body: Path) -> None:
    with ReplayServer(str(recording), "--cors", "--speed", "inf") as server:
        preflight = {
            "Origin": "https://page.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        }
        status, headers, _ = server.request(method="OPTIONS", headers=preflight)
        assert status == 204
        assert headers["access-control-allow-origin"] == "*"
        assert headers["access-control-allow-methods"] == "POST"
        assert headers["access-control-allow-headers"] == "authorization, content-type"
        # The preflight used no connection. The recorded CORS header is replaced: browsers refuse two of them.
        with EventSource(server.url, until="end") as source:
            assert len(list(source)) == 3
        with pytest.raises(IncompleteRead):
            server.request()
        _, headers, _ = server.request()
        assert headers["access-control-allow-origin"] == "*"
    with ReplayServer(str(body), "--cors") as server:
        for last_event_id, status in [("1", 200), ("2", 204)]:
            answer = server.request(headers={"Last-Event-ID": last_event_id})
            assert (answer[0], answer[1]["access-control-allow-origin"]) == (status, "*")


def test_once_exits_when_everything_was_played(recording: Path, body: Path) -> None:
    with ReplayServer(str(recording), "--once", "--speed", "inf") as server:
        with EventSource(server.url, until="end") as source:
            assert len(list(source)) == 3
        server.wait()
    assert server.code == ExitCode.ENDED
    with ReplayServer(str(body), "--once") as server:
        assert server.request(headers={"Last-Event-ID": "2"})[2] == b"data: c\n\n"
        server.wait()
    assert server.code == ExitCode.ENDED


def test_terminal_shows_the_url_and_how_to_end(body: Path) -> None:
    with Terminal("replay", str(body), "--serve", "0") as terminal:
        terminal.until("/  (Ctrl-C ends)\n")
        url = terminal.text.split()[0]
        with EventSource(url, retry=None, headers={"X": "y"}) as source:
            assert len(list(source)) == 3
        terminal.until("GET / -> 200, all\n")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert terminal.text == f"{url}  (Ctrl-C ends)\nGET / -> 200, all\n^C"
    assert "\x1b" not in terminal.screen


def test_client_text_is_escaped_in_the_log(body: Path) -> None:
    with ReplayServer(str(body)) as server:
        server.request(headers={"Last-Event-ID": "\xc2\x9b31m"})
    assert "\x9b" not in server.errors
    assert "\\x9b31m" in server.errors


def test_ctrl_c_ends_it_while_a_client_waits(body: Path) -> None:
    with ReplayServer(str(body), "--pace", "3600") as server:
        source = EventSource(server.url, retry=None)
        assert next(source).data == "a"
    assert server.code == ExitCode.INTERRUPTED
    assert "Traceback" not in server.errors
    source.close()
