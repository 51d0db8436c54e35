"""The events in the network log of Chromium's developer tools: every event, of any type."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.recorded_run import Entry


def events_in_network_log(browser: WebDriver) -> Mapping[str, list[Entry]]:
    """Return the events of each URL, in order, over all its connections."""
    urls: dict[str, str] = {}
    events: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in browser.execute("getLog", {"type": "performance"})["value"]:
        message = json.loads(entry["message"])["message"]
        params = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            urls[params["requestId"]] = params["request"]["url"]
        elif message["method"] == "Network.eventSourceMessageReceived":
            url = urls[params["requestId"]]
            events[url].append((params["eventName"], params["data"], params["eventId"]))
    return events
