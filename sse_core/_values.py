"""What the other modules share: frozen records, header fields, the item type, public names."""

from __future__ import annotations

from types import GenericAlias

from ._events import Comment, Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import ClassVar, overload
    from typing import Generic as Generic

    # Type checkers bring `typing_extensions`. `typing.TypeVar` has `default` only from Python 3.13 on.
    from typing_extensions import TypeVar

    # What a `Parser` or a `Connection` gives: events, or events and comments.
    Item = TypeVar("Item", bound=Event | Comment, default=Event)
else:
    Item = Event | Comment

    class Generic:
        """Stands in for `typing.Generic` at run time: `typing.get_args(Parser[Event])` is `(Event,)`."""

        # `import typing` alone would double what importing this package costs.
        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)


# A body for these is refused, as `fetch` does: it is nearly always a forgotten `method="POST"`.
BODILESS_METHODS = frozenset({"GET", "HEAD"})


def method_after(status: int, method: str) -> str:
    """Return the method of the request that follows a redirect.

    "internalResponse's status is 301 or 302 and request's method is `POST`", or "internalResponse's status is
    303 and request's method is not `GET` or `HEAD`": a GET follows. https://fetch.spec.whatwg.org/#http-redirect-fetch
    """
    if (status in {301, 302} and method == "POST") or (status == 303 and method not in BODILESS_METHODS):
        return "GET"
    return method


# What `dataclass(frozen=True, slots=True)` does, without its import: `dataclasses` brings `inspect`, and
# costs more than all of this package. Every library that vendors or imports this one would pay for it.
class Record:
    """A value that never changes: equal by type and fields, hashable, shown as its constructor call.

    A subclass names its fields in `__slots__`. Its `__init__` takes arguments of the same names and
    passes them on: `self._set(locals())`.
    """

    # A subclass without `__slots__` would get a `__dict__`: larger, and open to any attribute.
    __slots__: tuple[str, ...] = ()

    # The names of the fields, with those of the base class: the subclasses of `StateChange` add none.
    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls._names = tuple(name for kind in cls.__mro__ for name in vars(kind).get("__slots__", ()))

    def _set(self, fields: Mapping[str, object]) -> None:
        # Called once, by `__init__`, with its local variables. Those that are not fields, such as `self`, are
        # ignored. `object.__setattr__` works around the class's own, which refuses every change.
        for name in self._names:
            object.__setattr__(self, name, fields[name])

    def _fields(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self._names}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        # Not `isinstance`: an `Opened` and a `Closed` with the same fields are different.
        if type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), *self._fields().values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._fields().items())
        return f"{type(self).__name__}({shown})"

    # For pickle and copy. By default they make an empty object and set its attributes, which is refused.
    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self._fields())


def _rebuild(kind: type[Record], fields: dict[str, object]) -> Record:
    return kind(**fields)


class Headers(Record):
    """Header fields: (name, value) in the order sent or received, which can also be looked up by name.

    `headers["x-request-id"]` is the value of a field, whatever the case of its name. If a name comes more
    than once, its values are joined by commas; of Set-Cookie, which cannot be joined, it is the last.
    `get_all` has each one.

    Iterating gives every pair as it was received, and it is equal to a tuple of these pairs. `keys`,
    `values`, `items` and `dict(headers)` have each name once, as it was first written.

    Attributes:
        pairs: the tuple of (name, value).

    RFC 9110, 5.2 and 5.3.
    """

    __slots__ = __match_args__ = ("pairs",)
    pairs: tuple[tuple[str, str], ...]

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        pairs = tuple(pairs)
        self._set(locals())

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return self.pairs == (other.pairs if isinstance(other, Headers) else other)

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __contains__(self, name: str) -> bool:
        return bool(self.get_all(name))

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    if TYPE_CHECKING:

        @overload
        def get(self, name: str, default: None = None) -> str | None: ...
        @overload
        def get(self, name: str, default: str) -> str: ...

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the value of the field `name`, or `default` if there is none."""
        values = self.get_all(name)
        if not values:
            return default
        # "A recipient MAY combine multiple field lines within a field section that have the same field name
        # into one field line, [...] by appending each subsequent field line value to the initial field line
        # value in order, separated by a comma". But Set-Cookie "cannot be combined".
        return values[-1] if name.lower() == "set-cookie" else ", ".join(values)

    def get_all(self, name: str) -> list[str]:
        """Return all values of the field `name`, in order; an empty list if there is none."""
        wanted = name.lower()
        return [value for key, value in self.pairs if key.lower() == wanted]

    def keys(self) -> list[str]:
        """Return each name once, as it was first written."""
        names: dict[str, str] = {}
        for name, _ in self.pairs:
            names.setdefault(name.lower(), name)
        return list(names.values())

    def values(self) -> list[str]:
        """Return the value of each name, in the order of `keys`."""
        return [self[name] for name in self.keys()]

    def items(self) -> list[tuple[str, str]]:
        """Return (name, value) of each name, in the order of `keys`."""
        return [(name, self[name]) for name in self.keys()]


def last_header(headers: Headers, name: str) -> str | None:
    """Return the last value of the header field `name` (any case), or None."""
    return next(reversed(headers.get_all(name)), None)


def publish(package: str, namespace: Mapping[str, object]) -> None:
    """Set `__module__` of public objects to the package, so that tracebacks, pickles and docs name it.

    A pickle then outlives a move of its class to another file. Objects from elsewhere, such as a union
    of types, stay as they are.
    """
    for name, value in namespace.items():
        if not name.startswith("_") and getattr(value, "__module__", "").startswith(f"{package}._"):
            value.__module__ = package
