"""`--select`: a path into the JSON of each event's data, and the values at that path as text."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence

import click

from sse_core import Comment, Event, SSEError

from .._standard_streams import print_error
from .._terminal import printable
from .._units import plural

EACH = "*"

INDEX = re.compile(r"\[(\d+|\*)\]")

HIGH_SURROGATES = ("\ud800", "\udbff")
"""The first and the last high surrogate: the code units that begin a pair in UTF-16."""


class JSONPath(click.ParamType[tuple[str, ...]]):
    """Names and indexes, separated by dots; `*` is each item of a list or object; `a[0]` is `a.0`."""

    name = "PATH"

    def convert(
        self, value: str | tuple[str, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        path = INDEX.sub(r".\1", value)
        # An index at the beginning has no dot before it.
        steps = tuple((path[1:] if value.startswith("[") else path).split("."))
        if not all(steps) or "[" in path or "]" in path:
            self.fail(
                f"{value!r}: write a path like choices.0.delta.content or choices[0].delta.content, "
                "with * for each item",
                param,
                ctx,
            )
        return steps


class Selection:
    """Finds the values at some paths in the data of events: per event, those at the first path with any.

    A null counts as missing: chat replies have deltas whose text is null. Data that is not JSON, such as
    `[DONE]`, is skipped.
    """

    def __init__(self, paths: Sequence[tuple[str, ...]]) -> None:
        self._paths = paths
        self._events = 0
        self._found = 0

    @contextlib.contextmanager
    def warn_if_empty(self) -> Iterator[None]:
        """At the end, warn if nothing was found: a path is easily mistyped.

        There is no warning after Ctrl-C or a broken pipe, where a value might still have come.
        """
        try:
            yield
        except SSEError:
            self._warn()
            raise
        self._warn()

    def _warn(self) -> None:
        if self._paths and self._events and not self._found:
            paths = " or ".join(printable(".".join(path)) for path in self._paths)
            print_error(f"sse: --select found nothing at {paths} in {plural(self._events, 'event')}")

    def values(self, items: Iterable[Event | Comment]) -> Iterator[object]:
        """Yield the values found."""
        for item in items:
            if isinstance(item, Event):
                self._events += 1
                try:
                    document = item.json()
                except (ValueError, RecursionError):
                    continue
                for path in self._paths:
                    values = list(_at(document, path))
                    if values:
                        self._found += len(values)
                        yield from values
                        break


class RunningText:
    """Writes the values without separators, so that the deltas of a chat reply become its text."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        # The first half of a surrogate pair at the end of the last batch; empty if there was none.
        self._half = ""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the text of a batch."""
        text = self._half + "".join(_text(value) for value in self._selection.values(items))
        # A server that counts in UTF-16 may split a character: its first half here, the second in the next
        # event. Hold the first half back until the second arrives.
        ends_in_half = HIGH_SURROGATES[0] <= text[-1:] <= HIGH_SURROGATES[1]
        self._half = text[-1] if ends_in_half else ""
        return _joined_surrogates(text[:-1] if ends_in_half else text)

    def end(self) -> str:
        """Return U+FFFD for half a character whose second half never arrived."""
        half, self._half = self._half, ""
        return _joined_surrogates(half)


class ValueLines:
    """Writes each value on a line of its own: as text, or as JSON."""

    def __init__(self, selection: Selection, *, as_json: bool) -> None:
        self._selection = selection
        self._as_json = as_json

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        values = self._selection.values(items)
        if self._as_json:
            return "".join(f"{_json(value)}\n" for value in values)
        return "".join(f"{_joined_surrogates(_text(value))}\n" for value in values)

    def end(self) -> str:
        """Return nothing."""
        return ""


def _at(document: object, path: Sequence[str]) -> Iterator[object]:
    """Yield the values at a path, except null."""
    for index, step in enumerate(path):
        if step == EACH:
            children: Iterable[object] = ()
            if isinstance(document, list):
                children = document
            elif isinstance(document, dict):
                children = document.values()
            for child in children:
                yield from _at(child, path[index + 1 :])
            return
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isascii() and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return
    if document is not None:
        yield document


def _text(value: object) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _joined_surrogates(text: str) -> str:
    """Join surrogate pairs to characters; a lone surrogate becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
