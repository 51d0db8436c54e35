"""The chat page in a real browser: both ways to read a reply, and what can go wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys

from sse_transports.cli.demo._replies import reply_to
from tests.browser.chat_page import NEVER, READERS, Page, quick_server
from tests.sse_transports.waiting import eventually


@pytest.mark.parametrize("question", ["What is SSE?", "What if it breaks?", "Emoji, 你好?", "Who are you?"])
@pytest.mark.parametrize("reader", READERS)
def test_reply_is_complete_after_a_reconnect(page: Callable[..., Page], reader: str, question: str) -> None:
    # Slowly: when a connection is lost, a browser may discard data that it has not delivered yet.
    with quick_server(pace=0.01) as server:
        chat = page(server, reader)
        chat.ask(question)
        chat.until_done()
        assert chat.texts(".question") == [question]
        assert chat.texts(".reply") == [reply_to(question)]
        again = ["connecting"] if reader == "fetch" else []
        before, after = ["connecting", "opened", "words", "lost"], ["resumed", "words", "ended"]
        assert chat.steps() == [*before, "waiting", *again, *after]
        details = chat.texts("#timeline .resumed span")
    _, first, second = server.calls
    assert first.last_event_id == ""
    assert details == [f"after event {second.last_event_id}"]
    assert first.headers.get("idempotency-key") == second.headers.get("idempotency-key")


@pytest.mark.parametrize("reader", READERS)
def test_one_reply_follows_another(page: Callable[..., Page], reader: str) -> None:
    with quick_server() as server:
        chat = page(server, reader)
        for question in ("What is SSE?", "WebSocket?"):
            chat.ask(question)
            chat.until_done()
        assert chat.texts("#log .question, #log .reply") == [
            *("What is SSE?", reply_to("What is SSE?")),
            *("WebSocket?", reply_to("WebSocket?")),
        ]


def test_click_on_a_suggestion_asks_it(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.click("#suggestions button:last-child")
        chat.until_done()
        assert chat.texts(".reply") == [reply_to("WebSocket?")]


@pytest.mark.parametrize("by", ["the button", "Escape"])
@pytest.mark.parametrize("reader", READERS)
def test_aborting_closes_the_connection(page: Callable[..., Page], reader: str, by: str) -> None:
    lines: list[str] = []
    with quick_server(pace=NEVER, log=lines.append) as server:
        chat = page(server, reader)
        chat.ask("What is SSE?")
        chat.until_step("words")
        if by == "Escape":
            chat.type("body", Keys.ESCAPE)
        else:
            chat.click("#abort")
        chat.until_done()
        assert chat.steps() == ["connecting", "opened", "words", "aborted"]
        # The request of the page and that of the reply.
        eventually(lambda: len(lines) == 2, "the server notices it")
        assert lines[-1].endswith("200  words 1 to 1, then the client disconnected")
        assert chat.texts(".reply") == ["A"]
        assert chat.texts(".note") == ["Aborted."]
        # The next question works.
        chat.ask("WebSocket?")
        chat.until_step("words")
    assert len(server.calls) == 3


@pytest.mark.parametrize("reader", READERS)
def test_aborting_while_waiting_ends_the_wait(page: Callable[..., Page], reader: str) -> None:
    with quick_server(retry=NEVER * 1000) as server:
        chat = page(server, reader)
        chat.ask("What is SSE?")
        chat.until_step("waiting")
        chat.click("#abort")
        chat.until_done()
        assert chat.steps()[-2:] == ["waiting", "aborted"]
        assert reply_to("What is SSE?").startswith(chat.texts(".reply")[0])
    assert len(server.calls) == 2


def test_next_question_waits_for_the_reply(page: Callable[..., Page]) -> None:
    with quick_server(pace=NEVER) as server:
        chat = page(server)
        chat.ask("What is SSE?")
        chat.until_step("words")
        chat.ask("WebSocket?")
        assert chat.texts(".question") == ["What is SSE?"]
        # The typed text is kept.
        assert chat.run("return document.getElementById('question').value") == "WebSocket?"
        chat.click("#abort")
        chat.until_done()
        chat.type("#question", Keys.ENTER)
        assert chat.texts(".question") == ["What is SSE?", "WebSocket?"]


def test_wrong_token_is_reported_and_can_be_corrected(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server, "fetch")
        chat.type("#token", "s")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["connecting", "failed"]
        assert chat.texts(".note.error") == ["No reply. 401: unknown token."]
        chat.type("#token", Keys.END, Keys.BACKSPACE)
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.texts(".reply") == [reply_to("What is SSE?")]
    # The refused request is not repeated.
    assert [call.headers.get("authorization") for call in server.calls[1:3]] == [
        b"Bearer demo-tokens",
        b"Bearer demo-token",
    ]


def test_token_that_is_invalid_in_a_header_is_reported(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server, "fetch")
        chat.type("#token", "ж")
        chat.ask("What is SSE?")
        chat.until_done()
        assert chat.steps() == ["failed"]
        assert chat.texts(".note.error")[0].startswith("No reply. ")
    assert len(server.calls) == 1


def test_fetch_gives_up_when_the_server_is_gone(page: Callable[..., Page]) -> None:
    with quick_server(pace=NEVER, retry=1) as server:
        chat = page(server, "fetch")
        chat.ask("What is SSE?")
        chat.until_step("words")
        server.stop()
        chat.until_done()
        # Only the first attempt had a connection, and it does not wait after the last one.
        assert chat.steps().count("lost") == 1
        assert chat.steps()[-3:] == ["connecting", "no response", "failed"]
        assert chat.texts(".note.error") == ["No rest of the reply. Gave up after 5 failures in a row."]


def test_failed_connection_is_not_a_lost_connection(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        server.stop()
        chat.ask("What is SSE?")
        chat.until_step("waiting")
        chat.click("#abort")
        chat.until_done()
        # Without a `retry` from the server, the browser waits for seconds.
        assert chat.steps()[:3] == ["connecting", "no response", "waiting"]


def test_timeline_keeps_only_the_last_lines(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        chat.run("const line = new Timeline(); for (let n = 0; n < 200; n++) line.add(`step ${n}`)")
        assert chat.steps() == [f"step {number}" for number in range(100, 200)]


def test_restored_page_shows_the_selected_reader(
    page: Callable[..., Page],
) -> None:
    with quick_server() as server:
        chat = page(server)
        # As a browser does when the user goes back to the page.
        chat.run("document.querySelector('input[value=fetch]').checked = true;"
                 "dispatchEvent(new PageTransitionEvent('pageshow'))")  # fmt: skip
        assert "function readWithFetch(" in chat.texts("#code")[0]
        assert chat.run("return document.getElementById('token').disabled") is False


@pytest.mark.parametrize("reader", READERS)
def test_lone_surrogate_in_a_question_is_replaced(page: Callable[..., Page], reader: str) -> None:
    with quick_server() as server:
        chat = page(server, reader)
        chat.run("ask('\\ud800?')")
        chat.until_done()
        assert chat.texts(".reply") == [reply_to("\ufffd?")]


def test_longest_question_fits_into_a_url(page: Callable[..., Page]) -> None:
    with quick_server() as server:
        chat = page(server)
        longest = chat.run("return document.getElementById('question').maxLength")
        assert longest > 1000
        question = "\u4e2d" * longest
        chat.run("ask(arguments[0])", question)
        chat.until_done()
        assert chat.texts(".reply") == [reply_to(question)]


def test_question_during_a_reply_is_ignored(page: Callable[..., Page]) -> None:
    with quick_server(pace=NEVER) as server:
        chat = page(server)
        chat.run("ask('What is SSE?'); ask('WebSocket?')")
        assert chat.texts(".question") == ["What is SSE?"]


@pytest.mark.parametrize("reader", READERS)
def test_texts_are_never_parsed_as_html(page: Callable[..., Page], reader: str) -> None:
    question = "<img src=x onerror=alert(1)><script>alert(1)</script>&amp;"
    with quick_server() as server:
        chat = page(server, reader)
        chat.ask(question)
        chat.until_done()
        assert chat.texts(".question") == [question]
        assert chat.texts(".reply") == [reply_to(question)]
        assert chat.texts("#log img, #log script") == []
