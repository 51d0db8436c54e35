"""`sse record` writes a file that can be replayed, shows its progress, and always leaves a valid file."""

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


def test_file_has_all_bytes_and_a_summary_is_printed(path: Path) -> None:
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
    assert [each.end for each in replay(path).connections] == ["lost", "complete", "complete"]


def test_a_stream_without_ids_that_began_again_is_named(path: Path) -> None:
    once: Steps = [b"retry: 1\n\n", Event("a")]
    with SSEServer([once, once, [204]]) as server:
        run = sse("record", server.url, str(path))
    assert run.code == ExitCode.ENDED
    assert run.errors.endswith("\nthe stream has no IDs, and began again with each connection\n")


def test_request_follows_options_without_its_secrets(path: Path) -> None:
    with SSEServer([[Event("a"), Event("[DONE]"), Event("not read")]]) as server:
        run = sse(
            *("record", f"{server.url}/chat?key=hidden", str(path), "--json", '{"stream": true}'),
            *("-H", "Authorization: Bearer hidden", "-H", "X-Trace: seen", "--until", "[DONE]"),
        )
        (call,) = server.calls
    assert run.code == ExitCode.ENDED
    assert (call.method, call.body) == ("POST", b'{"stream": true}')
    assert call.headers["authorization"] == b"Bearer hidden"
    # The event that `--until` names is not counted.
    assert run.errors.startswith("1 event, ")
    text = path.read_text()
    assert "hidden" not in text
    assert "seen" in text


def test_existing_file_is_overwritten_only_by_force(path: Path) -> None:
    path.write_text("precious")
    with SSEServer([[Event("a")], [204]]) as server:
        run = sse("record", server.url, str(path))
        assert server.calls == []
        assert run.code == ExitCode.USAGE
        assert run.errors.startswith(f"sse record: {path} exists; --force overwrites it")
        assert path.read_text() == "precious"
        assert sse("record", "--force", server.url, str(path)).code == ExitCode.ENDED
    assert bodies_of(path)[0] == b"data: a\n\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["record", "stream.example.com", "f"], "is not a URL: it begins with http:// or https://"),
        (["record", "http://stream.test"], "Missing argument 'FILE'"),
        (["record", "http://stream.test", "{folder}"], "is a folder"),
        (["record", "http://stream.test", "{folder}/none/f"], "No such file or directory"),
        (["record", "http://stream.test", "{folder}/f", "-H", "x"], "-H: write a header as"),
        (["record", "http://stream.test", "{folder}/f", "-H", "a b: c"], "'a b' is not a header's name"),
    ],
)
def test_wrong_usage_is_one_line_and_makes_no_file(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([argument.format(folder=tmp_path) for argument in arguments])
    output, errors = capsys.readouterr()
    assert (code, output) == (ExitCode.USAGE, "")
    assert message in errors
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_error_keeps_what_came_before_it(path: Path) -> None:
    with SSEServer([[b"retry: 1\n\n", Event("a"), Cut()], [404, b"gone"]]) as server:
        run = sse("record", server.url, str(path))
    assert run.code == ExitCode.HTTP_ERROR
    summary, error = run.errors.splitlines()
    assert summary.startswith("1 event, 23 B, 1 connection in ")
    assert error.startswith("sse: ")
    assert "404" in error
    assert bodies_of(path) == [b"retry: 1\n\ndata: a\n\n", b"gone"]


def test_unreachable_server_makes_no_file(path: Path) -> None:
    with SSEServer([]) as server:
        url = server.url
    run = sse("record", url, str(path))
    assert run.code == ExitCode.GAVE_UP
    assert run.errors.count("\n") == 1
    assert not path.exists()


def test_recording_to_standard_output(path: Path) -> None:
    with SSEServer(FEED) as server:
        run = sse("record", server.url, "-")
    assert run.code == ExitCode.ENDED
    path.write_text(run.output)
    assert bodies_of(path)[1] == b"id: 3\ndata: c\n\n"


def test_status_line_is_shown_until_ctrl_c(path: Path) -> None:
    with SSEServer(silent_after_two) as server, Terminal("record", server.url, str(path)) as terminal:
        terminal.until("connected: 2 events, 1.02 kB, ")
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    # The status line was erased each time; the summary remains.
    *_, last = terminal.screen.split("\r\x1b[K")
    assert re.fullmatch(r"2 events, 1\.02 kB, 1 connection in [\d.]+ m?s\r\n", last), terminal.screen
    (connection,) = replay(path).connections
    assert connection.end == "left"
    assert len(connection.chunks) >= 1


def test_status_line_is_redrawn_while_waiting(path: Path) -> None:
    def unavailable_after_the_first(call: Call) -> Steps:
        return [503, {"Retry-After": "30"}] if call.number else [b"retry: 1\n\n", Event("a"), Cut()]

    with (
        SSEServer(unavailable_after_the_first) as server,
        Terminal("record", server.url, str(path)) as terminal,
    ):
        # Nothing changes, and the line is still redrawn.
        for _ in range(3):
            terminal.screen = ""
            terminal.until("waiting ")
            terminal.until(" s: 1 event, 19 B, ")
            terminal.until(" s (HTTP status 503 instead of 200)")
            # The whole wait, which is never shorter than Retry-After.
            assert min(map(float, re.findall(r"waiting ([\d.]+) s:", terminal.screen))) >= 30
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED


def test_status_line_fits_a_narrow_terminal(path: Path) -> None:
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
def test_signal_ends_it_with_a_valid_file(path: Path, number: signal.Signals) -> None:
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


def test_ignored_signal_stays_ignored() -> None:
    hung_up = threading.Event()

    def answer(call: Call) -> None:
        call.respond(body=b"data: before\n\n")
        assert hung_up.wait(DEADLINE)
        call.send(b"data: after\n\n")

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
    assert b"after" in rest


@pytest.mark.parametrize("quiet", [False, True])
def test_exit_of_the_reader_ends_it_quietly(quiet: bool) -> None:
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
        assert process.wait(DEADLINE) == ExitCode.BROKEN_PIPE
    # The summary, and no error.
    assert re.fullmatch(rb"\d+ events?, [\d.]+ k?M?B, 1 connection in [\d.]+ m?s\n", errors), errors


def test_status_line_is_not_drawn_for_each_event(path: Path) -> None:
    def many(_: Call) -> Steps:
        return [*(Event(str(number)) for number in range(1000)), Event("end")]

    with (
        SSEServer(many) as server,
        Terminal("record", server.url, str(path), "--until", "end") as terminal,
    ):
        assert terminal.finish() == ExitCode.ENDED
    assert "1,000 events" in terminal.text
    # One at the beginning and one each 0.2 s: fewer than a tenth of the events on any machine.
    assert terminal.screen.count("\r\x1b[K") < 100
    assert os.linesep not in terminal.text.replace("\n", "", 1)
