"""The replies of the demo chat: a few texts about event streams, chosen by words of the question."""

from __future__ import annotations

import re

MAX_QUESTION = 80
"""How many characters of a question are quoted in a reply."""

EVENT_STREAMS = (
    "A server-sent event is a few lines of text and a blank line. "
    "Streams break: a proxy times out, a train enters a tunnel, a server restarts — "
    "and then the client says which event it saw last, and the server goes on from there. "
    "Nothing is lost, nothing comes twice. 没有丢失。 ✓"
)

LOST_CONNECTIONS = (
    "Every word of this reply is an event with an ID, and the server can resume after any of them. "
    "You may have noticed that the connection was lost just now, in the middle of a character: 🚇. "
    "The client discarded the incomplete event, waited as long as the server had requested, "
    "sent the last ID that it had received, and got the next word.\n\n"
    "That is all."
)

EVENTSOURCE_OR_FETCH = (
    "EventSource is in every browser: three lines of code, and it reconnects automatically. "
    "But it can only send GET, without headers of yours, so no token and no long prompt. "
    "With fetch you can POST anything 📮 and read the bytes as they come; "
    "then you have to split lines, wait and resume yourself.\n\n"
    "The code of both is next to this chat."
)

CHARACTERS = (
    "A stream is UTF-8, and a character of several bytes may be split between two chunks. "
    "A reader that decodes each chunk separately shows question marks instead: "
    "这条连接刚刚在一个汉字的中间断开了。\n\n"
    "Here are more that are easily broken: é € 漢字 ありがとう 👩\u200d🚀 🇪🇺 👍🏽. "
    "没有丢失任何内容。 ✓"
)

WEBSOCKETS = (
    "A WebSocket is like a telephone call: both sides talk, in a protocol of its own. "
    "An event stream is like an endless letter ✉️ — a plain HTTP response that does not end. "
    "It works with existing proxies, compression, cookies and logs — and it resumes after a lost connection. "
    "If only the server sends, it is the simpler of the two."
)

REPLIES = [
    (r"break|broke|cut|lost|lose|resum|reconnect|tunnel|断", LOST_CONNECTIONS),
    (r"fetch|eventsource|post|token|differ|两", EVENTSOURCE_OR_FETCH),
    (r"emoji|character|unicode|utf|chinese|japanese|中|日本|你好|こんにちは", CHARACTERS),
    (r"websocket|\bws\b|poll", WEBSOCKETS),
    (r"what|explain|\bsse\b|server.?sent|hello|\bhi\b", EVENT_STREAMS),
]
"""A pattern for the question, and the reply; the first match counts."""

DEFAULT_REPLY = (
    "You asked: “{question}” — and I have no answer to that: "
    "I am a few replies in a file, and I know about event streams only. "
    "Ask me what they are 🙂, what happens when one breaks, or how EventSource differs from fetch."
)


def reply_to(question: str) -> str:
    """Return the reply to a question. The same question always gets the same reply."""
    for pattern, reply in REPLIES:
        if re.search(pattern, question, re.IGNORECASE):
            return reply
    return DEFAULT_REPLY.format(question=_quoted(question))


def tokens(text: str) -> list[str]:
    """Split a text as a model does: words with the space before them, and single Chinese characters."""
    wide = "\u3000-\u9fff\uff00-\uffef"
    return re.findall(rf"\s*(?:[{wide}]|[^\s{wide}]+)|\s+\Z", text)


def _quoted(question: str) -> str:
    # JSON may contain a lone surrogate, which cannot be encoded.
    sendable = " ".join(question.encode("utf-8", "replace").decode().split())
    return sendable if len(sendable) <= MAX_QUESTION else f"{sendable[: MAX_QUESTION - 1]}…"
