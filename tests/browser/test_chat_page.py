"""The chat page in a real browser: both ways to read a reply, and what can come between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys

from sse_transports.cli.demo._replies import reply_to
from tests.browser.chat_page import NEVER, WAYS, Page, quick_server
from tests.sse_transports.waiting import eventually


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


def test_who_gets_no_answer_is_not_told_of_a_cut(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        server.stop()
        chat.ask("What is SSE?")
        chat.until_step("waiting")
        chat.click("#abort")
        chat.until_done()
        # Without a word from the server, the browser waits for seconds.
        assert chat.steps()[:3] == ["connecting", "no answer", "waiting"]


def test_an_endless_timeline_is_forgotten_at_its_beginning(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.run("const line = new Timeline(); for (let n = 0; n < 200; n++) line.add(`step ${n}`)")
        assert chat.steps() == [f"step {number}" for number in range(100, 200)]


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
