"""Leave to hold many connections: each is an open file, and most shells allow 1024 of them."""

from __future__ import annotations

import resource

# Python's own, the event loop's, and files being imported.
OTHERS = 100


def allow_open_files(connections: int) -> None:
    """Raise this process's limit of open files, as far as it may by itself."""
    needed = connections + OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(
            f"{connections} streams need {needed} open files, and this user may have {hard}:"
            f" raise the hard limit (ulimit -Hn {needed}, as root), or measure fewer with --streams"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
