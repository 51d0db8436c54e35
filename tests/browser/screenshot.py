"""Take the screenshot of the chat page: `make screenshot`.

It shows a reply that lost its connection and was resumed. Only the times differ from run to run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from sse_transports.cli.demo._chat_server import chat_server
from tests.browser.chromium import chromium
from tests.sse_transports.waiting import eventually

SIZE = {"width": 1200, "height": 800, "deviceScaleFactor": 1, "mobile": False}
QUESTIONS = ["What if it breaks?"]


def take(picture: Path) -> None:
    """Ask the questions on the page, then save a screenshot."""
    with chat_server(0) as server, chromium() as browser:
        devtools: Any = browser
        devtools.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
        browser.get(server.url)
        browser.find_element(By.CSS_SELECTOR, "input[value=fetch]").click()
        for question in QUESTIONS:
            browser.find_element(By.ID, "question").send_keys(question, Keys.ENTER)
            eventually(lambda: bool(devtools.execute_script("return controller === null")), "the reply's end")
        browser.save_screenshot(str(picture))


if __name__ == "__main__":
    take(Path(sys.argv[1]))
