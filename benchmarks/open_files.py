"""Raise the limit of open files, since each connection needs one and most shells allow 1024."""

from __future__ import annotations

import resource

RESERVE = 100
"""Open files for everything but the connections: Python, the event loop, imports."""


def allow_open_files(connections: int) -> None:
    """Raise this process's limit of open files so that it can hold these connections.

    Raises:
        SystemExit: the hard limit is too low, and this user must not raise it.
    """
    needed = connections + RESERVE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(
            f"{connections} streams need {needed} open files, but the hard limit of this user is {hard}:"
            f" raise it as root (ulimit -Hn {needed}), or measure fewer streams with --streams"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
