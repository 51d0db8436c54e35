"""The `sse` command: read, record, replay, measure and check event streams at a terminal.

`_app.py` has the list of commands, each in a file of its own that is imported when it is run;
`_exit_codes.py` says how a run can end. Needs the extra `cli` (click and rich).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .._extras import needs

__all__ = ["main"]

INTERRUPTED = 130
"""As in `ExitCode`, which is not imported yet when this may happen."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code. See `ExitCode`.

    Args:
        arguments: what stands behind `sse`; None for those of the process.
    """
    try:
        with needs("sse", "click", "rich", extra="cli"):
            from ._app import run
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)  # noqa: T201  # nothing else is there to say it
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    try:
        return run(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        # Where no command runs: while one is imported, or behind its end.
        return INTERRUPTED
