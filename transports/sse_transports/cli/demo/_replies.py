"""What the demo's chat says: a few replies about event streams, chosen by what was asked."""

from __future__ import annotations

import re

LONGEST_QUESTION = 80
"""Characters of a question that a reply quotes."""

WHAT_IT_IS = (
    "A server-sent event is a few lines of text and a blank line. "
    "Streams break: a proxy times out, a train enters a tunnel, a server restarts — "
    "and then the client says which event it saw last, and the server goes on from there. "
    "Nothing is lost, nothing comes twice. 没有丢失。 ✓"
)

WHEN_IT_BREAKS = (
    "Every word of this reply is an event with an id, and the server can go on behind any of them. "
    "You may have noticed that the connection was cut just now, in the middle of a character: 🚇. "
    "The half event was thrown away. The client waited as long as the server had asked for, "
    "sent the last id that it had seen, and got the next word.\n\n"
    "That is all there is to it."
)

TWO_WAYS = (
    "EventSource is in every browser: three lines of code, and it reconnects by itself. "
    "But it can only GET, and it sends no header of yours, so no token and no long prompt. "
    "With fetch you POST what you like 📮 and read the bytes as they come; "
    "then splitting lines, waiting and resuming is your part.\n\n"
    "The code of each stands beside this chat."
)

CHARACTERS = (
    "A stream is UTF-8, and a character of several bytes may come in two pieces. "
    "A reader that decodes each piece by itself shows question marks instead: "
    "这条连接刚刚在一个汉字的中间断开了。\n\n"
    "Here are more that are easily broken: é € 漢字 ありがとう 👩\u200d🚀 🇪🇺 👍🏽. "
    "没有丢失任何内容。 ✓"
)

WEBSOCKETS = (
    "A WebSocket is a telephone call: both sides talk, in a protocol of its own. "
    "An event stream is a letter that goes on and on ✉️ — a plain HTTP answer that does not end. "
    "Proxies, compression, cookies and logs know it already — and it resumes where it was cut. "
    "If only the server has something to say, it is the smaller of the two."
)

REPLIES = [
    (r"break|broke|cut|lost|lose|resum|reconnect|tunnel|断", WHEN_IT_BREAKS),
    (r"fetch|eventsource|post|token|differ|两", TWO_WAYS),
    (r"emoji|character|unicode|utf|chinese|japanese|中|日本|你好|こんにちは", CHARACTERS),
    (r"websocket|\bws\b|poll", WEBSOCKETS),
    (r"what|explain|\bsse\b|server.?sent|hello|\bhi\b", WHAT_IT_IS),
]
"""What is looked for in a question, and the reply; the first that is found."""

OTHERWISE = (
    "You asked: “{question}” — and I have no answer to that: "
    "I am a few replies in a file, and I know about event streams only. "
    "Ask me what they are 🙂, what happens when one breaks, or how EventSource differs from fetch."
)


def reply_to(question: str) -> str:
    """Return the reply to a question: to the same question always the same."""
    for pattern, reply in REPLIES:
        if re.search(pattern, question, re.IGNORECASE):
            return reply
    return OTHERWISE.format(question=_quoted(question))


def pieces(text: str) -> list[str]:
    """Cut a text as a model does: words, each with the space before it, and Chinese by the character."""
    wide = "\u3000-\u9fff\uff00-\uffef"
    return re.findall(rf"\s*(?:[{wide}]|[^\s{wide}]+)|\s+\Z", text)


def _quoted(question: str) -> str:
    # A lone surrogate, which JSON may hold, cannot be sent.
    sendable = " ".join(question.encode("utf-8", "replace").decode().split())
    return sendable if len(sendable) <= LONGEST_QUESTION else f"{sendable[: LONGEST_QUESTION - 1]}…"
