"""Stories as the EventSource of Chromium plays them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.story import Asked, Played, Story
from tests.browser.theatre import Theatre

AT_ONCE = 60
"""Sources at a time. A browser has six connections to a server; those that wait to reconnect have none."""

IN_ONE_CALL = 500
"""Stories that are over long before the driver loses patience, also on a machine that does other things."""

RUN = "const done = arguments[2]; listenToAll(arguments[0], arguments[1]).then(done);"


def in_chromium(browser: WebDriver, theatre: Theatre, stories: Sequence[Story]) -> list[Played]:
    """Play all stories in one page, many at a time."""
    browser.get(theatre.url)
    plans = [
        {
            "url": theatre.stream("chromium", number),
            "types": sorted({"open", "error", "message", *story.types}),
            "closed_at_error": story.closed_at_error,
            "closed_at_event": story.closed_at_event,
        }
        for number, story in enumerate(stories)
    ]
    told: list[list[list[str]]] = []
    for start in range(0, len(plans), IN_ONE_CALL):
        told += browser.execute_async_script(RUN, plans[start : start + IN_ONE_CALL], AT_ONCE)
    return [_played(entries, theatre.asked("chromium", number)) for number, entries in enumerate(told)]


def _played(entries: list[list[str]], asked: Sequence[Asked]) -> Played:
    moments = [request.moment for request in asked]
    waits = [later - earlier for earlier, later in itertools.pairwise(moments)]
    return Played([tuple(entry) for entry in entries], asked, waits)
