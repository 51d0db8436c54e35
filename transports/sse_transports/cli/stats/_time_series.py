"""Counts over time, in bounded memory."""

from __future__ import annotations

SLOTS = 4096
"""Slots that the time is divided into; a terminal line has some 60 columns."""

MIN_WIDTH = 2.0**-20
"""Seconds of a slot at first: a microsecond, the resolution of clocks."""


class TimeSeries:
    """Counts over time, in slots of equal width.

    When a time is after the last slot, neighbouring slots are merged in pairs and the width doubles. So a
    slot is at most 1/2048 of the whole time, no matter how long that is.

    Attributes:
        width: seconds of a slot.
    """

    def __init__(self) -> None:
        self.width = MIN_WIDTH
        self._counts = [0] * SLOTS

    def __len__(self) -> int:
        """Return the number of slots: constant, so that memory is bounded."""
        return len(self._counts)

    def add(self, seconds: float, count: int = 1) -> None:
        """Count something at a time.

        Args:
            seconds: the time since the beginning.
            count: how many times it happened.
        """
        slot = int(seconds / self.width)
        while slot >= SLOTS:
            self._double_width()
            slot = int(seconds / self.width)
        self._counts[slot] += count

    def columns(
        self, columns: int, duration: float, *, since: float = 0.0, until: float | None = None
    ) -> list[int]:
        """Return the counts in a number of columns of equal width.

        Args:
            columns: how many columns.
            duration: seconds of all columns together.
            since: count only from this time on, to the precision of a slot.
            until: count only up to this time; None for all.
        """
        counts = [0] * columns
        first = int(since / self.width)
        last = SLOTS if until is None else int(until / self.width) + 1
        for slot, count in enumerate(self._counts[first:last], first):
            if count:
                middle = (slot + 0.5) * self.width
                counts[column_of(middle, columns, duration)] += count
        return counts

    def _double_width(self) -> None:
        counts = self._counts
        pairs = [counts[slot] + counts[slot + 1] for slot in range(0, SLOTS, 2)]
        self._counts = pairs + [0] * (SLOTS // 2)
        self.width *= 2


def column_of(seconds: float, columns: int, duration: float) -> int:
    """Return the index of the column that a time falls into, if all columns together last `duration`."""
    if duration <= 0:
        return 0
    return min(int(min(seconds / duration, 1.0) * columns), columns - 1)
