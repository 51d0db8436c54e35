"""`python -m sse_transports`: the `sse` command."""

import sys

from .cli import main

sys.exit(main())
