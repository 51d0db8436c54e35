"""The browser, started once, when the first test needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from sse_transports.testing import SSEServer
from tests.browser.chat_page import RECORD_ERRORS, Page
from tests.browser.chromium import chromium, new_tab
from tests.browser.differences import Difference
from tests.browser.reporting import BROWSER, PARITY, RESOLVED, parity_lines
from tests.sse_transports.conftest import fast_garbage_collection, no_leaks, no_proxy_settings

__all__ = ["fast_garbage_collection", "no_leaks", "no_proxy_settings"]


@pytest.fixture(scope="session")
def chromium_session() -> Iterator[WebDriver]:
    """Chromium, with an empty first tab."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def record_parity(
    chromium_session: WebDriver, record_property: Callable[[str, object], None]
) -> Callable[[str], None]:
    """Record how many comparisons agree, for the summary of the run."""

    def record(agreeing: str) -> None:
        record_property(BROWSER, f"Chromium {chromium_session.capabilities['browserVersion']}")
        record_property(PARITY, agreeing)

    return record


@pytest.fixture
def record_resolved(record_property: Callable[[str, object], None]) -> Callable[[Difference], None]:
    """Record a difference that no longer exists: a fix in the browser must not fail our tests."""
    return lambda difference: record_property(RESOLVED, difference.value)


@pytest.fixture
def browser(chromium_session: WebDriver) -> Iterator[WebDriver]:
    """Chromium with a new tab."""
    with new_tab(chromium_session) as driver:
        yield driver


@pytest.fixture
def page(browser: WebDriver) -> Iterator[Callable[..., Page]]:
    """Open the page; any error or warning in the browser's console fails the test."""
    execute: Any = browser
    execute.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": RECORD_ERRORS})

    def open_page(server: SSEServer, reader: str = "eventsource") -> Page:
        return Page(browser, server.url, reader)

    yield open_page
    assert browser.execute_script("return window.pageErrors") == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    failed = terminalreporter.stats.get("failed") or terminalreporter.stats.get("error")
    for line in parity_lines(terminalreporter.stats.get("passed", []), all_passed=not failed):
        terminalreporter.write_line(line)
