"""What a reply is made of: an event of the stream becomes a value with a type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sse_core import Event


@dataclass(frozen=True, slots=True)
class Started:
    """The reply begins."""

    reply: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of its text."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """It is whole."""

    tokens: int


Part = Started | Text | Finished


class ServiceError(Exception):
    """The service gave the reply up, in the middle of the stream.

    Attributes:
        code: the service's name for what went wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parts_of(events: Iterable[Event]) -> Iterator[Part]:
    """Yield the events' parts, in order.

    Raises:
        ServiceError: an event says so.
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
                # The service may learn to say more than this SDK understands.
                pass
