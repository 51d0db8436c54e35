"""The browser, started once, when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser.chromium import chromium, page_of_its_own
from tests.browser.reporting import parity_line
from tests.sse_transports.conftest import no_proxy_of_this_machine, nothing_left_behind, quick_collections

__all__ = ["no_proxy_of_this_machine", "nothing_left_behind", "quick_collections"]


@pytest.fixture(scope="session")
def running_chromium() -> Iterator[WebDriver]:
    """Chromium, with a page that is nobody's."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def browser(running_chromium: WebDriver) -> Iterator[WebDriver]:
    """Chromium with a page of the test's own."""
    with page_of_its_own(running_chromium) as driver:
        yield driver


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    line = parity_line(terminalreporter.stats.get("passed", []))
    if line is not None:
        terminalreporter.write_line(line)
