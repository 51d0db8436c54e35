"""What a script was asked: each request, and one too many."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sse_core import Event, InvalidArgument, Request

from ._plan import Plan, checked_history, checked_script, plan_of
from ._script import History, Script


class UnexpectedRequest(AssertionError):
    """More was asked than the script has connections. No `SSEError`: nothing retries it.

    Attributes:
        connections: how many the script has.
        requests: a line for each request, the one too many last.
        script: what ended: `"script"`, or `"recording"` in a replay.
    """

    def __init__(self, connections: int, requests: Sequence[str], script: str = "script") -> None:
        super().__init__(connections, requests, script)
        self.connections = connections
        self.requests = requests
        self.script = script

    def __str__(self) -> str:
        told = "".join(f"\n  {number}. {line}" for number, line in enumerate(self.requests, 1))
        has = "no connection" if not self.connections else f"{self.connections} connection(s)"
        ends = "" if self.script == "script" else f"the {self.script} ends here: "
        return f"{ends}the {self.script} has {has}, and one more was asked for; the requests:{told}"


class Scripted:
    """The part of a scripted transport that does not wait: the same for threads and for tasks."""

    def __init__(self, script: Script, history: Sequence[Event]) -> None:
        self._script = checked_script(script)
        self._history = checked_history(history)
        if not self._history and any(isinstance(step, History) for steps in self._script for step in steps):
            raise InvalidArgument("history", "the script says History(), and there is none")
        self._lock = threading.Lock()
        # What it is called in an error.
        self._script_name = "script"
        self.requests: list[Request] = []

    def replays(self) -> None:
        """Note that the script is a recording."""
        self._script_name = "recording"

    def asked(self, request: Request) -> Plan:
        """Note a request, and return what is to come of it.

        Raises:
            UnexpectedRequest: the script has no further connection.
        """
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
            if number >= len(self._script):
                lines = [
                    line_of(each.method, each.url, each.header("Last-Event-ID")) for each in self.requests
                ]
                raise UnexpectedRequest(len(self._script), lines, self._script_name)
        return plan_of(self._script[number], request.header("Last-Event-ID") or "", self._history)


def line_of(method: str, url: str, last_event_id: str | None) -> str:
    """Return a request in a line."""
    return f"{method} {url}" + (f", Last-Event-ID: {last_event_id}" if last_event_id else "")
