"""What can be asked of a parser without a client: when it gives an event, and how much it holds."""

from __future__ import annotations

import importlib.util
import time
from functools import partial
from typing import TYPE_CHECKING

import assel

from benchmarks.comparison.on_node import asked, in_base64
from benchmarks.comparison.probes import (
    ENDLESS,
    EVENT,
    NO,
    NOTHING_TO_ASK,
    PROBES,
    SIZES,
    WORK,
    YES,
    in_units,
    large_event,
)
from sse_core import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    Feed = Callable[[bytes], int]
    """Takes a chunk, and returns how many events are given at once."""


def of_assel() -> Feed:
    """Return the feeding of a new parser."""
    parser = assel.Parser()
    return lambda chunk: len(parser.receive_bytes(chunk))


def of_axio_sse() -> Feed:
    """Return the feeding of a new parser."""
    from axio_sse import Decoder

    decoder = Decoder()
    return lambda chunk: len(decoder.decode(chunk))


def parsers_alone() -> dict[str, Callable[[], dict[str, str]]]:
    """Return how each parser of Python that can run here is asked."""
    found: dict[str, Callable[[], dict[str, str]]] = {"assel": partial(python_parser, of_assel)}
    # It needs Python 3.12.
    if importlib.util.find_spec("axio_sse") is not None:
        found["axio-sse"] = partial(python_parser, of_axio_sse)
    return found


def python_parser(new: Callable[[], Feed]) -> dict[str, str]:
    """Ask a Python parser."""
    event = encode(EVENT)
    return _answers(new()(event) == 1, new()(event.replace(b"\n", b"\r")) == 1, _limit(new))


def node_parser() -> dict[str, str]:
    """Ask the parser on Node."""
    event = encode(EVENT)
    with asked() as ask:
        lf, cr = (
            ask({"waits": in_base64([lines])})["events"] == 1
            for lines in (event, event.replace(b"\n", b"\r"))
        )
        return _answers(lf, cr, YES if ask({"endless": ENDLESS})["refused"] else NO)


def _answers(lf: bool, cr: bool, limit: str) -> dict[str, str]:
    answers = dict.fromkeys(PROBES, NOTHING_TO_ASK)
    return {**answers, "at once": YES if lf else NO, "CR": YES if cr else NO, "limit": limit}


def _limit(new: Callable[[], Feed]) -> str:
    feed = new()
    deadline = time.process_time() + WORK
    try:
        feed(b"data: ")
        for _ in range(ENDLESS // 2**16):
            feed(b"x" * 2**16)
            if time.process_time() > deadline:
                return NO
    except Exception:  # noqa: BLE001  # however it says so
        return in_units(max(kib for kib in SIZES if _reads(new(), large_event(kib))))
    return NO


def _reads(feed: Feed, event: bytes) -> bool:
    try:
        return feed(event) == 1
    except Exception:  # noqa: BLE001
        return False
