"""`sse check` with the chat of the demo."""

from __future__ import annotations

import json

from sse_transports.cli._exit_codes import ExitCode
from sse_transports.cli.demo._chat_server import chat_server
from tests.cli.terminal import sse


def test_dropped_connections_are_the_only_failure() -> None:
    with chat_server(0, pace=0.001) as server:
        run = sse("check", "--format", "json", f"{server.url}/reply?ask=What%20is%20SSE%3F")
    assert run.code == ExitCode.FOUND_FAULTS
    # Delivery depends on the speed of this machine.
    findings = [each for each in json.loads(run.output)["findings"] if each["group"] != "delivery"]
    assert [each["check"] for each in findings if each["verdict"] == "fail"] == ["end"]
    assert [each["check"] for each in findings if each["verdict"] == "warn"] == []
