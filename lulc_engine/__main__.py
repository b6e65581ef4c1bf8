"""``python -m lulc_engine COMMAND``, and the console script ``lulc``."""

import sys

from lulc_engine.stopping import end_on_signals


def main() -> int:
    """Run one command; return the exit code (see `errors`)."""
    end_on_signals("--json" in sys.argv)  # before anything else is loaded
    from lulc_engine.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
