"""The browser, started once, when the first test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from sse_transports.testing import SSEServer
from tests.browser.chat_page import NOTES_TROUBLES, Page
from tests.browser.chromium import chromium, page_of_its_own
from tests.browser.differences import Difference
from tests.browser.reporting import BROWSER, GONE, PARITY, parity_lines
from tests.sse_transports.conftest import fast_garbage_collection, no_leaks, no_proxy_settings

__all__ = ["fast_garbage_collection", "no_leaks", "no_proxy_settings"]


@pytest.fixture(scope="session")
def running_chromium() -> Iterator[WebDriver]:
    """Chromium, with a page that is nobody's."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def record_parity(
    running_chromium: WebDriver, record_property: Callable[[str, object], None]
) -> Callable[[str], None]:
    """Note how much agrees, for the line at the end of the run."""

    def record(agreeing: str) -> None:
        record_property(BROWSER, f"Chromium {running_chromium.capabilities['browserVersion']}")
        record_property(PARITY, agreeing)

    return record


@pytest.fixture
def record_gone(record_property: Callable[[str, object], None]) -> Callable[[Difference], None]:
    """Note a difference that is none any more: a browser that is mended breaks no test of ours."""
    return lambda difference: record_property(GONE, difference.value)


@pytest.fixture
def browser(running_chromium: WebDriver) -> Iterator[WebDriver]:
    """Chromium with a page of the test's own."""
    with page_of_its_own(running_chromium) as driver:
        yield driver


@pytest.fixture
def page(browser: WebDriver) -> Iterator[Callable[..., Page]]:
    """Open the page; what a browser would write to its console fails the test."""
    execute: Any = browser
    execute.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": NOTES_TROUBLES})

    def opened(server: SSEServer, way: str = "eventsource") -> Page:
        return Page(browser, server.url, way)

    yield opened
    assert browser.execute_script("return window.troubles") == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    failed = terminalreporter.stats.get("failed") or terminalreporter.stats.get("error")
    for line in parity_lines(terminalreporter.stats.get("passed", []), all_passed=not failed):
        terminalreporter.write_line(line)
