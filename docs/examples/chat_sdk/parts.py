"""The parts of a reply: each event of the stream becomes a value with a type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sse_core import Event


@dataclass(frozen=True, slots=True)
class Started:
    """The start of the reply."""

    reply: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the reply, which is complete."""

    tokens: int


Part = Started | Text | Finished


class ServiceError(Exception):
    """The service reported an error in the middle of the stream.

    Attributes:
        code: the service's name of the error.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse_parts(events: Iterable[Event]) -> Iterator[Part]:
    """Yield the part of each event, in order.

    Raises:
        ServiceError: an event reports an error.
    """
    for event in events:
        match event.event:
            case "started":
                yield Started(event.json()["reply"])
            case "text":
                yield Text(event.json()["text"])
            case "finished":
                yield Finished(event.json()["tokens"])
            case "error":
                error = event.json()
                raise ServiceError(error["code"], error["message"])
            case _:
                # Ignore types that a later version of the service may send.
                pass
