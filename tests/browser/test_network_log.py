"""The page misses no events: Chromium's network log has no events of other types."""

from __future__ import annotations

from tests.browser.browser_harness import BrowserHarness
from tests.browser.chromium import chromium
from tests.browser.network_log import events_in_network_log
from tests.browser.run_chromium import run_in_chromium
from tests.browser.streams import random_stream_scripts, vector_scripts

# Thousands of connections, which take long on a busy machine.

RANDOM_STREAMS = 200


def test_page_gets_every_event_of_the_network_log() -> None:
    scripts = [*vector_scripts(), *random_stream_scripts()[:RANDOM_STREAMS]]
    with BrowserHarness(scripts).open() as harness, chromium(log_network=True) as browser:
        runs = run_in_chromium(browser, harness, scripts)
        logged = events_in_network_log(browser)
        for number, script in enumerate(scripts):
            events = [entry for entry in runs[number].log if len(entry) == 3]
            assert events == logged.get(harness.stream("chromium", number), []), script.name
