"""Any stream gives the same events in Chromium and in our EventSource, from the same server."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.by_us import by_us
from tests.browser.chromium import page_of_its_own
from tests.browser.differences import MISREADINGS, Difference, Misreading, as_chromium_reads
from tests.browser.in_chromium import in_chromium
from tests.browser.story import Outcome
from tests.browser.streams import StreamStory, stories_of_random_streams, stories_of_vectors
from tests.browser.theatre import Theatre

# Thousands of connections, which take their time on a machine that does other things.
pytestmark = pytest.mark.timeout(300)

THREADS = 8
"""Of ours, which read while Chromium does."""

KINDS = {"vectors": stories_of_vectors, "random streams": stories_of_random_streams}


@dataclass(frozen=True)
class Compared:
    """A stream, and what each made of it."""

    story: StreamStory
    chromium: Outcome
    ours: Outcome

    @property
    def read_to_the_letter(self) -> bool:
        """Whether Chromium did."""
        return self.chromium == self.story.outcome_of(self.story.stream)

    @property
    def misread_as_known(self) -> bool:
        """Whether Chromium read what it is said to read instead, if it is."""
        return self.chromium == self.story.outcome_of(as_chromium_reads(self.story.stream))

    @property
    def agree(self) -> bool:
        """Whether both made the same of it."""
        return self.chromium == self.ours


@pytest.fixture(scope="module")
def compared(running_chromium: WebDriver) -> dict[str, list[Compared]]:
    stories = {kind: make() for kind, make in KINDS.items()}
    everything = [*itertools.chain(*stories.values())]
    with (
        Theatre(everything).open() as theatre,
        page_of_its_own(running_chromium) as browser,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        ours = threads.map(functools.partial(by_us, theatre), range(len(everything)), everything)
        theirs = in_chromium(browser, theatre, everything)
        outcomes = [
            Compared(story, chromium.outcome, own.outcome)
            for story, chromium, own in zip(everything, theirs, ours, strict=True)
        ]
    vectors = len(stories["vectors"])
    return {"vectors": outcomes[:vectors], "random streams": outcomes[vectors:]}


@pytest.mark.parametrize("kind", KINDS)
def test_we_read_every_stream_to_the_letter(compared: dict[str, list[Compared]], kind: str) -> None:
    wrong = [one for one in compared[kind] if one.ours != one.story.outcome_of(one.story.stream)]
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_chromium_reads_every_stream_to_the_letter_but_for_the_known_misreadings(
    compared: dict[str, list[Compared]], kind: str, record_parity: Callable[[str], None]
) -> None:
    assert [one for one in compared[kind] if not (one.read_to_the_letter or one.misread_as_known)] == []
    agreeing = sum(one.agree for one in compared[kind])
    record_parity(f"{agreeing} of {len(compared[kind])} {kind}")


@pytest.mark.parametrize("misreading", MISREADINGS, ids=lambda one: repr(one.begins))
def test_every_known_misreading_is_met(
    compared: dict[str, list[Compared]], misreading: Misreading, record_gone: Callable[[Difference], None]
) -> None:
    met = [one for one in compared["random streams"] if one.story.stream.startswith(misreading.begins)]
    assert met
    if all(one.read_to_the_letter for one in met):
        record_gone(misreading.difference)
