"""`sse record` writes a file that replays, tells how it goes, and leaves the file whole however it ends."""

from __future__ import annotations

import os
import re
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from sse_core import Comment, Event
from sse_transports.cli import main
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.testing import Cut, Sleep, SSEServer, Stall, replay
from tests.cli.piped import piped
from tests.cli.terminal import DEADLINE, Terminal, sse

if TYPE_CHECKING:
    from pathlib import Path

    from sse_transports.testing import Call, Step, Steps

FEED: list[Steps] = [
    [b"retry: 1\n\n", Event("a", id="1"), Comment("still there"), Event("b", id="2"), b"data: lost", Cut()],
    [Event("c", id="3")],
    [204],
]


def silent_after_two(_: Call) -> Steps:
    return [Event("a"), Event("b" * 1000), Stall()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feed.jsonl"


def bodies_of(path: Path) -> list[bytes]:
    return [b"".join(chunk.data for chunk in each.chunks) for each in replay(path).connections]


def test_what_came_is_in_the_file_and_the_sum_of_it_is_told(path: Path) -> None:
    with SSEServer(FEED) as server:
        run = sse("record", server.url, str(path))
    assert run.code == ExitCode.ENDED
    assert run.output == ""
    assert re.fullmatch(r"3 events, 80 B, 2 connections in [\d.]+ m?s\n", run.errors), run
    assert bodies_of(path) == [
        b"retry: 1\n\nid: 1\ndata: a\n\n: still there\n\nid: 2\ndata: b\n\ndata: lost",
        b"id: 3\ndata: c\n\n",
        b"",
    ]
    assert [each.end for each in replay(path).connections] == ["lost", "complete", "left"]


def test_the_request_is_what_the_options_say_and_its_secrets_are_not_written(path: Path) -> None:
    with SSEServer([[Event("a"), Event("[DONE]"), Event("not read")]]) as server:
        run = sse(
            *("record", f"{server.url}/chat?key=hidden", str(path), "--json", '{"stream": true}'),
            *("-H", "Authorization: Bearer hidden", "-H", "X-Trace: seen", "--until", "[DONE]"),
        )
        (call,) = server.calls
    assert run.code == ExitCode.ENDED
    assert (call.method, call.body) == ("POST", b'{"stream": true}')
    assert call.headers["authorization"] == b"Bearer hidden"
    # The one that ends it is no event of the stream's.
    assert run.errors.startswith("1 event, ")
    text = path.read_text()
    assert "hidden" not in text
    assert "seen" in text


def test_a_file_that_is_there_is_written_over_only_by_force(path: Path) -> None:
    path.write_text("precious")
    with SSEServer([[Event("a")], [204]]) as server:
        run = sse("record", server.url, str(path))
        assert server.calls == []
        assert run.code == ExitCode.USAGE
        assert run.errors.startswith(f"sse record: {path} is there already; --force writes over it")
        assert path.read_text() == "precious"
        assert sse("record", "--force", server.url, str(path)).code == ExitCode.ENDED
    assert bodies_of(path)[0] == b"data: a\n\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["record", "stream.example.com", "f"], "is no URL: it begins with http:// or https://"),
        (["record", "http://stream.test"], "Missing argument 'FILE'"),
        (["record", "http://stream.test", "{folder}"], "is a folder"),
        (["record", "http://stream.test", "{folder}/none/f"], "No such file or directory"),
        (["record", "http://stream.test", "{folder}/f", "-H", "x"], "-H: a header is written"),
        (["record", "http://stream.test", "{folder}/f", "-H", "a b: c"], "'a b' is not a header's name"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line_and_makes_no_file(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([argument.format(folder=tmp_path) for argument in arguments])
    output, errors = capsys.readouterr()
    assert (code, output) == (ExitCode.USAGE, "")
    assert told in errors
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_what_came_before_it(path: Path) -> None:
    with SSEServer([[b"retry: 1\n\n", Event("a"), Cut()], [404, b"gone"]]) as server:
        run = sse("record", server.url, str(path))
    assert run.code == ExitCode.HTTP_ERROR
    summary, error = run.errors.splitlines()
    assert summary.startswith("1 event, 23 B, 1 connection in ")
    assert error.startswith("sse: ")
    assert "404" in error
    assert bodies_of(path) == [b"retry: 1\n\ndata: a\n\n", b"gone"]


def test_a_server_that_is_not_there_is_told_in_one_line_and_makes_no_file(path: Path) -> None:
    with SSEServer([]) as server:
        url = server.url
    run = sse("record", url, str(path))
    assert run.code == ExitCode.GAVE_UP
    assert run.errors.count("\n") == 1
    assert not path.exists()


def test_standard_output_can_be_the_file(path: Path) -> None:
    with SSEServer(FEED) as server:
        run = sse("record", server.url, "-")
    assert run.code == ExitCode.ENDED
    path.write_text(run.output)
    assert bodies_of(path)[1] == b"id: 3\ndata: c\n\n"


def test_at_a_terminal_a_line_tells_how_it_goes_until_ctrl_c(path: Path) -> None:
    with SSEServer(silent_after_two) as server, Terminal("record", server.url, str(path)) as terminal:
        terminal.until("connected: 2 events, 1.02 kB, ")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    # The line was wiped out each time; what stays is the last one.
    *_, last = terminal.screen.split("\r\x1b[K")
    assert re.fullmatch(r"2 events, 1\.02 kB, 1 connection in [\d.]+ m?s\r\n", last), terminal.screen
    (connection,) = replay(path).connections
    assert connection.end == "left"
    assert len(connection.chunks) >= 1


def test_the_line_goes_on_while_nothing_comes_and_says_what_is_waited_for(path: Path) -> None:
    def slow_to_come_back(call: Call) -> Steps:
        return [503, {"Retry-After": "30"}] if call.number else [b"retry: 1\n\n", Event("a"), Cut()]

    with SSEServer(slow_to_come_back) as server, Terminal("record", server.url, str(path)) as terminal:
        # Nothing changes any more, and it is drawn all the same.
        for _ in range(3):
            terminal.screen = ""
            terminal.until("waiting 30 s: 1 event, 19 B, ")
            terminal.until(" s (HTTP status 503 instead of 200)")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED


def test_the_line_fits_a_narrow_terminal(path: Path) -> None:
    with (
        SSEServer(silent_after_two) as server,
        Terminal("record", server.url, str(path), columns=20) as terminal,
    ):
        terminal.until("connected: 2 events")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    *drawn, _, _ = terminal.screen.split("\r\x1b[K")
    assert max(len(line.replace("^C", "")) for line in drawn) == 19


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_file_that_is_whole(path: Path, number: signal.Signals) -> None:
    with SSEServer(silent_after_two) as server:
        with piped("record", server.url, "-") as process:
            assert process.stdout is not None
            received = process.stdout.readline() + process.stdout.readline()
            process.send_signal(number)
            rest, errors = process.communicate(timeout=DEADLINE)
        assert process.returncode == ExitCode.INTERRUPTED
    assert b"Traceback" not in errors
    assert b"\r" not in errors
    path.write_bytes(received + rest)
    assert replay(path).connections[0].end == "left"


def test_a_signal_that_is_ignored_stays_so() -> None:
    hung_up = threading.Event()

    def answer(call: Call) -> None:
        call.respond(body=b"data: before\n\n")
        assert hung_up.wait(DEADLINE)
        call.send(b"data: behind\n\n")

    with (
        SSEServer(answer) as server,
        piped("record", server.url, "-", "--no-retry", before=["nohup"]) as process,
    ):
        assert process.stdout is not None
        received = process.stdout.readline() + process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        hung_up.set()
        rest, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == ExitCode.ENDED
    assert b"before" in received
    assert b"behind" in rest


@pytest.mark.parametrize("quiet", [False, True])
def test_whoever_reads_the_output_and_goes_ends_it_quietly(quiet: bool) -> None:
    def answer(_: Call) -> Steps:
        steps: list[Step] = [Event("x" * 1000), Sleep(0.001)]
        return [Event("a"), Stall()] if quiet else [*(steps * 2000), Stall()]

    with (
        SSEServer(answer, strict=False) as server,
        piped("record", server.url, "-") as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"version": 1')
        assert process.stdout.readline().startswith(b'{"seconds": ')
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(DEADLINE) == ExitCode.CLOSED_PIPE
    # The sum of what came, and no complaint.
    assert re.fullmatch(rb"\d+ events?, [\d.]+ k?M?B, 1 connection in [\d.]+ m?s\n", errors), errors


def test_a_thousand_events_are_not_a_thousand_lines(path: Path) -> None:
    def many(_: Call) -> Steps:
        return [*(Event(str(number)) for number in range(1000)), Event("end")]

    with (
        SSEServer(many) as server,
        Terminal("record", server.url, str(path), "--until", "end") as terminal,
    ):
        assert terminal.finish() == ExitCode.ENDED
    assert "1,000 events" in terminal.text
    # One at the beginning, one each fifth of a second: fewer than a tenth of the events on any machine.
    assert terminal.screen.count("\r\x1b[K") < 100
    assert os.linesep not in terminal.text.replace("\n", "", 1)
