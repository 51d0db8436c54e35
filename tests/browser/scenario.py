"""A story with what must come of it: for us, and for Chromium where that differs."""

from __future__ import annotations

from dataclasses import dataclass

from tests.browser.differences import Difference
from tests.browser.story import OPEN, RECONNECTING, Answer, Entry, Outcome, Story, event

FIRST: Answer = [b"retry: 1\nid: 1\ndata: a\n\n"]
"""An event, and then a quick end: what follows is a reconnection."""

ASKED = "stream"
ASKED_AGAIN = "stream, Last-Event-ID: 1"
"""The requests before and behind that."""


def behind_the_first(*told: Entry) -> tuple[Entry, ...]:
    """Return what a client tells that got `FIRST`, and then this."""
    return (OPEN, event("a", "1"), RECONNECTING, *told)


@dataclass(frozen=True)
class Otherwise:
    """What comes of a story in Chromium, and why that is something else than with us."""

    difference: Difference
    told: tuple[Entry, ...]
    asked: tuple[str, ...]
    waits: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scenario(Story):
    """A story and its outcome.

    Attributes:
        told: what we tell.
        asked: what we ask, each request in a line.
        waits: our waits in seconds, if they matter. Chromium waits as long at least.
        otherwise: Chromium's outcome, if it is another one.
    """

    told: tuple[Entry, ...]
    asked: tuple[str, ...]
    waits: tuple[float, ...] = ()
    otherwise: Otherwise | None = None

    @property
    def ours(self) -> Outcome:
        """What must come of it with us."""
        return Outcome(self.told, self.asked)

    @property
    def chromiums(self) -> Outcome:
        """What must come of it in Chromium."""
        return Outcome(self.otherwise.told, self.otherwise.asked) if self.otherwise else self.ours

    @property
    def least_waits(self) -> tuple[float, ...]:
        """How long Chromium must wait at least before each further request."""
        return self.otherwise.waits if self.otherwise else self.waits
