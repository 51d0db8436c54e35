"""The `sse` command: read, record, replay, measure and check event streams at a terminal.

`_app.py` has the list of commands, each in a file of its own that is imported when it is run;
`_exit_codes.py` says how a run can end. Needs the extra `cli` (click and rich).

Importing this package and `sse_transports` imports no other module, so that `main` runs at once and handles a
Ctrl-C also while it imports the rest. (`from __future__` would be such an import.)
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

INTERRUPTED = 130
"""The same as in `ExitCode`, which may not be imported yet."""


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the command, and return its exit code. See `ExitCode`.

    Args:
        arguments: those after `sse`; None for those of the process.
    """
    try:
        from .._extras import require

        try:
            with require("sse", "click", "rich", extra="cli"):
                from ._app import run
        except ModuleNotFoundError as error:
            print(error, file=sys.stderr)  # noqa: T201  # nothing is imported yet that could
            return 2
        return run(sys.argv[1:] if arguments is None else list(arguments))
    except KeyboardInterrupt:
        # Ctrl-C while modules were imported, or after the command had ended.
        return INTERRUPTED
