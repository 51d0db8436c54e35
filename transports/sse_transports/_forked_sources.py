"""Marks event sources in a forked child: they belong to the process that made them.

A fork copies all objects of a process, but not its threads, and parent and child share what the descriptors
refer to. A child that shuts an inherited socket down, or reads from it, takes the stream from its parent; a
lock that another thread held at the fork stays locked in the child for ever.

So each source is marked in the child, before any code of the program runs there. That costs nothing while
events are read, unlike a look at the process's number.
"""

from __future__ import annotations

import os
from _weakrefset import WeakSet
from typing import Protocol


class Forkable(Protocol):
    """What needs to know that its process was forked."""

    def enter_fork(self) -> None:
        """Note that this process is a forked child; called once in it, while it has a single thread."""
        ...


_marked_in_child: WeakSet[Forkable] = WeakSet()


def mark_in_child(source: Forkable) -> None:
    """Have `enter_fork` of `source` called in each child that is forked while it exists."""
    _marked_in_child.add(source)


def _after_fork_in_child() -> None:
    for source in list(_marked_in_child):
        source.enter_fork()


# Windows has no fork.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
