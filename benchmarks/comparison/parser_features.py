"""Answer the questions that apply to a parser without a client: when it returns an event, and its limit."""

from __future__ import annotations

import importlib.util
import time
from functools import partial
from typing import TYPE_CHECKING

import assel

from benchmarks import v8
from benchmarks.comparison.node_parsers import SCRIPT, in_base64
from benchmarks.comparison.probes import (
    CPU_TIME_LIMIT,
    ENDLESS_LINE,
    EVENT,
    NO,
    NOT_APPLICABLE,
    PROBES,
    SIZES,
    YES,
    large_event,
    size_text,
)
from sse_core import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    Feed = Callable[[bytes], int]
    """Takes a chunk, and returns how many events it completes."""


def new_assel() -> Feed:
    """Return the feed function of a new parser."""
    parser = assel.Parser()
    return lambda chunk: len(parser.receive_bytes(chunk))


def new_axio_sse() -> Feed:
    """Return the feed function of a new parser."""
    from axio_sse import Decoder

    decoder = Decoder()
    return lambda chunk: len(decoder.decode(chunk))


def parser_features() -> dict[str, Callable[[], dict[str, str]]]:
    """Return, for each Python parser without a client, the function that answers the questions about it."""
    found: dict[str, Callable[[], dict[str, str]]] = {"assel": partial(python_parser, new_assel)}
    # axio-sse needs Python 3.12.
    if importlib.util.find_spec("axio_sse") is not None:
        found["axio-sse"] = partial(python_parser, new_axio_sse)
    return found


def python_parser(new: Callable[[], Feed]) -> dict[str, str]:
    """Answer the questions about a Python parser."""
    event = encode(EVENT)
    return _answers(new()(event) == 1, new()(event.replace(b"\n", b"\r")) == 1, _limit(new))


def node_parser() -> dict[str, str]:
    """Answer the questions about the parser on Node."""
    event = encode(EVENT)
    with v8.node_process(SCRIPT) as ask:
        lf, cr = (
            ask({"unfinished": in_base64([lines])})["events"] == 1
            for lines in (event, event.replace(b"\n", b"\r"))
        )
        return _answers(lf, cr, YES if ask({"endless": ENDLESS_LINE})["refused"] else NO)


def _answers(lf: bool, cr: bool, limit: str) -> dict[str, str]:
    answers = dict.fromkeys(PROBES, NOT_APPLICABLE)
    return {**answers, "immediate": YES if lf else NO, "CR": YES if cr else NO, "limit": limit}


def _limit(new: Callable[[], Feed]) -> str:
    feed = new()
    deadline = time.process_time() + CPU_TIME_LIMIT
    try:
        feed(b"data: ")
        for _ in range(ENDLESS_LINE // 2**16):
            feed(b"x" * 2**16)
            if time.process_time() > deadline:
                return NO
    except Exception:  # noqa: BLE001  # any error means that it has a limit
        return size_text(max(kib for kib in SIZES if _reads(new(), large_event(kib))))
    return NO


def _reads(feed: Feed, event: bytes) -> bool:
    try:
        return feed(event) == 1
    except Exception:  # noqa: BLE001
        return False
