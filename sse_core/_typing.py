"""`Generic`, for type checkers only: `import typing` would double what importing this package costs."""

from __future__ import annotations

from ._events import Comment, Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic as Generic

    # Type checkers bring it along. They know its defaults, which `typing` has from Python 3.13 on.
    from typing_extensions import TypeVar

    Item = TypeVar("Item", bound=Event | Comment, default=Event)
else:

    class Generic:
        """Stands for `typing.Generic` while a program runs: subscribing to it gives itself."""

        __slots__ = ()

        def __class_getitem__(cls, _item):
            return cls

    Item = Event | Comment
