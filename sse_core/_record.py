"""Frozen values: what `dataclass(frozen=True, slots=True)` gives, without its import.

`import dataclasses` alone costs more than all of this package (it brings `inspect`), and every
library that embeds us would pay it. A record is few lines without it.
"""

from __future__ import annotations


class Record:
    """A value that never changes: equal by type and fields, hashable, shown as its constructor call.

    A subclass names its fields in `__slots__` and hands them all to `_set` in `__init__`. The
    constructor takes the fields as keyword arguments, so that `replace` can call it.
    """

    __slots__: tuple[str, ...] = ()

    def _set(self, **fields: object) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def _fields(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), *self._fields().values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._fields().items())
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self._fields())


def _rebuild(kind: type[Record], fields: dict[str, object]) -> Record:
    return kind(**fields)
