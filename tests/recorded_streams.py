"""The folder of recorded replies of real services, which are not part of this repository.

The environment variable `SSE_CORE_STREAMS` names it. The default is `shared/streams`, next to the repository.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("SSE_CORE_STREAMS") or REPOSITORY.parent / "shared" / "streams")
FILES = sorted(FOLDER.glob("*.sse"))

needs_recordings = pytest.mark.skipif(not FILES, reason=f"no recorded streams (*.sse) in {FOLDER}")
every_recording = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
