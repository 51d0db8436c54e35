"""Run scripts with the EventSource of Chromium."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.browser_harness import BrowserHarness
from tests.browser.recorded_run import ReceivedRequest, RecordedRun, ServerScript

CONCURRENT_SOURCES = 60
"""Sources at a time. A browser opens six connections to a server; sources that wait have none."""

MAX_BATCH = 500
"""Scripts for one command: few enough that it ends well before the timeout, on a busy machine too."""

RUN = "const done = arguments[2]; listenToAll(arguments[0], arguments[1]).then(done);"


def run_in_chromium(
    browser: WebDriver, harness: BrowserHarness, scripts: Sequence[ServerScript]
) -> list[RecordedRun]:
    """Run all scripts in one page, many at a time."""
    browser.get(harness.url)
    plans = [
        {
            "url": harness.stream("chromium", number),
            "types": sorted({"open", "error", "message", *script.types}),
            "close_at_error": script.close_at_error,
            "close_at_event": script.close_at_event,
        }
        for number, script in enumerate(scripts)
    ]
    logs: list[list[list[str]]] = []
    for start in range(0, len(plans), MAX_BATCH):
        logs += browser.execute_async_script(RUN, plans[start : start + MAX_BATCH], CONCURRENT_SOURCES)
    return [
        _recorded_run(entries, harness.requests("chromium", number)) for number, entries in enumerate(logs)
    ]


def _recorded_run(entries: list[list[str]], requests: Sequence[ReceivedRequest]) -> RecordedRun:
    times = [request.received_at for request in requests]
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    return RecordedRun([tuple(entry) for entry in entries], requests, waits)
