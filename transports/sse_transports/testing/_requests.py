"""The requests that a script gets, and the error for one too many."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sse_core import Event, InvalidArgument, Request

from ._plan import Plan, checked_history, checked_script, make_plan
from ._script import History, Script


class UnexpectedRequest(AssertionError):
    """There were more requests than the script has connections. Not an `SSEError`, so no source retries it.

    Attributes:
        connections: the number of connections of the script.
        requests: a line for each request, including the one too many.
        script: what has ended: `"script"`, or `"recording"` in a replay.
    """

    def __init__(self, connections: int, requests: Sequence[str], script: str = "script") -> None:
        super().__init__(connections, requests, script)
        self.connections = connections
        self.requests = requests
        self.script = script

    def __str__(self) -> str:
        requests = "".join(f"\n  {number}. {line}" for number, line in enumerate(self.requests, 1))
        has = "no connection" if not self.connections else f"{self.connections} connection(s)"
        ends = "" if self.script == "script" else f"the {self.script} ends here: "
        return f"{ends}the {self.script} has {has}, but there was one more request; all requests:{requests}"


class ScriptedTransportBase:
    """The part of a scripted transport that does not wait: the same for threads and for tasks."""

    def __init__(self, script: Script, history: Sequence[Event]) -> None:
        self._script = checked_script(script)
        self._history = checked_history(history)
        if not self._history and any(isinstance(step, History) for steps in self._script for step in steps):
            raise InvalidArgument("history", "the script has a History() step, but no history was given")
        self._lock = threading.Lock()
        # What an error calls the script; a replay sets it to "recording".
        self.script_name = "script"
        self.requests: list[Request] = []

    def next_plan(self, request: Request) -> Plan:
        """Record a request, and return the plan of its connection.

        Raises:
            UnexpectedRequest: the script has no further connection.
        """
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
            if number >= len(self._script):
                lines = [
                    describe_request(each.method, each.url, each.header("Last-Event-ID"))
                    for each in self.requests
                ]
                raise UnexpectedRequest(len(self._script), lines, self.script_name)
        return make_plan(self._script[number], request.header("Last-Event-ID") or "", self._history)


def describe_request(method: str, url: str, last_event_id: str | None) -> str:
    """Return a request as one line of text."""
    return f"{method} {url}" + (f", Last-Event-ID: {last_event_id}" if last_event_id else "")
