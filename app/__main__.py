"""``python -m app``. A spawned worker imports this module again, so it imports nothing heavy."""

from __future__ import annotations

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()
    from app.main import main

    sys.exit(main())
