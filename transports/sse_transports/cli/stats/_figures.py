"""The measurement as JSON for scripts. All keys are always present; unknown values are null."""

from __future__ import annotations

from ._distribution import PRECISION, Distribution
from ._model import Connection, Measurement

PERCENTILES = (50, 90, 99)


def figures(measurement: Measurement, target: str) -> dict[str, object]:
    """Return the figures, in seconds and bytes."""
    timed = measurement.timed
    rate = measurement.connected or None
    return {
        "target": target,
        "timed": timed,
        "duration": _seconds(measurement.duration) if timed else None,
        "connected": _seconds(measurement.connected) if timed else None,
        "disconnected": _seconds(measurement.disconnected) if timed else None,
        "response_headers": _seconds(measurement.response_headers),
        "first_event": _seconds(measurement.first_event),
        "longest_silence": _seconds(measurement.longest_silence) if timed else None,
        "events": measurement.events,
        "comments": measurement.comments,
        "bytes": measurement.bytes,
        "incomplete_bytes": measurement.incomplete,
        "events_per_second": _rate(measurement.events, rate),
        "bytes_per_second": _rate(measurement.bytes, rate),
        "intervals": _distribution(measurement.intervals) if timed else None,
        "sizes": {**_distribution(measurement.sizes), "total": int(measurement.sizes.total)},
        "types": dict(measurement.types.most_common()),
        "json": measurement.json,
        "ids": {"new": measurement.new_ids, "with": measurement.with_id},
        "retry": measurement.retry_values,
        "connections": {
            "opened": measurement.opened,
            "reconnects": max(0, measurement.opened - 1),
            "causes": dict(measurement.causes.most_common()),
            "failed": measurement.failures.total(),
            "failures": dict(measurement.failures.most_common()),
            "first": [_connection(each) for each in measurement.connections],
        }
        if timed
        else None,
    }


def _distribution(values: Distribution) -> dict[str, object]:
    if not values.count:
        return {"count": 0, "min": None, **{f"p{percent}": None for percent in PERCENTILES}, "max": None}
    return {
        "count": values.count,
        "min": _seconds(values.minimum),
        **{f"p{percent}": _seconds(values.percentile(percent)) for percent in PERCENTILES},
        "max": _seconds(values.maximum),
        "precision": 0 if values.is_exact else PRECISION,
    }


def _connection(connection: Connection) -> dict[str, object]:
    return {
        "requested": _seconds(connection.requested),
        "opened": _seconds(connection.opened),
        "ended": _seconds(connection.ended),
        "cause": connection.cause,
        "events": connection.events,
        "bytes": connection.bytes,
    }


def _seconds(seconds: float | None) -> float | None:
    # Rounded to microseconds: the rest is noise. Whole numbers, such as sizes, stay whole in JSON.
    if seconds is None:
        return None
    return int(seconds) if seconds == int(seconds) else round(seconds, 6)


def _rate(count: int, seconds: float | None) -> float | None:
    return None if seconds is None else round(count / seconds, 3)
