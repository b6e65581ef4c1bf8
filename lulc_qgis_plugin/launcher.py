"""Starts the engine's worker with the engine source that came with the plugin.

Run by the engine's Python as ``python -I -u launcher.py REQUEST.json``; standard library only.
"""

import os
import sys
from pathlib import Path

CANCELLED = 130


def _source_dir() -> Path:
    """Return the folder that holds lulc_engine: here in the plugin zip, else the checkout."""
    here = Path(__file__).resolve().parent
    return here if (here / "lulc_engine" / "__init__.py").is_file() else here.parent


if __name__ == "__main__":
    sys.path.insert(0, str(_source_dir()))
    from lulc_engine.worker import main

    code = main(sys.argv[1:])
    if (
        code == CANCELLED
    ):  # somebody waits, and taking PyTorch apart takes seconds on a busy computer
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
