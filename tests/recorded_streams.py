"""Where recorded replies of real services lie, which are not part of the project.

`SSE_CORE_STREAMS` names their folder, or they lie beside the repository, in `shared/streams`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("SSE_CORE_STREAMS") or REPOSITORY.parent / "shared" / "streams")
FILES = sorted(FOLDER.glob("*.sse"))

there_are_some = pytest.mark.skipif(not FILES, reason=f"no recorded streams (*.sse) in {FOLDER}")
every_recording = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
