"""When to try again, and how long to wait first: a frozen value and its arithmetic."""

from __future__ import annotations

from ._checks import check_number
from ._errors import InvalidArgument
from ._headers import is_token
from ._record import Record

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing on the server (RFC 9110, 9.2.1), so sending them again is harmless."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class RetryPolicy(Record):
    """What an event source does when a connection ends or fails. Holds no state, clock or randomness.

    Args:
        initial_delay: seconds before the first reconnection, until the server sends a `retry` value.
        max_delay: seconds; the longest wait, whatever the server asks for.
        factor: what each further wait is multiplied with while no event arrives.
        jitter: the share by which a wait is lengthened at random, so that clients who were cut off
            together do not come back together: 0.5 adds up to half.
        min_delay: seconds; the shortest wait, whatever the server asks for.
        max_attempts: connections in a row without an event after which `RetriesExhausted` is
            raised; None for no limit. Also those after which the caller decided to try again: to
            renew a token once takes two.
        max_elapsed: seconds without an event, from the first failure on, past which no further
            attempt is begun and `RetriesExhausted` is raised; None for no limit.
        statuses: HTTP status codes worth another attempt.
        reconnect_on_close: whether to reconnect when the server ends the stream properly. None:
            yes for requests that may be repeated, no for others.
        allowed_methods: the HTTP methods that may be sent again. By default the safe ones; add POST
            only if the server knows a request it has seen, because it would do the work again.

    Raises:
        InvalidArgument: naming the value that is out of its range.

    WHATWG HTML 9.2.3, "reestablish the connection".
    """

    __slots__ = (
        "allowed_methods",
        "factor",
        "initial_delay",
        "jitter",
        "max_attempts",
        "max_delay",
        "max_elapsed",
        "min_delay",
        "reconnect_on_close",
        "statuses",
    )
    initial_delay: float
    max_delay: float
    factor: float
    jitter: float
    min_delay: float
    max_attempts: int | None
    max_elapsed: float | None
    statuses: frozenset[int]
    allowed_methods: frozenset[str]
    reconnect_on_close: bool | None

    def __init__(
        self,
        *,
        initial_delay: float = 1.0,
        max_delay: float = 30.0,
        factor: float = 2.0,
        jitter: float = 0.5,
        min_delay: float = 0.1,
        max_attempts: int | None = None,
        max_elapsed: float | None = None,
        statuses: Iterable[int] = frozenset({408, 425, 429, 500, 502, 503, 504}),
        allowed_methods: Iterable[str] = SAFE_METHODS,
        reconnect_on_close: bool | None = None,
    ) -> None:
        check_number("min_delay", min_delay, 0)
        check_number("max_delay", max_delay, 0)
        if max_delay < min_delay:
            raise InvalidArgument("max_delay", f"{max_delay:g} is less than min_delay, {min_delay:g}")
        check_number("initial_delay", initial_delay, 0)
        check_number("factor", factor, 1)
        check_number("jitter", jitter, 0)
        if max_attempts is not None:
            check_number("max_attempts", max_attempts, 1)
            if not isinstance(max_attempts, int):
                raise InvalidArgument("max_attempts", f"expected an int, not {max_attempts!r}")
        if max_elapsed is not None:
            check_number("max_elapsed", max_elapsed, 0)
        try:
            known = frozenset(statuses)
        except TypeError:
            known = None
        if known is None or not all(isinstance(status, int) for status in known):
            raise InvalidArgument("statuses", f"expected a set of ints, not {statuses!r}")
        self._set(
            initial_delay=initial_delay,
            max_delay=max_delay,
            factor=factor,
            jitter=jitter,
            min_delay=min_delay,
            max_attempts=max_attempts,
            max_elapsed=max_elapsed,
            statuses=known,
            allowed_methods=_method_names(allowed_methods),
            reconnect_on_close=reconnect_on_close,
        )

    @classmethod
    def browser(cls) -> RetryPolicy:
        """Return the policy of WHATWG's EventSource, as browsers have it.

        A fixed reconnection time, 3 seconds until the server sends another ("probably in the
        region of a few seconds"), obeyed from 0 ms up to what a timer can hold (2**31 - 1 ms); no
        growth, no jitter, no end; and no status but 200 is worth another attempt.
        """
        return cls(
            initial_delay=3.0,
            max_delay=(2**31 - 1) / 1000,
            factor=1.0,
            jitter=0.0,
            min_delay=0.0,
            statuses=frozenset(),
        )

    def delay(
        self, waits: int, *, random: float, retry: int | None = None, retry_after: float | None = None
    ) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            waits: how many waits there were since the last event.
            random: a number from 0 up to 1, for the jitter.
            retry: the server's last `retry` value in milliseconds, or None.
            retry_after: seconds asked for by Retry-After, or None.

        The wait begins at `retry` (else at `initial_delay`), grows, and is lengthened at random. It
        is never shorter than what the server asked for, and never outside `min_delay` to
        `max_delay`, whatever it asked for.
        """
        asked = 0.0 if retry is None else retry / 1000
        # From `min_delay` at least: a server's `retry: 0` must not keep the wait from growing.
        base = max(self.initial_delay if retry is None else asked, self.min_delay)
        # The cap leaves room for the jitter: waits that have all grown to the cap would meet again.
        grown = min(base * _power(self.factor, waits), self.max_delay / (1 + self.jitter))
        # What the server asked for is spread too: all whom it told to come back in a minute would meet.
        wait = max(grown, asked, retry_after or 0.0) * (1 + self.jitter * random)
        return min(max(wait, self.min_delay), self.max_delay)

    def allows(self, *, attempts: int, elapsed: float) -> bool:
        """Return whether there may be another attempt.

        Args:
            attempts: connections in a row that brought no event.
            elapsed: seconds between the first failure and the start of the next attempt.
        """
        return (self.max_attempts is None or attempts < self.max_attempts) and (
            self.max_elapsed is None or elapsed <= self.max_elapsed
        )


def _method_names(allowed_methods: Iterable[str]) -> frozenset[str]:
    # A single str would be taken for its letters.
    if not isinstance(allowed_methods, str):
        try:
            methods = frozenset(allowed_methods)
        except TypeError:
            methods = frozenset()
        else:
            if all(is_token(method) for method in methods):
                return frozenset(method.upper() for method in methods)
    raise InvalidArgument("allowed_methods", f"expected a set of HTTP methods, not {allowed_methods!r}")


def _power(factor: float, exponent: int) -> float:
    try:
        return float(factor) ** exponent
    except OverflowError:
        # After some thousand failures in a row. Any base but 0 is past any cap by then.
        return float(2**1023)
