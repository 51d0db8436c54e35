"""The look and accessibility of the chat page: sizes, colors, names and the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from sse_transports.cli.demo._replies import reply_to
from tests.browser.chat_page import NEVER, Page, quick_server


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_text_has_enough_contrast(browser: WebDriver, page: Callable[..., Page], scheme: str) -> None:
    devtools: Any = browser
    feature = {"name": "prefers-color-scheme", "value": scheme}
    devtools.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    with quick_server() as server:
        chat = page(server, "fetch")
        chat.type("#token", "s")
        chat.ask("What is SSE?")
        chat.until_done()
        ratios = chat.run(CONTRASTS)
    assert len(ratios) > 20
    # WCAG 2.2, 1.4.3, for text of this size. Disabled controls are exempt.
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}


CONTRASTS = """
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
function luminance(color) {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function background(element) {
  const color = numbers(getComputedStyle(element).backgroundColor);
  return color[3] === 0 ? background(element.parentElement) : color.slice(0, 3);
}
const found = {};
function note(element, pseudo) {
  const text = luminance(numbers(getComputedStyle(element, pseudo).color).slice(0, 3));
  const [less, more] = [text, luminance(background(element))].sort((a, b) => a - b);
  const name = `${element.tagName}.${element.className}#${element.id}${pseudo ?? ""}`;
  found[name] = (more + 0.05) / (less + 0.05);
}
for (const element of document.body.querySelectorAll("*:not(script, :disabled)")) {
  if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) note(element);
}
for (const element of document.querySelectorAll("input:not([type=radio])")) note(element, null);
note(document.getElementById("question"), "::placeholder");
return found;
"""


@pytest.mark.parametrize("height", [480, 600, 740, 1000])
def test_each_panel_is_visible_in_a_low_window(
    browser: WebDriver, page: Callable[..., Page], height: int
) -> None:
    devtools: Any = browser
    size = {"width": 1200, "height": height, "deviceScaleFactor": 1, "mobile": False}
    devtools.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    with quick_server() as server:
        chat = page(server, "fetch")
        heights = chat.run(
            "return ['timeline', 'code', 'command'].map((id) => document.getElementById(id).clientHeight)"
        )
        assert min(heights) > 100
        assert chat.run("return document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_every_width_and_the_form_does_not_move(
    browser: WebDriver, page: Callable[..., Page], width: int, scheme: str
) -> None:
    devtools: Any = browser
    size = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": False}
    devtools.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    devtools.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    with quick_server() as server:
        chat = page(server, "fetch")
        positions = [form_position(chat)]
        chat.ask(f"What is {'x' * 200}?")
        chat.until_step("words")
        positions.append(form_position(chat))
        chat.until_done()
        positions.append(form_position(chat))
        chat.click("input[value=eventsource]")
        positions.append(form_position(chat))
        assert positions == positions[:1] * 4
        assert chat.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert chat.run("return [...document.querySelectorAll('#log, #chat, aside section')].every("
                        "(one) => one.scrollWidth <= one.clientWidth)")  # fmt: skip
        dark = chat.run("return getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 23)"
        assert dark == (scheme == "dark")


def form_position(chat: Page) -> list[float]:
    position: list[float] = chat.run(
        "const form = document.getElementById('question-form').getBoundingClientRect();"
        "return [form.left, form.top, form.right, form.bottom]"
    )
    return position


def test_controls_have_names_and_replies_are_announced(
    page: Callable[..., Page],
) -> None:
    with quick_server(pace=NEVER) as server:
        chat = page(server)
        assert (
            chat.run(
                "return [...document.querySelectorAll('input, button, [tabindex]')].filter((one) =>"
                " !(one.ariaLabel || one.textContent.trim() || one.labels?.[0]?.textContent.trim())).length"
            )
            == 0
        )
        assert chat.run("return document.activeElement.id") == "question"
        chat.ask("What is SSE?")
        chat.until_step("words")
        assert chat.texts("[role=status]") == [""]
        chat.type("body", Keys.ESCAPE)
        chat.until_done()
        assert chat.texts("[role=status]") == ["A Aborted."]
        assert chat.run("return document.getElementById('log').ariaLive") == "off"


def test_focus_returns_to_the_question(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.type("#question", "What is SSE?", Keys.TAB, Keys.ENTER)
        chat.until_done()
        assert chat.run("return document.activeElement.id") == "question"
        assert chat.texts(".reply") == [reply_to("What is SSE?")]
