"""The page of `sse demo --serve` in a real browser: both ways to read a reply, and what can come between."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from sse_transports.cli.demo._chat_server import chat_server, tail_commands
from sse_transports.cli.demo._page import page as page_and_fields
from sse_transports.cli.demo._replies import reply_to
from sse_transports.testing import Call, SSEServer, Steps, vectors
from tests.sse_transports.waiting import eventually

WAYS = ["eventsource", "fetch"]
NEVER = 3600
"""Seconds between words for replies whose second word is not waited for."""

NOTES_TROUBLES = """
window.troubles = [];
addEventListener("error", (event) => troubles.push(event.message));
addEventListener("unhandledrejection", (event) => troubles.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => troubles.push(event.violatedDirective));
console.error = console.warn = (...words) => troubles.push(words.join(" "));
"""


class Page:
    """The chat page, as a person uses it."""

    def __init__(self, browser: WebDriver, url: str, way: str = "eventsource") -> None:
        self._browser = browser
        browser.get(url)
        if way == "fetch":
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
        eventually(lambda: bool(self.run("return aborting === null")), "the end of the reply")


@pytest.fixture
def page(browser: WebDriver) -> Iterator[Callable[..., Page]]:
    """Open the page; what a browser would write to its console fails the test."""
    execute: Any = browser
    execute.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": NOTES_TROUBLES})

    def opened(server: SSEServer, way: str = "eventsource") -> Page:
        return Page(browser, server.url, way)

    yield opened
    assert browser.execute_script("return window.troubles") == []


def quick_server(**options: Any) -> SSEServer:
    return chat_server(0, **{"pace": 0.005, "retry": 20, **options})


def scripted_server(*answers: Steps) -> SSEServer:
    """Return a server of the page whose chat does what a script says."""
    fields, html = page_and_fields()
    left = iter(answers)

    def answer(call: Call) -> Steps | None:
        if call.path != "/":
            return next(left)
        call.respond(200, fields, html)
        return None

    return SSEServer(answer)


def word_of_post(text: str) -> bytes:
    return f'data: {{"choices":[{{"delta":{{"content":"{text}"}}}}]}}\n\n'.encode()


DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("question", ["What is SSE?", "What if it breaks?", "Emoji, 你好?", "Who are you?"])
@pytest.mark.parametrize("way", WAYS)
def test_a_reply_is_the_servers_text_over_a_cut(page: Callable[..., Page], way: str, question: str) -> None:
    # Not at once: what a browser has not handed over when a connection is lost, it may drop.
    with quick_server(pace=0.01) as server:
        chat = page(server, way)
        chat.ask(question)
        chat.until_done()
        assert chat.texts(".asked") == [question]
        assert chat.texts(".reply") == [reply_to(question)]
        again = ["connecting"] if way == "fetch" else []
        before, behind = ["connecting", "opened", "words", "cut"], ["resumed", "words", "ended"]
        assert chat.steps() == [*before, "waiting", *again, *behind]
        told = chat.texts("#timeline .resumed span")
    _, first, second = server.calls
    assert first.last_event_id == ""
    assert told == [f"behind event {second.last_event_id}"]
    assert first.headers.get("idempotency-key") == second.headers.get("idempotency-key")


@pytest.mark.parametrize("way", WAYS)
def test_one_reply_follows_another(page: Callable[..., Page], way: str) -> None:
    with quick_server() as server:
        chat = page(server, way)
        for question in ("What is SSE?", "WebSocket?"):
            chat.ask(question)
            chat.until_done()
        assert chat.texts("#log .asked, #log .reply") == [
            *("What is SSE?", reply_to("What is SSE?")),
            *("WebSocket?", reply_to("WebSocket?")),
        ]


def test_a_click_on_a_question_asks_it(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.click("#ideas button:last-child")
        chat.until_done()
        assert chat.texts(".reply") == [reply_to("WebSocket?")]


@pytest.mark.parametrize("by", ["the button", "Escape"])
@pytest.mark.parametrize("way", WAYS)
def test_aborting_closes_the_connection(page: Callable[..., Page], way: str, by: str) -> None:
    lines: list[str] = []
    with quick_server(pace=NEVER, tell=lines.append) as server:
        chat = page(server, way)
        chat.ask("What is SSE?")
        chat.until_step("words")
        if by == "Escape":
            chat.type("body", Keys.ESCAPE)
        else:
            chat.click("#abort")
        chat.until_done()
        assert chat.steps() == ["connecting", "opened", "words", "aborted"]
        # The page, and the reply.
        eventually(lambda: len(lines) == 2, "the server sees it")
        assert lines[-1].endswith("200  words 1 to 1, then the client has gone")
        assert chat.texts(".reply") == ["A"]
        assert chat.texts(".note") == ["Aborted."]
        # Another one can be asked for.
        chat.ask("WebSocket?")
        chat.until_step("words")
    assert len(server.calls) == 3


@pytest.mark.parametrize("way", WAYS)
def test_aborting_while_waiting_ends_the_wait(page: Callable[..., Page], way: str) -> None:
    with quick_server(retry=NEVER * 1000) as server:
        chat = page(server, way)
        chat.ask("What is SSE?")
        chat.until_step("waiting")
        chat.click("#abort")
        chat.until_done()
        assert chat.steps()[-2:] == ["waiting", "aborted"]
        assert reply_to("What is SSE?").startswith(chat.texts(".reply")[0])
    assert len(server.calls) == 2


def test_while_a_reply_comes_nothing_else_is_asked(page: Callable[..., Page]) -> None:
    with quick_server(pace=NEVER) as server:
        chat = page(server)
        chat.ask("What is SSE?")
        chat.until_step("words")
        chat.ask("WebSocket?")
        assert chat.texts(".asked") == ["What is SSE?"]
        # What was typed is not lost.
        assert chat.run("return document.getElementById('question').value") == "WebSocket?"
        chat.click("#abort")
        chat.until_done()
        chat.type("#question", Keys.ENTER)
        assert chat.texts(".asked") == ["What is SSE?", "WebSocket?"]


def test_a_wrong_token_is_told_and_can_be_mended(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server, "fetch")
        chat.type("#token", "s")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "failed"]
        assert chat.texts(".note.trouble") == ["No reply. 401: this token is not known here."]
        chat.type("#token", Keys.END, Keys.BACKSPACE)
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.texts(".reply") == [reply_to("What is SSE?")]
    # One that is refused is not asked again.
    assert [call.headers.get("authorization") for call in server.calls[1:3]] == [
        b"Bearer demo-tokens",
        b"Bearer demo-token",
    ]


def test_a_token_that_no_header_can_hold_is_told(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server, "fetch")
        chat.type("#token", "ж")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["failed"]
        assert chat.texts(".note.trouble")[0].startswith("No reply. ")
    assert len(server.calls) == 1


def test_a_server_that_has_gone_is_given_up(page: Callable[..., Page]) -> None:
    with quick_server(pace=NEVER, retry=1) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_step("words")
        server.stop()
        chat.until_done()
        # The first one had been a connection, and behind the last one it does not wait.
        assert chat.steps().count("cut") == 1
        assert chat.steps()[-3:] == ["connecting", "no answer", "failed"]
        assert chat.texts(".note.trouble") == ["No rest of the reply. Given up after 5 failures in a row."]


def test_a_server_that_has_gone_is_no_cut_to_the_eventsource_either(page: Callable[..., Page]) -> None:
    with quick_server(pace=NEVER, retry=1) as server:
        chat = page(server)
        chat.ask("What is SSE?")
        chat.until_step("words")
        server.stop()
        chat.until_step("no answer")
        chat.click("#abort")
        chat.until_done()
        assert chat.steps().count("cut") == 1


def test_an_endless_timeline_is_forgotten_at_its_beginning(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.run("const line = new Timeline(); for (let n = 0; n < 200; n++) line.add(`step ${n}`)")
        assert chat.steps() == [f"step {number}" for number in range(100, 200)]


def test_fetch_sends_the_last_id_as_it_is_and_none_that_was_cleared(page: Callable[..., Page]) -> None:
    first = b"retry: 1\nid: \xe2\x82\xac\n" + word_of_post("a")
    with scripted_server([first], [b"id\n" + word_of_post("b")], [DONE]) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.texts(".reply") == ["ab"]
    assert [call.headers.get("last-event-id") for call in server.calls[1:]] == [None, b"\xe2\x82\xac", None]


@pytest.mark.parametrize(
    "steps", [[204], [{"Content-Type": "text/html"}, DONE], [202, DONE]], ids=["204", "another type", "202"]
)
def test_fetch_reads_and_repeats_nothing_that_is_no_stream(page: Callable[..., Page], steps: Steps) -> None:
    with scripted_server(steps) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "failed"]


def test_fetch_does_not_take_an_event_of_another_kind_for_a_cut(page: Callable[..., Page]) -> None:
    with scripted_server([b'data: {"error":{}}\n\n' + word_of_post("a") + DONE]) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "opened", "words", "ended"]
        assert chat.texts(".reply") == ["a"]


def test_who_comes_back_to_the_page_sees_the_code_of_the_way_that_was_chosen(
    page: Callable[..., Page],
) -> None:
    with quick_server() as server:
        chat = page(server)
        # As a browser does it behind its button for going back, if it keeps what was chosen.
        chat.run("document.querySelector('input[value=fetch]').checked = true;"
                 "dispatchEvent(new PageTransitionEvent('pageshow'))")  # fmt: skip
        assert "function readWithFetch(" in chat.texts("#code")[0]
        assert chat.run("return document.getElementById('token').disabled") is False


@pytest.mark.parametrize("way", WAYS)
def test_half_a_character_in_a_question_is_replaced(page: Callable[..., Page], way: str) -> None:
    with quick_server() as server:
        chat = page(server, way)
        chat.run("ask('\\ud800?')")
        chat.until_done()
        assert chat.texts(".reply") == [reply_to("\ufffd?")]


def test_a_question_has_a_length_that_every_url_can_hold(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        longest = chat.run("return document.getElementById('question').maxLength")
        assert longest > 1000
        question = "\u4e2d" * longest
        chat.run("ask(arguments[0])", question)
        chat.until_done()
        assert chat.texts(".reply") == [reply_to(question)]


def test_what_is_asked_while_a_reply_comes_is_not_asked(page: Callable[..., Page]) -> None:
    with quick_server(pace=NEVER) as server:
        chat = page(server)
        chat.run("ask('What is SSE?'); ask('WebSocket?')")
        assert chat.texts(".asked") == ["What is SSE?"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_text_stands_out_from_its_ground(
    browser: WebDriver, page: Callable[..., Page], scheme: str
) -> None:
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
    # WCAG 2.2, 1.4.3, for text of this size. What is disabled is exempt.
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}


CONTRASTS = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function ground(element) {
  const colour = numbers(getComputedStyle(element).backgroundColor);
  return colour[3] === 0 ? ground(element.parentElement) : colour.slice(0, 3);
}
const found = {};
function note(element, pseudo) {
  const text = luminance(numbers(getComputedStyle(element, pseudo).color).slice(0, 3));
  const [less, more] = [text, luminance(ground(element))].sort((a, b) => a - b);
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
def test_there_is_something_to_see_of_each_panel_in_a_low_window(
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


@pytest.mark.parametrize("way", WAYS)
def test_what_is_said_is_never_html(page: Callable[..., Page], way: str) -> None:
    question = "<img src=x onerror=alert(1)><script>alert(1)</script>&amp;"
    with quick_server() as server:
        chat = page(server, way)
        chat.ask(question)
        chat.until_done()
        assert chat.texts(".asked") == [question]
        assert chat.texts(".reply") == [reply_to(question)]
        assert chat.texts("#log img, #log script") == []


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_width_and_the_form_stays_in_its_place(
    browser: WebDriver, page: Callable[..., Page], width: int, scheme: str
) -> None:
    devtools: Any = browser
    size = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": False}
    devtools.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    devtools.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    with quick_server() as server:
        chat = page(server, "fetch")
        places = [place_of_form(chat)]
        chat.ask(f"What is {'x' * 200}?")
        chat.until_step("words")
        places.append(place_of_form(chat))
        chat.until_done()
        places.append(place_of_form(chat))
        chat.click("input[value=eventsource]")
        places.append(place_of_form(chat))
        assert places == places[:1] * 4
        assert chat.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert chat.run("return [...document.querySelectorAll('#log, #chat, aside section')].every("
                        "(one) => one.scrollWidth <= one.clientWidth)")  # fmt: skip
        dark = chat.run("return getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 23)"
        assert dark == (scheme == "dark")


def place_of_form(chat: Page) -> list[float]:
    place: list[float] = chat.run(
        "const place = document.getElementById('ask').getBoundingClientRect();"
        "return [place.left, place.top, place.right, place.bottom]"
    )
    return place


def test_each_control_has_a_name_and_the_reply_is_read_aloud_when_it_is_over(
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


def test_the_code_that_is_shown_is_the_code_that_runs(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        assert chat.texts("#code") == [chat.run("return String(readWithEventSource)")]
        chat.click("input[value=fetch]")
        shown = chat.texts("#code")[0]
        for name in ("readWithFetch", "chunksOf", "EventStreamParser"):
            assert chat.run(f"return String({name})") in shown
        assert max(len(line) for line in shown.splitlines()) <= 95


def test_the_command_lines_that_are_shown_are_those_of_the_terminal(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        for way, line in zip(WAYS, tail_commands(server.url), strict=True):
            chat.click(f"input[value={way}]")
            ours, theirs = shlex.split(line), shlex.split(chat.texts("#command")[0])
            assert [word.replace(" ", "") for word in theirs] == [word.replace(" ", "") for word in ours]
        chat.ask("it's `$HOME`?")
        chat.until_done()
        assert '"content":"it\'s `$HOME`?"' in shlex.split(chat.texts("#command")[0])[-2]


def test_the_command_line_can_be_copied(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.click("#copy")
        # Where a browser does not allow it, the line is selected.
        eventually(lambda: chat.texts("#copy") in (["Copied"], ["Selected"]), "that it is copied")


def test_the_keyboard_goes_on_where_it_is_of_use(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.type("#question", "What is SSE?", Keys.TAB, Keys.ENTER)
        chat.until_done()
        assert chat.run("return document.activeElement.id") == "question"
        assert chat.texts(".reply") == [reply_to("What is SSE?")]


def test_the_parser_does_what_the_standard_says(page: Callable[..., Page]) -> None:
    streams = [
        {
            "chunks": [base64.b64encode(chunk).decode() for chunk in vector.chunks],
            "initial": vector.initial_last_event_id,
        }
        for vector in vectors()
    ]
    with quick_server() as server:
        found = page(server).run(PARSES, streams)
    for vector, ways in zip(vectors(), found, strict=True):
        events = [[event.event, event.data, event.id] for event in vector.events]
        # Numbers of this size are not exact in JavaScript, and larger ones are not told apart by us.
        retry = None if vector.retry is None else float(vector.retry)
        for cut, parsed in ways.items():
            seen_retry = None if parsed["retry"] == "null" else min(float(parsed["retry"]), 1e18)
            seen = parsed["events"], parsed["lastEventId"], seen_retry
            assert seen == (events, vector.last_event_id, retry), (vector.name, cut)


PARSES = """
const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
function parse(chunks, initial) {
  const parser = new EventStreamParser();
  parser.lastEventId = initial;
  parser.retry = null;
  parser.restart();
  const events = chunks.flatMap((chunk) => parser.feed(chunk));
  return {
    events: events.map((event) => [event.type, event.data, event.lastEventId]),
    lastEventId: parser.lastEventId,
    retry: String(parser.retry),
  };
}
return arguments[0].map(({ chunks, initial }) => {
  const cut = chunks.map(bytesOf);
  const whole = new Uint8Array(cut.flatMap((chunk) => [...chunk]));
  const found = {
    "as in its file": parse(cut, initial),
    "whole": parse([whole], initial),
    "byte by byte": parse([...whole].map((byte) => Uint8Array.of(byte)), initial),
  };
  for (let place = 1; place < Math.min(whole.length, 300); place++) {
    found[`cut behind byte ${place}`] = parse([whole.slice(0, place), whole.slice(place)], initial);
  }
  return found;
});
"""
