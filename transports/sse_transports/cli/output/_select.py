"""`--select`: a path into the JSON of each event's data, and what stands there as text."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence

import click

from sse_core import Comment, Event, SSEError

from .._terminal import printable, tell

EACH = "*"

HIGH_SURROGATES = ("\ud800", "\udbff")


class Path(click.ParamType[tuple[str, ...]]):
    """Names and indexes with dots between them; `*` is each item of a list or object."""

    name = "PATH"

    def convert(
        self, value: str | tuple[str, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        steps = tuple(value.split("."))
        if not all(steps):
            self.fail(f"{value!r}: a path is written choices.0.delta.content, * for each item", param, ctx)
        return steps


class Selection:
    """Finds in events what the paths name: per event, the first path that leads to something.

    What is null counts as not there, as in a delta that has no text. Data that is no JSON, such as
    `[DONE]`, is passed over.
    """

    def __init__(self, paths: Sequence[tuple[str, ...]]) -> None:
        self._paths = paths
        self._events = 0
        self._found = 0

    @contextlib.contextmanager
    def told_if_nothing_is_found(self) -> Iterator[None]:
        """Say so at the end, unless a person or a pipe ended it: a path is easily mistyped."""
        try:
            yield
        except SSEError:
            self._tell()
            raise
        self._tell()

    def _tell(self) -> None:
        if self._paths and self._events and not self._found:
            paths = " or ".join(printable(".".join(path)) for path in self._paths)
            tell(f"sse: --select found nothing at {paths} in {self._events} events")

    def values(self, items: Iterable[Event | Comment]) -> Iterator[object]:
        """Yield what is found."""
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
    """Writes what is found one behind the other, as a chat does."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._half = ""

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the text that goes on behind that of the last call."""
        text = self._half + "".join(_text(value) for value in self._selection.values(items))
        # A server that cuts its text by UTF-16 may send half a character here, the rest in the next event.
        at_half = HIGH_SURROGATES[0] <= text[-1:] <= HIGH_SURROGATES[1]
        self._half = text[-1] if at_half else ""
        return _whole(text[:-1] if at_half else text)

    def end(self) -> str:
        """Return what is left: half a character whose other half did not come."""
        half, self._half = self._half, ""
        return _whole(half)


class ValueLines:
    """Writes each thing that is found on a line of its own: as text, or as JSON."""

    def __init__(self, selection: Selection, *, as_json: bool) -> None:
        self._selection = selection
        self._as_json = as_json

    def __call__(self, items: Sequence[Event | Comment]) -> str:
        """Return the lines."""
        values = self._selection.values(items)
        if self._as_json:
            return "".join(f"{_json(value)}\n" for value in values)
        return "".join(f"{_whole(_text(value))}\n" for value in values)

    def end(self) -> str:
        """Return nothing."""
        return ""


def _at(document: object, path: Sequence[str]) -> Iterator[object]:
    """Yield what is there at the end of the path, null apart."""
    for number, step in enumerate(path):
        if step == EACH:
            children: Iterable[object] = ()
            if isinstance(document, list):
                children = document
            elif isinstance(document, dict):
                children = document.values()
            for child in children:
                yield from _at(child, path[number + 1 :])
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


def _whole(text: str) -> str:
    """Join halves of characters that came apart; a half that stays alone becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
