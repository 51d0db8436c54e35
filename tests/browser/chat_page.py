"""The page of `sse demo --serve`, operated like a user does, and servers for it."""

from __future__ import annotations

from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from sse_transports.cli.demo._chat_server import chat_server
from sse_transports.cli.demo._page import page
from sse_transports.testing import Call, SSEServer, Steps
from tests.sse_transports.waiting import eventually

READERS = ["eventsource", "fetch"]
NEVER = 3600
"""Seconds between words in tests that do not wait for the second word."""

RECORD_ERRORS = """
window.pageErrors = [];
addEventListener("error", (event) => pageErrors.push(event.message));
addEventListener("unhandledrejection", (event) => pageErrors.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => pageErrors.push(event.violatedDirective));
console.error = console.warn = (...words) => pageErrors.push(words.join(" "));
"""


class Page:
    """The chat page, operated by clicks and keys."""

    def __init__(self, browser: WebDriver, url: str, reader: str = "eventsource") -> None:
        self._browser = browser
        browser.get(url)
        if reader == "fetch":
            self.click("input[value=fetch]")

    def click(self, selector: str) -> None:
        self._browser.find_element(By.CSS_SELECTOR, selector).click()

    def type(self, selector: str, *keys: str) -> None:
        self._browser.find_element(By.CSS_SELECTOR, selector).send_keys(*keys)

    def ask(self, question: str) -> None:
        self.type("#question", question, Keys.ENTER)

    def run(self, script: str, *arguments: object) -> Any:
        return self._browser.execute_script(script, *arguments)

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector
        )
        return found

    def steps(self) -> list[str]:
        return self.texts("#timeline b")

    def until_step(self, name: str) -> None:
        eventually(lambda: name in self.steps(), f"{name!r} in the timeline")

    def until_done(self) -> None:
        eventually(lambda: bool(self.run("return controller === null")), "the end of the reply")


def quick_server(**options: Any) -> SSEServer:
    return chat_server(0, **{"pace": 0.005, "retry": 20, **options})


def scripted_server(*answers: Steps) -> SSEServer:
    """Return a server of the page whose chat plays a script."""
    headers, html = page()
    remaining = iter(answers)

    def answer(call: Call) -> Steps | None:
        if call.path != "/":
            return next(remaining)
        call.respond(200, headers, html)
        return None

    return SSEServer(answer)


def post_event(text: str) -> bytes:
    return f'data: {{"choices":[{{"delta":{{"content":"{text}"}}}}]}}\n\n'.encode()


DONE = b"data: [DONE]\n\n"
