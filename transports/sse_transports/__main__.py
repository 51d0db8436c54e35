"""`python -m sse_transports`: the command `sse`."""

import sys

from .cli import main

sys.exit(main())
