"""Pages read defaults from the code, as parts that are rendered, and never repeat their numbers."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import pytest
from _site.render import PART

from sse_core import Connection, Parser, RetryPolicy
from sse_transports import EventSource
from tests.docs.blocks import FENCE, PAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CALLS: tuple[Callable[..., object], ...] = (EventSource, RetryPolicy, Parser, Connection)

SENTENCE_OR_CELL = re.compile(r"(?<=[.;:])\s|\n\s*\n|\n(?=[-|] )|^- ", re.MULTILINE)


def numbers() -> Iterator[tuple[str, str]]:
    """Yield the name of each argument whose default is a number, with each way to write the number."""
    for call in CALLS:
        for name, argument in inspect.signature(call).parameters.items():
            value = argument.default
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield name, f"{value:g}"
                yield name, str(value)
                yield name, f"{value / 2**20:g} MiB"


def typed_in(text: str) -> list[str]:
    """Return the sentences that contain both a default and the name of its argument."""
    prose = PART.sub("", FENCE.sub("", text))
    return [
        sentence
        for sentence in SENTENCE_OR_CELL.split(prose)
        if any(
            # `name`, not `name=60`: an example of a call may use any value.
            re.search(rf"\b{name}`", sentence)
            and re.search(rf"(?<![\w.=^]){re.escape(value)}(?![\w.])", sentence)
            for name, value in NUMBERS
        )
    ]


NUMBERS = sorted(set(numbers()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_sentence_repeats_a_default(page: Path) -> None:
    assert typed_in(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("By default `timeout` is 60 seconds.", True),
        ("An event may have 32 MiB (`max_event_size`).", True),
        ("| `RetryPolicy.max_delay` | 30 |", True),
        ("| `RetryPolicy.max_delay` | <!--=RetryPolicy.max_delay-->30<!--=--> |", False),
        ("Say `timeout=60`, for instance.", False),
        ("The proxy waits for 60 seconds. `timeout` is something else.", False),
    ],
)
def test_a_repeated_default_is_found(sentence: str, found: bool) -> None:
    assert bool(typed_in(sentence)) is found
