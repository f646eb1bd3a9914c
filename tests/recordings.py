"""Where real answers of Tracker lie: TRACKER_RECORDINGS, or beside the checkout. They are no part of the project.

Without them the tests that walk them find nothing to walk.
"""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[1].parent / "shared" / "tracker-recordings"
_NAMED = Path(os.environ.get("TRACKER_RECORDINGS") or _BESIDE)
#: The folder, in a list that is empty where there is none.
FOLDERS = [_NAMED] if _NAMED.is_dir() else []
