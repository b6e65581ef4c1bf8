"""``python -m lulc_engine COMMAND``: the same as the console script ``lulc``."""

import sys

from lulc_engine.cli.main import main

sys.exit(main())
