"""A page that listens for some types of events misses none: there are no events of other types."""

from __future__ import annotations

import pytest

from tests.browser.chromium import chromium
from tests.browser.dispatched import dispatched
from tests.browser.in_chromium import in_chromium
from tests.browser.streams import stories_of_random_streams, stories_of_vectors
from tests.browser.theatre import Theatre

# Thousands of connections, which take their time on a machine that does other things.
pytestmark = pytest.mark.timeout(300)

RANDOM_STREAMS = 200


def test_the_page_is_told_every_event_that_the_developer_tools_see() -> None:
    stories = [*stories_of_vectors(), *stories_of_random_streams()[:RANDOM_STREAMS]]
    with Theatre(stories).open() as theatre, chromium(watched=True) as browser:
        played = in_chromium(browser, theatre, stories)
        seen = dispatched(browser)
        for number, story in enumerate(stories):
            told = [entry for entry in played[number].told if len(entry) == 3]
            assert told == seen.get(theatre.stream("chromium", number), []), story.name
