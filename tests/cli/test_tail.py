"""`sse tail` in pipes: its requests, its output in each format, and its exit codes."""

from __future__ import annotations

import json
import os
import select
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sse_core import Comment, Event, encode, parse
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.testing import Cut, SSEServer, Stall
from tests.cli.terminal import DEADLINE, SSE, Terminal, environment, sse

if TYPE_CHECKING:
    from sse_transports.testing import Call, Steps

ODD = [
    Event('say "hi"\\\n\tÄ \u2028\x1b[2J 😀', event="ünusual", id="é7", retry=3),
    Event("", event="empty", id="é7"),
    Event("two\nlines", id="é7"),
    Event("plain"),
]
"""The last event clears the ID."""

FULL = Path("/dev/full")
"""A device on which every write fails, as on a full disk."""

ODD_STEPS: Steps = [ODD[0], Comment("beat"), ODD[1], ODD[2], b"id\ndata: plain\n\n", Event("[DONE]")]


def objects_of(output: str) -> list[object]:
    # Not splitlines(): a string contains U+2028, at which it splits too.
    return [json.loads(line) for line in output.split("\n") if line]


def test_pipe_gets_json_lines() -> None:
    with SSEServer([ODD_STEPS]) as server:
        run = sse("tail", server.url, "--until", "[DONE]")
    assert run.code == ExitCode.ENDED
    assert run.errors == ""
    assert objects_of(run.output) == [
        {"event": "ünusual", "data": ODD[0].data, "id": "é7", "retry": 3},
        {"event": "empty", "data": "", "id": "é7"},
        {"event": "message", "data": "two\nlines", "id": "é7"},
        {"event": "message", "data": "plain"},
    ]


@pytest.mark.parametrize("arguments", [[], ["--comments"]])
def test_raw_format_gives_the_same_events(arguments: list[str]) -> None:
    with SSEServer([ODD_STEPS]) as server:
        run = sse("tail", server.url, "--until", "[DONE]", "--format", "raw", *arguments)
    assert list(parse([run.output.encode()])) == ODD
    assert (": beat\n" in run.output) is bool(arguments)


def test_data_format_is_the_data_alone() -> None:
    with SSEServer(
        [[Comment("beat"), Event("one\ntwo", id="1"), Event("", event="x"), Event("three"), Event("E")]]
    ) as server:
        run = sse("tail", server.url, "--until", "E", "--format", "data", "--comments")
    assert run.output == "one\ntwo\n\nthree\n"


def test_pretty_format_has_no_colors_in_a_pipe() -> None:
    steps: Steps = [
        Comment("beat"),
        Event('{"a": 1}', event="price", id="7", retry=20),
        Event('{\n  "a": 1.10,\n  "b": "x"\n}'),
        Event("one\ntwo"),
        Event(""),
        Event("E"),
    ]
    with SSEServer([steps]) as server:
        run = sse("tail", server.url, "--until", "E", "--format", "pretty", "--comments")
    assert run.output == (
        ": beat\n"
        'price  id 7  retry 20  {"a": 1}\n'
        'message  { "a": 1.10, "b": "x" }\n'
        "message\n  one\n  two\n"
        "message\n"
    ).replace("message", "message  id 7")


def test_comments_are_json_objects() -> None:
    with SSEServer([[Comment('a "beat"'), Event("x"), Event("E")]]) as server:
        run = sse("tail", server.url, "--until", "E", "--comments")
    assert objects_of(run.output) == [
        {"comment": 'a "beat"'},
        {"event": "message", "data": "x"},
    ]


def test_event_option_filters_by_type() -> None:
    events = [Event("1", event="a"), Event("2", event="b"), Event("3", event="c"), Event("E")]
    with SSEServer([events]) as server:
        run = sse(*("tail", server.url, "--until", "E", "--event", "a", "--event", "c", "--format", "data"))
    assert run.output == "1\n3\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--until-event", "done"], "1\n[DONE]\n2\n"),
        (["--until-event", "done", "--until", "[DONE]"], "1\n"),
    ],
)
def test_until_event_stops_at_a_type(arguments: list[str], expected: str) -> None:
    events = [Event("1"), Event("[DONE]"), Event("2"), Event("3", event="done"), Event("4")]
    with SSEServer([events]) as server:
        run = sse("tail", server.url, "--format", "data", *arguments)
    assert (run.code, run.output) == (ExitCode.ENDED, expected)
    stream = b"".join(map(encode, events))
    assert sse("tail", "-", "--format", "data", *arguments, stdin=stream).output == expected


def test_stream_without_its_until_event_is_incomplete() -> None:
    with SSEServer([[Event("1")]]) as server:
        run = sse("tail", server.url, "-d", "x", "--until-event", "done")
    assert run.code == sse("tail", "-", "--until-event", "done").code == ExitCode.INCOMPLETE


def test_count_stops_after_so_many_printed_events() -> None:
    events = [Event("1", event="a"), Event("2", event="b"), Event("3", event="a"), Event("4", event="a")]
    arguments = ["-n", "2", "--event", "a", "--comments", "--format", "data"]
    # The stream stays open, so the command ends only because of the count.
    with SSEServer([[Comment("x"), *events, Stall()]]) as server:
        run = sse("tail", server.url, *arguments)
    assert (run.code, run.output, run.errors) == (ExitCode.ENDED, "1\n3\n", "")
    # Also if the file ends inside an event after them.
    stream = b"".join(map(encode, events)) + b"data: "
    run = sse("tail", "-", *arguments, stdin=stream)
    assert (run.code, run.output, run.errors) == (ExitCode.ENDED, "1\n3\n", "")


def test_counted_events_are_not_repeated_by_the_next_run(tmp_path: Path) -> None:
    state = tmp_path / "feed.id"
    history = [Event(str(number), id=str(number)) for number in range(1, 6)]
    command = ["-n", "2", "--state", str(state), "--format", "data"]
    with SSEServer(history=history) as server:
        runs = [sse("tail", server.url, *command) for _ in range(2)]
    assert [run.output for run in runs] == ["1\n2\n", "3\n4\n"]


def test_count_without_ids_writes_no_state(tmp_path: Path) -> None:
    state = tmp_path / "feed.id"
    with SSEServer([[Event("a"), Event("b")]]) as server:
        run = sse("tail", server.url, "-n", "1", "--state", str(state), "--format", "data")
    assert (run.code, run.output, state.exists()) == (ExitCode.ENDED, "a\n", False)


def test_dropped_connection_is_resumed_without_loss() -> None:
    script: list[Steps] = [
        [b"retry: 1\n\n", Event("a", id="1"), Event("b", id="2"), b"data: half", Cut()],
        [Event("c", id="3")],
        [204],
    ]
    with SSEServer(script) as server:
        run = sse("tail", server.url, "--format", "data")
        assert [call.last_event_id for call in server.calls] == ["", "2", "3"]
    assert run.output == "a\nb\nc\n"
    assert run.errors == ""


def test_state_file_resumes_in_the_next_run(tmp_path: Path) -> None:
    state = tmp_path / "feed.id"
    script: list[Steps] = [
        [Event("a", id="1"), Event("E", id="2")],
        [Event("b", id="3"), Event("E", id="4")],
    ]
    with SSEServer(script) as server:
        first = sse("tail", server.url, "--state", str(state), "--until", "E", "--format", "data")
        assert state.read_text() == "1\n"
        second = sse("tail", server.url, "--state", str(state), "--until", "E", "--format", "data")
        assert [call.last_event_id for call in server.calls] == ["", "1"]
    assert (first.output, second.output) == ("a\n", "b\n")


@pytest.mark.skipif(not FULL.exists(), reason=f"no {FULL} here")
def test_id_of_an_unwritten_event_is_not_saved(tmp_path: Path) -> None:
    state = tmp_path / "feed.id"
    both = encode(Event("a", id="1")) + encode(Event("b", id="2"))
    with SSEServer([[both, Stall()]]) as server, FULL.open("wb") as full:
        run = subprocess.run(
            [*SSE, "tail", server.url, "--state", str(state)],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            timeout=DEADLINE,
        )
    assert run.returncode == ExitCode.USAGE
    assert run.stderr == b"sse: No space left on device\n"
    assert not state.exists()


def test_pipe_broken_before_the_first_event() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with SSEServer([[Event("a"), Stall()]]) as server:
        run = subprocess.run(
            [*SSE, "tail", server.url],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            timeout=DEADLINE,
        )
    os.close(writer)
    assert (run.returncode, run.stderr) == (ExitCode.BROKEN_PIPE, b"")


def test_request_follows_the_options(tmp_path: Path) -> None:
    secrets = tmp_path / "headers"
    secrets.write_bytes(b"Authorization: Bearer secret\r\n\r\nX-Odd: a\xc2\x85b\n")
    with SSEServer([[Event("E")]]) as server:
        run = sse(
            *("tail", f"{server.url}/chat", "--json", '{"stream": true}', "--until", "E"),
            *(
                "-H",
                f"@{secrets}",
                "-H",
                "accept: text/*",
                "-H",
                "Accept: text/event-stream",
                "--last-event-id",
                "7",
            ),
        )
        (call,) = server.calls
    assert run.code == ExitCode.ENDED, run
    assert (call.method, call.path, call.body) == ("POST", "/chat", b'{"stream": true}')
    assert call.headers["authorization"] == b"Bearer secret"
    assert call.headers["content-type"] == b"application/json"
    assert call.headers["accept"] == b"text/event-stream"
    assert call.headers["x-odd"] == "a\x85b".encode()
    assert call.last_event_id == "7"


def test_body_from_a_file_is_sent_unchanged(tmp_path: Path) -> None:
    body = bytes(range(256))
    (tmp_path / "body").write_bytes(body)
    with SSEServer([[Event("E")], [Event("E")]]) as server:
        assert sse("tail", server.url, "-d", f"@{tmp_path / 'body'}", "--until", "E").code == ExitCode.ENDED
        assert sse("tail", server.url, "-d", "@-", "--until", "E", stdin=body).code == ExitCode.ENDED
        assert [call.body for call in server.calls] == [body, body]


def test_unknown_certificate_needs_insecure() -> None:
    # Not strict: the first client disconnects during the TLS handshake.
    with SSEServer(lambda _: [Event("a"), Event("E")], tls=True, strict=False) as server:
        checked = sse("tail", server.url, "--until", "E", "--format", "data")
        unchecked = sse("tail", server.url, "--until", "E", "--format", "data", "--insecure")
    assert checked.code == ExitCode.GAVE_UP
    assert "certificate" in checked.errors
    assert "--insecure" in checked.errors
    assert checked.errors.count("\n") == 1
    assert (unchecked.code, unchecked.output) == (ExitCode.ENDED, "a\n")


@pytest.mark.parametrize(
    ("steps", "arguments", "code", "message"),
    [
        (
            [404, b"no such thing\x1b[2J"],
            [],
            ExitCode.HTTP_ERROR,
            r"404 instead of 200: 'no such thing\x1b[2J'",
        ),
        ([401], [], ExitCode.HTTP_ERROR, "-H 'Authorization: Bearer KEY'"),
        ([403], [], ExitCode.HTTP_ERROR, "-H 'Authorization: Bearer KEY'"),
        ([405, {"Allow": "PUT"}], [], ExitCode.HTTP_ERROR, "-X PUT"),
        ([405], [], ExitCode.HTTP_ERROR, "-X POST"),
        ([415], ["-d", "x"], ExitCode.HTTP_ERROR, "--json"),
        ([400], ["-d", '{"stream": true}'], ExitCode.HTTP_ERROR, "; the body is JSON: --json instead of -d"),
        ([503], ["--no-retry"], ExitCode.HTTP_ERROR, "503"),
        ([{"Content-Type": "text/html"}, b"<p>"], [], ExitCode.NOT_AN_EVENT_STREAM, "'text/html'"),
        ([Event("x"), Cut()], ["-d", "x"], ExitCode.INCOMPLETE, "the stream ended before its end"),
        ([Event("x"), b"data: y"], ["-d", "x"], ExitCode.INCOMPLETE, "inside an event (7 bytes"),
        ([Event("x")], ["-d", "x", "--until", "E"], ExitCode.INCOMPLETE, "ended without 'E' (until)"),
        ([Event("x"), Stall()], ["--no-retry", "--idle-timeout", "0.05"], ExitCode.IDLE, "0.05 seconds"),
    ],
)
def test_each_error_has_its_exit_code_and_one_line(
    steps: Steps, arguments: list[str], code: ExitCode, message: str
) -> None:
    with SSEServer([steps]) as server:
        run = sse("tail", server.url, *arguments)
    assert run.code == code, run
    assert message in run.errors
    assert run.errors.count("\n") == 1
    assert run.errors.startswith("sse: ")


@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (404, ["-d", "{}"]),
        (422, ["-d", "stream=true"]),
        (422, ["-d", "{}", "-H", "content-type: text/plain"]),
        (422, ["--json", "{}"]),
    ],
)
def test_json_is_suggested_only_for_a_refused_body_without_a_type(status: int, arguments: list[str]) -> None:
    with SSEServer([[status]]) as server:
        run = sse("tail", server.url, *arguments)
    assert (run.code, run.errors) == (ExitCode.HTTP_ERROR, f"sse: HTTP status {status} instead of 200\n")


def test_204_and_the_end_of_a_post_are_success() -> None:
    with SSEServer([[204], [Event("x")]]) as server:
        assert sse("tail", server.url).code == ExitCode.ENDED
        assert sse("tail", server.url, "-d", "x").code == ExitCode.ENDED


def test_unreachable_server_fails_unless_retry_is_given() -> None:
    with SSEServer([]) as server:
        url = server.url
    run = sse("tail", url)
    assert run.code == ExitCode.GAVE_UP
    assert run.errors.count("\n") == 1
    for options in (["--retry"], ["--max-attempts", "2"]):
        with Terminal("tail", url, *options) as terminal:
            terminal.until("waiting")
            terminal.interrupt()
            assert terminal.finish() == ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["http://127.0.0.1:1", "-H", "secret"], "-H: write a header as 'Name: value'"),
        (["http://127.0.0.1:1", "--json", "{"], "--json: not JSON"),
        (["http://127.0.0.1:1", "--json", "{}", "-d", "x"], "--json, not both"),
        (["http://127.0.0.1:1", "-d", "@-", "-H", "@-"], "give @- once"),
        (["http://127.0.0.1:1", "-d", "@/nowhere"], "cannot read /nowhere"),
        (["http://127.0.0.1:1", "--no-retry", "--max-attempts", "2"], "not both"),
        (["http://127.0.0.1:1", "-X", "no method"], "method"),
        (["http://127.0.0.1:1", "-H", "a b: c"], "header"),
        (["http://127.0.0.1:1", "--format", "html"], "'html' is not one of"),
        (["http://127.0.0.1:1", "--select", "a..b"], "choices.0.delta.content"),
        (["http://127.0.0.1:1", "--select", "a", "--format", "raw"], "--select"),
        (["http://127.0.0.1:1", "--last-event-id", "a\nb"], "last_event_id"),
        (["http://user:secret@127.0.0.1:port/"], "port"),
        (["http://"], "url"),
        (["localhost:8000"], "a URL begins with http:// or https://"),
        (["/"], "is a folder"),
        ([], "Missing argument"),
        (["-", "-X", "POST"], "--request is for a URL"),
        (["-", "--retry"], "--retry is for a URL"),
        (["-", "--state", "x"], "--state is for a URL"),
    ],
)
def test_wrong_usage_is_one_line_and_sends_nothing(arguments: list[str], message: str) -> None:
    run = sse("tail", *arguments)
    assert run.code == ExitCode.USAGE, run
    assert run.output == ""
    assert message in run.errors
    assert run.errors.count("\n") == 1
    assert "secret" not in run.errors


@pytest.mark.parametrize("how", ["json", "raw", "data", "pretty"])
def test_each_event_is_written_when_it_arrives(how: str) -> None:
    received: list[int] = []

    def answer(call: Call) -> None:
        call.respond()
        for number in range(3):
            call.send(f"data: number {number}\n\n".encode())
            # The next event is sent only after this one was read from the pipe.
            while f"number {number}".encode() not in read():
                pass
            received.append(number)
        call.send(b"data: E\n\n")

    with SSEServer(answer) as server:
        process = subprocess.Popen(
            [*SSE, "tail", server.url, "--until", "E", "--format", how],
            stdout=subprocess.PIPE,
            env=environment(),
        )
        assert process.stdout is not None
        output = process.stdout

        def read() -> bytes:
            ready, _, _ = select.select([output], [], [], DEADLINE)
            assert ready, "nothing was written"
            return os.read(output.fileno(), 2**16)

        assert process.wait(DEADLINE) == ExitCode.ENDED
        output.close()
    assert received == [0, 1, 2]


def test_broken_pipe_ends_a_quiet_stream() -> None:
    with SSEServer([[Event("a"), Stall()]]) as server:
        process = subprocess.Popen(
            [*SSE, "tail", server.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b'{"event": "message", "data": "a"}\n'
        process.stdout.close()
        assert process.wait(DEADLINE) == ExitCode.BROKEN_PIPE
        assert process.stderr.read() == b""
        process.stderr.close()
