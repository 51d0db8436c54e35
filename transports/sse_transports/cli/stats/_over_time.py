"""What happened when, in memory that does not grow with time."""

from __future__ import annotations

PLACES = 4096
"""Places that time is divided into; a line on a terminal has some 60."""

SHORTEST = 2.0**-20
"""Seconds of a place in the beginning: a microsecond, as clocks tell it."""


class OverTime:
    """Counts over time. When time goes past the last place, each place takes in the next one.

    So a place is at most the 2048th part of the whole, however long that is.

    Attributes:
        width: seconds of a place.
    """

    def __init__(self) -> None:
        self.width = SHORTEST
        self._counts = [0] * PLACES

    def add(self, seconds: float, count: int = 1) -> None:
        """Count something that happened at that time.

        Args:
            seconds: since the beginning.
            count: how many times.
        """
        place = int(seconds / self.width)
        while place >= PLACES:
            self._widen()
            place = int(seconds / self.width)
        self._counts[place] += count

    def columns(
        self, columns: int, whole: float, *, since: float = 0.0, until: float | None = None
    ) -> list[int]:
        """Return the counts in so many columns of equal width.

        Args:
            columns: how many.
            whole: seconds that they are, all together.
            since: count only what happened from then on, to the precision of a place.
            until: count only what happened up to then; None for all.
        """
        counts = [0] * columns
        first = int(since / self.width)
        last = PLACES if until is None else int(until / self.width) + 1
        for place, count in enumerate(self._counts[first:last], first):
            if count:
                middle = (place + 0.5) * self.width
                counts[column_of(middle, columns, whole)] += count
        return counts

    def _widen(self) -> None:
        counts = self._counts
        pairs = [counts[place] + counts[place + 1] for place in range(0, PLACES, 2)]
        self._counts = pairs + [0] * (PLACES // 2)
        self.width *= 2


def column_of(seconds: float, columns: int, whole: float) -> int:
    """Return in which of so many columns a time lies, of `whole` seconds together."""
    if whole <= 0:
        return 0
    return min(int(min(seconds / whole, 1.0) * columns), columns - 1)
