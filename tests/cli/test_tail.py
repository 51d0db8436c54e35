"""`sse tail` in pipes: what it asks, what it writes in each format, and how it ends."""

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
"""The last one clears the ID."""

FULL = Path("/dev/full")
"""A file that takes nothing."""

ODD_STEPS: Steps = [ODD[0], Comment("beat"), ODD[1], ODD[2], b"id\ndata: plain\n\n", Event("[DONE]")]


def objects_of(output: str) -> list[object]:
    # A line ends at LF and nowhere else: there is a line separator within a string.
    return [json.loads(line) for line in output.split("\n") if line]


def test_a_pipe_gets_json_lines_with_what_is_set() -> None:
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
def test_raw_is_an_event_stream_that_gives_the_same_events(arguments: list[str]) -> None:
    with SSEServer([ODD_STEPS]) as server:
        run = sse("tail", server.url, "--until", "[DONE]", "--format", "raw", *arguments)
    assert list(parse([run.output.encode()])) == ODD
    assert (": beat\n" in run.output) is bool(arguments)


def test_data_is_the_data_alone() -> None:
    with SSEServer(
        [[Comment("beat"), Event("one\ntwo", id="1"), Event("", event="x"), Event("three"), Event("E")]]
    ) as server:
        run = sse("tail", server.url, "--until", "E", "--format", "data", "--comments")
    assert run.output == "one\ntwo\n\nthree\n"


def test_pretty_is_what_a_person_reads_without_colours_in_a_pipe() -> None:
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


def test_a_comment_is_an_object_in_json_where_it_is_asked_for() -> None:
    with SSEServer([[Comment('a "beat"'), Event("x"), Event("E")]]) as server:
        run = sse("tail", server.url, "--until", "E", "--comments")
    assert objects_of(run.output) == [
        {"comment": 'a "beat"'},
        {"event": "message", "data": "x"},
    ]


def test_only_events_of_the_types_asked_for_are_written() -> None:
    events = [Event("1", event="a"), Event("2", event="b"), Event("3", event="c"), Event("E")]
    with SSEServer([events]) as server:
        run = sse(*("tail", server.url, "--until", "E", "--event", "a", "--event", "c", "--format", "data"))
    assert run.output == "1\n3\n"


def test_a_cut_is_resumed_and_nothing_is_lost_or_doubled() -> None:
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


def test_a_state_file_goes_on_where_the_last_run_stopped(tmp_path: Path) -> None:
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
def test_the_id_of_an_event_that_could_not_be_written_is_not_kept(tmp_path: Path) -> None:
    state = tmp_path / "feed.id"
    at_once = encode(Event("a", id="1")) + encode(Event("b", id="2"))
    with SSEServer([[at_once, Stall()]]) as server, FULL.open("wb") as full:
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


def test_a_reader_who_has_gone_before_the_first_event_ends_it_quietly() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with SSEServer([[Event("a"), Stall()]]) as server:
        run = subprocess.run(
            [*SSE, "tail", server.url],
            stdout=theirs,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            timeout=DEADLINE,
        )
    os.close(theirs)
    assert (run.returncode, run.stderr) == (ExitCode.CLOSED_PIPE, b"")


def test_a_request_is_what_the_options_say(tmp_path: Path) -> None:
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


def test_a_body_from_a_file_is_sent_byte_for_byte(tmp_path: Path) -> None:
    body = bytes(range(256))
    (tmp_path / "body").write_bytes(body)
    with SSEServer([[Event("E")], [Event("E")]]) as server:
        assert sse("tail", server.url, "-d", f"@{tmp_path / 'body'}", "--until", "E").code == ExitCode.ENDED
        assert sse("tail", server.url, "-d", "@-", "--until", "E", stdin=body).code == ExitCode.ENDED
        assert [call.body for call in server.calls] == [body, body]


def test_a_certificate_nobody_knows_is_refused_unless_it_is_not_to_be_checked() -> None:
    # Not strict: the first client leaves in the middle of a handshake.
    with SSEServer(lambda _: [Event("a"), Event("E")], tls=True, strict=False) as server:
        checked = sse("tail", server.url, "--until", "E", "--format", "data")
        unchecked = sse("tail", server.url, "--until", "E", "--format", "data", "--insecure")
    assert checked.code == ExitCode.GAVE_UP
    assert "certificate" in checked.errors
    assert "--insecure" in checked.errors
    assert checked.errors.count("\n") == 1
    assert (unchecked.code, unchecked.output) == (ExitCode.ENDED, "a\n")


@pytest.mark.parametrize(
    ("steps", "arguments", "code", "told"),
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
        ([503], ["--no-retry"], ExitCode.HTTP_ERROR, "503"),
        ([{"Content-Type": "text/html"}, b"<p>"], [], ExitCode.NOT_AN_EVENT_STREAM, "'text/html'"),
        ([Event("x"), Cut()], ["-d", "x"], ExitCode.BROKEN, "the stream ended before its end"),
        ([Event("x"), b"data: y"], ["-d", "x"], ExitCode.BROKEN, "inside an event (7 bytes"),
        ([Event("x")], ["-d", "x", "--until", "E"], ExitCode.BROKEN, "ended before its end"),
        ([Event("x"), Stall()], ["--no-retry", "--idle-timeout", "0.05"], ExitCode.GAVE_UP, "0.05 seconds"),
    ],
)
def test_each_end_has_its_exit_code_and_one_line_that_says_why(
    steps: Steps, arguments: list[str], code: ExitCode, told: str
) -> None:
    with SSEServer([steps]) as server:
        run = sse("tail", server.url, *arguments)
    assert run.code == code, run
    assert told in run.errors
    assert run.errors.count("\n") == 1
    assert run.errors.startswith("sse: ")


def test_a_204_ends_it_and_so_does_the_end_of_a_post() -> None:
    with SSEServer([[204], [Event("x")]]) as server:
        assert sse("tail", server.url).code == ExitCode.ENDED
        assert sse("tail", server.url, "-d", "x").code == ExitCode.ENDED


def test_a_server_that_is_not_there_is_an_error_at_once_unless_retries_are_asked_for() -> None:
    with SSEServer([]) as server:
        url = server.url
    run = sse("tail", url)
    assert run.code == ExitCode.GAVE_UP
    assert run.errors.count("\n") == 1
    for asked in (["--retry"], ["--max-attempts", "2"]):
        with Terminal("tail", url, *asked) as terminal:
            terminal.until("waiting")
            terminal.interrupt()
            assert terminal.finish() == ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["http://127.0.0.1:1", "-H", "secret"], "-H: a header is written 'Name: value'"),
        (["http://127.0.0.1:1", "--json", "{"], "--json: that is no JSON"),
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
def test_what_cannot_be_used_is_told_in_one_line_and_nothing_is_sent(arguments: list[str], told: str) -> None:
    run = sse("tail", *arguments)
    assert run.code == ExitCode.USAGE, run
    assert run.output == ""
    assert told in run.errors
    assert run.errors.count("\n") == 1
    assert "secret" not in run.errors


@pytest.mark.parametrize("how", ["json", "raw", "data", "pretty"])
def test_each_event_is_written_when_it_comes(how: str) -> None:
    seen: list[int] = []

    def answer(call: Call) -> None:
        call.respond()
        for number in range(3):
            call.send(f"data: number {number}\n\n".encode())
            # The next one is sent when this one was read at the other end of the pipe.
            while f"number {number}".encode() not in reader():
                pass
            seen.append(number)
        call.send(b"data: E\n\n")

    with SSEServer(answer) as server:
        process = subprocess.Popen(
            [*SSE, "tail", server.url, "--until", "E", "--format", how],
            stdout=subprocess.PIPE,
            env=environment(),
        )
        assert process.stdout is not None
        output = process.stdout

        def reader() -> bytes:
            ready, _, _ = select.select([output], [], [], DEADLINE)
            assert ready, "nothing was written"
            return os.read(output.fileno(), 2**16)

        assert process.wait(DEADLINE) == ExitCode.ENDED
        output.close()
    assert seen == [0, 1, 2]


def test_a_reader_who_goes_ends_it_though_nothing_more_comes() -> None:
    with SSEServer([[Event("a"), Stall()]]) as server:
        process = subprocess.Popen(
            [*SSE, "tail", server.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b'{"event": "message", "data": "a"}\n'
        process.stdout.close()
        assert process.wait(DEADLINE) == ExitCode.CLOSED_PIPE
        assert process.stderr.read() == b""
        process.stderr.close()
