"""`sse check` on a terminal, in a pipe, and with JSON output."""

from __future__ import annotations

import json
import os

import pytest

from sse_core import Event
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.testing import Call, NoAnswer, SSEServer, Stall, Steps
from tests.cli.checks.samples import HISTORY, SERVER_HEADERS, good_server
from tests.cli.terminal import Terminal, sse


def faulty(_call: Call) -> Steps:
    return [{"Content-Type": "text/event-stream; charset=latin1"}, b"data: first\nsecond\n\n"]


def test_good_server_gets_a_full_report_and_exit_code_0() -> None:
    with SSEServer(good_server, history=HISTORY) as server:
        run = sse("check", server.url)
    assert run.code == ExitCode.ENDED, run
    assert run.errors == ""
    lines = run.output.splitlines()
    headings = [line for line in lines[:-1] if not line.startswith(" ")]
    assert headings == ["response", "headers", "delivery", "stream", "ids", "resume", "time"]
    assert "  pass  status: 200" in lines
    assert "  fail" not in run.output
    assert lines[-1].endswith("; 6 requests")


def test_failure_is_shown_with_evidence_fix_and_clause() -> None:
    with SSEServer(faulty) as server:
        run = sse("check", "--once", server.url)
    assert run.code == ExitCode.FOUND_FAULTS
    lines = run.output.splitlines()
    number = lines.index("  fail  charset: charset='latin1'")
    assert lines[number + 1].strip() == "Remove the parameter and send UTF-8."
    assert lines[number + 2].strip().startswith("(WHATWG HTML 9.2.5")
    assert "  fail  fields: 1 line that clients ignore, the first 'second'" in lines
    assert run.output.endswith("; 1 request\n")


def test_json_output() -> None:
    with SSEServer(faulty) as server:
        run = sse("check", "--format", "json", server.url)
    assert run.code == ExitCode.FOUND_FAULTS
    report = json.loads(run.output)
    findings = {finding["check"]: finding for finding in report["findings"]}
    assert findings["charset"]["verdict"] == "fail"
    assert findings["charset"]["fix"] == "Remove the parameter and send UTF-8."
    assert findings["status"]["fix"] is None
    assert report["fail"] == sum(finding["verdict"] == "fail" for finding in report["findings"]) > 0
    assert [request["status"] for request in report["requests"]] == [200] * 4


@pytest.mark.parametrize(
    ("steps", "code", "line"),
    [
        (
            [503, {"Retry-After": "5"}, b"busy"],
            ExitCode.HTTP_ERROR,
            "fail  status: 503, Retry-After: 5, 'busy'",
        ),
        (
            [{"Content-Type": "text/html"}, b"<p>"],
            ExitCode.NOT_AN_EVENT_STREAM,
            "fail  content-type: 'text/html'",
        ),
        (
            [401],
            ExitCode.HTTP_ERROR,
            "        Pass a key with -H 'Authorization: Bearer KEY', or in a file with",
        ),
        ([405, {"Allow": "PUT"}], ExitCode.HTTP_ERROR, "        Try -X PUT, or --json with a body."),
        ([204], ExitCode.ENDED, "warn  status: 204"),
    ],
    ids=["an error", "no event stream", "401", "405", "204"],
)
def test_response_without_a_stream_has_its_own_exit_code(steps: Steps, code: ExitCode, line: str) -> None:
    with SSEServer(lambda _: steps) as server:
        run = sse("check", server.url)
        assert len(server.calls) == 1
    assert run.code == code, run
    assert line in run.output


def test_missing_response_headers_suggest_a_longer_wait() -> None:
    with SSEServer(lambda _: [NoAnswer()]) as server:
        run = sse("check", "--for", "0.1", server.url)
    assert run.code == ExitCode.ENDED, run
    assert "warn  response-headers: connected, but no response headers within" in run.output


def test_passwords_and_queries_are_not_reported() -> None:
    with SSEServer(faulty) as server:
        url = server.url.replace("//", "//ann:secret@") + "/feed?key=secret"
        run = sse("check", "--format", "json", "--verbose", url)
        assert {call.path for call in server.calls} == {"/feed?key=secret"}
        assert "authorization" in server.calls[0].headers
    assert "secret" not in run.output + run.errors
    assert json.loads(run.output)["url"] == f"{server.url}/feed?…"


def test_no_connection_is_an_error_of_one_line() -> None:
    with SSEServer() as server:
        url = server.url
    run = sse("check", url)
    assert run.code == ExitCode.GAVE_UP
    assert run.output == ""
    assert run.errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["feed.sse"], "feed.sse is not a URL"),
        (["--for", "0", "http://localhost/"], "--for"),
        (["--retry", "http://localhost/"], "No such option"),
        (["-d", "a", "-X", "GET", "http://localhost/"], "have no body"),
    ],
)
def test_usage_errors_are_reported_before_sending(arguments: list[str], message: str) -> None:
    run = sse("check", *arguments)
    assert run.code == ExitCode.USAGE
    assert run.output == ""
    assert message in run.errors
    assert run.errors.count("\n") == 1


def test_untrusted_certificate_needs_the_option_insecure() -> None:
    with SSEServer(faulty, tls=True) as server:
        assert sse("check", server.url).code == ExitCode.GAVE_UP
        run = sse("check", "--insecure", "--once", server.url)
    assert run.code == ExitCode.FOUND_FAULTS
    assert "fail  charset" in run.output


def test_body_makes_a_post_that_is_sent_once() -> None:
    with SSEServer(lambda _: [SERVER_HEADERS, Event("[DONE]")]) as server:
        run = sse("check", "--json", '{"stream": true}', "-H", "Authorization: Bearer x", "-v", server.url)
        (call,) = server.calls
    assert (call.method, call.body) == ("POST", b'{"stream": true}')
    assert call.headers["authorization"] == b"Bearer x"
    assert call.headers["content-type"] == b"application/json"
    assert "  skip  resume: only the first request was sent" in run.output
    first, second = run.errors.splitlines()
    assert first == f"POST {server.url}/, watched for 10 s"
    assert second.startswith("  200 after ")


def test_ctrl_c_prints_the_findings_so_far() -> None:
    with (
        SSEServer(lambda _: [SERVER_HEADERS, Event("a", id="1"), Stall()]) as server,
        Terminal("check", "--for", "60", "-v", server.url) as terminal,
    ):
        terminal.until("200 after ")
        terminal.interrupt()
        code = terminal.finish()
    assert code == ExitCode.INTERRUPTED
    assert "pass  status: 200" in terminal.text
    assert "; 1 request" in terminal.text
    assert "Traceback" not in terminal.text


def test_terminal_output_has_colors_and_wrapped_lines() -> None:
    with SSEServer(faulty) as server, Terminal("check", "--once", server.url, columns=60) as terminal:
        assert terminal.finish() == ExitCode.FOUND_FAULTS
    assert "\x1b[" in terminal.screen
    assert max(map(len, terminal.text.splitlines())) <= 60
    assert "fail" in terminal.text


def test_no_color_is_respected_and_pipes_get_no_color() -> None:
    with SSEServer(faulty) as server:
        with Terminal("check", "--once", server.url, env={"NO_COLOR": "1"}) as terminal:
            terminal.finish()
        assert "\x1b[3" not in terminal.screen
        assert "\x1b" not in sse("check", "--once", server.url, env={"TERM": "xterm"}).output


@pytest.mark.parametrize("form", ["text", "json"])
def test_control_characters_from_the_server_are_escaped(form: str) -> None:
    evil: Steps = [{**SERVER_HEADERS, "Cache-Control": "no-store, \x9b31mred"}, b"\x1b]0;title\x07: x\n\n"]
    arguments = ["check", "--once", "--format", form]
    with SSEServer(lambda _: evil) as server, Terminal(*arguments, server.url) as terminal:
        assert terminal.finish() == ExitCode.FOUND_FAULTS
    assert "31mred" in terminal.text
    assert "\x1b]0;" not in terminal.screen
    assert "\x9b" not in terminal.screen


def test_closed_pipe_ends_the_command_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with SSEServer(faulty) as server:
            with Terminal("check", "--once", server.url, output=writing) as terminal:
                assert terminal.finish() == ExitCode.BROKEN_PIPE
            assert terminal.text == ""
    finally:
        os.close(writing)
