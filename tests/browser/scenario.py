"""A server script with the expected outcome of this library, and of Chromium if it differs."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.differences import Difference
from tests.browser.recorded_run import OPEN, RECONNECTING, Entry, Outcome, ServerResponse, ServerScript, event

FIRST: ServerResponse = [b"retry: 1\nid: 1\ndata: a\n\n"]
"""An event and a quick end, so that the next request is a reconnection."""

REQUEST = "stream"
RESUME = "stream, Last-Event-ID: 1"
"""The requests before and after that."""


def after_first(*log: Entry) -> tuple[Entry, ...]:
    """Return the log of a client that got `FIRST` and then these entries."""
    return (OPEN, event("a", "1"), RECONNECTING, *log)


@dataclass(frozen=True)
class ChromiumOutcome:
    """The outcome in Chromium, and the reason why it differs."""

    difference: Difference
    log: tuple[Entry, ...]
    requests: tuple[str, ...]
    waits: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scenario(ServerScript):
    """A server script and its outcome.

    Attributes:
        log: what our client reports.
        requests: the text of each request that our client sends.
        waits: our waits in seconds, if they matter. Chromium waits at least as long.
        chromium: the outcome in Chromium, if it differs.
    """

    log: tuple[Entry, ...]
    requests: tuple[str, ...]
    waits: tuple[float, ...] = ()
    chromium: ChromiumOutcome | None = None

    @property
    def expected(self) -> Outcome:
        """The expected outcome with our EventSource."""
        return Outcome(self.log, self.requests)

    @property
    def expected_in_chromium(self) -> Outcome:
        """The expected outcome in Chromium."""
        return Outcome(self.chromium.log, self.chromium.requests) if self.chromium else self.expected

    @property
    def min_waits(self) -> tuple[float, ...]:
        """The shortest time that Chromium may wait before each further request."""
        return self.chromium.waits if self.chromium else self.waits
