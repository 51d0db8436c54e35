"""Every stream gives the same events in Chromium and in our EventSource, from the same server."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.browser_harness import BrowserHarness
from tests.browser.chromium import new_tab
from tests.browser.differences import MISREADINGS, Difference, Misreading, as_chromium_reads
from tests.browser.recorded_run import Outcome
from tests.browser.run_chromium import run_in_chromium
from tests.browser.run_event_source import run_in_event_source
from tests.browser.streams import StreamScript, random_stream_scripts, vector_scripts

# Thousands of connections, which take long on a busy machine.

THREADS = 8
"""Threads that run our EventSource while Chromium runs."""

KINDS = {"vectors": vector_scripts, "random streams": random_stream_scripts}


@dataclass(frozen=True)
class Compared:
    """A stream and the outcome with each client."""

    script: StreamScript
    chromium: Outcome
    event_source: Outcome

    @property
    def chromium_follows_the_standard(self) -> bool:
        """Whether the outcome in Chromium is that of the standard."""
        return self.chromium == self.script.expected_outcome(self.script.stream)

    @property
    def chromium_misreads_as_known(self) -> bool:
        """Whether the outcome in Chromium is explained by a known misreading."""
        return self.chromium == self.script.expected_outcome(as_chromium_reads(self.script.stream))

    @property
    def agree(self) -> bool:
        """Whether both outcomes are equal."""
        return self.chromium == self.event_source


@pytest.fixture(scope="module")
def compared(chromium_session: WebDriver) -> dict[str, list[Compared]]:
    scripts = {kind: make() for kind, make in KINDS.items()}
    all_scripts = [*itertools.chain(*scripts.values())]
    with (
        BrowserHarness(all_scripts).open() as harness,
        new_tab(chromium_session) as browser,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        run = functools.partial(run_in_event_source, harness)
        own_runs = threads.map(run, range(len(all_scripts)), all_scripts)
        chromium_runs = run_in_chromium(browser, harness, all_scripts)
        outcomes = [
            Compared(script, chromium.outcome, own.outcome)
            for script, chromium, own in zip(all_scripts, chromium_runs, own_runs, strict=True)
        ]
    vectors = len(scripts["vectors"])
    return {"vectors": outcomes[:vectors], "random streams": outcomes[vectors:]}


@pytest.mark.parametrize("kind", KINDS)
def test_event_source_reads_every_stream_by_the_standard(
    compared: dict[str, list[Compared]], kind: str
) -> None:
    for one in compared[kind]:
        assert one.event_source == one.script.expected_outcome(one.script.stream, any_id=False)


@pytest.mark.parametrize("kind", KINDS)
def test_chromium_reads_every_stream_as_expected(
    compared: dict[str, list[Compared]], kind: str, record_parity: Callable[[str], None]
) -> None:
    for one in compared[kind]:
        assert one.chromium_follows_the_standard or one.chromium_misreads_as_known, one
    agreeing = sum(one.agree for one in compared[kind])
    record_parity(f"{agreeing} of {len(compared[kind])} {kind}")


@pytest.mark.parametrize("misreading", MISREADINGS, ids=lambda one: repr(one.prefix))
def test_every_known_misreading_occurs(
    compared: dict[str, list[Compared]], misreading: Misreading, record_resolved: Callable[[Difference], None]
) -> None:
    affected = [one for one in compared["random streams"] if one.script.stream.startswith(misreading.prefix)]
    assert affected
    if all(one.chromium_follows_the_standard for one in affected):
        record_resolved(misreading.difference)
