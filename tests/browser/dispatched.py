"""What the developer tools of Chromium see of event streams: every event, of whatever type."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.story import Entry


def dispatched(watched: WebDriver) -> Mapping[str, list[Entry]]:
    """Return the events of each URL, in order, over all its connections."""
    urls: dict[str, str] = {}
    events: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in watched.execute("getLog", {"type": "performance"})["value"]:
        message = json.loads(entry["message"])["message"]
        seen = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            urls[seen["requestId"]] = seen["request"]["url"]
        elif message["method"] == "Network.eventSourceMessageReceived":
            url = urls[seen["requestId"]]
            events[url].append((seen["eventName"], seen["data"], seen["eventId"]))
    return events
