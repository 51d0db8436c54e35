"""When to try again, and how long to wait first: a frozen value and its arithmetic.

The policy has no state. `Connection` counts attempts, waits and seconds, and passes them in, together with
a random number. So a policy can be shared by many connections, and the same arguments give the same delay.
"""

from __future__ import annotations

from ._checks import LARGEST_FLOAT, check_number, check_set, is_token
from ._errors import InvalidArgument
from ._values import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# RFC 9110, 9.2.1: "Request methods are considered 'safe' if their defined semantics are essentially
# read-only". To send such a request again is harmless.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

# Statuses that may be gone a moment later: the server or a gateway is busy, restarting, or asks to wait.
TEMPORARY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class RetryPolicy(Record):
    """What an event source does when a connection ends or fails. Has no state, clock or randomness.

    Args:
        initial_delay: seconds before the first reconnection, until the server sends a `retry` value.
        max_delay: seconds; the longest wait, whatever the server asks for.
        factor: what each further wait is multiplied by while no event arrives.
        jitter: the share by which a wait is lengthened at random, so that clients that were
            disconnected together do not reconnect together: 0.5 adds up to half.
        min_delay: seconds; the shortest wait, whatever the server asks for.
        max_attempts: connections in a row without an event after which `RetriesExhausted` is
            raised; None for no limit. Attempts that the caller decided on count too: to renew a
            token once takes two.
        max_elapsed: seconds without an event, from the first failure on, after which no further
            attempt is begun and `RetriesExhausted` is raised; None for no limit.
        statuses: HTTP status codes after which to try again.
        reconnect_on_close: whether to reconnect when the server ends the stream cleanly. None:
            yes for methods that may be sent again, no for others.
        allowed_methods: the HTTP methods that may be sent again. By default the safe ones. Add POST
            only if the server recognizes a request that it has seen: otherwise it does the work again.

    Raises:
        InvalidArgument: naming the value that is out of its range.

    WHATWG HTML 9.2.3, "reestablish the connection".
    """

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
    # The fields above.
    __slots__ = tuple(__annotations__)

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
        statuses: Iterable[int] = TEMPORARY_STATUSES,
        allowed_methods: Iterable[str] = SAFE_METHODS,
        reconnect_on_close: bool | None = None,
    ) -> None:
        check_number("min_delay", min_delay, 0)
        check_number("max_delay", max_delay, 0)
        if max_delay < min_delay:
            raise InvalidArgument("max_delay", f"{max_delay:g} is less than min_delay, {min_delay:g}")
        check_number("initial_delay", initial_delay, 0)
        # Below 1, waits would shrink while the server is down.
        check_number("factor", factor, 1)
        check_number("jitter", jitter, 0)
        # 0 attempts would forbid the first one too.
        if max_attempts is not None:
            check_number("max_attempts", max_attempts, 1)
            if not isinstance(max_attempts, int):
                raise InvalidArgument("max_attempts", f"expected an int, not {max_attempts!r}")
        if max_elapsed is not None:
            check_number("max_elapsed", max_elapsed, 0)
        statuses = check_set("statuses", statuses, lambda status: isinstance(status, int), "a set of ints")
        methods = check_set("allowed_methods", allowed_methods, is_token, "a set of HTTP methods")
        allowed_methods = frozenset(method.upper() for method in methods)
        self._set(locals())

    @classmethod
    def browser(cls) -> RetryPolicy:
        """Return the policy of WHATWG's EventSource, as browsers have it.

        A fixed reconnection time, 3 seconds until the server sends another ("probably in the
        region of a few seconds"), obeyed from 0 ms up to what a timer can hold (2**31 - 1 ms); no
        growth, no jitter, no limit of attempts; and a status other than 200 is final.
        """
        longest = (2**31 - 1) / 1000
        return cls(
            initial_delay=3.0, max_delay=longest, factor=1.0, jitter=0.0, min_delay=0.0, statuses=frozenset()
        )

    def delay(
        self, waits: int, *, random: float, retry: int | None = None, retry_after: float | None = None
    ) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            waits: how many waits there were since the last event.
            random: a number from 0 up to 1, for the jitter.
            retry: the server's last `retry` value in milliseconds, or None.
            retry_after: seconds that Retry-After asks for, or None.

        The wait begins at `retry` (or at `initial_delay`), grows, and is lengthened at random. It
        is not shorter than the server asked for, and always within `min_delay` and `max_delay`.
        """
        # The default policy waits 1, 2, 4, 8, 16, 20, 20, ... seconds, without jitter. After `retry: 3000`
        # it waits 3, 6, 12, 20, 20, ... seconds.
        asked = 0.0 if retry is None else retry / 1000
        # Start at `min_delay` at least: 0 times any factor is 0, so `retry: 0` would never grow.
        base = max(self.initial_delay if retry is None else asked, self.min_delay)
        try:
            growth = float(self.factor) ** waits
        except OverflowError:
            # After some thousand failures in a row. The product is above any cap by then.
            growth = LARGEST_FLOAT
        # "Optionally, wait some more. In particular, if the previous attempt failed, then user agents might
        # introduce an exponential backoff delay". The cap leaves room for the jitter: otherwise clients whose
        # waits have all grown to the cap would reconnect together.
        grown = min(base * growth, self.max_delay / (1 + self.jitter))
        # Jitter applies to the server's value too: it may have sent the same value to many clients.
        wait = max(grown, asked, retry_after or 0.0) * (1 + self.jitter * random)
        return min(max(wait, self.min_delay), self.max_delay)

    def allows(self, *, attempts: int, elapsed: float) -> bool:
        """Return whether there may be another attempt.

        Args:
            attempts: connections in a row without an event.
            elapsed: seconds between the first failure and the start of the next attempt.
        """
        return (self.max_attempts is None or attempts < self.max_attempts) and (
            self.max_elapsed is None or elapsed <= self.max_elapsed
        )
