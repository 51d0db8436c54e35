"""Parts of streams that parsers get wrong, for Hypothesis and for the seeded random streams."""

from __future__ import annotations

FIELDS = (
    b"data", b"event", b"id", b"retry", b":", b": ", b" ",
    b"data: ", b"data:", b"event: ", b"id: ", b"retry: ",
    b"data: a\n", b"data: b\n\n", b"event: c\ndata: d\n\n", b"id: 1\n", b"retry: 20\n",
)  # fmt: skip
LINE_ENDS = (b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b"\r\r\n")
OTHERS = (
    b"x", b"7", b"0", b"\t", b"\0", b": hello\n", b"foo: bar\n", b"dat", b"datax", b"Data: a\n", b"-5",
    b"id\n", b"\v", b"\f", "\x85".encode(), "\u2028".encode(), "²".encode(), "€".encode(), "😀".encode(),
)  # fmt: skip
NOT_TEXT = (
    b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xbf", b"\xff", b"\xe2\x82", b"\xf0\x9f", b"\xc0\x80",
    b"\xed\xa0\x80",
)  # fmt: skip
EVENTS = (
    b"id: 1\ndata: a\n\n", b"id: 2\ndata: b\n\n", b"id: \0\ndata: c\n\n", b"id: \ndata: d\n\n",
    b"event: e\nid: 3\ndata: a\n\n", b"id: 4\nevent: e\ndata: a\n\n",
    b"id: 5\nevent: e\ndata: a\ndata: b\n\n",
    b"data: a\r\n\r\n", b"data: b\r\n\r\n", b"event: e\r\ndata: a\r\n\r\n", b"id: 6\r\ndata: a\r\n\r\n",
    b"data:a\n\n", b"data:b\n\n", b"data\n\n", b"event:e\ndata:a\n\n", b"id:7\ndata:a\n\n",
    b": ping\n\n", b":\n\n", b": ping\r\n\r\n", b"data: a\n\n: ping\n\n", b"retry: 1\ndata: a\n\n",
    b"data: a\n\n", b"data: b\n\n", b"data: \xe2\x82\xac\n\n", b"data: \n\n", b"event: e\ndata: c\n\n",
    b"event: open\ndata: a\n\n", b"event: error\ndata: b\n\n", b"event: message\ndata: a\n\n",
    b"event: \xff\ndata: \n\n", b"id: 1\ndata: d\n\n", b"data: a\ndata: b\n\n",
)  # fmt: skip
